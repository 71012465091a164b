"""Reductions, as those of the package: their axes are called `dim`, and counted from the end if negative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tracer.graph.expression import Expression, FunctionCall, Number, infix
from tracer.ops.base import Op
from tracer.ops.elementwise import Elementwise
from tracer.ops.foreign.given import Given
from tracer.ops.indices import Index
from tracer.ops.rounding import rounding_of_sum
from tracer.ops.terms import Terms


class Reduced(Op):
    """Elements reduced along axes."""

    names: ClassVar[str] = "self dim keepdim"

    @classmethod
    def part(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> Index:
        """The elements of the first input that an element of the result is reduced from."""
        given, rank = Given(cls.names, inputs, parameters), inputs[0].ndim
        axes = given.value("dim")
        chosen = range(rank) if axes is None or axes == [] else [axes] if isinstance(axes, int) else axes
        reduced = {axis % rank for axis in chosen}
        keeps = bool(given.value("keepdim", False))
        kept = iter(() if keeps else index)
        return tuple(slice(None) if axis in reduced else index[axis] if keeps else next(kept) for axis in range(rank))

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return cls.part(index, inputs, parameters), *(None for _ in inputs[1:])


class ReducedSum(Reduced):
    """A sum along axes."""

    adds = True

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        return rounding_of_sum(np.asarray(inputs[0][cls.part(index, inputs, parameters)]), unit)

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return terms[0].joined("+")


class ReducedMean(ReducedSum):
    """A mean along axes."""

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        total = terms[0].joined("+")
        return total and infix(("/",), (total, Number(str(terms[0].count))))


class ReducedProduct(Reduced):
    """A product along axes."""

    names = "self dim keepdim"

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return terms[0].joined("*")


class Largest(Reduced):
    """The largest element along axes; of two tensors, the larger elements."""

    function: ClassVar[str] = "max"

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        if cls._has_two(parameters):
            return Elementwise.parts(index, inputs, parameters)
        return super().parts(index, inputs, parameters)

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        if cls._has_two(parameters):
            return super().format_element(template, terms, parameters)
        return terms[0].in_call(cls.function) if not parameters.get("output") else None

    @staticmethod
    def _has_two(parameters: Mapping[str, Any]) -> bool:
        return (
            len(parameters["arguments"]) == 2 and "output" not in parameters and isinstance(parameters["arguments"][1], Mapping)
        )


class Smallest(Largest):
    """The smallest element along axes; of two tensors, the smaller elements."""

    function = "min"


class Length(Reduced):
    """The root of the sum of squares."""

    names = "self ord dim keepdim"

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        if not template.startswith("sqrt"):
            return None
        squares = tuple(FunctionCall("square", (each,)) for each in terms[0].elements)
        total = Terms(squares, terms[0].count, terms[0].zeros).joined("+")
        return total and FunctionCall("sqrt", (total,))


REDUCTIONS: dict[str, type[Op]] = {
    "sum": ReducedSum, "nansum": ReducedSum, "mean": ReducedMean, "prod": ReducedProduct, "amax": Largest, "amin": Smallest,
    "max": Largest, "min": Smallest, "linalg_vector_norm": Length, "norm": Length,
}  # fmt: skip
