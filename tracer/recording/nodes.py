"""The nodes of a recorded step, made when somebody reads them: training does not wait for names and source lines.

Steps that went the same way in the same places of the code differ in nothing but their values: what was worked out for
the first of them that is read serves the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np

from tracer.graph.record import Node
from tracer.recording.naming import nodes_of
from tracer.recording.plan import Pattern
from tracer.recording.source import Files, Invocation
from tracer.recording.tape import Entry, Marks

NO_VALUE = np.empty(0)


@dataclass(frozen=True, slots=True)
class Repeated:
    """What followed the loss in a step that went like an earlier one: its pattern, and the values."""

    pattern: Pattern
    values: list[Any]


@dataclass(frozen=True, slots=True)
class Recording:
    """What a recorder wrote down of a step, what was repeated behind it, and the files of the program."""

    entries: tuple[Entry, ...]
    repeated: Repeated | None
    marks: Marks
    files: Files

    def __len__(self) -> int:
        return len(self.entries) + (len(self.repeated.values) if self.repeated is not None else 0)

    def nodes(self) -> tuple[Node, ...]:
        """The nodes of the step."""
        repeated = self.repeated
        if repeated is None:
            return nodes_of(self.entries, self.marks, self.files)
        known = repeated.pattern.example
        if isinstance(known, Example) and known.is_of(self):
            return known.with_values([*[entry[3] for entry in self.entries], *repeated.values])
        found = nodes_of((*self.entries, *repeated.pattern.entries_with(repeated.values)), self.marks, self.files)
        # Without its values: an example must not keep the arrays of a step that nobody has any more.
        facts = tuple(replace(node, content=NO_VALUE) for node in found)
        repeated.pattern.example = Example(tuple(map(_without_array, self.entries)), self.marks, facts)
        return found


@dataclass(frozen=True, slots=True)
class Example:
    """A step that was read: what it recorded up to its loss, and its nodes without their values."""

    entries: tuple[Entry, ...]
    marks: Marks
    nodes: tuple[Node, ...]

    def is_of(self, recording: Recording) -> bool:
        """Whether a step of the same pattern was recorded in the same places, so that its nodes have the same names."""
        if self.marks.names != recording.marks.names or self.marks.fallback_names != recording.marks.fallback_names:
            return False
        twins: dict[int, Invocation] = {}
        calls: dict[int, Invocation] = {}
        for (op, _, _, value, here, offset), (_, _, _, known, there, same_offset) in zip(
            recording.entries, self.entries, strict=True
        ):
            if offset != same_offset or (op == "constant" and (known is None or value.tobytes() != known.tobytes())):
                return False
            if here[:3] != there[:3] or here[4:] != there[4:]:
                return False
            one, other = here.invocation, there.invocation
            while one is not None and other is not None and id(one) not in twins:
                if one.code is not other.code or one.call_offset != other.call_offset or id(other) in calls:
                    return False
                twins[id(one)], calls[id(other)] = other, one
                one, other = one.caller, other.caller
            if (one is None) is not (other is None) or (one is not None and twins[id(one)] is not other):
                return False
        return True

    def with_values(self, values: Sequence[Any]) -> tuple[Node, ...]:
        """The nodes of another step."""
        found = []
        for node, value in zip(self.nodes, values, strict=True):
            array = value if type(value) is np.ndarray else np.asarray(value)
            array.setflags(write=False)
            found.append(
                Node(
                    node.id, node.op, node.inputs, node.parameters, array, node.shape, node.dtype, node.phase, node.name,
                    node.formula, node.scope, node.source, node.gradient_of, node.rule_of,
                )
            )  # fmt: skip
        return tuple(found)


LARGEST_CONSTANT = 100
"""Elements of an array in the user's code that is looked at again: formulas show its numbers."""


def _without_array(entry: Entry) -> Entry:
    """What was recorded, its value left out; a small constant keeps it."""
    op, operands, parameters, value, context, offset = entry
    keeps = op == "constant" and value.size <= LARGEST_CONSTANT
    return op, operands, parameters, value if keeps else None, context, offset


class RecordedNodes(Sequence[Node]):
    """The nodes of a step. The first look at one of them makes all of them, for the names of some depend on others."""

    __slots__ = ("_held",)

    def __init__(self, recording: Recording) -> None:
        self._held: Recording | tuple[Node, ...] = recording

    def _nodes(self) -> tuple[Node, ...]:
        held = self._held
        if isinstance(held, Recording):
            held = self._held = held.nodes()
        return held

    def __len__(self) -> int:
        return len(self._held)

    @overload
    def __getitem__(self, position: int) -> Node: ...

    @overload
    def __getitem__(self, position: slice) -> tuple[Node, ...]: ...

    def __getitem__(self, position: int | slice) -> Node | tuple[Node, ...]:
        return self._nodes()[position]

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes())

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process gets plain nodes: where in the code they come from is known by then."""
        return tuple, (self._nodes(),)
