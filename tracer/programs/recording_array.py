"""The array of a recorded program: NumPy's own, with all that NumPy's does, and its operations are recorded."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any

import numpy as np

from tracer.programs.calls.call_sites import call_from, calling_frame, operator_at
from tracer.programs.shadow import current
from tracer.programs.values import MAKERS, OVERRIDES, Recording, is_numeric, own_arrays, plain, plain_integers
from tracer.recording.tensor import Tensor

_METHODS = (
    "all", "any", "argmax", "argmin", "argpartition", "argsort", "astype", "choose", "clip", "compress", "conj",
    "conjugate", "copy", "cumprod", "cumsum", "diagonal", "dot", "flatten", "max", "mean", "min", "nonzero", "prod",
    "ravel", "repeat", "reshape", "round", "searchsorted", "squeeze", "std", "sum", "swapaxes", "take", "trace",
    "transpose", "var", "view",
)  # fmt: skip
"""The methods that return an array of what they compute."""

_WRITING = ("fill", "itemset", "partition", "put", "sort")
"""The methods that write into their array."""

_RESHAPING = ("byteswap", "resize", "setfield", "setflags")
"""The methods that change the array itself, and not through its memory."""

_INTO_ARGUMENT = frozenset({np.copyto, np.put, np.place, np.putmask, np.fill_diagonal, np.put_along_axis})


class RecordingArray(Recording, np.ndarray[Any, Any]):
    """An array that records what is computed with it. `tensor` stands for it in the record, None as long as nothing used it.

    Its operations are recorded by the methods of OVERRIDES.
    """

    __slots__ = ("_plain", "tensor", "writes")

    plain_type = np.ndarray
    _plain: np.ndarray

    def plain(self) -> np.ndarray:
        """The array that the program would have, with the same memory; always the same object."""
        try:
            return self._plain
        except AttributeError:
            self._plain = np.ndarray.view(self, np.ndarray)
            return self._plain

    @property
    def base(self) -> Any:
        return self.plain().base

    @property
    def flags(self) -> Any:
        return self.plain().flags

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """What a function makes of this array while nothing is recorded: plain values, and this array if it was written into."""
        if type(array) is RecordingArray:
            return array
        return array[()] if return_scalar else array

    def __repr__(self) -> str:
        return repr(self.plain())

    def __str__(self) -> str:
        return str(self.plain())

    def __format__(self, specification: str) -> str:
        return format(self.plain(), specification)

    def __reduce__(self) -> Any:
        return self.plain().__reduce__()

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.plain().__reduce_ex__(protocol)

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def __dir__(self) -> list[str]:
        return dir(np.ndarray)


def _follow(
    frame: FrameType,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    options: Mapping[str, Any] = {},
    **more: Any,
) -> Any:
    shadow = current()
    if shadow is None:
        return own_arrays(call_from(frame)(function, plain(arguments), plain(options)), more.get("writes", ()))
    return shadow.follow(frame, function, arguments, options, **more)


USUAL_OPERANDS = {np.ndarray, RecordingArray, bool, int, float, *(np.dtype(code).type for code in "?bhilBHILfd")}
"""Types of operands that have no operators of their own."""


def array_ufunc(self: Any, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
    """`__array_ufunc__`: computes and records a call of a ufunc, in any of its forms."""
    frame, shadow = calling_frame(), current()
    is_usual = method == "__call__"
    for each in inputs:
        if type(each) not in USUAL_OPERANDS:
            is_usual = False
            break
    if is_usual and shadow is not None:
        if not options:
            return shadow.follow_ufunc(frame, ufunc, inputs)
        is_in_place = ufunc in shadow.IN_PLACE and len(options) == 1 and "out" in options
        if is_in_place and options["out"][0] is inputs[0] and type(inputs[0]) is RecordingArray:
            return shadow.follow_in_place(frame, ufunc, inputs)
    operation = None if is_usual else _operator_of_other(inputs, frame)
    if operation is not None:
        return call_from(frame)(operation, plain(inputs), {})
    compute = ufunc if method == "__call__" else getattr(ufunc, method)
    writes = options.get("out", ()) if method != "at" else inputs[:1]
    return _follow(frame, compute, inputs, options, writes=writes if isinstance(writes, tuple) else (writes,))


def _operator_of_other(inputs: tuple[Any, ...], frame: FrameType) -> Callable[..., Any] | None:
    """The operator that runs in a frame if an operand is a matrix or a masked array, which has its own meaning of it."""
    other = any(isinstance(each, np.ndarray) and type(each) not in (np.ndarray, RecordingArray) for each in inputs)
    return operator_at(frame) if other else None


def array_function(self: Any, function: Any, types: Any, arguments: Any, options: Any) -> Any:
    """`__array_function__`: computes and records a call of a NumPy function."""
    out = options.get("out")
    writes = () if out is None else out if isinstance(out, tuple) else (out,)
    if function in _INTO_ARGUMENT:
        writes = arguments[:1]
    return _follow(calling_frame(), function, arguments, options, writes=writes)


def _get_item(self: Any, index: Any) -> Any:
    return _follow(sys._getframe(1), operator.getitem, (self, plain_integers(index)))


def _set_item(self: Any, index: Any, value: Any) -> None:
    _follow(sys._getframe(1), operator.setitem, (self, plain_integers(index), value), writes=(self,))


def _iterate(self: Any) -> Iterator[Any]:
    if self.ndim == 0:
        raise TypeError("iteration over a 0-d array")
    return (self[position] for position in range(len(self)))


def _attribute(name: str, *, is_set: bool = True) -> property:
    """An attribute that is computed from the array; setting it changes the array."""
    get = operator.attrgetter(name)

    def read(self: Any) -> Any:
        return _follow(sys._getframe(1), get, (self,))

    def write(self: Any, value: Any) -> None:
        _follow(sys._getframe(1), setattr, (self, name, value), writes=(self,))

    return property(read, write if is_set else None)


def _own_attribute(name: str) -> property:
    """An attribute of the array itself, such as its shape; setting it changes the array and not its memory."""
    own = getattr(np.ndarray, name)

    def write(self: RecordingArray, value: Any) -> None:
        setattr(self.plain(), name, plain(value))
        own.__set__(self, plain(value))
        self.tensor = None

    return property(own.__get__, write)


def _method(name: str) -> Callable[..., Any]:
    own = getattr(np.ndarray, name)
    recorded = _call_of(name)

    def method(self: Any, *arguments: Any, **options: Any) -> Any:
        out = options.get("out")
        writes = () if out is None else (out,)
        return _follow(sys._getframe(1), own, (self, *arguments), options, recorded=recorded, writes=writes)

    method.__name__ = name
    return method


def _writing_method(name: str) -> Callable[..., Any]:
    own = getattr(np.ndarray, name)
    recorded = _call_of(name)

    def method(self: Any, *arguments: Any, **options: Any) -> Any:
        return _follow(sys._getframe(1), own, (self, *arguments), options, recorded=recorded, writes=(self,))

    method.__name__ = name
    return method


def _reshaping_method(name: str) -> Callable[..., Any]:
    own = getattr(np.ndarray, name)

    def method(self: RecordingArray, *arguments: Any, **options: Any) -> Any:
        result = call_from(sys._getframe(1))(own, (self.plain(), *plain(arguments)), plain(options))
        if name != "byteswap":
            own(self, *plain(arguments), **plain(options))
        return result

    return method


def _call_of(name: str) -> Callable[..., Any]:
    def call(array: Any, *arguments: Any, **options: Any) -> Any:
        if not hasattr(Tensor, name):
            return getattr(np, name)(array, *arguments, **options)
        return getattr(array, name)(*arguments, **options)

    return call


def _copied(self: Any) -> Any:
    return _follow(sys._getframe(1), np.ndarray.__copy__, (self,), recorded=_call_of("copy"))


def _item(self: Any, *index: Any) -> Any:
    return _follow(sys._getframe(1), np.ndarray.item, (self, *index), recorded=_recorded_item)


MAX_LISTED = 10_000
"""The numbers of larger arrays do not record one by one."""


def _as_list(self: Any) -> Any:
    """`x.tolist()`: lists of Python numbers, which go on recording."""
    shadow = current()
    if shadow is None or not shadow.is_active or self.size > MAX_LISTED or self.dtype.kind != "f":
        return self.plain().tolist()
    return self.item() if self.ndim == 0 else [each.tolist() for each in self]


def _recorded_item(array: Any, *index: Any) -> Any:
    """An element as an array without axes."""
    if len(index) == 1 and isinstance(index[0], int):
        return array.reshape(-1)[index[0]]
    return array[index[0] if index and isinstance(index[0], tuple) else index] if index else array.reshape(())


OVERRIDES[RecordingArray] = {
    "__array_ufunc__": array_ufunc,
    "__array_function__": array_function,
    "__getitem__": _get_item,
    "__setitem__": _set_item,
    "__iter__": _iterate,
    "__copy__": _copied,
    "T": _attribute("T", is_set=False),
    "real": _attribute("real"),
    "imag": _attribute("imag"),
    "flat": property(lambda self: self.plain().flat, lambda self, value: setattr(self.plain(), "flat", plain(value))),
    "shape": _own_attribute("shape"),
    "dtype": _own_attribute("dtype"),
    "item": _item,
    "tolist": _as_list,
    **{name: _method(name) for name in _METHODS},
    **{name: _writing_method(name) for name in _WRITING if hasattr(np.ndarray, name)},
    **{name: _reshaping_method(name) for name in _RESHAPING},
}


def recording_array(array: np.ndarray) -> np.ndarray:
    """An array that records, in the same memory; one that holds no numbers unchanged."""
    if not is_numeric(array):
        return array
    made = array.view(RecordingArray)
    made.tensor = None
    made._plain = array
    return made


MAKERS[np.ndarray] = recording_array
RecordingArray.__name__ = "numpy.ndarray"  # in the messages of Python
RecordingArray.__qualname__, RecordingArray.__module__ = "ndarray", "numpy"
