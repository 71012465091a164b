"""Inverses, and solutions of linear equations.

The rules are those of Giles (2008), "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation", and for the pseudoinverse of Golub and Pereyra (1973), "The differentiation of pseudo-inverses and nonlinear
least squares problems whose variables separate".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array, Call
from tracer.ops.complex_numbers import complex_of
from tracer.ops.domain import REAL
from tracer.ops.families.linalg.matrix_function import MatrixFunction, column, condition, transposed, without_infinities
from tracer.ops.indices import Index, Shape
from tracer.ops.several_results import SeveralResults


class Inv(MatrixFunction):
    """Inverse of square matrices: d(inv(x)) = -inv(x) @ dx @ inv(x)."""

    implements = np.linalg.inv
    formula = "inv({x})"
    analytic = True

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array) -> Array:
        inverse = transposed(out)
        return -(inverse @ g @ inverse)

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return 2, 2


class Solve(MatrixFunction):
    """The solution x of a @ x = b: dx = inv(a) @ (db - da @ x). An array b with one axis is a vector, otherwise matrices."""

    implements = np.linalg.solve
    formula = "solve({a}, {b})"
    domain = REAL, REAL
    analytic = True

    @staticmethod
    def gradient_a(g: Array, out: Array, a: Array, b: Array) -> Array:
        if b.ndim == 1:
            return -(_solved_transposed(a, g, b) * np.expand_dims(out, -2))
        return -(_solved_transposed(a, g, b) @ transposed(out))

    @staticmethod
    def gradient_b(g: Array, out: Array, a: Array, b: Array) -> Array:
        solved = _solved_transposed(a, g, b)
        return np.squeeze(solved, -1) if b.ndim == 1 else solved

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        a, b = shapes
        if len(b) == 1:
            return a[:-1] == result
        return (*np.broadcast_shapes(a[:-2], b[:-2]), a[-1], b[-1]) == result

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return (2, 1, 1) if inputs[1].ndim == 1 else (2, 2, 2)

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        own = cls.core_ranks(inputs, parameters)[-1]
        # The condition numbers of all matrices: the solutions of a batch may be those of one of them.
        size = np.max(np.abs(value), axis=tuple(range(-own, 0)), keepdims=True, initial=0.0)
        scale = np.asarray(size * np.max(condition(inputs[0]), initial=1.0))
        terms = np.abs(np.linalg.inv(inputs[0])) @ (scales[1][:, np.newaxis] if own == 1 else scales[1])
        return np.asarray(scale + (terms[..., 0] if own == 1 else terms))


class Pinv(MatrixFunction):
    """Moore-Penrose pseudoinverse. The derivative is that at constant rank; where the rank changes there is none."""

    implements = np.linalg.pinv
    formula = "pinv({x}{options})"

    @staticmethod
    def call(a: Array, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Call:
        given = {"rcond": rcond, "hermitian": hermitian or None, "rtol": rtol if isinstance(rtol, (int, float)) else None}
        return (a,), {name: option for name, option in given.items() if option is not None}

    @staticmethod
    def value(x: Array, **options: Any) -> Array:
        return np.linalg.pinv(x if options.get("hermitian") else without_infinities(x), **options)

    @staticmethod
    def complex_value(x: Array, **options: Any) -> Array:
        return _pseudoinverse(x)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, **options: Any) -> Array:
        return gradient_of_pinv(g, out, x)

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return 2, 2


class Lstsq(MatrixFunction, SeveralResults):
    """The least-squares solution of a @ x = b, its squared residuals, the rank and the singular values of a.

    The derivatives are those at constant rank.
    """

    implements = np.linalg.lstsq
    formula = "lstsq({a}, {b}{options})[{part}]"
    domain = REAL, REAL

    @staticmethod
    def call(a: Array, b: Array, rcond: float | None = None) -> Call:
        return (a, b), {} if rcond is None else {"rcond": rcond}

    @classmethod
    def result_count(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> int:
        return 4

    @classmethod
    def combined(cls, results: list[Any]) -> Any:
        return tuple(results)

    @staticmethod
    def value(a: Array, b: Array, *, part: int, rcond: float | None = None) -> Array:
        return np.linalg.lstsq(without_infinities(a), b, rcond)[part]

    @staticmethod
    def complex_value(a: Array, b: Array, *, part: int, rcond: float | None = None) -> Array:
        solution = _pseudoinverse(a) @ b
        if part == 0:
            return solution
        if part == 1:
            residual = b - a @ solution
            squares = np.atleast_1d(np.sum(residual * residual, axis=0))
            return squares if a.shape[0] > a.shape[1] else squares[:0]
        from tracer.ops.families.linalg.singular_values import Svd

        return Svd.complex_value(a, part=1)

    @staticmethod
    def gradient_a(g: Array, out: Array, a: Array, b: Array, *, part: int, rcond: float | None = None) -> Array:
        if part == 3:
            left, _, right = np.linalg.svd(a, full_matrices=False)
            return (left * g) @ right
        inverse = np.linalg.pinv(a, _cutoff(a, rcond))
        columns, cotangent = (column(b), column(g)) if b.ndim == 1 and part == 0 else (column(b) if b.ndim == 1 else b, g)
        if part == 0:
            return gradient_of_pinv(cotangent @ columns.T, inverse, a)
        if not out.size:
            return np.zeros(a.shape, a.dtype) * np.sum(g)
        solution = inverse @ columns
        return -2 * ((columns - a @ solution) * cotangent) @ solution.T

    @staticmethod
    def gradient_b(g: Array, out: Array, a: Array, b: Array, *, part: int, rcond: float | None = None) -> Array:
        if part == 3 or not out.size:
            return np.zeros(b.shape, b.dtype) * np.sum(g)
        inverse = np.linalg.pinv(a, _cutoff(a, rcond))
        return inverse.T @ g if part == 0 else 2 * (b - a @ (inverse @ b)) * g

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        (rows, columns), b = shapes
        parts = ((columns, *b[1:]), b[1:] or (1,), (), (min(rows, columns),))
        return parts[parameters["part"]] == result or (parameters["part"] == 1 and result == (0,))

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        rank = inputs[1].ndim
        return 2, rank, (rank, 1, 0, 1)[parameters["part"]]

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        whole = tuple((slice(None),) * array.ndim for array in inputs)
        return whole if parameters["part"] < 2 else (whole[0], None)

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        rcond = f", rcond={parameters['rcond']}" if "rcond" in parameters else ""
        return f"lstsq({{0}}, {{1}}{rcond})[{parameters['part']}]"


def gradient_of_pinv(g: Array, inverse: Array, x: Array) -> Array:
    """The gradient with respect to x, for the cotangent g of its pseudoinverse."""
    back, forward = transposed(inverse), transposed(g)
    within = back @ g @ back
    # What the two projections leave: directions in which the matrices map to nothing.
    rows = forward @ inverse @ back
    columns = back @ inverse @ forward
    return rows - x @ (inverse @ rows) + columns - (columns @ inverse) @ x - within


def _solved_transposed(a: Array, g: Array, b: Array) -> Array:
    """The solution of transposed equations, as matrices also for a vector b."""
    return np.linalg.solve(transposed(a), column(g) if b.ndim == 1 else g)


def _pseudoinverse(x: Array) -> Array:
    """The pseudoinverse of matrices of full rank, as an analytic function; NaN for others."""
    turned = np.swapaxes(x, -1, -2)
    try:
        if x.shape[-2] >= x.shape[-1]:
            return np.linalg.solve(turned @ x, turned)
        return np.swapaxes(np.linalg.solve(x @ turned, x), -1, -2)
    except np.linalg.LinAlgError:
        return complex_of(np.full(turned.shape, np.nan), np.full(turned.shape, np.nan))


def _cutoff(a: Array, rcond: float | None) -> float:
    """Relative to the largest, the singular values that lstsq takes for 0."""
    return float(np.finfo(np.result_type(a.dtype, np.float32)).eps) * max(a.shape) if rcond is None else rcond
