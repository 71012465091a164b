"""Complex-step derivatives of a recorded step, computed without any derivative rule.

Squire and Trapp (1998), "Using complex variables to estimate derivatives of real functions": for an analytic function,
f'(x) = Im f(x + ih) / h + O(h**2). Nothing is subtracted, so h can be 1e-20 x and the result is exact up to rounding. Every
node of the step is evaluated on complex numbers whose real parts are the recorded values. For an operation without a complex
implementation, the imaginary part comes from finite differences; so does the derivative of an operation on numbers that are
complex in the program itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracer.checking.finite_differences import MIN_ERROR, DirectionalPath, finite_difference_derivative
from tracer.errors import UsageError
from tracer.graph.record import Literal, Node, Step
from tracer.ops.base import Op
from tracer.ops.complex_numbers import complex_of
from tracer.ops.data_movement import Rearrangement
from tracer.ops.families import reductions
from tracer.ops.families.elementwise import arithmetic, complex_parts
from tracer.ops.families.fourier.transform import Transform
from tracer.recording.replay import operation_of

STEP = 1e-20
"""The step h, relative to the smallest perturbed number if that is below 1. h**2 is far below rounding."""

STEP_AT_ZERO = 1e-30
"""The step if only zeros are perturbed."""

SMALLEST_STEP = 1e-290
"""A lower bound of the step, to avoid underflow."""

SAFETY = 10.0
"""Factor on the error estimate of finite differences."""

_LINEAR: tuple[type[Op], ...] = (Rearrangement, arithmetic.Add, arithmetic.Subtract, reductions.Sum, reductions.Mean)
"""Operations that only copy, add and subtract elements."""

_LINEAR_OF_ONE: tuple[type[Op], ...] = (Transform, complex_parts.Real, complex_parts.Imag, complex_parts.Conjugate)
"""Linear operations of one array: the derivative along a direction is the value of the direction."""

MAX_BATCH_ELEMENTS = 2_000_000
"""The largest number of elements of a node, over all directions propagated at once; 16 bytes each."""


@dataclass(frozen=True, slots=True)
class JvpResult:
    """Jacobian-vector products by node id: arrays [directions, *shape of the node]; None if a node does not depend on the input.

    `errors` is an estimate of the relative error for each direction, `by_differences` names the operations differentiated by
    finite differences.
    """

    tangents: Mapping[int, np.ndarray | None]
    errors: np.ndarray
    by_differences: frozenset[str]


def complex_step_jvp(
    nodes: Sequence[Node], wrt: int, directions: np.ndarray, outputs: Sequence[int], step_factor: float = 1.0
) -> JvpResult:
    """The derivatives of the nodes `outputs` with respect to the node `wrt`, along directions [directions, *shape].

    `step_factor` makes the step shorter than STEP.
    """
    with np.errstate(all="ignore"):
        return _jvp(nodes, wrt, directions, outputs, step_factor)


def _jvp(nodes: Sequence[Node], wrt: int, directions: np.ndarray, outputs: Sequence[int], step_factor: float) -> JvpResult:
    steps = step_factor * step_sizes(nodes[wrt].value, directions)
    perturbed = {wrt: complex_of(nodes[wrt].value, scale_each(directions, steps))}
    complex_tangents: dict[int, np.ndarray] = {}
    errors, by_differences = np.zeros(len(directions)), set()

    def tangent(id: int) -> np.ndarray | None:
        return scale_each(perturbed[id].imag, 1 / steps) if id in perturbed else complex_tangents.get(id)

    for node in nodes[wrt + 1 : max(outputs) + 1]:
        if not any(x in perturbed or x in complex_tangents for x in node.operands) or not has_derivative(node):
            continue
        op = operation_of(node)
        given: list[Any] = [x.value if isinstance(x, Literal) else nodes[x].value for x in node.inputs]
        uncertainty: np.ndarray | None
        if any(np.iscomplexobj(each) for each in (node.value, *given)):
            along = [None if isinstance(x, Literal) else tangent(x) for x in node.inputs]
            derivative, uncertainty = complex_derivatives(op, given, along, node.parameters)
            if uncertainty is not None:
                errors = np.maximum(errors, _relative_uncertainty(derivative, uncertainty))
                by_differences.add(op.name)
            if np.iscomplexobj(node.value):
                complex_tangents[node.id] = derivative
            else:
                perturbed[node.id] = complex_of(node.value, scale_each(derivative, steps))
            continue
        inputs = [x.value if isinstance(x, Literal) else perturbed.get(x, nodes[x].value) for x in node.inputs]
        stacked = [not isinstance(x, Literal) and x in perturbed for x in node.inputs]
        imaginary, uncertainty = imaginary_part(op, inputs, stacked, node.parameters, steps)
        if uncertainty is not None:
            errors = np.maximum(errors, _relative_uncertainty(imaginary, uncertainty))
            by_differences.add(op.name)
        perturbed[node.id] = complex_of(node.value, imaginary)
    return JvpResult({id: tangent(id) for id in outputs}, errors, frozenset(by_differences))


def _relative_uncertainty(imaginary: np.ndarray, uncertainty: np.ndarray) -> np.ndarray:
    """The largest uncertainty relative to the largest tangent, over all directions for which it is known; infinite for others."""
    rows = len(imaginary)
    largest_uncertainty = np.max(uncertainty.reshape(rows, -1), axis=1, initial=0.0)
    is_known = np.isfinite(largest_uncertainty) & np.all(np.isfinite(imaginary.reshape(rows, -1)), axis=1)
    largest = np.max(np.abs(imaginary[is_known]), initial=0.0)
    return np.where(is_known, np.max(largest_uncertainty[is_known], initial=0.0) / largest if largest else 0.0, np.inf)


def step_sizes(value: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """The step h for each direction.

    >>> step_sizes(np.array([1e-31, 4.0]), np.array([[1.0, 0.5], [0.25, 1.0]]))
    array([1.e-51, 4.e-51])
    """
    flat = directions.reshape(len(directions), -1)
    ratio = np.abs(np.ravel(value)) / np.abs(flat)
    smallest = np.min(ratio, axis=1, initial=np.inf, where=(flat != 0) & (ratio > 0))
    return np.asarray(np.where(np.isinf(smallest), STEP_AT_ZERO, np.clip(STEP * smallest, SMALLEST_STEP, STEP)))


def scale_each(directions: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Multiply each direction by its own factor."""
    return np.asarray(directions * factors.reshape(len(factors), *(1,) * (directions.ndim - 1)))


def has_derivative(node: Node) -> bool:
    """True if a node is differentiable with respect to an input: floating-point, with at least one derivative rule."""
    if not node.dtype.startswith(("float", "complex")):
        return False
    return operation_of(node).has_rules(len(node.inputs))


def imaginary_part(
    op: type[Op], inputs: Sequence[Any], stacked: Sequence[bool], parameters: Mapping[str, Any], steps: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """The imaginary part of an operation on complex inputs; `stacked` inputs have a leading axis of directions.

    Also its uncertainty, if it comes from finite differences; None if it is exact up to rounding.
    """
    if op.complex_value is not None:
        return op.imaginary_parts(inputs, stacked, parameters), None
    point = [np.real(x[0]) if many else x for x, many in zip(inputs, stacked, strict=True)]
    along = [scale_each(np.imag(x), 1 / steps) if many else None for x, many in zip(inputs, stacked, strict=True)]
    derivatives, uncertainties = derivatives_by_differences(op, point, along, parameters)
    return scale_each(derivatives, steps), scale_each(uncertainties, steps)


def complex_derivatives(
    op: type[Op], inputs: Sequence[Any], along: Sequence[np.ndarray | None], parameters: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray | None]:
    """The derivatives of an operation on numbers that are complex in the program, along directions [count, *shape].

    Also their uncertainty, if they come from finite differences. Linear operations need none: they apply to the directions.
    """
    if issubclass(op, _LINEAR_OF_ONE):
        (tangents,) = (each for each in along if each is not None)
        return np.stack([op.value(each, **parameters) for each in tangents]), None
    if not issubclass(op, _LINEAR):
        return derivatives_by_differences(op, inputs, along, parameters)
    stacked = [each is not None for each in along]
    at = [np.real(x) if np.iscomplexobj(x) else x for x in inputs]
    real, imaginary = (
        op.imaginary_parts(
            [x if each is None else complex_of(x, part(each)) for x, each in zip(at, along, strict=True)], stacked, parameters
        )
        for part in (np.real, np.imag)
    )
    given = op.value(*inputs, **parameters)
    return (real + 1j * imaginary if np.iscomplexobj(given) else real), None


def derivatives_by_differences(
    op: type[Op], inputs: Sequence[Any], along: Sequence[np.ndarray | None], parameters: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """The derivatives of an operation along directions [count, *shape] of its inputs, and their uncertainty.

    None stands for an input that is held constant. Inputs and directions may be complex.
    """
    derivatives, uncertainties = [], []
    for row in range(next(len(each) for each in along if each is not None)):
        directions = [None if each is None else each[row] for each in along]
        derivative, error = finite_difference_derivative(DirectionalPath(op, inputs, directions, parameters))
        derivatives.append(derivative)
        uncertainties.append(SAFETY * error + MIN_ERROR * np.max(np.abs(derivative), initial=0.0))
    return np.stack(derivatives), np.stack(uncertainties)


def complex_step_derivative(path: DirectionalPath) -> np.ndarray:
    """The derivative of a single operation along a path. The operation must have a complex implementation."""
    perturbed = [(x, u[np.newaxis]) for x, u in zip(path.inputs, path.directions, strict=True) if u is not None]
    stacked = [u is not None for u in path.directions]
    with np.errstate(all="ignore"):
        steps = np.min([step_sizes(x, u) for x, u in perturbed], axis=0)
        inputs = [
            x if u is None else complex_of(x, scale_each(u[np.newaxis], steps))
            for x, u in zip(path.inputs, path.directions, strict=True)
        ]
        imaginary, _ = imaginary_part(path.op, inputs, stacked, path.parameters, steps)
    derivative: np.ndarray = scale_each(imaginary, 1 / steps)[0]
    return derivative


def one_hot_directions(shape: tuple[int, ...], indices: Sequence[int]) -> np.ndarray:
    """A unit direction for each flat index (C order, ascending): 1 at that element and 0 elsewhere.

    >>> one_hot_directions((2, 2), [0, 3]).tolist()
    [[[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]]
    """
    size = math.prod(shape)
    if len(indices) == size:
        return np.eye(size).reshape(size, *shape)
    directions = np.zeros((len(indices), size))
    directions[np.arange(len(indices)), list(indices)] = 1.0
    return directions.reshape(len(indices), *shape)


def in_batches(indices: Sequence[int], max_elements: int) -> Iterator[Sequence[int]]:
    """Split indices into batches that can be propagated at once through nodes of at most `max_elements` elements.

    >>> [len(batch) for batch in in_batches(range(5), 1_000_000)]
    [2, 2, 1]
    """
    count = max(1, MAX_BATCH_ELEMENTS // max(1, max_elements))
    for start in range(0, len(indices), count):
        yield indices[start : start + count]


def check_finite(step: Step) -> None:
    """Raise UsageError, naming the node that made it so, if the loss is not finite."""
    loss = step.nodes[step.loss_id]
    if loss.is_finite:
        return
    from tracer.analysis.blame import Target, culprit_of_step

    found = culprit_of_step(step, target=Target(loss))
    node = found.node if found is not None else loss
    label = node.name or (node.source.text if node.source else node.op)
    where = f" at {node.source}" if node.source else ""
    raise UsageError(
        f"the loss is {loss.value}, there is no derivative to check: it is not finite because of node {node.id}, {label}{where}"
    )
