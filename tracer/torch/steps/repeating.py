"""Recognizes steps that do the same as one before, from what their tapes say: only their values and numbers are new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from tracer.recording.source import Files, Invocation
from tracer.torch.building import Ends, form_of
from tracer.torch.operation import Operation, parameters_of
from tracer.torch.steps.flow import FLOW
from tracer.torch.steps.form import Form, Own
from tracer.torch.steps.generators import with_generators
from tracer.torch.tape import StepTape

RECENT = 4
"""Forms that are recognized: of the networks that take turns, or of steps with and without a penalty."""

_WHAT_IS_SAID = attrgetter(
    "kind", "call.structure", "phase", "output", "outputs", "scope", "in_module", "offset", "gradient_of", "rule_of", "name",
    "fallback_name", "function", "grad_enabled", "place", "is_hook", "is_shard", "snapshot.type",
)  # fmt: skip
"""What is compared of an operation, beside its calls, its twin and its numbers."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A form, and what the tape said that it was made of: `texts` are the calls with their numbers."""

    form: Form
    said: list[Any]
    texts: list[str]

    def own_of(self, said: list[Any], texts: list[str], tape: StepTape) -> dict[int, Own] | None:
        """The nodes whose numbers are those of this tape; None if its step has another form."""
        if said != self.said:
            return None
        computed = [(place, id) for place, id in enumerate(self.form.order) if id < len(texts)]
        changed = {place for place, id in computed if texts[id] != self.texts[id]}
        if changed & self.form.quoted:
            return None
        with_generators(tape.operations, [id for _, id in computed])
        return {place: _own(tape.operations, self.form, place) for place in changed}


class Forms:
    """The forms of the last steps of a program in these files."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._recent: list[_Known] = []

    def of(self, tape: StepTape) -> tuple[Form, dict[int, Own]]:
        """The form of a step that is complete, and the nodes that have numbers of their own."""
        ends = Ends.of(tape)
        said, texts = _said_by(tape, ends), [each.call.text for each in tape.operations]
        for known in self._recent:
            own = known.own_of(said, texts, tape)
            if own is not None:
                return known.form, own
        form = form_of(tape, ends, self._files)
        self._recent = [_Known(form, said, texts), *self._recent[: RECENT - 1]]
        return form, {}


def _said_by(tape: StepTape, ends: Ends) -> list[Any]:
    """What the form of a step depends on. Numbers of calls and of autograd nodes are those within the step."""
    operations, calls, without_names = tape.operations, _Calls(), tape.frames.without_names
    return [
        list(map(_WHAT_IS_SAID, operations)),
        [(id, each.generator.numel()) for id, each in enumerate(operations) if each.generator is not None],
        calls.numbers([each.invocation for each in operations]),
        [id for id, each in enumerate(operations) if (each.invocation, each.offset) in without_names] if without_names else [],
        [each.snapshot.array().tobytes() for each in operations if each.kind == "constant"],
        calls.found,
        [tape.by_sequence.get(each.node, -1) if each.node is not None else -1 for each in operations],
        [(loss, list(found.items())) for loss, found in ends.losses.items()],
        list(ends.updates.items()),
        list(tape.gradients.items()),
        list(tape.contributions.items()),
        tape.functions.said(),
        list(tape.used_gradients.items()),
        tape.without_gradient,
        tape.passes.updates,
        tape.last_in_module,
    ]


class _Calls:
    """Numbers the calls of functions of the program. `found` has for each its code, its caller and the place there."""

    def __init__(self) -> None:
        self._numbers: dict[Invocation | None, int] = {None: -1}
        self.found: list[tuple[Any, int, int]] = []

    def numbers(self, calls: Sequence[Invocation | None]) -> list[int]:
        """The number of each call."""
        for each in dict.fromkeys(calls):
            self._number(each)
        return [self._numbers[each] for each in calls]

    def _number(self, call: Invocation | None) -> int:
        """The number of a call; that of its caller is smaller."""
        known = self._numbers.get(call)
        if known is None:
            assert call is not None
            caller = self._number(call.caller)
            known = self._numbers[call] = len(self.found)
            self.found.append((call.code, caller, call.call_offset))
        return known


def _own(operations: Sequence[Operation], form: Form, place: int) -> Own:
    """The part of a node that may have numbers."""
    each, node = operations[form.order[place]], form.nodes[place]
    parameters = parameters_of(each) | {name: node.parameters[name] for name in FLOW if name in node.parameters}
    operands = iter(node.operands)
    return Own(tuple(next(operands) if isinstance(of, int) else of for of in each.inputs), parameters)
