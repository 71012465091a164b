"""The numbers of a recorded program: Python's and NumPy's own, and arithmetic with them is recorded."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from tracer.programs.recording_array import follow_function, follow_ufunc
from tracer.programs.shadow import MAKERS, Recording, current, plain
from tracer.recording.tensor import Tensor

_BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "divmod")
_UNARY = ("neg", "pos", "abs")


class Arithmetic(Recording):
    """The operators of numbers, recorded; and NumPy's protocols."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return follow_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        return follow_function(function, arguments, options)


def _follow(compute: Callable[..., Any], *arguments: Any) -> Any:
    shadow = current()
    return compute(*plain(arguments)) if shadow is None else shadow.follow(compute, *arguments)


def _binary(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    function = divmod if name == "divmod" else getattr(operator, name)

    def forward(self: Any, other: Any) -> Any:
        return _follow(function, self, other)

    def reflected(self: Any, other: Any) -> Any:
        return _follow(function, other, self)

    return forward, reflected


def _unary(name: str) -> Callable[[Any], Any]:
    function = getattr(operator, name)

    def method(self: Any) -> Any:
        return _follow(function, self)

    return method


for _name in _BINARY:
    _forward, _reflected = _binary(_name)
    setattr(Arithmetic, f"__{_name}__", _forward)
    setattr(Arithmetic, f"__r{_name}__", _reflected)
for _name in _UNARY:
    setattr(Arithmetic, f"__{_name}__", _unary(_name))


class RecordingFloat(Arithmetic, float):
    """A Python float that records."""

    tensor: Tensor | None = None

    def plain(self) -> float:
        return float(self)

    def __reduce__(self) -> Any:
        return float, (float(self),)

    def __deepcopy__(self, memo: Any) -> Any:
        return self


class RecordingInt(Arithmetic, int):
    """A Python int that records: `w = 0` may be where a parameter starts."""

    tensor: Tensor | None = None

    def plain(self) -> int:
        return int(self)

    def __reduce__(self) -> Any:
        return int, (int(self),)

    def __deepcopy__(self, memo: Any) -> Any:
        return self


def _scalar(kind: type[np.generic]) -> type[Any]:
    """The class of the scalars of a dtype that record."""

    class RecordingScalar(Arithmetic, kind):  # type: ignore[valid-type, misc]
        tensor: Tensor | None = None

        def __new__(cls, value: Any) -> RecordingScalar:
            made: RecordingScalar = kind.__new__(cls, value)
            made._plain = value
            return made

        def plain(self) -> Any:
            return self._plain

        def __reduce__(self) -> Any:
            return self._plain.__reduce__()

        def __deepcopy__(self, memo: Any) -> Any:
            return self

    RecordingScalar.__name__ = RecordingScalar.__qualname__ = f"Recording{kind.__name__}"
    return RecordingScalar


MAKERS[float] = RecordingFloat
MAKERS[int] = RecordingInt
for _kind in (np.float64, np.float32, np.int64):
    MAKERS[_kind] = _scalar(_kind)
