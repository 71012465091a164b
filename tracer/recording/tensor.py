"""The array that records: plain NumPy code runs on Tensors through NumPy's protocols.

A Tensor holds its read-only value, the recorder that computes with it, and its position in the record.
A function that cannot be recorded raises a RecordingError that names it and what to use instead: nothing leaves the graph
silently.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from tracer.errors import MissingAttributeError, RecordingError, UsageError
from tracer.ops.compositions import COMPOSITIONS
from tracer.ops.families import shaping
from tracer.ops.several_results import SeveralResults
from tracer.recording.array_interface import ArrayMethods, Operators
from tracer.recording.methods.reductions import ReductionMethods
from tracer.recording.methods.writing import InPlace
from tracer.recording.protocols.advice import conversion_error, no_attribute
from tracer.recording.protocols.calls import asks_for_number, frames_to_user, is_index
from tracer.recording.protocols.creation import CREATORS, create
from tracer.recording.protocols.dispatch import dispatch_function, dispatch_ufunc
from tracer.recording.protocols.ufunc_forms import ufunc_form
from tracer.recording.protocols.without_rule import record_value
from tracer.recording.protocols.writers import WRITERS, write_into_argument
from tracer.recording.protocols.writing import function_into
from tracer.recording.tape import NO_PARAMETERS, RecorderInterface

_PLAIN_RESULTS = frozenset(
    {np.shape, np.ndim, np.size, np.iscomplexobj, np.isrealobj, np.allclose, np.array_equal, np.array_equiv}
)
"""Functions whose result is a plain number, truth or tuple, outside the graph."""


class Tensor(Operators, InPlace, ArrayMethods, ReductionMethods):
    """An array whose operations are recorded. It follows NumPy's interface, and PyTorch's for gradients.

    `value` is the plain read-only array: computing with it leaves the graph. For a hyperparameter, such as a learning rate,
    it is a Python number and takes the dtype of the array it is combined with, as in NumPy.
    """

    __slots__ = ("_id", "_value", "recorder")

    def __init__(self, value: Any, recorder: RecorderInterface, id: int) -> None:
        self._value = value
        self.recorder = recorder
        self._id = id

    @property
    def id(self) -> int:
        """The node that holds the value."""
        return self.recorder.current_id(self) if self.recorder.has_writes else self._id

    @property
    def value(self) -> Any:
        """The plain array, read-only; computing with it leaves the graph."""
        return self.recorder.current_value(self) if self.recorder.has_writes else self._value

    # Attributes of an array.

    # Writing in place changes none of these.

    @property
    def shape(self) -> tuple[int, ...]:
        return self._value.shape if type(self._value) is np.ndarray else ()

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._value.dtype if type(self._value) is np.ndarray else np.result_type(self._value)

    @property
    def ndim(self) -> int:
        return self._value.ndim if type(self._value) is np.ndarray else 0

    @property
    def size(self) -> int:
        return self._value.size if type(self._value) is np.ndarray else 1

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    def __repr__(self) -> str:
        return f"Tensor({np.array2string(np.asarray(self.value), separator=', ')}, dtype={self.dtype})"

    def item(self, *index: Any) -> Any:
        """The only element, or that at an index, as a Python number, outside the graph; shown as `item(...)`."""
        self._leave()
        return np.asarray(self.value).item(*index)

    def _leave(self) -> None:
        """Record that the value leaves as a plain number or index, at the line of the user's code that asks for it."""
        if self.recorder.records_program:
            self.recorder.record(shaping.Item, (self,), NO_PARAMETERS, depth=2 + frames_to_user(sys._getframe(2)))

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers, outside the graph."""
        return np.asarray(self.value).tolist()

    def copy(self, order: str = "C") -> Tensor:
        """A Tensor of its own: writing into one of both leaves the other unchanged."""
        return self.recorder.record(shaping.Copy, (self,), {"order": order})

    def __bool__(self) -> bool:
        if self.size != 1:
            raise UsageError(
                f"an array of {self.size} elements is neither true nor false: choose element by element with"
                " np.where(condition, x, y), or test condition.value.all() or .any()"
            )
        return bool(self.value)

    def __format__(self, specification: str) -> str:
        if not specification or self.shape:
            return format(str(self), specification)
        self._leave()
        return format(np.asarray(self.value).item(), specification)

    def __copy__(self) -> Tensor:
        return self.recorder.record(shaping.Copy, (self,), {"order": "K"})

    def __deepcopy__(self, memo: Any) -> NoReturn:
        raise RecordingError("a Tensor belongs to one record and cannot be copied or stored: use .value for the plain array")

    def __reduce__(self) -> NoReturn:
        self.__deepcopy__(None)

    # Gradients, with PyTorch's interface.

    def backward(self) -> None:
        """Record the gradients of this scalar; read them from the `grad` of the Tensors it depends on."""
        self.recorder.backward(self)

    @property
    def grad(self) -> Tensor | None:
        """The gradient with respect to this Tensor after `backward()`, or None."""
        return self.recorder.gradient(self.id)

    def detach(self) -> Tensor:
        """The same value without gradient flow; shown as `stop_gradient(...)`."""
        return self.recorder.record(shaping.StopGradient, (self,), NO_PARAMETERS)

    # NumPy's dispatch protocols.

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            return ufunc_form(self.recorder, ufunc, method, inputs, options, sys._getframe(1))
        found = dispatch_ufunc(ufunc, inputs)
        if found is None:
            return record_value(self.recorder, ufunc, inputs, options)
        if issubclass(found[0], SeveralResults):
            return self.recorder.record_parts(*found)  # type: ignore[arg-type]
        return self.recorder.record(*found)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        if function in _PLAIN_RESULTS:
            return function(*plain(arguments), **plain(options))
        if function in CREATORS:
            return create(self.recorder, function, arguments, options, sys._getframe(1))
        if function in WRITERS:
            return write_into_argument(self.recorder, function, arguments, options, sys._getframe(1))
        if options.get("out") is not None:
            return function_into(self.recorder, function, arguments, options, sys._getframe(1))
        if function in COMPOSITIONS:
            return COMPOSITIONS[function](*arguments, **options)
        found = dispatch_function(function, arguments, options)
        if found is None:
            return record_value(self.recorder, function, arguments, options)
        op, inputs, parameters = found
        if issubclass(op, SeveralResults):
            return self.recorder.record_parts(op, inputs, parameters)
        return self.recorder.record(op, inputs, parameters)

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        if self.dtype.kind in "biu" and is_index(sys._getframe(1)):
            self._leave()  # whole numbers and truth values have no gradient
            return np.asarray(self.value)
        raise conversion_error("a plain array", sys._getframe(1))

    # A plain number is given where the user's code asks for one: float(), int(), round(), and text as in '%.3f' % loss.

    def __float__(self) -> float:
        if not asks_for_number(sys._getframe(1)):
            raise conversion_error("a float", sys._getframe(1))
        number = float(self.value)
        self._leave()
        return number

    def __int__(self) -> int:
        if not asks_for_number(sys._getframe(1)):
            raise conversion_error("an int", sys._getframe(1))
        number = int(self.value)
        self._leave()
        return number

    def __round__(self, digits: int | None = None) -> Any:
        if self.shape:
            raise RecordingError("round() is for single numbers: write np.round(x, digits) for an array")
        self._leave()
        return round(np.asarray(self.value).item(), digits)

    def __index__(self) -> NoReturn:
        raise conversion_error("an int", sys._getframe(1))

    def __complex__(self) -> NoReturn:
        raise conversion_error("a complex number", sys._getframe(1))

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise MissingAttributeError(no_attribute(name, [known for known in dir(Tensor) if not known.startswith("_")]))


def plain(value: Any) -> Any:
    """Tensors replaced by their plain arrays, also inside lists and dicts; other values unchanged."""
    if isinstance(value, Tensor):
        return value.value
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value
