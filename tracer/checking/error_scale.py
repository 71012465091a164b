"""The scale of rounding errors: how large a gradient would be without cancellation.

The rounding error of a sum is proportional to its largest term, even if the sum is small: under cancellation, an error relative
to the sum is meaningless. So errors are taken relative to the number itself or to a fraction of its error scale, whichever is
larger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from tracer.graph.record import Literal, Node
from tracer.ops.base import Op
from tracer.ops.families import einstein_summation, linear_algebra, reductions, selection
from tracer.ops.families.elementwise import arithmetic, complex_parts
from tracer.recording.replay import operation_of
from tracer.recording.tape import Entry

Computation: TypeAlias = tuple[type[Op] | None, Sequence[int | Literal], Mapping[str, Any], Any]
"""An operation (None for a leaf), its operands, parameters and value."""

CANCELLATION = 0.01
"""Errors are relative to at least this fraction of the error scale."""

SMALLEST_SCALE = 1e-150
"""Errors are relative to at least this: below it the imaginary parts of the complex step underflow."""

LARGEST_FACTOR = 1e140
"""Squares up to this, and from its reciprocal on, are multiplied and added as doubles."""

_SUMS_OF_PRODUCTS: tuple[type[Op], ...] = (
    arithmetic.Add, arithmetic.Multiply, reductions.Sum, reductions.Mean, linear_algebra.Matmul, linear_algebra.Dot,
    linear_algebra.Outer, einstein_summation.Einsum,
)  # fmt: skip
"""Sums of products. Applied to squares, they give the sum of the squared terms, as those do that declare `squares_terms`."""


def error_scales(computed: Sequence[Computation], start: int) -> list[np.ndarray]:
    """The error scale of every value from `start` on: the root of the sum of its squared terms.

    Independent rounding errors add up in quadrature; a sum of absolute values would grow out of range in a deep network.
    """
    squares: list[np.ndarray] = []
    with np.errstate(all="ignore"):
        for id, row in enumerate(computed):
            own = _square(row[3])
            terms = _squared_terms(computed, squares, row, own) if id >= start else _own_terms(computed, row, own)
            terms = np.real(terms)
            squares.append(np.where(np.isfinite(terms), np.maximum(terms, own), own))
        return [np.sqrt(each).astype(np.float64) for each in squares]


def _squared_terms(computed: Sequence[Computation], squares: Sequence[np.ndarray], row: Computation, own: np.ndarray) -> Any:
    """The sum of the squared terms that an operation adds; the square of its value if it adds none."""
    op, operands, parameters, value = row

    def square_of(operand: int | Literal) -> Any:
        if isinstance(operand, Literal):
            return operand.value if operand.value is None else _square(operand.value)
        return squares[int(operand)]

    def value_of(operand: int | Literal) -> Any:
        return operand.value if isinstance(operand, Literal) else computed[operand][3]

    if op is None:
        return own
    if op.squares_terms or issubclass(op, _SUMS_OF_PRODUCTS):
        terms = [
            square_of(operand) if op.differentiable(position) else value_of(operand)  # indices are not squared
            for position, operand in enumerate(operands)
        ]
        total = op.value(*_as_doubles(terms), **parameters)
        if op is reductions.Mean and np.size(value):
            total = total / max(1, np.size(square_of(operands[0])) / np.size(value))
        return total
    if op is arithmetic.Subtract:
        return square_of(operands[0]) + square_of(operands[1])
    if op in (arithmetic.Negative, arithmetic.Positive, complex_parts.Real, complex_parts.Imag, complex_parts.Conjugate):
        return square_of(operands[0])
    if op is arithmetic.Divide:
        return square_of(operands[0]) / _square(value_of(operands[1]))
    if op is selection.Where:
        return np.where(value_of(operands[0]), square_of(operands[1]), square_of(operands[2]))
    if _has_scale(op):
        scales = [np.sqrt(square_of(operand)).astype(np.float64) for operand in operands]
        return _square(op.error_scale(value, [value_of(operand) for operand in operands], scales, parameters))
    return own


def _as_doubles(terms: Sequence[Any]) -> Sequence[Any]:
    """The factors as doubles, whose products BLAS computes, if products of two neither overflow nor underflow."""
    factors = [isinstance(term, np.ndarray) and term.dtype == np.longdouble for term in terms]
    small, large = 1 / LARGEST_FACTOR, LARGEST_FACTOR
    if sum(factors) > 2 or not all(
        np.all((term == 0) | ((term > small) & (term < large))) for term, is_factor in zip(terms, factors) if is_factor
    ):
        return terms
    return [term.astype(np.float64) if is_factor else term for term, is_factor in zip(terms, factors)]


def _own_terms(computed: Sequence[Computation], row: Computation, own: np.ndarray) -> Any:
    """The squared error scale of an operation on exact inputs."""
    op, operands, parameters, value = row
    if op is None or not _has_scale(op):
        return own
    inputs: list[Any] = [x.value if isinstance(x, Literal) else computed[x][3] for x in operands]
    return np.broadcast_to(_square(op.error_scale(value, inputs, [np.abs(each) for each in inputs], parameters)), own.shape)


def _has_scale(op: type[Op]) -> bool:
    return getattr(op.error_scale, "__func__", None) is not getattr(Op.error_scale, "__func__", None)


def _square(value: Any) -> np.ndarray:
    return np.asarray(np.square(np.abs(value).astype(np.longdouble)))  # the square of a double does not overflow


def computations_of_nodes(nodes: Sequence[Node]) -> list[Computation]:
    """The computations of recorded nodes."""
    return [(None if node.is_leaf else operation_of(node), node.inputs, node.parameters, node.value) for node in nodes]


def computations_of_entries(entries: Sequence[Entry]) -> list[Computation]:
    """The computations on a recorder's tape."""
    return [(None if isinstance(op, str) else op, operands, parameters, value) for op, operands, parameters, value, *_ in entries]


def relative_errors(actual: np.ndarray, expected: np.ndarray, error_scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The relative errors of numbers, and the denominators: the largest of both numbers and CANCELLATION * error_scale.

    Equal infinities have an error of 0, NaNs an infinite one.

    >>> relative_errors(np.array([1.0, 0.0, 1e-17]), np.array([2.0, 0.0, 0.0]), np.ones(3))[0].round(3)
    array([0.5, 0. , 0. ])
    """
    # fmax ignores NaN, maximum does not.
    floor = np.fmax(CANCELLATION * error_scale, _smallest_scale(actual.dtype))
    denominators = np.fmax(np.fmax(np.abs(actual), np.abs(expected)), floor)
    errors = np.abs(actual - expected) / denominators
    errors[actual == expected] = 0.0
    errors[np.isnan(errors)] = np.inf
    return errors, denominators


@cache
def _smallest_scale(dtype: np.dtype[Any]) -> float:
    return max(SMALLEST_SCALE, float(np.finfo(dtype).tiny))
