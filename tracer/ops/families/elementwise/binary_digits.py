"""Numbers as a fraction and a power of two: frexp and ldexp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array
from tracer.ops.domain import NONZERO, REAL
from tracer.ops.elementwise import Elementwise
from tracer.ops.several_results import SeveralResults


class Ldexp(Elementwise):
    """Elementwise x * 2**exponent, for whole exponents, which have no gradient."""

    implements = np.ldexp
    formula = "ldexp({x}, {exponent})"
    domain = REAL, REAL

    @staticmethod
    def complex_value(x: Array, exponent: Array) -> Array:
        return x * 2.0 ** np.real(exponent)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, exponent: Array) -> Array:
        return np.ldexp(g, exponent)


class Frexp(SeveralResults, Elementwise):
    """The fraction of a number, from 1/2 to 1, part 0, and the exponent of 2, part 1, which is whole and has no gradient."""

    implements = np.frexp
    formula = "frexp({x})[{part}]"
    domain = (NONZERO,)

    @staticmethod
    def value(x: Array, *, part: int) -> Array:
        return np.frexp(x)[part]

    @staticmethod
    def complex_value(x: Array, *, part: int) -> Array:
        exponent = np.frexp(np.real(x))[1]
        return exponent + 0j if part else x * 2.0**-exponent

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        return np.asarray(
            np.frexp(inputs[0])[1] + 0.5
        )  # the fraction jumps at powers of 2, where there are no slopes on both sides

    @classmethod
    def result_count(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> int:
        return 2

    @classmethod
    def combined(cls, results: list[Any]) -> Any:
        return tuple(results)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, part: int) -> Array:
        return np.ldexp(g, -np.frexp(x)[1])
