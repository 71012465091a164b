"""The numbers of a recorded program: Python's and NumPy's own, and arithmetic with them is recorded."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from tracer.programs.calls.call_sites import call_from
from tracer.programs.recording_array import USUAL_OPERANDS, array_function, array_ufunc
from tracer.programs.shadow import current
from tracer.programs.values import MAKERS, NUMBERS, OVERRIDES, RESTING, Recording, plain

_BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
_UNARY = ("neg", "pos", "abs")
_COMPARISONS = ("lt", "le", "eq", "ne", "gt", "ge")
_METHODS = ("astype", "clip", "conj", "conjugate", "copy", "max", "mean", "min", "prod", "reshape", "round", "squeeze", "sum")
"""The methods of NumPy's scalars that return numbers that go on recording."""


def _follow(frame: FrameType, function: Callable[..., Any], *arguments: Any) -> Any:
    shadow = current()
    if shadow is None:
        return call_from(frame)(function, plain(arguments), {})
    return shadow.follow(frame, function, arguments, {})


_UFUNCS = {
    operator.add: np.add, operator.sub: np.subtract, operator.mul: np.multiply, operator.truediv: np.divide,
    operator.neg: np.negative, operator.pos: np.positive, operator.abs: np.absolute,
}  # fmt: skip
"""The operators whose results are those of a ufunc, bit for bit."""


def _arithmetic(frame: FrameType, function: Callable[..., Any], *numbers: Any) -> Any:
    shadow, ufunc = current(), _UFUNCS.get(function)
    if shadow is None or ufunc is None:
        return _follow(frame, function, *numbers)
    return shadow.follow_arithmetic(frame, function, ufunc, numbers)


def _binary(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    function = divmod if name == "divmod" else getattr(operator, name)

    def forward(self: Any, other: Any) -> Any:
        return _arithmetic(sys._getframe(1), function, self, other)

    def reflected(self: Any, other: Any) -> Any:
        return _arithmetic(sys._getframe(1), function, other, self)

    return forward, reflected


def _power(self: Any, other: Any, modulus: Any = None) -> Any:
    if modulus is None:
        return _follow(sys._getframe(1), operator.pow, self, other)
    return pow(*plain((self, other, modulus)))


def _unary(name: str) -> Callable[[Any], Any]:
    function = getattr(operator, name)

    def method(self: Any) -> Any:
        return _arithmetic(sys._getframe(1), function, self)

    return method


def _comparison(kind: type, name: str) -> Callable[[Any, Any], Any]:
    function, own = getattr(operator, name), getattr(kind, f"__{name}__")

    def method(self: Any, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        # Python asks the scalar of NumPy first, if its class is derived from that of the other number.
        return (function if isinstance(other, np.generic) else own)(self.plain(), plain(other))

    return method


def _scalar_method(kind: type[np.generic], name: str) -> Callable[..., Any]:
    own = getattr(kind, name)

    def recorded(scalar: Any, *arguments: Any, **options: Any) -> Any:
        return getattr(scalar, name)(*arguments, **options)

    def method(self: Any, *arguments: Any, **options: Any) -> Any:
        frame, shadow = sys._getframe(1), current()
        if shadow is None:
            return call_from(frame)(own, (self.plain(), *plain(arguments)), plain(options))
        return shadow.follow(frame, own, (self, *arguments), options, recorded=recorded)

    return method


def _scalar_item(self: Any, *arguments: Any) -> Any:
    """`item` of a scalar of NumPy's: a Python number, which goes on recording."""
    frame, shadow, own = sys._getframe(1), current(), self.plain().item
    if shadow is None:
        return call_from(frame)(own, arguments, {})
    return shadow.follow(frame, type(self.plain()).item, (self, *arguments), {}, recorded=lambda number, *_: as_float(number))


def as_float(number: Any) -> Any:
    """A Tensor as the number that `float(x)` is: a float64 without axes."""
    if number.shape:
        number = number.reshape(())
    if number.dtype == np.float64:
        return number
    return number.astype(np.float64) if isinstance(number.value, np.ndarray) else number * 1.0


def plain_numbers(value: Any) -> Any:
    """Values with their numbers as they are without a record, also inside lists and tuples; arrays go on recording."""
    if isinstance(value, Recording) and not isinstance(value, np.ndarray):
        return value.plain()
    if type(value) in (list, tuple):
        return type(value)(map(plain_numbers, value))
    return value


def _operators(kind: type) -> dict[str, Any]:
    found: dict[str, Any] = {"__array_ufunc__": array_ufunc, "__array_function__": array_function}
    for name in (*_BINARY, "divmod"):
        found[f"__{name}__"], found[f"__r{name}__"] = _binary(name)
    found |= {f"__{name}__": _comparison(kind, name) for name in _COMPARISONS}
    return {**found, "__pow__": _power, **{f"__{name}__": _unary(name) for name in _UNARY}}


class RecordingFloat(float, Recording):
    """A Python float that records."""

    __slots__ = ("tensor",)

    plain_type = float

    def plain(self) -> float:
        return float(self)

    def __reduce__(self) -> Any:
        return float, (float(self),)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __dir__(self) -> list[str]:
        return dir(float)


class RecordingInt(int, Recording):
    """A Python int that records: `w = 0` may be where a parameter starts."""

    plain_type = int

    def plain(self) -> int:
        return int(self)

    def __reduce__(self) -> Any:
        return int, (int(self),)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __dir__(self) -> list[str]:
        return dir(int)


def _scalar(kind: type[np.generic]) -> type[Any]:
    """The class of the scalars of a dtype that record. NumPy finds their dtype by the next class in the order of bases."""

    class RecordingScalar(kind, Recording):  # type: ignore[valid-type, misc]
        plain_type = kind

        def __new__(cls, value: Any) -> RecordingScalar:
            made: RecordingScalar = kind.__new__(cls, value)
            made._plain = value
            return made

        def plain(self) -> Any:
            return self._plain

        def __repr__(self) -> str:
            return repr(self._plain)

        def __str__(self) -> str:
            return str(self._plain)

        def __format__(self, specification: str) -> str:
            return format(self._plain, specification)

        def __reduce__(self) -> Any:
            return self._plain.__reduce__()

        def __copy__(self) -> Any:
            return self

        def __deepcopy__(self, memo: Any) -> Any:
            return self

        def __dir__(self) -> list[str]:
            return dir(kind)

    RecordingScalar.__name__, RecordingScalar.__qualname__ = f"numpy.{kind.__name__}", kind.__name__
    RecordingScalar.__module__ = "numpy"
    USUAL_OPERANDS.add(RecordingScalar)
    NUMBERS.update((RecordingScalar, kind))
    OVERRIDES[RecordingScalar] = {**_operators(kind), **{name: _scalar_method(kind, name) for name in _METHODS}}
    if issubclass(kind, np.floating):
        OVERRIDES[RecordingScalar] |= {"item": _scalar_item, "tolist": _scalar_item}
    return RecordingScalar


def _resting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A method of a float that does not record: NumPy's float64 is a float too, and Python asks it before a float."""
    own, is_reflected = getattr(float, name), name.startswith("__r")

    def method(self: Any, other: Any, *modulus: Any) -> Any:
        if not isinstance(other, np.float64):
            return own(self, other, *modulus)
        given = (plain(other), self.plain()) if is_reflected else (self.plain(), plain(other))
        return call_from(sys._getframe(1))(function, given, {})

    return method


# A scalar of NumPy's takes a number that is not exactly a float or an int for an array, unless that answers itself.
RESTING[RecordingInt] = {"__array_ufunc__": array_ufunc}
RESTING[RecordingFloat] = {
    "__array_ufunc__": array_ufunc,
    **{f"__{name}__": _resting(f"__{name}__", getattr(operator, name)) for name in _COMPARISONS},
    **{
        f"__{prefix}{name}__": _resting(f"__{prefix}{name}__", divmod if name == "divmod" else getattr(operator, name))
        for name in (*_BINARY, "divmod")
        for prefix in ("", "r")
    },
}

for _type, _kind in ((RecordingFloat, float), (RecordingInt, int)):
    OVERRIDES[_type] = _operators(_kind)
    USUAL_OPERANDS.add(_type)
    NUMBERS.update((_type, _kind))
    MAKERS[_kind] = _type
    _type.__name__ = _type.__qualname__ = _kind.__name__
    _type.__module__ = "builtins"
for _scalar_kind in (np.float64, np.float32, np.int64):
    MAKERS[_scalar_kind] = _scalar(_scalar_kind)
