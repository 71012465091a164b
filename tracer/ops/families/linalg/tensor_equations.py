"""Inverses and linear equations of arrays that are matrices when some of their axes are joined."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array, Call
from tracer.ops.domain import REAL
from tracer.ops.families.linalg.matrix_function import MatrixFunction, condition
from tracer.ops.indices import Shape


class Tensorinv(MatrixFunction):
    """The inverse of an array that its first `ind` axes and its other axes make a matrix."""

    implements = np.linalg.tensorinv
    formula = "tensorinv({x}, ind={ind})"
    analytic = True

    @staticmethod
    def call(a: Array, ind: int = 2) -> Call:
        return (a,), {"ind": int(ind)}

    @staticmethod
    def value(x: Array, *, ind: int) -> Array:
        return np.linalg.tensorinv(x, ind)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, ind: int) -> Array:
        size = math.prod(x.shape[:ind])
        inverse = np.reshape(out, (size, size)).T
        return np.reshape(-(inverse @ np.reshape(g, (size, size)) @ inverse), x.shape)

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        return np.imag(np.stack([cls.value(each, **parameters) for each in inputs[0]]))

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return inputs[0].ndim, inputs[0].ndim

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        return np.asarray(np.max(np.abs(value), initial=0.0) * cls.error_growth(inputs, parameters))

    @classmethod
    def error_growth(cls, inputs: Sequence[Any], parameters: Mapping[str, Any]) -> float:
        size = math.prod(inputs[0].shape[: parameters["ind"]])
        return float(condition(inputs[0].reshape(size, size)))


class Tensorsolve(MatrixFunction):
    """The solution x of tensordot(a, x, x.ndim) = b; `axes` of a are moved to the end first."""

    implements = np.linalg.tensorsolve
    formula = "tensorsolve({a}, {b}{options})"
    domain = REAL, REAL
    analytic = True

    @staticmethod
    def call(a: Array, b: Array, axes: Any = None) -> Call:
        return (a, b), {} if axes is None else {"axes": tuple(axis % np.ndim(a) for axis in axes)}

    @staticmethod
    def value(a: Array, b: Array, *, axes: Any = None) -> Array:
        return np.linalg.tensorsolve(a, b, axes)

    @staticmethod
    def gradient_a(g: Array, out: Array, a: Array, b: Array, *, axes: Any = None) -> Array:
        order = _order(a, axes)
        solved = Tensorsolve.gradient_b(g, out, a, b, axes=axes)
        gradient = np.reshape(-np.outer(solved, out), tuple(a.shape[axis] for axis in order))
        return gradient if axes is None else np.transpose(gradient, tuple(order.index(axis) for axis in range(a.ndim)))

    @staticmethod
    def gradient_b(g: Array, out: Array, a: Array, b: Array, *, axes: Any = None) -> Array:
        ordered = a if axes is None else np.transpose(a, _order(a, axes))
        matrix = np.reshape(ordered, (out.size, out.size))
        return np.reshape(np.linalg.solve(matrix.T, np.ravel(g)), b.shape)

    @classmethod
    def core_ranks(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return inputs[0].ndim, inputs[1].ndim, inputs[0].ndim - inputs[1].ndim

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        moved = parameters.get("axes") or ()
        order = [axis for axis in range(len(shapes[0])) if axis not in moved] + list(moved)
        return tuple(shapes[0][axis] for axis in order[len(shapes[1]) :]) == result

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        matrix = np.transpose(inputs[0], _order(inputs[0], parameters.get("axes"))).reshape(value.size, value.size)
        terms = np.abs(np.linalg.inv(matrix)) @ np.ravel(scales[1])
        return np.asarray(np.max(np.abs(value), initial=0.0) * condition(matrix) + terms.reshape(value.shape))

    @classmethod
    def error_growth(cls, inputs: Sequence[Any], parameters: Mapping[str, Any]) -> float:
        size = inputs[1].size
        return float(condition(np.transpose(inputs[0], _order(inputs[0], parameters.get("axes"))).reshape(size, size)))


def _order(a: Array, axes: Any) -> tuple[int, ...]:
    """The axes of a, those that are moved to the end last."""
    moved = tuple(axes or ())
    return (*(axis for axis in range(a.ndim) if axis not in moved), *moved)
