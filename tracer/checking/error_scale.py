"""How large a gradient would be if nothing in it cancelled: the measure of the rounding that is in it.

A sum is wrong by a rounding of its largest part, however small the sum: an error relative to the sum alone says nothing where
large parts cancel. So errors are taken relative to the number itself or, where that is larger, to a part of what stands here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from tracer.graph.record import Literal, Node
from tracer.ops import elementwise, indexing, linear_algebra, reductions, shaping
from tracer.ops.base import DataMovement, Op
from tracer.recording.replay import operation_of
from tracer.recording.tape import Entry

Computed: TypeAlias = tuple[type[Op] | None, Sequence[int | Literal], Mapping[str, Any], Any]
"""An operation (None for a leaf), its operands, parameters and value."""

CANCELLING = 0.01
"""Errors are relative to this part of the magnitude at least."""

SMALLEST = 1e-150
"""Errors are relative to this at least: below it the imaginary parts of the complex step come to an end."""

_SUMS: tuple[type[Op], ...] = (
    DataMovement, shaping.Joining, indexing.Scatter, elementwise.Add, elementwise.Multiply, reductions.Sum, reductions.Mean,
    linear_algebra.Matmul, linear_algebra.Dot, linear_algebra.Outer, linear_algebra.Einsum,
)  # fmt: skip
"""Sums of products: of squares they make the sum of squares."""


def magnitudes(computed: Sequence[Computed], start: int) -> list[np.ndarray]:
    """The magnitude of every value, from `start` on: the root of the sum of the squares of its parts.

    Roundings add up like that, and not like absolute values, which in a deep network would outgrow all numbers.
    """
    squares: list[np.ndarray] = []
    with np.errstate(all="ignore"):
        for id, row in enumerate(computed):
            own = np.square(np.asarray(row[3], dtype=np.longdouble))  # which holds the square of any double
            parts = _square_of_parts(computed, squares, row, own) if id >= start else own
            squares.append(np.where(np.isfinite(parts), np.maximum(parts, own), own))
        return [np.sqrt(each).astype(np.float64) for each in squares]


def _square_of_parts(computed: Sequence[Computed], squares: Sequence[np.ndarray], row: Computed, own: np.ndarray) -> Any:
    """The sum of the squares of what an operation adds up; its own square where it adds up nothing."""
    op, operands, parameters, value = row

    def square_of(operand: int | Literal) -> Any:
        if isinstance(operand, Literal):
            return operand.value if operand.value is None else np.square(np.asarray(operand.value, dtype=np.longdouble))
        return squares[int(operand)]

    def value_of(operand: int | Literal) -> Any:
        return operand.value if isinstance(operand, Literal) else computed[operand][3]

    if op is None:
        return own
    if issubclass(op, _SUMS):
        rest = value_of if op in (indexing.Take, indexing.Scatter) else square_of  # indices stay what they are
        total = op.value(square_of(operands[0]), *map(rest, operands[1:]), **parameters)
        return total / max(1, np.size(square_of(operands[0])) / np.size(value)) if op is reductions.Mean else total
    if op is elementwise.Subtract:
        return square_of(operands[0]) + square_of(operands[1])
    if op in (elementwise.Negative, elementwise.Positive):
        return square_of(operands[0])
    if op is elementwise.Divide:
        return square_of(operands[0]) / np.square(np.asarray(value_of(operands[1]), dtype=np.longdouble))
    if op is elementwise.Where:
        return np.where(value_of(operands[0]), square_of(operands[1]), square_of(operands[2]))
    return own


def computed_by(nodes: Sequence[Node]) -> list[Computed]:
    """What nodes say of how they were computed."""
    return [(None if node.is_leaf else operation_of(node), node.inputs, node.parameters, node.value) for node in nodes]


def computed_in(entries: Sequence[Entry]) -> list[Computed]:
    """What the entries of a recorder say of it."""
    return [(None if isinstance(op, str) else op, operands, parameters, value) for op, operands, parameters, value, *_ in entries]


def relative_errors(found: np.ndarray, expected: np.ndarray, magnitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far numbers are from what is expected, relative to the larger of both and to a part of the magnitude; and to what.

    Equal infinities agree; a NaN agrees with nothing.

    >>> relative_errors(np.array([1.0, 0.0, 1e-17]), np.array([2.0, 0.0, 0.0]), np.ones(3))[0].round(3)
    array([0.5, 0. , 0. ])
    """
    # fmax passes over NaN, as maximum does not.
    scale = np.fmax(np.fmax(np.abs(found), np.abs(expected)), np.fmax(CANCELLING * magnitude, _smallest(found.dtype)))
    errors = np.abs(found - expected) / scale
    errors[found == expected] = 0.0
    errors[np.isnan(errors)] = np.inf
    return errors, scale


@cache
def _smallest(dtype: np.dtype[Any]) -> float:
    return max(SMALLEST, float(np.finfo(dtype).tiny))
