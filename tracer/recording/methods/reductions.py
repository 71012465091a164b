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
        _refuse_out("sum", out)
        return self.recorder.record(
            reductions.Sum, *reductions.Sum.call(self, axis, dtype, keepdims=keepdims, initial=initial, where=where)
        )

    def prod(
        self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None, where: Any = True
    ) -> Tensor:
        _refuse_out("prod", out)
        return self.recorder.record(
            reductions.Prod, *reductions.Prod.call(self, axis, dtype, keepdims=keepdims, initial=initial, where=where)
        )

    def mean(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True) -> Tensor:
        _refuse_out("mean", out)
        return self.recorder.record(reductions.Mean, *reductions.Mean.call(self, axis, dtype, keepdims=keepdims, where=where))

    def max(self, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None, where: Any = True) -> Tensor:
        _refuse_out("max", out)
        return self.recorder.record(extremes.Max, *extremes.Max.call(self, axis, keepdims=keepdims, initial=initial, where=where))

    def min(self, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None, where: Any = True) -> Tensor:
        _refuse_out("min", out)
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
        _refuse_out("var", out)
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
        _refuse_out("std", out)
        return self.recorder.record(
            spread.Std, *spread.Std.call(self, axis, dtype, ddof=ddof, keepdims=keepdims, where=where, correction=correction)
        )

    def all(self, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True) -> Tensor:
        _refuse_out("all", out)
        return self.recorder.record(counting.All, *counting.All.call(self, axis, keepdims=keepdims, where=where))

    def any(self, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True) -> Tensor:
        _refuse_out("any", out)
        return self.recorder.record(counting.Any, *counting.Any.call(self, axis, keepdims=keepdims, where=where))

    def argmax(self, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Tensor:
        _refuse_out("argmax", out)
        return self.recorder.record(counting.Argmax, *counting.Argmax.call(self, axis, keepdims=keepdims))

    def argmin(self, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Tensor:
        _refuse_out("argmin", out)
        return self.recorder.record(counting.Argmin, *counting.Argmin.call(self, axis, keepdims=keepdims))

    def cumsum(self, axis: Any = None, dtype: Any = None, out: Any = None) -> Tensor:
        _refuse_out("cumsum", out)
        return self.recorder.record(scans.Cumsum, *scans.Cumsum.call(self, axis, dtype))

    def cumprod(self, axis: Any = None, dtype: Any = None, out: Any = None) -> Tensor:
        _refuse_out("cumprod", out)
        return self.recorder.record(scans.Cumprod, *scans.Cumprod.call(self, axis, dtype))

    def nonzero(self) -> Any:
        return self.recorder.record_parts(searching.Nonzero, (self,), {})

    def searchsorted(self, v: Any, side: str = "left", sorter: Any = None) -> Tensor:
        return self.recorder.record(searching.Searchsorted, *searching.Searchsorted.call(self, v, side, sorter))


def _refuse_out(method: str, out: Any) -> None:
    if out is not None:
        raise RecordingError(f"x.{method} cannot write into an array in place (out=): write y = x.{method}(...)")
