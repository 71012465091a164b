"""Writing into Tensors: item assignment, the operators with `=`, and the methods that change an array in place."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from tracer.graph.record import Literal
from tracer.ops.families import linear_algebra
from tracer.ops.families.elementwise import arithmetic, division
from tracer.recording.protocols.writers import put_items
from tracer.recording.protocols.writing import assign_augmented, assign_item, write_value
from tracer.recording.tape import NO_PARAMETERS, RecordedArray, RecorderInterface

if TYPE_CHECKING:
    from tracer.recording.tensor import Tensor


class InPlace(RecordedArray):
    """What writes into a Tensor: the array after it is recorded, and the Tensor stands for that from then on."""

    __slots__ = ()

    recorder: RecorderInterface

    if TYPE_CHECKING:

        @property
        def id(self) -> int: ...

        @property
        def value(self) -> Any: ...

    def __setitem__(self, index: Any, value: Any) -> None:
        assign_item(self, index, value, sys._getframe(1))

    def fill(self, value: Any) -> None:
        if np.shape(value):
            raise ValueError("setting an array element with a sequence: fill takes one number, write x[...] = values")
        assign_item(self, ..., value, sys._getframe(1))

    def put(self, indices: Any, values: Any, mode: str = "raise") -> None:
        write_value(self, lambda current: put_items(current, indices, values, mode), sys._getframe(1))

    def sort(self, axis: int = -1, kind: Any = None, order: Any = None, *, stable: bool | None = None) -> None:
        write_value(self, lambda current: np.sort(current, axis, kind, stable=stable), sys._getframe(1))

    def partition(self, kth: Any, axis: int = -1, kind: Any = "introselect", order: Any = None) -> None:
        write_value(self, lambda current: np.partition(current, kth, axis, kind), sys._getframe(1))

    # `x += y` writes into an array. A NumPy scalar is immutable and rebound; an array without axes, such as x[0, ...] or
    # x.reshape(()), is written into like any other.

    def __iadd__(self, other: Any) -> Tensor:
        if self._is_scalar():
            return self.recorder.record(arithmetic.Add, (self, other), NO_PARAMETERS)
        return assign_augmented(self, arithmetic.Add, other, sys._getframe(1))

    def __isub__(self, other: Any) -> Tensor:
        if self._is_scalar():
            return self.recorder.record(arithmetic.Subtract, (self, other), NO_PARAMETERS)
        return assign_augmented(self, arithmetic.Subtract, other, sys._getframe(1))

    def __imul__(self, other: Any) -> Tensor:
        if self._is_scalar():
            return self.recorder.record(arithmetic.Multiply, (self, other), NO_PARAMETERS)
        return assign_augmented(self, arithmetic.Multiply, other, sys._getframe(1))

    def __itruediv__(self, other: Any) -> Tensor:
        if self._is_scalar():
            return self.recorder.record(arithmetic.Divide, (self, other), NO_PARAMETERS)
        return assign_augmented(self, arithmetic.Divide, other, sys._getframe(1))

    def __ipow__(self, other: Any) -> Tensor:
        if self._is_scalar():
            return self.recorder.record(arithmetic.Power, (self, other), NO_PARAMETERS)
        return assign_augmented(self, arithmetic.Power, other, sys._getframe(1))

    def __imod__(self, other: Any) -> Tensor:
        if self._is_scalar():
            return self.recorder.record(division.Remainder, (self, other), NO_PARAMETERS)
        return assign_augmented(self, division.Remainder, other, sys._getframe(1))

    def __ifloordiv__(self, other: Any) -> Tensor:
        if self._is_scalar():
            return self.recorder.record(division.FloorDivide, (self, other), NO_PARAMETERS)
        return assign_augmented(self, division.FloorDivide, other, sys._getframe(1))

    def __imatmul__(self, other: Any) -> Tensor:
        if self._is_scalar():
            return self.recorder.record(linear_algebra.Matmul, (self, other), NO_PARAMETERS)
        return assign_augmented(self, linear_algebra.Matmul, other, sys._getframe(1))

    def _is_scalar(self) -> bool:
        """True if NumPy would have a scalar here, and not an array, with or without axes."""
        if type(self.value) is not np.ndarray:
            return True
        if self.value.shape:
            return False
        op, operands, parameters, *_ = self.recorder.entries[self.id]
        if isinstance(op, str):
            return False
        inputs = [x.value if isinstance(x, Literal) else self.recorder.entries[x][3] for x in operands]
        return not isinstance(op.value(*inputs, **parameters), np.ndarray)
