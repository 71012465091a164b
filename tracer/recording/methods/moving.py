"""The methods of NumPy arrays that give an array another shape or order, or choose elements of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracer.errors import RecordingError
from tracer.ops.families import shaping
from tracer.ops.families.movement import axis_order, choosing, diagonals, ordering, repetition
from tracer.recording.tape import RecorderInterface

if TYPE_CHECKING:
    from tracer.recording.tensor import Tensor


class MovingMethods:
    """Methods of a Tensor that copy elements: each records the operation that the NumPy function would."""

    __slots__ = ()

    recorder: RecorderInterface
    value: Any

    @property
    def T(self) -> Tensor:
        return self.recorder.record(shaping.Transpose, (self,), {"axes": None})

    @property
    def mT(self) -> Tensor:
        return self.recorder.record(axis_order.MatrixTranspose, *axis_order.MatrixTranspose.call(self))

    def transpose(self, *axes: Any) -> Tensor:
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], (int, np.integer)) else axes or None
        return self.recorder.record(shaping.Transpose, *shaping.Transpose.call(self, order))

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        return self.recorder.record(shaping.Swapaxes, *shaping.Swapaxes.call(self, axis1, axis2))

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Tensor:
        sizes = shape[0] if len(shape) == 1 else shape
        return self.recorder.record(shaping.Reshape, *shaping.Reshape.call(self, sizes, order, copy=copy))

    def ravel(self, order: str = "C") -> Tensor:
        return self.recorder.record(shaping.Ravel, *shaping.Ravel.call(self, order))

    def flatten(self, order: str = "C") -> Tensor:
        return self.recorder.record(axis_order.Flatten, *axis_order.Flatten.call(self, order))

    def squeeze(self, axis: Any = None) -> Tensor:
        return self.recorder.record(shaping.Squeeze, *shaping.Squeeze.call(self, axis))

    def repeat(self, repeats: Any, axis: Any = None) -> Tensor:
        return self.recorder.record(repetition.Repeat, *repetition.Repeat.call(self, repeats, axis))

    def take(self, indices: Any, axis: Any = None, out: None = None, mode: str = "raise") -> Tensor:
        return self.recorder.record(choosing.TakeAt, *choosing.TakeAt.call(self, indices, axis, **_plain(out, "take"), mode=mode))

    def compress(self, condition: Any, axis: Any = None, out: None = None) -> Tensor:
        return self.recorder.record(choosing.Compress, *choosing.Compress.call(condition, self, axis, **_plain(out, "compress")))

    def choose(self, choices: Any, out: None = None, mode: str = "raise") -> Tensor:
        return self.recorder.record(choosing.Choose, *choosing.Choose.call(self, choices, **_plain(out, "choose"), mode=mode))

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        return self.recorder.record(diagonals.Diagonal, *diagonals.Diagonal.call(self, offset, axis1, axis2))

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: None = None) -> Tensor:
        call = diagonals.Trace.call(self, offset, axis1, axis2, dtype, **_plain(out, "trace"))
        return self.recorder.record(diagonals.Trace, *call)

    def argsort(self, axis: Any = -1, kind: str | None = None, order: None = None, *, stable: bool | None = None) -> Tensor:
        return self.recorder.record(ordering.Argsort, *ordering.Argsort.call(self, axis, kind, stable=stable))

    def argpartition(self, kth: Any, axis: Any = -1, kind: str = "introselect", order: None = None) -> Tensor:
        return self.recorder.record(ordering.Argpartition, *ordering.Argpartition.call(self, kth, axis, kind))


def _plain(out: Any, method: str) -> dict[str, Any]:
    """No arguments; raises RecordingError for an array to write the result into."""
    if out is not None:
        raise RecordingError(
            f"x.{method} cannot write into an array in place (out=): assign its result, as in y = x.{method}(...)"
        )
    return {}
