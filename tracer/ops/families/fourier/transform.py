"""Discrete Fourier transforms, as in numpy.fft.

A transform is a product with a matrix, whose elements are powers of exp(-2 pi i / n) for `fft` and of exp(2 pi i / n) for `ifft`.
These matrices are symmetric. For a cotangent in the convention of JAX, which is multiplied by the transposed matrix without a
conjugate, the rule of a transform is therefore the same transform with the same `norm`. What an input was cut or padded to is
undone by padding and cutting.

Of the transform of real numbers, the second half are conjugates of the first: `rfft` leaves it out, and `irfft` takes it from the
first, so that elements with a conjugate count twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from tracer.graph.expression import Expression
from tracer.ops.base import Array, Op
from tracer.ops.domain import REAL
from tracer.ops.indices import Index, Shape
from tracer.ops.terms import Terms

Norm: TypeAlias = Literal["backward", "ortho", "forward"] | None
"""Which transform is divided by n: the inverse (by default), both by its root, or the other."""


class Transform(Op):
    """Base of transforms: with the parameters `n` and `axis` of one axis, or with `s` and `axes`."""

    domain = (REAL,)
    accepts_complex = True

    halves: ClassVar[bool] = False
    """True if the result has the first half of the elements along the last axis."""
    doubles: ClassVar[bool] = False
    """True if the input is the first half of the elements along the last axis."""

    @classmethod
    def axes_of(cls, rank: int, parameters: Mapping[str, Any]) -> tuple[int, ...]:
        """The axes that are transformed."""
        axes = (parameters["axis"],) if "axis" in parameters else parameters["axes"]
        return tuple(range(rank)) if axes is None else tuple(axis % rank for axis in axes)

    @classmethod
    def sizes_of(cls, shape: Shape, parameters: Mapping[str, Any]) -> list[int]:
        """The lengths of the transforms along their axes, for an input of a shape."""
        axes = cls.axes_of(len(shape), parameters)
        given = parameters.get("s") or [parameters.get("n")] * len(axes)
        sizes = [shape[axis] if size in (None, -1) else size for axis, size in zip(axes, given, strict=True)]
        if cls.doubles and given[-1] in (None, -1):
            sizes[-1] = 2 * (shape[axes[-1]] - 1)
        return sizes

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        expected, sizes = list(shapes[0]), cls.sizes_of(shapes[0], parameters)
        if cls.halves:
            sizes[-1] = sizes[-1] // 2 + 1
        for axis, size in zip(cls.axes_of(len(expected), parameters), sizes, strict=True):
            expected[axis] = size
        return tuple(expected) == tuple(result)

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        shape = np.shape(inputs[0])
        sizes = cls.sizes_of(shape, parameters)
        if cls.doubles:
            sizes[-1] = sizes[-1] // 2 + 1
        used = dict(zip(cls.axes_of(len(shape), parameters), sizes, strict=True))
        return (tuple(slice(0, used[axis]) if axis in used else at for axis, at in enumerate(index)),)

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return terms[0].in_call(cls.name)


def resized(x: Array, shape: Shape) -> Array:
    """An array cut, or padded with zeros, to a shape."""
    for axis, size in enumerate(shape):
        own = x.shape[axis]
        if own > size:
            x = x[(slice(None),) * axis + (slice(0, size),)]
        elif own < size:
            missing = (*x.shape[:axis], size - own, *x.shape[axis + 1 :])
            x = np.concatenate([x, np.zeros(missing, dtype=x.dtype)], axis=axis)
    return x


def counts_of(g: Array, axis: int) -> np.ndarray:
    """How often an element of the first half counts in a transform to the length of `g`: twice with a conjugate elsewhere."""
    size = g.shape[axis]
    counts = np.full(size // 2 + 1, 2.0, dtype=g.dtype)
    counts[0] = 1
    if size % 2 == 0:
        counts[-1] = 1
    return counts.reshape(-1, *[1] * (g.ndim - 1 - axis % g.ndim))
