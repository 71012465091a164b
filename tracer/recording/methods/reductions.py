"""The methods of arrays that reduce, scan, count or search, on Tensors, with NumPy's arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracer.errors import RecordingError
from tracer.ops.families import reductions
from tracer.ops.families.statistical import counting, extremes, scans, searching, spread
from tracer.recording.tape import RecorderInterface

if TYPE_CHECKING:
    from tracer.recording.tensor import Tensor


class ReductionMethods:
    """Each method records the operation that the NumPy function of its name would."""

    __slots__ = ()

    recorder: RecorderInterface

    def sum(
        self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None, where: Any = True
    ) -> Tensor:
        if out is not None:
            raise _not_into("sum")
        return self.recorder.record(
            reductions.Sum, *reductions.Sum.call(self, axis, dtype, keepdims=keepdims, initial=initial, where=where)
        )

    def prod(
        self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None, where: Any = True
    ) -> Tensor:
        if out is not None:
            raise _not_into("prod")
        return self.recorder.record(
            reductions.Prod, *reductions.Prod.call(self, axis, dtype, keepdims=keepdims, initial=initial, where=where)
        )

    def mean(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True) -> Tensor:
        if out is not None:
            raise _not_into("mean")
        return self.recorder.record(reductions.Mean, *reductions.Mean.call(self, axis, dtype, keepdims=keepdims, where=where))

    def max(self, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None, where: Any = True) -> Tensor:
        if out is not None:
            raise _not_into("max")
        return self.recorder.record(extremes.Max, *extremes.Max.call(self, axis, keepdims=keepdims, initial=initial, where=where))

    def min(self, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None, where: Any = True) -> Tensor:
        if out is not None:
            raise _not_into("min")
        return self.recorder.record(extremes.Min, *extremes.Min.call(self, axis, keepdims=keepdims, initial=initial, where=where))

    def var(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        ddof: Any = 0,
        keepdims: Any = False,
        *,
        where: Any = True,
        correction: Any = None,
    ) -> Tensor:
        if out is not None:
            raise _not_into("var")
        return self.recorder.record(
            spread.Var, *spread.Var.call(self, axis, dtype, ddof=ddof, keepdims=keepdims, where=where, correction=correction)
        )

    def std(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        ddof: Any = 0,
        keepdims: Any = False,
        *,
        where: Any = True,
        correction: Any = None,
    ) -> Tensor:
        if out is not None:
            raise _not_into("std")
        return self.recorder.record(
            spread.Std, *spread.Std.call(self, axis, dtype, ddof=ddof, keepdims=keepdims, where=where, correction=correction)
        )

    def all(self, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True) -> Tensor:
        if out is not None:
            raise _not_into("all")
        return self.recorder.record(counting.All, *counting.All.call(self, axis, keepdims=keepdims, where=where))

    def any(self, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True) -> Tensor:
        if out is not None:
            raise _not_into("any")
        return self.recorder.record(counting.Any, *counting.Any.call(self, axis, keepdims=keepdims, where=where))

    def argmax(self, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Tensor:
        if out is not None:
            raise _not_into("argmax")
        return self.recorder.record(counting.Argmax, *counting.Argmax.call(self, axis, keepdims=keepdims))

    def argmin(self, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Tensor:
        if out is not None:
            raise _not_into("argmin")
        return self.recorder.record(counting.Argmin, *counting.Argmin.call(self, axis, keepdims=keepdims))

    def cumsum(self, axis: Any = None, dtype: Any = None, out: Any = None) -> Tensor:
        if out is not None:
            raise _not_into("cumsum")
        return self.recorder.record(scans.Cumsum, *scans.Cumsum.call(self, axis, dtype))

    def cumprod(self, axis: Any = None, dtype: Any = None, out: Any = None) -> Tensor:
        if out is not None:
            raise _not_into("cumprod")
        return self.recorder.record(scans.Cumprod, *scans.Cumprod.call(self, axis, dtype))

    def nonzero(self) -> Any:
        return self.recorder.record_parts(searching.Nonzero, (self,), {})

    def searchsorted(self, v: Any, side: str = "left", sorter: Any = None) -> Tensor:
        return self.recorder.record(searching.Searchsorted, *searching.Searchsorted.call(self, v, side, sorter))


def _not_into(method: str) -> RecordingError:
    return RecordingError(f"x.{method} cannot write into an array in place (out=): write np.{method}(x, out=out)")
