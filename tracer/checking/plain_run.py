"""Compares a recorded step with the same function computed on plain NumPy arrays: its value, at its arguments and at arguments
nearby, and its slope in one random direction.

The other checks start from the record. This one finds what the record itself has wrong: a branch that depends on the type of
the array, a write through a view, a value that left the graph, an operation without a derivative rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from tracer.checking.error_scale import computations_of_nodes, error_scales
from tracer.checking.finite_differences import symmetric_part
from tracer.checking.results import Check, Fault, Outcome
from tracer.checking.rules import make_fault
from tracer.graph.record import Literal, Node, Step
from tracer.i18n.message import Message
from tracer.ops.families import shaping
from tracer.ops.families.elementwise import comparisons
from tracer.recording.replay import operation_of, replayed

TOLERANCE = 2.0**8
"""Tolerance for the value in units of its rounding error: both runs call the same NumPy functions in the same order."""

SMOOTHNESS = 0.01
"""The slopes on both sides and at half the distance agree to this, or the slope is not compared."""

SLOPE_TOLERANCE = 0.05
"""Relative tolerance for the slope."""

_JUMPS_WHERE_EQUAL = (
    comparisons.Greater, comparisons.GreaterEqual, comparisons.Less, comparisons.LessEqual, comparisons.Equal,
    comparisons.NotEqual,
)  # fmt: skip

PlainFunction: TypeAlias = Callable[..., Any]
"""The recorded function, to be called with plain arrays in the order of the step's parameters."""


def with_plain_run(
    check: Check,
    step: Step,
    function: PlainFunction,
    arrays: Sequence[np.ndarray],
    nearby: Sequence[np.ndarray] | None,
    rng: np.random.Generator,
) -> Check:
    """Add the fault, if any, found by calling the function on plain arrays.

    `arrays` are the values of the step's parameters. `nearby` are such values for which the function records the same
    operations; there, the recorded graph has to compute what the function returns. If the function cannot run on plain arrays,
    because it needs a method that only recorded ones have, a note says so.
    """
    with np.errstate(all="ignore"):
        try:
            value = _call(function, arrays)
        except Exception as error:
            fields = {"error": type(error).__name__, "text": str(error).partition("\n")[0]}
            return replace(check, notes=(*check.notes, Message("plain_run_raises", fields)))
        fault = _value_fault(step, value) or _graph_fault(step, value, function, nearby)
        if fault is None and check.outcome is not Outcome.WRONG:  # else it would say once more what is wrong
            fault = _slope_fault(step, value, function, arrays, rng)
            if fault is not None and any(node.op == shaping.StopGradient.name for node in step.nodes[: step.loss_id]):
                # Meant or not: the code that stops a gradient is no mistake by itself.
                changes = {"found": fault.what.fields["found"], "expected": fault.what.fields["expected"]}
                return replace(check, notes=(*check.notes, Message("plain_run_stopped", changes)))
    return check if fault is None else replace(check, faults=(*check.faults, fault))


def _call(function: PlainFunction, arrays: Sequence[np.ndarray]) -> Any:
    """Call the function on arrays of its own: it may write into them."""
    return function(*(array.copy() for array in arrays))


def _value_nearby(function: PlainFunction, arrays: Sequence[np.ndarray]) -> float:
    """The value at arguments nearby; NaN where the function does not take them."""
    try:
        return float(_call(function, arrays))
    except Exception:
        return np.nan


def _value_fault(step: Step, value: Any) -> Fault | None:
    """The fault if the function returned something else than the recorded loss."""
    loss, plain = step.nodes[step.loss_id], np.asarray(value)
    if plain.shape != () or plain.dtype.kind not in "biuf":
        returned = f"{plain.dtype} {plain.shape}"
        return make_fault(step.nodes, loss, Message("plain_run_returns", {"returned": returned}))
    found, expected = float(loss.value), float(plain)
    if _agree(step, found, expected):
        return None
    return make_fault(step.nodes, loss, Message("plain_run_value", {"found": found, "expected": expected}))


def _graph_fault(step: Step, value: Any, function: PlainFunction, nearby: Sequence[np.ndarray] | None) -> Fault | None:
    """The fault if the recorded graph computes something else at arguments nearby than the function does."""
    if nearby is None:
        return None
    changed = {parameter.id: array for parameter, array in zip(step.parameters, nearby, strict=True)}
    found, expected = float(replayed(step.nodes, changed, step.loss_id)), _value_nearby(function, nearby)
    if np.isnan(expected) or _agree(step, found, expected):
        return None
    changes = {"found": found - float(step.nodes[step.loss_id].value), "expected": expected - float(value)}
    return make_fault(step.nodes, step.nodes[step.loss_id], Message("plain_run_nearby", changes))


def _slope_fault(
    step: Step, value: Any, function: PlainFunction, arrays: Sequence[np.ndarray], rng: np.random.Generator
) -> Fault | None:
    """The fault if the function changes along a random direction otherwise than the recorded gradients say.

    The direction leaves parameters without a gradient, such as frozen ones, where they are.
    Also None where that cannot be told: differences are too coarse, or there is a kink.
    """
    moved = [parameter.id in step.gradients for parameter in step.parameters]
    gradients = [
        step.nodes[step.gradients[parameter.id]].value.astype(np.float64) if moves else np.zeros(parameter.shape)
        for parameter, moves in zip(step.parameters, moved, strict=True)
    ]
    if not _is_smooth(step) or not all(np.all(np.isfinite(each)) for each in gradients):
        return None
    unit = _rounding_unit(step)
    directions = [
        np.cbrt(unit) * np.maximum(np.abs(x), 1) * rng.normal(size=x.shape) * moves
        for x, moves in zip(arrays, moved, strict=True)
    ]
    if any(not node.is_leaf and operation_of(node).takes_symmetric_part for node in step.nodes[: step.loss_id]):
        # The function may read one triangle only: for its gradients to hold, a symmetric matrix has to stay symmetric.
        directions = [symmetric_part(u) if _is_symmetric(x) else u for x, u in zip(arrays, directions, strict=True)]

    def at(factor: float) -> float:
        moved = [(x + factor * u).astype(x.dtype) for x, u in zip(arrays, directions, strict=True)]
        return _value_nearby(function, moved)

    start = float(value)
    slopes = [(at(factor) - start) / factor for factor in (-1, -0.5, 0.5, 1)]
    expected = (slopes[1] + slopes[2]) / 2
    predicted = float(sum(np.sum(g * u) for g, u in zip(gradients, directions, strict=True)))
    rounding = TOLERANCE * unit * _error_scale(step)
    if not max(slopes) - min(slopes) <= SMOOTHNESS * abs(expected) + rounding:
        return None
    if abs(predicted - expected) <= SLOPE_TOLERANCE * max(abs(predicted), abs(expected)) + rounding:
        return None
    fields = {"found": predicted, "expected": expected}
    return make_fault(step.nodes, step.nodes[step.loss_id], Message("plain_run_slope", fields))


def _is_symmetric(x: np.ndarray) -> bool:
    """True for a symmetric matrix, or a stack of them."""
    return x.ndim > 1 and x.shape[-1] == x.shape[-2] and np.array_equal(x, np.swapaxes(x, -1, -2))


def _is_smooth(step: Step) -> bool:
    """True if no node that depends on a parameter is at a kink or a jump."""
    dependent = {parameter.id for parameter in step.parameters}
    for node in step.nodes[: step.loss_id + 1]:
        if not dependent.isdisjoint(node.operands):
            dependent.add(node.id)
            if _is_at_kink(step, node):
                return False
    return True


def _is_at_kink(step: Step, node: Node) -> bool:
    op = operation_of(node)
    inputs: list[Any] = [x.value if isinstance(x, Literal) else step.nodes[x].value for x in node.inputs]
    if op in _JUMPS_WHERE_EQUAL:
        return bool(np.any(np.equal(inputs[0], inputs[1])))
    sides = op.kink_sides(inputs, node.parameters)
    return sides is not None and bool(np.any(sides == 0))


def _agree(step: Step, found: float, expected: float) -> bool:
    """True if two values of the loss differ by rounding only."""
    if not (np.isfinite(found) and np.isfinite(expected)):
        return found == expected or (np.isnan(found) and np.isnan(expected))
    tolerance, scale = TOLERANCE * _rounding_unit(step), max(abs(found), abs(expected))
    return abs(found - expected) <= tolerance * scale or abs(found - expected) <= tolerance * max(scale, _error_scale(step))


def _rounding_unit(step: Step) -> float:
    """The rounding unit of the least precise number up to the loss."""
    forward = step.nodes[: step.loss_id + 1]
    return max(float(np.finfo(node.dtype).eps) for node in forward if node.dtype.startswith(("float", "complex")))


def _error_scale(step: Step) -> float:
    """How large the loss would be without cancellation."""
    return float(error_scales(computations_of_nodes(step.nodes[: step.loss_id + 1]), 0)[step.loss_id])
