"""Computes every recorded operation again from its recorded inputs, and compares bit for bit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tracer.graph.record import LEAVES, Literal, Node, Step, Trace
from tracer.i18n.message import Message
from tracer.ops import registry
from tracer.ops.base import Op
from tracer.store.fingerprint import fingerprint

ULPS = 64
"""Units in the last place, of the largest number of an array, that another machine may differ by in one operation."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A node whose value is not what its operation computes: where it is farthest off, and by how much.

    `reason` says why there is no number to compare, where there is none: another shape, an error of the operation. With
    `index` None and no reason the node is a parameter that is not what the update of the step before made it.
    """

    step: int
    node: int
    reason: Message | None = None
    index: tuple[int, ...] | None = None
    recorded: Any = None
    computed: Any = None
    ulps: float = 0.0


@dataclass(slots=True)
class Verification:
    """What came of it: how many operations were computed again, or could not be; and what deviates."""

    is_same_arithmetic: bool
    steps: int = 0
    operations: int = 0
    exact: int = 0
    not_kept: int = 0
    unknown: set[str] = field(default_factory=set)
    largest: float = 0.0
    deviations: list[Deviation] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing deviates by more than may be."""
        return not self.deviations


def verify(trace: Trace, after_each: Any = None) -> Verification:
    """Compute all operations of a trace again.

    Where the arithmetic of this machine gives the same bits as that of the recording one, every value has to agree bit for
    bit; elsewhere to `ULPS` units in the last place of the largest number that went into it. A parameter has to be what
    the step before made of it. The first deviation of each step is reported.
    """
    verdict = Verification(trace.arithmetic in ("", fingerprint()))
    before: Step | None = None
    for step in trace.steps:
        verdict.deviations.extend(list(_deviations(step, before, verdict))[:1])
        verdict.steps += 1
        before = step
        if after_each is not None:
            after_each()
    return verdict


def _deviations(step: Step, before: Step | None, verdict: Verification) -> Iterator[Deviation]:
    weak: set[int] = set()
    updated = _updated(before) if before is not None and before.index + 1 == step.index else {}
    with np.errstate(all="ignore"):
        for node in step.nodes:
            if node.op == "hyperparameter":
                weak.add(node.id)
            if node.op == "parameter" and _is_another(node, updated.get(node.name)):
                yield Deviation(step.index, node.id)
            if node.op in LEAVES:
                continue
            op = registry.named(node.op)
            if op is None:
                verdict.unknown.add(node.op)
                continue
            if not node.is_kept or not all(step.nodes[operand].is_kept for operand in node.operands):
                verdict.not_kept += 1
                continue
            yield from _computed_again(step, node, op, weak, verdict)


def _computed_again(step: Step, node: Node, op: type[Op], weak: set[int], verdict: Verification) -> Iterator[Deviation]:
    inputs = [_given(step, operand, weak) for operand in node.inputs]
    verdict.operations += 1
    try:
        if not op.accepts_shapes([np.shape(each) for each in inputs], node.parameters, node.shape):
            yield Deviation(step.index, node.id, Message("other_shape", {"shape": node.shape}))
            return
        computed = op.value(*inputs, **node.parameters)
    except Exception as error:  # whatever an operation makes of inputs that are not its own
        fields = {"error": type(error).__name__, "text": str(error)}
        yield Deviation(step.index, node.id, Message("not_computable", fields))
        return
    if not isinstance(computed, np.ndarray) and all(isinstance(each, (bool, int, float, complex)) for each in inputs):
        weak.add(node.id)
    result = np.asarray(computed)
    if result.shape != node.shape or str(result.dtype) != node.dtype:
        yield Deviation(step.index, node.id, _other_array(result, node))
        return
    recorded = node.value
    if result.tobytes() == recorded.tobytes() or _differ_in_nan_only(result, recorded):
        verdict.exact += 1
        return
    index, ulps = _farthest(result, recorded, inputs)
    verdict.largest = max(verdict.largest, ulps)
    if verdict.is_same_arithmetic or not ulps <= ULPS:
        yield Deviation(step.index, node.id, None, index, recorded[index].item(), result[index].item(), ulps)


def _other_array(computed: np.ndarray, node: Node) -> Message:
    return Message(
        "other_array",
        {
            "computed_dtype": str(computed.dtype),
            "computed_shape": computed.shape,
            "recorded_dtype": node.dtype,
            "recorded_shape": node.shape,
        },
    )


def _given(step: Step, operand: int | Literal, weak: set[int]) -> Any:
    """What an operation was given: what was computed of Python numbers alone was one."""
    if isinstance(operand, Literal):
        return operand.value
    value = step.nodes[operand].value
    return value.item() if operand in weak else value


def _updated(step: Step) -> Mapping[str, Node]:
    return {step.nodes[of].name: step.nodes[by] for of, by in step.updates.items()}


def _is_another(parameter: Node, made: Node | None) -> bool:
    """Whether a parameter is not what the update of the step before made of it."""
    if made is None or not (parameter.is_kept and made.is_kept):
        return False
    return parameter.value.tobytes() != made.value.tobytes()


def _differ_in_nan_only(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether all that differs are the bits of NaN, of which arithmetic promises nothing."""
    if one.dtype.kind not in "fc":
        return False
    return bool(np.isnan(one).any()) and np.array_equal(one, other, equal_nan=True)


def _farthest(computed: np.ndarray, recorded: np.ndarray, inputs: list[Any]) -> tuple[tuple[int, ...], float]:
    """The element that is farthest off, and by how many units in the last place of the largest number involved."""
    if computed.dtype.kind not in "fc":
        index = np.unravel_index(int(np.argmax(computed != recorded)), computed.shape)
        return tuple(map(int, index)), math.inf
    distance = np.abs(computed - recorded)
    same = (computed == recorded) | (np.isnan(computed) & np.isnan(recorded))
    distance = np.where(same, 0, np.where(np.isfinite(distance), distance, np.inf))
    index = np.unravel_index(int(np.argmax(distance)), distance.shape)
    arrays = [np.asarray(each) for each in (recorded, *inputs) if each is not None]
    largest = max(float(np.max(np.abs(each[np.isfinite(each)]), initial=0.0)) for each in arrays)
    unit = float(np.spacing(np.asarray(max(largest, float(np.finfo(computed.dtype).tiny)), distance.dtype)))
    return tuple(map(int, index)), float(distance[index]) / unit
