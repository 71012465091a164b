"""The array of a recorded program: NumPy's own, with all that NumPy's does, and its operations are recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tracer.programs.shadow import MAKERS, current, numeric
from tracer.programs.values import Recording, plain, plain_integers
from tracer.recording.tape import is_tensor
from tracer.recording.tensor import Tensor

METHODS = (
    "all", "any", "argmax", "argmin", "argpartition", "argsort", "astype", "choose", "clip", "compress", "conj",
    "conjugate", "copy", "cumprod", "cumsum", "diagonal", "dot", "flatten", "max", "mean", "min", "nonzero", "prod",
    "ravel", "repeat", "reshape", "round", "searchsorted", "squeeze", "std", "sum", "swapaxes", "take", "trace",
    "transpose", "var",
)  # fmt: skip
"""The methods that return an array of what they compute."""

_WRITING = ("fill", "partition", "put", "sort")
"""The methods that write into their array."""


class RecordingArray(Recording, np.ndarray[Any, Any]):
    """An array that records what is computed with it. `tensor` stands for it in the record, None as long as nothing used it."""

    tensor: Tensor | None
    plain_type = np.ndarray

    def __array_finalize__(self, source: Any) -> None:
        self.tensor = None

    def plain(self) -> np.ndarray:
        """The same memory as a plain array."""
        return self.view(np.ndarray)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return follow_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        return follow_function(function, arguments, options)

    def __getitem__(self, index: Any) -> Any:
        return _follow(_item, self, plain_integers(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        shadow = current()
        if shadow is None:
            self.plain()[plain(index)] = plain(value)
        else:
            shadow.write(_set_item, self, plain_integers(index), value)

    def __iter__(self) -> Iterator[Any]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[position] for position in range(len(self)))

    @property
    def T(self) -> Any:
        return _follow(_transposed, self)

    @property
    def flat(self) -> Any:
        return self.plain().flat

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


def _item(array: Any, index: Any) -> Any:
    return array[index]


def _set_item(array: Any, index: Any, value: Any) -> None:
    array[index] = value


def _transposed(array: Any) -> Any:
    return array.T


def _follow(compute: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    shadow = current()
    return compute(*plain(arguments), **plain(options)) if shadow is None else shadow.follow(compute, *arguments, **options)


def follow_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Compute and record a call of a ufunc, in any of its forms."""
    compute = ufunc if method == "__call__" else getattr(ufunc, method)
    shadow = current()
    out = options.get("out")
    if shadow is None:
        result = compute(*plain(inputs), **plain(options))
        return out[0] if isinstance(out, tuple) and len(out) == 1 else result
    if method == "at":
        return shadow.write(compute, *inputs, **options)
    if out is None:
        return shadow.follow(compute, *inputs, **options)
    into = out[0] if isinstance(out, tuple) and len(out) == 1 else None
    if not isinstance(into, RecordingArray):
        result = compute(*plain(inputs), **plain(options))
        return result if into is None else into
    rest = {name: value for name, value in options.items() if name != "out"}
    shadow.write(lambda target, *given, **named: compute(*given, out=(target,), **named), into, *inputs, **rest)
    return into


def follow_function(function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Compute and record a call of a NumPy function."""
    shadow = current()
    out = options.get("out")
    if shadow is None:
        result = function(*plain(arguments), **plain(options))
        return result if out is None else out
    if isinstance(out, RecordingArray):
        rest = {name: value for name, value in options.items() if name != "out"}
        shadow.write(lambda target, *given, **named: function(*given, out=target, **named), out, *arguments, **rest)
        return out
    if function in _INTO_ARGUMENT and arguments and isinstance(arguments[0], RecordingArray):
        return shadow.write(function, *arguments, **options)
    return shadow.follow(function, *arguments, **options)


_INTO_ARGUMENT = frozenset({np.copyto, np.put, np.place, np.putmask, np.fill_diagonal, np.put_along_axis})


def _method(name: str) -> Callable[..., Any]:
    def compute(array: Any, *arguments: Any, **options: Any) -> Any:
        if is_tensor(array) and not hasattr(Tensor, name):
            return getattr(np, name)(array, *arguments, **options)
        return getattr(array, name)(*arguments, **options)

    def method(self: RecordingArray, *arguments: Any, **options: Any) -> Any:
        return _follow(compute, self, *arguments, **options)

    method.__name__ = name
    return method


def _writing_method(name: str) -> Callable[..., Any]:
    def compute(array: Any, *arguments: Any, **options: Any) -> Any:
        return getattr(array, name)(*arguments, **options)

    def method(self: RecordingArray, *arguments: Any, **options: Any) -> Any:
        shadow = current()
        if shadow is None:
            return compute(self.plain(), *plain(arguments), **plain(options))
        return shadow.write(compute, self, *arguments, **options)

    method.__name__ = name
    return method


RecordingArray.__name__ = RecordingArray.__qualname__ = "numpy.ndarray"  # messages of errors name the class
for _name in METHODS:
    setattr(RecordingArray, _name, _method(_name))
for _name in _WRITING:
    setattr(RecordingArray, _name, _writing_method(_name))


def recording_array(array: np.ndarray) -> np.ndarray:
    """An array that records, in the same memory; one that holds no numbers unchanged."""
    return array.view(RecordingArray) if numeric(array) else array


MAKERS[np.ndarray] = recording_array
