"""Finds the first difference between two traces: step, node and element."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from tracer.graph.missing import combined
from tracer.graph.record import Node, Step, Trace
from tracer.graph.structures.shared import have_same_digest, missing_in
from tracer.i18n.message import Message

NodeField = Literal["op", "name", "inputs", "shape", "dtype", "phase", "formula", "scope", "gradient_of", "rule_of"]
"""Fields of a node that are compared as they are."""

StepField = Literal["gradients", "updates", "loss_id", "own_gradients", "marks"]
"""Fields of a step that are compared as they are."""

Part = Literal[NodeField, StepField, "parameters", "value", "summary", "nodes", "metrics", "steps"]
"""What of two records may differ: their names are keys, the same in every language."""


@dataclass(frozen=True, slots=True)
class TraceDifference:
    """The first difference between two traces. `node` is None if it is not in a node.

    `what` is the part of the record that differs; `ours` and `theirs` are its values: for `steps` and `nodes` their number, or
    which steps have the same position. If a value differs, `index` is its first element that does, `elements` of `count`
    elements differ, and `largest` is their largest absolute difference.
    """

    step: int
    node: int | None
    what: Part
    ours: Any
    theirs: Any
    index: tuple[int, ...] | None = None
    elements: int = 0
    count: int = 0
    largest: float = 0.0


def differing_settings(one: Trace, other: Trace) -> dict[str, tuple[Any, Any]]:
    """Both values of the settings that differ, by name: scenario, seed, dtype, hyperparameters and versions."""
    differing = {
        name: (getattr(one, name), getattr(other, name))
        for name in ("scenario", "seed", "dtype")
        if getattr(one, name) != getattr(other, name)
    }
    for mine, theirs in ((one.hyperparameters, other.hyperparameters), (one.versions, other.versions)):
        for name in dict.fromkeys((*mine, *theirs)):
            if repr(mine.get(name)) != repr(theirs.get(name)):
                differing[name] = mine.get(name), theirs.get(name)
    return differing


def first_difference(one: Trace, other: Trace, tolerance: float = 0.0) -> TraceDifference | None:
    """The first difference between two traces, in execution order; None if there is none.

    Steps in files are first compared by the bytes of their rows and the digests of their large values; nodes are made only of
    steps that differ in these.

    Values are compared bit for bit, or with a relative `tolerance`, which also allows different dtypes. If a value is not
    stored in both files, the summaries are compared instead.
    """
    for position, (mine, theirs) in enumerate(zip(one.steps, other.steps)):
        difference = _difference_of_steps(mine, theirs, tolerance)
        if difference is not None:
            return difference
        if not _metrics_agree(dict(mine.metrics), dict(theirs.metrics), tolerance):
            return TraceDifference(mine.index, None, "metrics", dict(mine.metrics), dict(theirs.metrics))
        if mine.index != theirs.index:
            ours = Message("step_at_place", {"step": mine.index, "place": position})
            return TraceDifference(mine.index, None, "steps", ours, Message("step", {"step": theirs.index}))
    if len(one.steps) != len(other.steps):
        shorter = min(len(one.steps), len(other.steps))
        return TraceDifference(shorter, None, "steps", len(one.steps), len(other.steps))
    return None


@dataclass(frozen=True, slots=True)
class NotCompared:
    """The number of common steps with a value of which only the summaries can be compared, and why a file has no more of it."""

    steps: int = 0
    reasons: tuple[Message, ...] = ()


def values_not_compared(one: Trace, other: Trace) -> NotCompared:
    """In how many common steps not every value can be compared, and why."""
    steps = 0
    reasons: set[Message] = set()
    for step, its in zip(one.steps, other.steps):
        common = min(len(step.nodes), len(its.nodes))
        missing = {reason for each in (step, its) for reason in missing_in(each.nodes, common)}
        steps += bool(missing)
        reasons |= missing
    return NotCompared(steps, combined(reasons))


def _difference_of_steps(one: Step, other: Step, tolerance: float) -> TraceDifference | None:
    for mine, theirs in () if have_same_digest(one.nodes, other.nodes) else zip(one.nodes, other.nodes):
        for name in get_args(NodeField):
            ours, its = getattr(mine, name), getattr(theirs, name)
            # Compare by repr too: 1 and 1.0 differ, NaN equals NaN.
            if ours != its and repr(ours) != repr(its) and not (tolerance and name == "dtype"):
                return TraceDifference(one.index, mine.id, name, ours, its)
        if repr(mine.parameters) != repr(theirs.parameters) and dict(mine.parameters) != dict(theirs.parameters):
            return TraceDifference(one.index, mine.id, "parameters", dict(mine.parameters), dict(theirs.parameters))
        difference = difference_of_values(one.index, mine, theirs, tolerance)
        if difference is not None:
            return difference
    if len(one.nodes) != len(other.nodes):
        return TraceDifference(one.index, min(len(one.nodes), len(other.nodes)), "nodes", len(one.nodes), len(other.nodes))
    for name in get_args(StepField):
        if getattr(one, name) != getattr(other, name):
            return TraceDifference(one.index, None, name, getattr(one, name), getattr(other, name))
    return None


def difference_of_values(step: int, one: Node, other: Node, tolerance: float) -> TraceDifference | None:
    """The first element in which the values of two nodes differ, or their summaries; None if they agree."""
    if one.content is other.content:
        return None
    if not (one.is_kept and other.is_kept):
        if one.summary == other.summary:
            return None
        if tolerance and np.allclose(_statistics(one), _statistics(other), rtol=tolerance, atol=0, equal_nan=True):
            return None
        return TraceDifference(step, one.id, "summary", one.summary, other.summary)
    mine, theirs = np.asarray(one.value), np.asarray(other.value)
    if mine.dtype == theirs.dtype and mine.tobytes() == theirs.tobytes():
        return None
    differs = _differs(mine, theirs, tolerance)
    if not differs.any():
        return None
    at = np.unravel_index(int(np.argmax(differs)), differs.shape)
    index = tuple(int(position) for position in at)
    with np.errstate(all="ignore"):
        distances = np.abs(mine.astype(np.complex128) - theirs.astype(np.complex128))[differs]
    largest = float(np.max(distances)) if not np.isnan(distances).any() else float("nan")
    count = int(np.count_nonzero(differs))
    return TraceDifference(step, one.id, "value", mine[index].item(), theirs[index].item(), index, count, mine.size, largest)


def _differs(one: np.ndarray, other: np.ndarray, tolerance: float) -> np.ndarray:
    """A mask of the elements that differ: in any bit, or by more than `tolerance` times the largest finite element."""
    if not tolerance:
        if one.dtype != other.dtype:
            return np.ones(one.shape, bool)
        size = one.dtype.itemsize
        bits = (np.ascontiguousarray(each).reshape(-1).view(np.uint8).reshape(*one.shape, size) for each in (one, other))
        mine, theirs = bits
        return np.asarray((mine != theirs).any(axis=-1))
    with np.errstate(all="ignore"):
        finite = np.abs(one[np.isfinite(one)])
        scale = float(np.max(finite, initial=0.0))
        close = np.isclose(one, other, rtol=tolerance, atol=tolerance * scale if np.isfinite(scale) else 0.0, equal_nan=True)
    return np.asarray(~close)


def _statistics(node: Node) -> list[float]:
    summary = node.summary
    return [summary.minimum, summary.maximum, summary.mean, summary.l2, summary.nans, summary.infinities]


def _metrics_agree(one: dict[str, Any], other: dict[str, Any], tolerance: float) -> bool:
    if repr(one) == repr(other):
        return True
    if not tolerance or one.keys() != other.keys():
        return False
    return all(
        repr(one[name]) == repr(other[name])
        or (isinstance(one[name], (int, float)) and bool(np.isclose(one[name], other[name], rtol=tolerance, atol=0)))
        for name in one
    )
