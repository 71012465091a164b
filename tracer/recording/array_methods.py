"""The methods of NumPy arrays on Tensors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tracer.ops.families import indexing, linear_algebra, reductions, selection, shaping
from tracer.recording.interface import RecorderInterface
from tracer.recording.tape import NO_PARAMETERS

if TYPE_CHECKING:
    from tracer.recording.tensor import Tensor


class ArrayMethods:
    """Indexing and the methods of a Tensor: each records the operation that the NumPy function would."""

    __slots__ = ()

    recorder: RecorderInterface
    value: Any

    def __getitem__(self, index: Any) -> Tensor:
        return self.recorder.record(indexing.Take, *indexing.Take.call(self, index))

    def __len__(self) -> int:
        shape = np.shape(self.value)
        if not shape:
            raise TypeError("a Tensor without axes has no length")
        return int(shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        return (self[position] for position in range(len(self)))

    @property
    def T(self) -> Tensor:
        return self.recorder.record(shaping.Transpose, (self,), {"axes": None})

    def transpose(self, *axes: Any) -> Tensor:
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
        return self.recorder.record(shaping.Transpose, *shaping.Transpose.call(self, order))

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        return self.recorder.record(shaping.Swapaxes, *shaping.Swapaxes.call(self, axis1, axis2))

    def reshape(self, *shape: Any) -> Tensor:
        sizes = shape[0] if len(shape) == 1 else shape
        return self.recorder.record(shaping.Reshape, *shaping.Reshape.call(self, sizes))

    def ravel(self) -> Tensor:
        return self.recorder.record(shaping.Ravel, (self,), NO_PARAMETERS)

    flatten = ravel

    def squeeze(self, axis: Any = None) -> Tensor:
        return self.recorder.record(shaping.Squeeze, *shaping.Squeeze.call(self, axis))

    def astype(self, dtype: Any) -> Tensor:
        return self.recorder.record(shaping.Astype, *shaping.Astype.call(self, dtype))

    def dot(self, other: Any) -> Tensor:
        return self.recorder.record(linear_algebra.Dot, (self, other), NO_PARAMETERS)

    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        return self.recorder.record(selection.Clip, (self, min, max), NO_PARAMETERS)

    def sum(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return self.recorder.record(reductions.Sum, *reductions.Sum.call(self, axis, keepdims=keepdims))

    def mean(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return self.recorder.record(reductions.Mean, *reductions.Mean.call(self, axis, keepdims=keepdims))

    def max(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return self.recorder.record(reductions.Max, *reductions.Max.call(self, axis, keepdims=keepdims))

    def min(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return self.recorder.record(reductions.Min, *reductions.Min.call(self, axis, keepdims=keepdims))

    def prod(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return self.recorder.record(reductions.Prod, *reductions.Prod.call(self, axis, keepdims=keepdims))

    def var(self, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Tensor:
        return self.recorder.record(reductions.Var, *reductions.Var.call(self, axis, ddof=ddof, keepdims=keepdims))

    def std(self, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Tensor:
        return self.recorder.record(reductions.Std, *reductions.Std.call(self, axis, ddof=ddof, keepdims=keepdims))

    def argmax(self, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
        return self.recorder.record(selection.Argmax, *selection.Argmax.call(self, axis, keepdims=keepdims))

    def argmin(self, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
        return self.recorder.record(selection.Argmin, *selection.Argmin.call(self, axis, keepdims=keepdims))
