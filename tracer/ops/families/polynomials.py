"""Polynomials in a variable."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.graph.expression import Expression
from tracer.ops.base import Array, Call, Op
from tracer.ops.domain import REAL
from tracer.ops.indices import Index, Shape
from tracer.ops.terms import Terms


class Vander(Op):
    """Vandermonde matrix: the powers of every element of a vector, the highest first, or last with increasing=True."""

    implements = np.vander
    formula = "vander({x}, {N}{options})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def call(x: Array, N: int | None = None, increasing: bool = False) -> Call:
        return (x,), {"N": len(x) if N is None else operator.index(N), "increasing": bool(increasing)}

    @staticmethod
    def value(x: Array, *, N: int, increasing: bool) -> Array:
        return np.vander(x, N, increasing)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, N: int, increasing: bool) -> Array:
        if N < 2:
            return np.sum(g, axis=1) * 0
        of_powers = g[:, 1:] if increasing else g[:, N - 2 :: -1]
        return np.sum(of_powers * (np.arange(1, N).astype(g.dtype) * np.vander(x, N - 1, increasing=True)), axis=1)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return (*shapes[0], parameters["N"]) == result

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return ((index[0],),)

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return None

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return f"vander({{0}}, {parameters['N']}{', increasing=True' if parameters['increasing'] else ''})"


class Polyval(Op):
    """The polynomial with the coefficients p, the highest power first, at every element of x, by Horner's rule."""

    implements = np.polyval
    formula = "polyval({p}, {x})"
    domain = REAL, REAL
    analytic = True

    @staticmethod
    def call(p: Array, x: Array) -> Call:
        if np.ndim(p) != 1:
            raise TypeError("p is a vector of coefficients, the highest power first")
        return (p, x), {}

    @staticmethod
    def value(p: Array, x: Array) -> Array:
        return np.polyval(p, x)

    @staticmethod
    def gradient_p(g: Array, out: Array, p: Array, x: Array) -> Array:
        exponents = np.arange(np.shape(p)[0] - 1, -1, -1).astype(g.dtype)
        return np.ravel(g) @ np.expand_dims(np.ravel(x), -1) ** exponents

    @staticmethod
    def gradient_x(g: Array, out: Array, p: Array, x: Array) -> Array:
        count = np.shape(p)[0]
        if count < 2:
            return g * 0
        return g * np.polyval(p[:-1] * np.arange(count - 1, 0, -1).astype(g.dtype), x)

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        count = next(len(array) for array, many in zip(inputs, stacked, strict=True) if many)
        rows = ([array[row] if many else array for array, many in zip(inputs, stacked, strict=True)] for row in range(count))
        return np.stack([np.imag(_horner(*row)) for row in rows])

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        return np.asarray(np.polyval(scales[0], scales[1]))

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return len(shapes[0]) == 1 and shapes[1] == result

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return (slice(None),), index

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return terms[0].in_call("polyval")


def _horner(p: Array, x: Array) -> Array:
    total = np.zeros(np.shape(x), np.complex128)
    for coefficient in p:
        total = total * x + coefficient
    return total
