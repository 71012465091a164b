"""The base of operations that copy elements to other places, with one derivative rule for all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tracer.ops.base import Array, registry
from tracer.ops.data_movement import Rearrangement
from tracer.ops.domain import REAL
from tracer.ops.indices import NO_ELEMENT, Index, Shape


class Movement(Rearrangement):
    """Base of operations whose output elements are elements of the inputs, or constants.

    A subclass needs no derivative rule: the positions that `value` copies from are found by applying it to the numbers of the
    input elements. The gradient of an input element is the sum of the gradients of its copies. Where that is short in NumPy's
    own terms, a subclass defines `gradient_x` as other operations do.

    `selectors` names the inputs that only say which elements are copied, such as indices: they have no gradient.
    """

    selectors: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return cls.input_name(position) not in cls.selectors

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        if position < len(cls.rules) and cls.rules[position] is not None:
            return super().gradient(position, g, out, inputs, parameters)
        selectors = [each for place, each in enumerate(inputs) if not cls.differentiable(place)]
        shapes = [np.shape(each) if cls.differentiable(place) else None for place, each in enumerate(inputs)]
        own = {"of": cls.name, "position": position, "shapes": shapes, "parameters": dict(parameters)}
        return g.recorder.record(MovementGradient, (g, *selectors), own)

    @classmethod
    def without_constants(cls, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with which elements that are copied from no input are 0."""
        return dict(parameters)

    @classmethod
    def positions(cls, moved: int, inputs: Sequence[Any], parameters: Mapping[str, Any]) -> np.ndarray:
        """For each output element, the flat index of the element of the input `moved` that it is a copy of.

        NO_ELEMENT for an element from elsewhere. Of the other inputs only shapes are used, and the values of selectors.
        """
        numbered = []
        for place, array in enumerate(inputs):
            shape = np.shape(array)
            if not cls.differentiable(place):
                numbered.append(array)
            elif place == moved:
                numbered.append(np.arange(1, math.prod(shape) + 1).reshape(shape))
            else:
                numbered.append(np.zeros(shape, dtype=np.intp))
        return np.asarray(cls.value(*numbered, **cls.without_constants(parameters)), dtype=np.intp) - 1

    @classmethod
    def sources(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[np.ndarray]:
        found = {place: cls.positions(place, inputs, parameters) for place in range(len(inputs)) if cls.differentiable(place)}
        shape = next(iter(found.values())).shape
        # Every element of a selector may decide what is copied.
        return [
            found[place][..., None] if place in found else np.broadcast_to(np.arange(np.size(each)), (*shape, np.size(each)))
            for place, each in enumerate(inputs)
        ]

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        single = [array[0] if many else array for array, many in zip(inputs, stacked, strict=True)]
        total: Any = 0
        for place, (array, many) in enumerate(zip(inputs, stacked, strict=True)):
            if many:
                total = total + _gathered(np.imag(array), cls.positions(place, single, parameters))
        return np.asarray(total)


class MovementGradient(Rearrangement):
    """The derivative of a Movement: elements added up at the places that they were copied from."""

    formula = "movement_gradient({x}, ...)"
    domain = (REAL,)

    @staticmethod
    def value(
        x: Array, *selectors: Array, of: str, position: int, shapes: Sequence[Shape | None], parameters: Mapping[str, Any]
    ) -> Array:
        positions = _positions(of, position, shapes, selectors, parameters)
        shape = tuple(shapes[position] or ())
        total = np.zeros(math.prod(shape), dtype=x.dtype)
        copied = positions >= 0
        np.add.at(total, positions[copied], x[copied])
        return total.reshape(shape)

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return position == 0

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        op = movement(parameters["of"])
        remaining = iter(inputs[1:])
        arguments = [
            next(remaining) if shape is None else g if place == parameters["position"] else np.zeros(shape, dtype=g.dtype)
            for place, shape in enumerate(parameters["shapes"])
        ]
        return g.recorder.record(op, tuple(arguments), op.without_constants(parameters["parameters"]))

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        given = parameters["shapes"]
        remaining = iter(shapes[1:])
        inputs = [tuple(next(remaining)) if shape is None else tuple(shape) for shape in given]
        op = movement(parameters["of"])
        return inputs[parameters["position"]] == result and op.accepts_shapes(inputs, parameters["parameters"], shapes[0])

    @classmethod
    def sources(cls, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> list[np.ndarray]:
        selectors = inputs[1:]
        shapes, position = parameters["shapes"], parameters["position"]
        targets = _positions(parameters["of"], position, shapes, selectors, parameters["parameters"]).ravel()
        size = math.prod(shapes[position])
        found = rows_by_target(targets, size).reshape(*shapes[position], -1)
        whole = (np.broadcast_to(np.arange(np.size(each)), (*shapes[position], np.size(each))) for each in selectors)
        return [found, *whole]

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        x = inputs[0]
        row = cls.sources(inputs, parameters)[0][index]
        terms = np.abs(x.ravel()[row[row != NO_ELEMENT]])
        return float(terms.size * np.max(terms)) * unit if terms.size > 1 else None

    @classmethod
    def importance(cls, parts: Sequence[np.ndarray]) -> np.ndarray:
        return np.asarray(np.abs(parts[0]))

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        op = movement(parameters["of"])
        places = [name for place, name in enumerate(op.inputs) if not op.differentiable(place)]
        written = "".join(f", {name}={{{place}}}" for place, name in enumerate(places[: count - 1], start=1))
        options = "".join(
            f", {name}={option!r}" for name, option in parameters["parameters"].items() if option not in (None, False)
        )
        return f"{op.name}_gradient({{0}}{written}{options}, shape={tuple(parameters['shapes'][parameters['position']])})"


def movement(name: str) -> type[Movement]:
    """The Movement of that name; raises ValueError if there is none."""
    op = registry.named(name)
    if op is None or not issubclass(op, Movement):
        raise ValueError(f"{name!r} is no operation that moves elements")
    return op


def rows_by_target(targets: np.ndarray, size: int) -> np.ndarray:
    """For each of `size` elements, the positions in `targets` where it is named: [size, terms].

    NO_ELEMENT stands after the end of shorter rows.

    >>> rows_by_target(np.array([1, 0, 1, -1]), 3)
    array([[ 1, -1],
           [ 0,  2],
           [-1, -1]])
    """
    order = np.argsort(targets, kind="stable")
    order = order[targets[order] >= 0]
    rows, counts = targets[order], np.bincount(targets[order], minlength=size)
    columns = np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]
    found = np.full((size, counts.max(initial=0)), NO_ELEMENT)
    found[rows, columns] = order
    return found


def _positions(
    of: str, position: int, shapes: Sequence[Shape | None], selectors: Sequence[Array], parameters: Mapping[str, Any]
) -> np.ndarray:
    remaining = iter(selectors)
    inputs = [next(remaining) if shape is None else np.broadcast_to(np.intp(0), shape) for shape in shapes]
    return movement(of).positions(position, inputs, parameters)


def _gathered(rows: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """The elements [directions, *shape of the positions] of rows [directions, *shape]; 0 where there is no element."""
    flat = rows.reshape(len(rows), -1)
    if not flat.shape[1]:
        return np.zeros((len(rows), *positions.shape))
    return np.where(positions == NO_ELEMENT, 0, flat[:, positions])
