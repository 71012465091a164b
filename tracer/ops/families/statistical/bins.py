"""Weights added up in bins."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.graph.expression import Expression
from tracer.ops.base import Array, Call
from tracer.ops.data_movement import Rearrangement
from tracer.ops.domain import REAL
from tracer.ops.indices import NO_ELEMENT, Index, Shape
from tracer.ops.movement import rows_by_target
from tracer.ops.terms import Terms


class Bincount(Rearrangement):
    """How often each of the numbers 0, 1, ... occurs in x, or the sum of the weights where it occurs.

    `length` is the number of results. The numbers have no gradient; that of a weight is the cotangent of its number.
    """

    implements = np.bincount
    formula = "bincount({x}, {weights}, minlength={length})"
    domain = REAL, REAL
    analytic = False  # NumPy takes real weights only
    squares_terms = False  # NumPy adds weights as float64 only

    @staticmethod
    def call(x: Array, weights: Array = None, minlength: Any = 0) -> Call:
        numbers = np.asarray(getattr(x, "value", x))
        length = max(operator.index(minlength), int(numbers.max(initial=-1)) + 1)
        return ((x,) if weights is None else (x, weights)), {"length": length}

    @staticmethod
    def value(x: Array, weights: Array = None, *, length: int) -> Array:
        if np.max(x, initial=-1) >= length:  # in a trace file from elsewhere
            raise ValueError(f"bincount: a number is not below the length {length}")
        return np.bincount(x, weights, length)

    @staticmethod
    def gradient_weights(g: Array, out: Array, x: Array, weights: Array = None, *, length: int) -> Array:
        return np.astype(g[x], weights.dtype)

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        return np.bincount(inputs[0], np.asarray(scales[1], np.float64), parameters["length"]) if len(inputs) > 1 else None

    @staticmethod
    def complex_value(x: Array, weights: Array = None, *, length: int) -> Array:
        imaginary = np.bincount(x, np.imag(weights), length) if np.iscomplexobj(weights) else 0
        return Bincount.value(x, None if weights is None else np.real(weights), length=length) + 1j * imaginary

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return (parameters["length"],) == tuple(result) and len({tuple(shape) for shape in shapes}) == 1

    @classmethod
    def sources(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[np.ndarray]:
        length, count = parameters["length"], np.size(inputs[0])
        whole = np.broadcast_to(np.arange(count), (length, count))  # every number may be the one that is counted
        return [whole, rows_by_target(np.asarray(inputs[0]), length)][: len(inputs)]

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        if len(inputs) < 2:
            return None
        row = cls.sources(inputs, parameters)[1][index]
        terms = np.abs(np.asarray(inputs[1])[row[row != NO_ELEMENT]])
        return float(terms.size * np.max(terms)) * unit if terms.size > 1 else None

    @classmethod
    def importance(cls, parts: Sequence[np.ndarray]) -> np.ndarray:
        return np.asarray(np.abs(parts[-1]))

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return super().format_element(template, terms[1:], parameters) if len(terms) > 1 else None

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        return f"bincount({{0}}{', {1}' if count > 1 else ''}, minlength={parameters['length']})"
