"""What stands in for the functions through which a value would drop out of the record: of Python, `math` and NumPy.

NumPy asks nobody when an array is made of a list of numbers, `math.exp` takes the plain number, `sum` adds floats in its own way.
"""

from __future__ import annotations

import builtins
import functools
import math
import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tracer import numpy as recorded_numpy
from tracer.programs.recording_numbers import RecordingFloat, RecordingInt
from tracer.programs.shadow import Recording, current, plain, recording_value
from tracer.recording.tape import is_tensor

_MATH: dict[Callable[..., Any], Callable[..., Any]] = {
    math.acos: np.arccos, math.acosh: np.arccosh, math.asin: np.arcsin, math.asinh: np.arcsinh, math.atan: np.arctan,
    math.atan2: np.arctan2, math.atanh: np.arctanh, math.cbrt: np.cbrt, math.cos: np.cos, math.cosh: np.cosh,
    math.degrees: np.degrees, math.exp: np.exp, math.exp2: np.exp2, math.expm1: np.expm1, math.fabs: np.fabs,
    math.fmod: np.fmod, math.hypot: np.hypot, math.log: np.log, math.log10: np.log10, math.log1p: np.log1p,
    math.log2: np.log2, math.pow: np.power, math.radians: np.radians, math.sin: np.sin, math.sinh: np.sinh,
    math.sqrt: np.sqrt, math.tan: np.tan, math.tanh: np.tanh,
}  # fmt: skip
"""The functions of `math`, and what records them."""

_CREATORS: dict[Callable[..., Any], Callable[..., Any]] = {
    getattr(np, name): getattr(recorded_numpy, name) for name in ("array", "asarray", "asanyarray", "ascontiguousarray", "full")
}
"""The functions of NumPy that make an array of what they are given, and what records them."""


def _holds_recording(value: Any) -> bool:
    if isinstance(value, Recording):
        return True
    return type(value) in (list, tuple) and any(map(_holds_recording, value))


def _two_ways(function: Callable[..., Any], recorded: Callable[..., Any]) -> Callable[..., Any]:
    """A function that computes as `function` does, and records as `recorded` does."""

    def compute(*arguments: Any, **options: Any) -> Any:
        on_tensors = any(map(_holds_tensor, arguments)) or any(map(_holds_tensor, options.values()))
        return (recorded if on_tensors else function)(*arguments, **options)

    @functools.wraps(function)
    def called(*arguments: Any, **options: Any) -> Any:
        shadow = current()
        if shadow is None or not (any(map(_holds_recording, arguments)) or any(map(_holds_recording, options.values()))):
            return function(*arguments, **options)
        return shadow.follow(compute, *arguments, **options)

    return called


def _holds_tensor(value: Any) -> bool:
    return is_tensor(value) or (type(value) in (list, tuple) and any(map(_holds_tensor, value)))


def _sum_of_tensors(values: Any, start: Any = 0) -> Any:
    return functools.reduce(operator.add, values, start)


def _sum(values: Iterable[Any], /, start: Any = 0) -> Any:
    return _recorded_sum(list(values), start)


_recorded_sum = _two_ways(builtins.sum, _sum_of_tensors)


def _float(value: Any = 0.0) -> Any:
    """`float(x)` of a number that records goes on recording."""
    plain = float(value)
    if not isinstance(value, Recording) or current() is None:
        return plain
    number = RecordingFloat(plain)
    if value.tensor is not None:
        number.tensor = value.tensor
    return number


_PLAIN_TYPES = (float, int, np.ndarray, *(getattr(np, name) for name in ("float64", "float32", "int64")))


def _type(value: Any, /, *rest: Any) -> Any:
    """`type(x)` is what it would be without a record."""
    if rest or not isinstance(value, Recording):
        return type(value, *rest)
    return next(kind for kind in type(value).__mro__ if kind in _PLAIN_TYPES)


_REPLACED: dict[int, Callable[..., Any]] = {
    id(builtins.sum): _sum,
    id(builtins.float): _float,
    id(builtins.type): _type,
    **{id(function): _two_ways(function, recorded) for function, recorded in _MATH.items()},
    **{id(function): _two_ways(function, recorded) for function, recorded in _CREATORS.items()},
}


def callee(function: Any) -> Any:
    """What is called in place of a function of the program's choice."""
    replaced = _REPLACED.get(id(function))
    if replaced is not None:
        return replaced
    shadow = current()
    if shadow is None or not shadow.is_recording or not shadow.is_foreign(function):
        return function
    return _outside(function)


def _outside(function: Any) -> Any:
    """A function of a library that does not record: it gets plain arrays and numbers, as without a record."""

    def called(*arguments: Any, **options: Any) -> Any:
        shadow = current()
        if shadow is not None:
            shadow.leave((arguments, options), function)
        return function(*plain(arguments), **plain(options))

    return called


def result(value: Any) -> Any:
    """The result of a call: an array or a float of a library starts to record."""
    kind = type(value)
    if kind is np.ndarray or kind is float or kind is np.float64 or kind is np.float32:
        return recording_value(value) if current() is not None else value
    if kind is tuple:
        return tuple(map(result, value))
    return value


def number(value: Any) -> Any:
    """A number of the program's text."""
    if current() is None:
        return value
    return RecordingFloat(value) if type(value) is float else RecordingInt(value)
