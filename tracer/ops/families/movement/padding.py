"""Padding: an array with more elements before and after it along its axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.errors import RecordingError
from tracer.ops.base import Array, Call
from tracer.ops.domain import REAL
from tracer.ops.indices import Shape
from tracer.ops.movement import Movement

COPYING = ("edge", "reflect", "symmetric", "wrap")
"""Modes in which the new elements are copies of elements of the array."""


class Pad(Movement):
    """Elements added before and after an array: constants (0 by default, or an input), or copies of its own elements.

    Modes that compute new elements (`mean`, `linear_ramp`, ...) are refused by name.
    """

    implements = np.pad
    formula = "pad({x}, {pad_width})"
    domain = (REAL,)

    @staticmethod
    def call(
        array: Array,
        pad_width: Any,
        mode: Any = "constant",
        *,
        constant_values: Any = 0,
        reflect_type: str = "even",
        **of_mode: Any,
    ) -> Call:
        if mode not in ("constant", *COPYING):
            named = f"mode={mode!r}" if isinstance(mode, str) else "a function as its mode"
            raise RecordingError(
                f"np.pad with {named} computes the new elements and is not recorded: compute them with recorded functions and"
                " join them with np.concatenate"
            )
        if of_mode:
            raise ValueError(f"unsupported keyword arguments for mode '{mode}': {set(of_mode)}")
        if reflect_type != "even":
            raise RecordingError(
                f"np.pad with reflect_type={reflect_type!r} computes the new elements and is not recorded: join 2 * edge -"
                " np.flip(...) with np.concatenate"
            )
        given = {"pad_width": _widths(pad_width, np.ndim(array)), "mode": mode}
        is_zero = type(constant_values) in (int, float) and constant_values == 0 and not np.signbit(constant_values)
        return (array,) if mode != "constant" or is_zero else (array, constant_values), given

    @staticmethod
    def value(x: Array, constant_values: Array = 0, *, pad_width: Sequence[Sequence[int]], mode: str) -> Array:
        options = {"constant_values": constant_values} if mode == "constant" else {}
        return np.pad(x, pad_width, mode=mode, **options)  # type: ignore[call-overload]

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        if position or parameters["mode"] != "constant":
            return super().gradient(position, g, out, inputs, parameters)
        sizes = zip(inputs[0].shape, parameters["pad_width"], strict=True)
        return g[tuple(slice(before, before + size) for size, (before, _) in sizes)]

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        widths = parameters["pad_width"]
        return all(min(pair) >= 0 for pair in widths) and result == tuple(
            before + size + after for size, (before, after) in zip(shapes[0], widths, strict=True)
        )

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        constant = ", constant_values={1}" if count > 1 else ""
        mode = "" if parameters["mode"] == "constant" else f", mode={parameters['mode']!r}"
        return f"pad({{0}}, {_widths_as_written(parameters['pad_width'])}{mode}{constant})"


def _widths(pad_width: Any, rank: int) -> tuple[tuple[int, int], ...]:
    """A pair of widths for each axis, from any form that np.pad takes; raises NumPy's errors.

    >>> _widths(1, 2), _widths({-1: (0, 2)}, 2)
    (((1, 1), (1, 1)), ((0, 0), (0, 2)))
    """
    if isinstance(pad_width, Mapping):
        pairs = [(0, 0)] * rank
        for axis, width in pad_width.items():
            pairs[axis] = (width, width) if isinstance(width, int) else width
        pad_width = pairs
    widths = np.asarray(pad_width)
    if widths.dtype.kind not in "iu":
        raise TypeError("`pad_width` must be of integral type.")
    if widths.size and widths.min() < 0:
        raise ValueError("index can't contain negative values")
    return tuple((int(before), int(after)) for before, after in np.broadcast_to(widths, (rank, 2)))


def _widths_as_written(widths: Sequence[Sequence[int]]) -> str:
    """The shortest form of widths that np.pad takes.

    >>> _widths_as_written([(1, 1), (1, 1)]), _widths_as_written([(1, 0)]), _widths_as_written([(0, 0), (1, 2)])
    ('1', '(1, 0)', '((0, 0), (1, 2))')
    """
    pairs = tuple((before, after) for before, after in widths)
    if len(set(pairs)) == 1:
        return str(pairs[0][0] if pairs[0][0] == pairs[0][1] else pairs[0])
    return str(pairs)
