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
from tracer.programs.calls.call_sites import call_from, calling_frame
from tracer.programs.calls.handing_over import call_with_plain_values
from tracer.programs.calls.libraries import Belonging
from tracer.programs.recording_numbers import RecordingFloat, RecordingInt, as_float, plain_numbers
from tracer.programs.shadow import current
from tracer.programs.values import Recording, holds_recording, plain, recording_value
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


def _two_ways(function: Callable[..., Any], recorded: Callable[..., Any]) -> Callable[..., Any]:
    """A function that computes as `function` does, and records as `recorded` does."""

    @functools.wraps(function)
    def called(*arguments: Any, **options: Any) -> Any:
        shadow = current()
        if shadow is None or not (any(map(holds_recording, arguments)) or any(map(holds_recording, options.values()))):
            return call_from(calling_frame())(function, arguments, options)
        return shadow.follow(calling_frame(), function, arguments, options, recorded=recorded)

    return called


def _of_doubles(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of Tensors that computes in double precision, as those of `math` do."""

    def computed(*numbers: Any) -> Any:
        return function(*(as_float(each) if is_tensor(each) and each.dtype.kind == "f" else each for each in numbers))

    return computed


def _sum_of_tensors(values: Any, start: Any = 0) -> Any:
    return functools.reduce(operator.add, values, start)


_recorded_sum = _two_ways(builtins.sum, _sum_of_tensors)


def _sum(values: Iterable[Any] = (), /, *rest: Any, **options: Any) -> Any:
    frame = calling_frame()
    shadow = current()
    if shadow is None or isinstance(values, str):
        return call_from(frame)(builtins.sum, (values, *rest), options)
    given = list(values)
    if not all(isinstance(each, (int, float, np.ndarray, np.generic)) for each in (*given, *rest, *options.values())):
        return call_from(frame)(builtins.sum, (given, *rest), options)
    return shadow.follow(frame, builtins.sum, (given, *rest), options, recorded=_sum_of_tensors)


def _float(*arguments: Any) -> Any:
    """`float(x)` of a number that records goes on recording."""
    frame, shadow = calling_frame(), current()
    if shadow is None or len(arguments) != 1 or not isinstance(arguments[0], Recording):
        return call_from(frame)(float, plain(arguments), {})
    return shadow.follow(frame, float, arguments, {}, recorded=as_float)


def _type(value: Any, /, *rest: Any, **options: Any) -> Any:
    """`type(x)` is what it would be without a record."""
    if rest or not isinstance(value, Recording):
        return call_from(calling_frame())(type, (value, *rest), options)
    return value.plain_type


def _cast(kind: type[np.generic]) -> Callable[..., Any]:
    """`np.float32(x)` and its like."""
    return _two_ways(
        kind, lambda number: number.astype(kind) if isinstance(number.value, np.ndarray) else np.multiply(number, kind(1))
    )


class _Concatenator:
    """`np.r_` and `np.c_`: numbers that record are given as arrays, others as plain numbers."""

    def __init__(self, concatenator: Any) -> None:
        self._concatenator = concatenator

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        given = tuple(_REPLACED[id(np.array)]([part]) if _is_recorded_number(part) else plain_numbers(part) for part in parts)
        return result(call_from(calling_frame())(self._concatenator.__getitem__, (given,), {}))


def _is_recorded_number(value: Any) -> bool:
    return isinstance(value, Recording) and isinstance(value, float | np.floating)


def _types_of_numbers(values: Any) -> set[type]:
    """The types of the numbers in nested lists; empty if there are arrays or other things."""
    found: set[type] = set()
    for each in values:
        inner = _types_of_numbers(each) if type(each) in (list, tuple) else {type(each)}
        if not inner or not all(issubclass(kind, int | float | np.generic) for kind in inner):
            return set()
        found |= inner
    return found


def _array_of_list(value: Any) -> Any:
    """A list of floats that record as an array that does: NumPy would make one of their values. Other values unchanged."""
    if type(value) not in (list, tuple):
        return value
    kinds = {kind for kind in _types_of_numbers(value) if issubclass(kind, Recording)}
    if not kinds:
        return value
    if all(issubclass(kind, int | np.integer) for kind in kinds):
        return plain_numbers(value)  # a shape, axes
    return _REPLACED[id(np.array)](value)


def _with_arrays(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy's that asks its arguments, but not those in a list."""

    def called(*arguments: Any, **options: Any) -> Any:
        given, named = arguments, options
        if any(type(each) in (list, tuple) for each in (*arguments, *options.values())):
            given, named = tuple(map(_array_of_list, arguments)), {name: _array_of_list(each) for name, each in options.items()}
        return call_from(calling_frame())(function, given, named)

    return called


_DISPATCHING = (type(np.mean), np.ufunc)
"""The types of the functions of NumPy that ask an array what to do: not a list."""


_REPLACED: dict[int, Callable[..., Any]] = {
    id(builtins.sum): _sum,
    id(builtins.float): _float,
    id(builtins.type): _type,
    **{id(kind): _cast(kind) for kind in {np.dtype(code).type for code in "?bhilqBHILQefdg"}},
    **{id(function): _two_ways(function, _of_doubles(recorded)) for function, recorded in _MATH.items()},
    **{id(function): _two_ways(function, recorded) for function, recorded in _CREATORS.items()},
}


def callee(function: Any) -> Any:
    """What is called in place of a function of the program's choice."""
    replaced = _REPLACED.get(id(function))
    if replaced is not None:
        return replaced
    shadow = current()
    if shadow is None or not shadow.is_recording:
        return function
    if isinstance(function, _DISPATCHING):
        return _with_arrays(function)
    if isinstance(function, type(np.r_) | type(np.c_)):
        return _Concatenator(function)
    owner = getattr(function, "__self__", None)
    if type(owner) is np.ndarray:
        return getattr(recording_value(owner), function.__name__)
    belonging = shadow.libraries.belonging(function)
    return function if belonging is Belonging.RECORDED else _outside(function, belonging)


def _outside(function: Any, belonging: Belonging) -> Any:
    """A function that does not record: it gets plain arrays and numbers, as without a record; its result is of unknown origin."""

    def called(*arguments: Any, **options: Any) -> Any:
        frame, shadow = calling_frame(), current()
        if belonging is Belonging.WATCHED:
            made = call_from(frame)(function, arguments, options)
        else:
            made = call_with_plain_values(call_from(frame), function, arguments, options)
        if shadow is None:
            return made
        if belonging is Belonging.FOREIGN:
            shadow.leave((arguments, options), function)
        return shadow.from_outside(made, (arguments, options), frame)

    return called


def _applying(function: Callable[..., Any]) -> Callable[..., Any]:
    """`map` and `reduce`: what they call is called as the program would."""

    def called(*arguments: Any) -> Any:
        if not arguments or not callable(arguments[0]):
            return call_from(calling_frame())(function, arguments, {})
        applied, *rest = arguments
        return call_from(calling_frame())(function, (lambda *each: result(callee(applied)(*each)), *rest), {})

    return called


_REPLACED |= {id(builtins.map): _applying(builtins.map), id(functools.reduce): _applying(functools.reduce)}


def result(value: Any) -> Any:
    """The result of a call: an array or a float of a library starts to record, also in a tuple of arrays."""
    kind = type(value)
    if kind is np.ndarray or kind is float or kind is np.float64 or kind is np.float32:
        return held(value)
    if isinstance(value, tuple) and any(type(each) is np.ndarray for each in value):
        parts = map(held, value)
        return tuple(parts) if kind is tuple else kind(*parts) if hasattr(value, "_fields") else value
    return value


def held(value: Any) -> Any:
    """What a container or an object holds: an array or a float of a library starts to record."""
    kind = type(value)
    if kind is np.ndarray or kind is float or kind is np.float64 or kind is np.float32:
        shadow = current()
        return recording_value(value) if shadow is not None and shadow.is_active else value
    return value


def number(value: Any) -> Any:
    """A number of the program's text."""
    shadow = current()
    if shadow is None or not shadow.is_active:
        return value
    return RecordingFloat(value) if type(value) is float else RecordingInt(value)
