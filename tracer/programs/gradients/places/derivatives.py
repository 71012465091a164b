"""An edit of a statement, and the edits by the derivative of an activation: missing, or once too often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from tracer.graph.record import Literal
from tracer.i18n.message import Message
from tracer.programs.gradients.matching import Gradients, Label, Looked
from tracer.programs.gradients.tape import ProgramTape

_LINEAR = frozenset({"matmul", "dot", "add", "subtract", "multiply"})


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit, by labels, so that it can be made in every step: its result in a step, and what it is.

    `replaces` is a text in the statement and what stands in its place, where that can be told. `at` is the entry that is edited,
    `place` the operand that is kept of it, `keepdims` of a reduction.
    """

    what: Message
    apply: Callable[[Looked], np.ndarray | None]
    replaces: tuple[str, str] | None = None
    rank: float = field(default=1.0)
    at: int = -1
    place: int = 0
    keepdims: bool = False


def derivative_edits(gradients: Gradients, looked: Looked, result: Label, name_of: Callable[[int], str]) -> Iterator[Edit]:
    """The derivative of an elementwise operation, missing or once too often."""
    tape = gradients.tape
    for id in looked.forward:
        name = name_of(id) if id in looked.labels else ""
        source = input_of_activation(tape, looked, id) if name else None
        if source is None:
            continue
        fields = {"name": name, "line": tape.line(id)}
        missing = Message("backprop_derivative_missing", fields)
        yield Edit(missing, _times_derivative(tape, looked, result, id, source, is_missing=True), rank=0.8, at=id)
        twice = Message("backprop_derivative_twice", fields)
        yield Edit(twice, _times_derivative(tape, looked, result, id, source, is_missing=False), rank=0.8, at=id)


def input_of_activation(tape: ProgramTape, looked: Looked, id: int) -> int | None:
    """The entry before an activation: the nearest linear one that all of it goes through, of its shape, with a gradient."""
    shape = tape.value(id).shape
    waiting = {id}
    while waiting:
        one = max(waiting)
        waiting.remove(one)
        value = tape.value(one)
        if one not in looked.forward or one in looked.before.values() or (value.shape != shape and value.size > 1):
            return None
        is_linear = tape.op(one) in _LINEAR and not any(isinstance(operand, Literal) for operand in tape.operands(one))
        if one != id and not waiting and value.shape == shape and one in looked.truth.totals and is_linear:
            return one
        waiting |= {each for each in tape.inputs[one] if each in looked.forward}
    return None


def _times_derivative(
    tape: ProgramTape, first: Looked, result: Label, id: int, source: int, *, is_missing: bool
) -> Callable[[Looked], np.ndarray | None]:
    outer, inner = first.labels[id], first.labels.get(source)

    def apply(looked: Looked) -> np.ndarray | None:
        if inner is None or result not in looked.ids:
            return None
        gradients = looked.truth.totals
        above, below = gradients.get(looked.ids.get(outer, -1)), gradients.get(looked.ids.get(inner, -1))
        value = tape.value(looked.ids[result])
        if above is None or below is None or value.shape != above.shape:
            return None
        with np.errstate(all="ignore"):
            slope = below / above
        if not np.all(np.isfinite(slope)):
            return None
        return np.asarray(value * slope if is_missing else np.where(slope != 0, value / np.where(slope != 0, slope, 1), 0))

    return apply
