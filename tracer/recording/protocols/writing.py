"""Writing into arrays: item assignment, augmented assignment, `out=`, and the functions that write into an argument."""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Mapping
from functools import cache
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from tracer.errors import RecordingError
from tracer.ops.base import Op
from tracer.ops.families.indexing import Take
from tracer.ops.families.writing import Write
from tracer.recording.protocols.creation import holds_tensor, joined
from tracer.recording.source import position_at
from tracer.recording.tape import RecorderInterface, is_tensor

if TYPE_CHECKING:
    from tracer.recording.tensor import Tensor


def assign_item(array: Any, index: Any, value: Any, frame: FrameType) -> None:
    """Record `array[index] = value`."""
    recorder: RecorderInterface = array.recorder
    if _is_own_view(array, index, value):
        return  # the end of `x[0] += 1`: the view has been written, and so has x

    def change(current: Tensor) -> Tensor:
        given = joined(value) if holds_tensor(value) else value
        written: Tensor = recorder.record(Write, *Write.call(current, index, given))
        return written

    recorder.write(array, change, frame)


def _is_own_view(array: Tensor, index: Any, value: Any) -> bool:
    """Whether a value is the view `array[index]` itself."""
    if type(value) is not type(array):
        return False
    recorder = array.recorder
    if value.recorder is not recorder or value._id >= len(recorder.entries):
        return False
    op, operands, parameters, *_ = recorder.entries[value._id]
    base = recorder.memory.base_of(value._id)
    if op is not Take or len(operands) > 1 or base is None:
        return False
    _, expected = Take.call(array, index)
    return expected == parameters and recorder.memory.newest(base) == array.id


def assign_augmented(array: Any, op: type[Op], other: Any, frame: FrameType) -> Tensor:
    """Record `array += other`, with the operation of the operator."""
    recorder: RecorderInterface = array.recorder
    target: Tensor = array
    recorder.write(target, lambda current: fitting(recorder.record(op, (current, other), {}), current), frame)
    return target


def fitting(result: Tensor, target: Tensor) -> Tensor:
    """A result in the dtype of the array that it is written into. Raises NumPy's errors if it does not fit."""
    if result.shape != target.shape:
        raise ValueError(
            f"non-broadcastable output operand with shape {target.shape} doesn't match the broadcast shape {result.shape}"
        )
    if result.dtype == target.dtype:
        return result
    if not np.can_cast(result.dtype, target.dtype, "same_kind"):
        raise TypeError(f"cannot write {result.dtype} into an array of {target.dtype} in place: NumPy does not cast it either")
    return result.astype(target.dtype)


def write_result(recorder: RecorderInterface, out: Any, result: Any, frame: FrameType) -> Tensor:
    """Record that a result was written into `out`, and return that. Raises RecordingError for a plain array."""
    if not is_tensor(out):
        raise RecordingError(
            "out= is a plain array, the result would leave the graph: create it as np.empty(shape, like=x), with x an array of"
            " the model, or leave out= out"
        )
    target: Tensor = out
    recorder.write(target, lambda current: fitting(result, current), frame)
    return target


def function_into(recorder: RecorderInterface, function: Any, arguments: Any, options: Any, frame: FrameType) -> Tensor:
    """Record a call of a NumPy function with `out=`."""
    rest = {name: value for name, value in options.items() if name != "out"}
    out = options["out"][0] if isinstance(options["out"], tuple) else options["out"]
    with recorder.composing(frame):
        return write_result(recorder, out, function(*arguments, **rest), frame)


def tensor_for(recorder: RecorderInterface, array: np.ndarray, references: int, frame: FrameType) -> Tensor:
    """The Tensor that a plain array becomes in `array += tensor`, as the name gets it; that statement runs in `frame`.

    Raises RecordingError if the array may have other names, or be a part of an array: they would not get it.
    """
    is_part = isinstance(array.base, np.ndarray) and sys.getrefcount(array.base) > 2
    if is_part or references > _references_of_one_name()[_is_borrowed(frame)]:
        raise RecordingError(
            "a Tensor is added in place to a plain array that has another name or is a part of another array, where it would"
            " leave the graph: create the array as np.zeros(shape, like=x), with x an array of the model"
        )
    if not array.flags.writeable:
        raise ValueError("output array is read-only")
    return recorder.constant(array)


def references_to_output(recorder: Any, ufunc: Any, method: Any, inputs: Any, options: Mapping[str, Any], frame: Any) -> int:
    """The number of references to the array in `out`, to be compared with those of an array with a single name.

    The arguments are those of the caller, so that both are counted at the same place.
    """
    return sys.getrefcount(options["out"][0]) if "out" in options else 0


class _ReferenceCounter:
    """Counts the references to an array that it is added to in place."""

    references = 0

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        self.references = self._counted(None, ufunc, method, inputs, options, None)
        return self

    def _counted(self, recorder: Any, ufunc: Any, method: Any, inputs: Any, options: Any, frame: Any) -> int:
        return references_to_output(recorder, ufunc, method, inputs, options, frame)


@cache
def _references_of_one_name() -> tuple[int, int]:
    """The references to an array with a single name during `array += tensor`, and if the instructions borrow that of the name."""
    held: list[Any] = [np.zeros(1)]
    held[0] += _ReferenceCounter()
    array: Any = np.zeros(1)
    array += _ReferenceCounter()
    return held[0].references, array.references


def _is_borrowed(frame: FrameType) -> bool:
    """Whether the array of `array += tensor` is a local variable that is read without a new reference: since Python 3.14.

    True if it cannot be told.
    """
    code, at = frame.f_code.co_code, frame.f_lasti
    statement = position_at(frame.f_code, at)
    if statement is None:
        return True
    for before in range(at - 2, -1, -2):
        name, position = dis.opname[code[before]], position_at(frame.f_code, before)
        if name != "CACHE" and position is not None and position[:2] == statement[:2]:
            return "BORROW" in name  # what reads the array is the last before that begins where the statement does
    return False  # read by the instruction of the statement before, in the same line, which borrows nothing


def write_value(array: Any, after: Callable[[Any], Any], frame: FrameType) -> None:
    """Record that an array is written into; `after` gives what it is afterwards, from what it is before."""
    recorder: RecorderInterface = array.recorder

    def change(current: Tensor) -> Tensor:
        written: Tensor = recorder.record(Write, *Write.call(current, ..., after(current)))
        return written

    recorder.write(array, change, frame)
