"""The operators and methods of NumPy arrays, on Tensors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tracer.errors import RecordingError
from tracer.ops.families import indexing, linear_algebra, selection, shaping
from tracer.ops.families.elementwise import arithmetic, comparisons, complex_parts, division, rounding
from tracer.recording.methods.moving import MovingMethods
from tracer.recording.protocols.dispatch import logic
from tracer.recording.tape import NO_PARAMETERS, RecordedArray, RecorderInterface

if TYPE_CHECKING:
    from tracer.recording.tensor import Tensor


class Operators(RecordedArray):
    """The operators of a Tensor: each records the operation that the NumPy function would."""

    __slots__ = ()

    recorder: RecorderInterface

    if TYPE_CHECKING:

        @property
        def id(self) -> int: ...

        @property
        def value(self) -> Any: ...

    def __add__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Add, (self, other), NO_PARAMETERS)

    def __radd__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Add, (other, self), NO_PARAMETERS)

    def __sub__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Subtract, (self, other), NO_PARAMETERS)

    def __rsub__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Subtract, (other, self), NO_PARAMETERS)

    def __mul__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Multiply, (self, other), NO_PARAMETERS)

    def __rmul__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Multiply, (other, self), NO_PARAMETERS)

    def __truediv__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Divide, (self, other), NO_PARAMETERS)

    def __rtruediv__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Divide, (other, self), NO_PARAMETERS)

    def __pow__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Power, (self, other), NO_PARAMETERS)

    def __rpow__(self, other: Any) -> Tensor:
        return self.recorder.record(arithmetic.Power, (other, self), NO_PARAMETERS)

    def __matmul__(self, other: Any) -> Tensor:
        return self.recorder.record(linear_algebra.Matmul, (self, other), NO_PARAMETERS)

    def __rmatmul__(self, other: Any) -> Tensor:
        return self.recorder.record(linear_algebra.Matmul, (other, self), NO_PARAMETERS)

    def __mod__(self, other: Any) -> Tensor:
        return self.recorder.record(division.Remainder, (self, other), NO_PARAMETERS)

    def __rmod__(self, other: Any) -> Tensor:
        return self.recorder.record(division.Remainder, (other, self), NO_PARAMETERS)

    def __floordiv__(self, other: Any) -> Tensor:
        return self.recorder.record(division.FloorDivide, (self, other), NO_PARAMETERS)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return self.recorder.record(division.FloorDivide, (other, self), NO_PARAMETERS)

    def __divmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        quotient = self.recorder.record(division.FloorDivide, (self, other), NO_PARAMETERS)
        return quotient, self.recorder.record(division.Remainder, (self, other), NO_PARAMETERS)

    def __rdivmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        quotient = self.recorder.record(division.FloorDivide, (other, self), NO_PARAMETERS)
        return quotient, self.recorder.record(division.Remainder, (other, self), NO_PARAMETERS)

    def __neg__(self) -> Tensor:
        return self.recorder.record(arithmetic.Negative, (self,), NO_PARAMETERS)

    def __pos__(self) -> Tensor:
        return self.recorder.record(arithmetic.Positive, (self,), NO_PARAMETERS)

    def __abs__(self) -> Tensor:
        return self.recorder.record(arithmetic.Absolute, (self,), NO_PARAMETERS)

    def __gt__(self, other: Any) -> Tensor:
        return self.recorder.record(comparisons.Greater, (self, other), NO_PARAMETERS)

    def __ge__(self, other: Any) -> Tensor:
        return self.recorder.record(comparisons.GreaterEqual, (self, other), NO_PARAMETERS)

    def __lt__(self, other: Any) -> Tensor:
        return self.recorder.record(comparisons.Less, (self, other), NO_PARAMETERS)

    def __le__(self, other: Any) -> Tensor:
        return self.recorder.record(comparisons.LessEqual, (self, other), NO_PARAMETERS)

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]
        return self.recorder.record(comparisons.Equal, (self, other), NO_PARAMETERS)

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return self.recorder.record(comparisons.NotEqual, (self, other), NO_PARAMETERS)

    __hash__ = object.__hash__

    # On booleans & | ^ ~ are logical; bitwise operations on numbers have no derivative.

    def __and__(self, other: Any) -> Tensor:
        return self.recorder.record(*logic(np.bitwise_and, self, other))

    def __or__(self, other: Any) -> Tensor:
        return self.recorder.record(*logic(np.bitwise_or, self, other))

    def __xor__(self, other: Any) -> Tensor:
        return self.recorder.record(*logic(np.bitwise_xor, self, other))

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> Tensor:
        return self.recorder.record(*logic(np.invert, self))


class ArrayMethods(MovingMethods):
    """Indexing and the methods of a Tensor: each records the operation that the NumPy function would."""

    __slots__ = ()

    recorder: RecorderInterface

    if TYPE_CHECKING:

        @property
        def value(self) -> Any: ...

        @property
        def dtype(self) -> np.dtype[Any]: ...

    def __getitem__(self, index: Any) -> Tensor:
        return self.recorder.record(indexing.Take, *indexing.Take.call(self, index))

    def __len__(self) -> int:
        shape = np.shape(self.value)
        if not shape:
            raise TypeError("a Tensor without axes has no length")
        return int(shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        return (self[position] for position in range(len(self)))

    def astype(self, dtype: Any, order: str = "K", casting: Any = "unsafe", subok: bool = True, copy: bool = True) -> Tensor:
        if not copy and np.dtype(dtype) == self.dtype:
            return self  # type: ignore[return-value]  # as in NumPy, the array itself
        if not np.can_cast(self.dtype, dtype, casting):
            raise TypeError(
                f"Cannot cast array data from {self.dtype!r} to {np.dtype(dtype)!r} according to the rule {casting!r}"
            )
        return self.recorder.record(shaping.Astype, *shaping.Astype.call(self, dtype))

    def view(self, *dtype: Any) -> Tensor:
        if dtype:
            raise RecordingError("x.view(dtype) reads the bytes of an array as other numbers: write x.astype(dtype)")
        return self.recorder.record(indexing.Take, *indexing.Take.call(self, ...))

    def dot(self, other: Any) -> Tensor:
        return self.recorder.record(linear_algebra.Dot, (self, other), NO_PARAMETERS)

    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        return self.recorder.record(selection.Clip, (self, min, max), NO_PARAMETERS)

    def round(self, decimals: Any = 0, out: Any = None) -> Tensor:
        if out is not None:
            raise RecordingError("x.round cannot write into an array in place (out=): assign its result, as in y = x.round(2)")
        return self.recorder.record(rounding.Round, *rounding.Round.call(self, decimals))

    @property
    def real(self) -> Tensor:
        return self.recorder.record(complex_parts.Real, (self,), NO_PARAMETERS)

    @property
    def imag(self) -> Tensor:
        return self.recorder.record(complex_parts.Imag, (self,), NO_PARAMETERS)

    def conjugate(self) -> Tensor:
        return self.recorder.record(complex_parts.Conjugate, (self,), NO_PARAMETERS)

    conj = conjugate
