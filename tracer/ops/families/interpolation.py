"""Linear interpolation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.ops.base import Array, Call, Op
from tracer.ops.complex_numbers import complex_of
from tracer.ops.domain import REAL
from tracer.ops.indices import Index, Shape


class Interp(Op):
    """Linear interpolation at x of the points (xp, fp), with ascending xp; constant outside of them, or `left` and `right`.

    The value is fp[0] + sum(share * diff(fp)), where a share says how much of an interval lies below x, from 0 to 1. At a point
    the derivative with respect to x is the slope of the interval that follows.
    """

    implements = np.interp
    formula = "interp({x}, {xp}, {fp}{options})"
    domain = REAL, REAL, REAL

    @staticmethod
    def call(x: Array, xp: Array, fp: Array, left: Any = None, right: Any = None, period: Any = None) -> Call:
        if period is not None:
            raise TypeError("period is not recorded: repeat the points, and write np.interp(x % period, xp, fp)")
        for end in (left, right):
            if not (end is None or isinstance(end, (int, float, np.floating))):
                raise TypeError("left and right are recorded as plain numbers")
        given = {"left": left, "right": right}
        return (x, xp, fp), {name: float(end) for name, end in given.items() if end is not None}

    @staticmethod
    def value(x: Array, xp: Array, fp: Array, *, left: float | None = None, right: float | None = None) -> Array:
        return np.interp(x, xp, fp, left, right)

    @staticmethod
    def complex_value(x: Array, xp: Array, fp: Array, *, left: float | None = None, right: float | None = None) -> Array:
        place, points = np.real(x)[..., np.newaxis], np.real(xp)
        with np.errstate(all="ignore"):
            share = (np.asarray(x)[..., np.newaxis] - xp[:-1]) / (xp[1:] - xp[:-1])
        share = np.where(place >= points[1:], 1, np.where(place < points[:-1], 0, share))
        moved = np.imag(fp[0] + np.sum(share * (fp[1:] - fp[:-1]), axis=-1))
        for end, outside in ((left, np.real(x) < points[0]), (right, np.real(x) > points[-1])):
            moved = moved if end is None else np.where(outside, 0, moved)
        return complex_of(np.interp(np.real(x), points, np.real(fp), left, right), moved)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, xp: Array, fp: Array, **ends: float | None) -> Array:
        return g * np.sum(_slopes(x, xp, fp), axis=-1)

    @staticmethod
    def gradient_xp(g: Array, out: Array, x: Array, xp: Array, fp: Array, **ends: float | None) -> Array:
        moved = np.expand_dims(g, -1) * _slopes(x, xp, fp)
        share, end = _shares(x, xp), np.zeros(1, xp.dtype)
        others = tuple(range(np.ndim(x)))
        low, high = np.sum(moved * (1 - share), axis=others), np.sum(moved * share, axis=others)
        return -(np.concatenate([low, end]) + np.concatenate([end, high]))

    @staticmethod
    def gradient_fp(g: Array, out: Array, x: Array, xp: Array, fp: Array, **ends: float | None) -> Array:
        if ends.get("left") is not None:
            g = np.where(np.less(x, xp[0]), 0, g)
        if ends.get("right") is not None:
            g = np.where(np.greater(x, xp[-1]), 0, g)
        above = np.sum(np.expand_dims(g, -1) * _shares(x, xp), axis=tuple(range(np.ndim(x))))
        return np.concatenate([np.reshape(np.sum(g), (1,)), above]) - np.concatenate([above, np.zeros(1, xp.dtype)])

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        x, xp, _ = inputs
        return np.asarray(np.sign(np.expand_dims(x, -1) - xp))

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return shapes[0] == result

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return index, (slice(None),), (slice(None),)

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        return np.full(np.shape(value), np.max(np.abs(scales[2]), initial=0.0))

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Any], parameters: Mapping[str, Any]) -> None:
        """None: which points an element lies between is not in its terms."""


def _shares(x: Array, xp: Array) -> Array:
    """How much of each interval between two points lies below x: [..., intervals], from 0 to 1."""
    return np.clip((np.expand_dims(x, -1) - xp[:-1]) / (xp[1:] - xp[:-1]), 0.0, 1.0)


def _slopes(x: Array, xp: Array, fp: Array) -> Array:
    """The slope of the interval that x lies in: [..., intervals], 0 for the others."""
    here = np.expand_dims(x, -1)
    is_inside = np.logical_and(np.greater_equal(here, xp[:-1]), np.less(here, xp[1:]))
    return np.where(is_inside, (fp[1:] - fp[:-1]) / (xp[1:] - xp[:-1]), 0)
