"""Differences of neighbours along an axis."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.graph.expression import Expression, infix
from tracer.ops.base import Array, Call, Op
from tracer.ops.data_movement import MAX_TRACED_ELEMENTS
from tracer.ops.domain import REAL
from tracer.ops.indices import NO_ELEMENT, Index, Shape, unraveled
from tracer.ops.rounding import rounding_of_sum
from tracer.ops.terms import Terms


class Diff(Op):
    """The n-th differences along an axis. `prepend` and `append` are inputs that are joined to the array first."""

    implements = np.diff
    formula = "diff({x}{options})"
    domain = (REAL,)
    analytic = True

    @staticmethod
    def call(a: Array, n: Any = 1, axis: Any = -1, prepend: Array = None, append: Array = None) -> Call:
        parameters: dict[str, Any] = {"n": operator.index(n), "axis": operator.index(axis)}
        given = {"prepend": prepend, "append": append} if n else {}
        ends = {name: end for name, end in given.items() if end is not None}
        return (a, *ends.values()), {**parameters, "ends": list(ends)} if ends else parameters

    @staticmethod
    def value(x: Array, *joined: Array, n: int, axis: int, ends: Sequence[str] = ()) -> Array:
        size = sum(np.shape(each)[axis] if np.ndim(each) else 1 for each in (x, *joined))
        # There are no differences of a higher order than the size.
        return np.diff(x, min(n, size), axis, **dict(zip(ends, joined, strict=True)))

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return True

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        x, *_ = inputs
        n, axis = parameters["n"], parameters["axis"] % x.ndim
        # Element j of the joined array is in difference j - 1 with a plus, in difference j with a minus.
        zeros = np.zeros((*out.shape[:axis], n, *out.shape[axis + 1 :]), dtype=g.dtype)
        joined = np.diff(np.concatenate([zeros, g, zeros], axis), n, axis) if n else g
        if n % 2:
            joined = -joined
        order = _order(parameters)
        sizes = [np.shape(each)[axis] if np.ndim(each) else 1 for each in inputs]
        start = sum(sizes[each] for each in order[: order.index(position)])
        return joined[(slice(None),) * axis + (slice(start, start + sizes[position]),)]

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        imaginary = [np.imag(each) if many else np.zeros(np.shape(each)) for each, many in zip(inputs, stacked, strict=True)]
        count = next(len(each) for each, many in zip(imaginary, stacked, strict=True) if many)
        rows = [[each[row] if many else each for each, many in zip(imaginary, stacked, strict=True)] for row in range(count)]
        return np.stack([np.asarray(cls.value(*row, **parameters)) for row in rows])

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        shape, *ends = shapes
        axis = parameters["axis"] % len(shape)
        own = sum(each[axis] if each else 1 for each in ends)
        return len(result) == len(shape) and result[axis] <= shape[axis] + own

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        if len(inputs) == 1:
            axis = parameters["axis"] % inputs[0].ndim
            part = list(index)
            part[axis] = slice(index[axis], index[axis] + parameters["n"] + 1)
            return (tuple(part),)
        if sum(map(np.size, inputs)) > MAX_TRACED_ELEMENTS:
            return None
        found = (each[index] for each in _windows(inputs, parameters))
        rows = [each[each != NO_ELEMENT] for each in found]
        return tuple(unraveled(row, np.shape(array)) if row.size else None for row, array in zip(rows, inputs, strict=True))

    @classmethod
    def origins(cls, shape: Shape, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> Sequence[np.ndarray] | None:
        if not math.prod(shape):
            return [np.empty((0, 0), dtype=np.intp) for _ in inputs]  # also where a window is longer than the axis
        found = (each.reshape(-1, each.shape[-1]) for each in _windows(inputs, parameters))
        # NO_ELEMENT stands after the end of shorter rows.
        return [np.take_along_axis(each, np.argsort(each == NO_ELEMENT, axis=1, kind="stable"), axis=1) for each in found]

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        parts = cls.parts(index, inputs, parameters) or ()
        terms = [np.ravel(array[part]) for array, part in zip(inputs, parts) if part is not None]
        return rounding_of_sum(np.concatenate(terms), unit) * 2.0 ** (parameters["n"] - 1) if terms else None

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        ends = "".join(f", {name}={{{place}}}" for place, name in enumerate(parameters.get("ends", ()), start=1))
        n = f", n={parameters['n']}" if parameters["n"] != 1 else ""
        axis = f", axis={parameters['axis']}" if parameters["axis"] != -1 else ""
        return f"diff({{0}}{n}{axis}{ends})"

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        if parameters["n"] != 1 or len(terms) > 1:
            return None
        before, after = terms[0].elements
        return infix(("-",), (after, before))


def _windows(inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[np.ndarray]:
    """For each input the flat indices of the elements in each difference [*shape of the differences, n + 1]."""
    x, *ends = inputs
    n, axis = parameters["n"], parameters["axis"] % x.ndim
    single = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    shapes = [x.shape, *(np.shape(end) if np.ndim(end) else single for end in ends)]
    order = _order(parameters)
    found = []
    for number, array in enumerate(inputs):
        pieces = [np.full(shapes[each], NO_ELEMENT) for each in order]
        own = np.arange(np.size(array)).reshape(np.shape(array))
        pieces[order.index(number)] = np.broadcast_to(own, shapes[number])
        windows = np.lib.stride_tricks.sliding_window_view(np.concatenate(pieces, axis), n + 1, axis)
        found.append(windows)
    return found


def _order(parameters: Mapping[str, Any]) -> list[int]:
    """The positions of the inputs in the order in which they are joined."""
    ends = parameters.get("ends", ())
    return [*([1] if "prepend" in ends else []), 0, *([len(ends)] if "append" in ends else [])]
