"""The tape of a step: leaves enter it, operations are appended, and the value of every node is read from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tracer.arguments import has_own_rules, native
from tracer.errors import RecordingError
from tracer.graph.record import Literal, Phase
from tracer.ops.base import Op
from tracer.ops.registration import NUMERIC_KINDS
from tracer.recording.nodes import ReplayedBackward
from tracer.recording.tape import NO_PARAMETERS, Context, Entry, Marks
from tracer.recording.tensor import Tensor

if TYPE_CHECKING:
    from tracer.recording.tape import RecorderInterface as _Interface
else:
    _Interface = object  # what Tensors need is completed by the recorder, and a Protocol as base would be there for nothing


_INIT = Context(Phase.INIT)


class StepTape(_Interface):
    """The entries of a step, and marks on some of them. The base of the recorder, which computes operations."""

    entries: list[Entry]

    def __init__(self) -> None:
        self.entries = []
        self.marks = Marks()
        self._parameters: list[int] = []
        self._replayed: ReplayedBackward | None = None
        # Whether a complex number was recorded: without one, no operation has to be asked whether it accepts them.
        self._has_complex = False
        self._context = _INIT

    # What a step starts from.

    def leaf(self, kind: str, name: str, value: Any, *, copy: bool = True) -> Tensor:
        """Enter a value that nothing computed; arrays are copied once, unless the caller gives up ownership.

        A hyperparameter is a Python number and stays one: it takes the dtype of the array it meets.
        """
        if kind != "hyperparameter" and (copy or type(value) is not np.ndarray):
            value = native(np.array(value, copy=copy or None))
        tensor = self._append(kind, (), NO_PARAMETERS, value, -1)
        if name:
            self.marks.names[tensor.id] = name
        if kind == "parameter":
            self._parameters.append(tensor.id)
        return tensor

    def leaves(self, kind: str, arrays: Mapping[str, np.ndarray], *, frozen: Collection[str] = frozenset()) -> dict[str, Tensor]:
        """Enter arrays by their names; the caller gives up ownership. Parameters named in `frozen` get no gradient."""
        entries, names, context = self.entries, self.marks.names, self._context
        tensors = {}
        for name, array in arrays.items():
            if array.dtype.kind == "c":
                self._has_complex = True
            array.setflags(write=False)
            id = len(entries)
            entries.append((kind, (), NO_PARAMETERS, array, context, -1))
            names[id] = name
            tensors[name] = Tensor(array, self, id)
        if kind == "parameter":
            self._parameters += [tensor.id for name, tensor in tensors.items() if name not in frozen]
        return tensors

    # Entries and their values.

    def _append(
        self, op: type[Op] | str, operands: tuple[int | Literal, ...], parameters: Mapping[str, Any], value: Any, offset: int
    ) -> Tensor:
        if type(value) is np.ndarray:
            if value.dtype.kind == "c":
                self._has_complex = True
            value.setflags(write=False)
        entries = self.entries
        entries.append((op, operands, parameters, value, self._context, offset))
        return Tensor(value, self, len(entries) - 1)

    def _entering(self, given: Any, offset: int) -> Tensor | Literal:
        """A value from the user's code: a Python number stays a literal, an array becomes a constant leaf."""
        if given is None or type(given) in (bool, int, float):
            return Literal(given)
        if type(given) is complex:
            self._has_complex = True
            return Literal(given)
        if has_own_rules(given):
            raise RecordingError(f"a {type(given).__name__} would lose its own rules in the record: give it as a plain array")
        array = native(np.array(given))
        if array.dtype.kind not in NUMERIC_KINDS:
            raise RecordingError(f"numbers are needed here, this is {type(given).__name__} of dtype {array.dtype}")
        return self._append("constant", (), NO_PARAMETERS, array, offset)

    def tensor(self, id: int) -> Tensor:
        """The Tensor of a recorded node."""
        return Tensor(self.value(id), self, id)

    def value(self, id: int) -> Any:
        """The value of a recorded node, read-only."""
        replayed = self._replayed
        if replayed is None or id < len(replayed.plan.guards):
            return self.entries[id][3]
        value = replayed.values[id - len(replayed.plan.guards)]
        if type(value) is np.ndarray:
            value.setflags(write=False)
        return value

    # Names that the code cannot tell, and updates.

    def name(self, tensor: Tensor, name: str, *, unless_named: bool = False) -> None:
        """Name a node; with `unless_named` only where the user's code gives it no name."""
        (self.marks.fallback_names if unless_named else self.marks.names).setdefault(tensor.id, name)

    def updated(self, old: Tensor, new: Tensor) -> None:
        """Note that `new` is the value of the parameter `old` after the update."""
        self.marks.updates[old.id] = new.id
