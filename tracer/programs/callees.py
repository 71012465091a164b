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
from tracer.programs.recording_numbers import RecordingFloat, RecordingInt, Scalar, plain_numbers, python_number
from tracer.programs.shadow import current, recording_value
from tracer.programs.values import Recording, plain
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
    number = float(value)
    return python_number(number, value) if isinstance(value, Recording) else number


class _Concatenator:
    """`np.r_` and `np.c_`, which look at the exact types of numbers."""

    def __init__(self, concatenator: Any) -> None:
        self._concatenator = concatenator

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        one_dimensional: Any = np.atleast_1d
        recorded = tuple(one_dimensional(part) if isinstance(part, Scalar) else plain_numbers(part) for part in parts)
        return result(self._concatenator[recorded])


def _of_type(kind: type[np.generic]) -> Callable[..., Any]:
    """`np.float32(x)` and its like."""

    def compute(value: Any, *rest: Any) -> Any:
        return value.astype(kind) if is_tensor(value) else kind(value, *rest)

    def made(*arguments: Any) -> Any:
        shadow = current()
        if shadow is None or not any(isinstance(each, Recording) for each in arguments):
            return kind(*plain(arguments))
        return shadow.follow(compute, *arguments)

    return made


_OF_EXACT_TYPES = (
    np.arange, np.empty, np.eye, np.identity, np.ones, np.tri, np.zeros, np.random.RandomState, np.random.default_rng,
)  # fmt: skip
"""Functions of NumPy that look at the exact types of the numbers that they are given."""


def _types_of_numbers(values: Any) -> set[type]:
    """The types of the numbers that record in nested lists; empty if there are arrays or other things."""
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
    def called(*arguments: Any, **options: Any) -> Any:
        return function(*map(_array_of_list, arguments), **{name: _array_of_list(each) for name, each in options.items()})

    return called


def _applying(function: Callable[..., Any]) -> Callable[..., Any]:
    """`map` and `reduce`: what they call is called as the program would."""

    def called(*arguments: Any) -> Any:
        if not arguments or not callable(arguments[0]):
            return function(*arguments)
        applied, *rest = arguments
        return function(lambda *each: result(callee(applied)(*each)), *rest)

    return called


_DISPATCHING = (type(np.mean), np.ufunc)
"""The types of the functions of NumPy that ask an array what to do: not a list."""


def _type(value: Any, /, *rest: Any) -> Any:
    """`type(x)` is what it would be without a record."""
    if rest or not isinstance(value, Recording):
        return type(value, *rest)
    return value.plain_type


_REPLACED: dict[int, Callable[..., Any]] = {
    id(builtins.sum): _sum,
    id(builtins.float): _float,
    id(builtins.type): _type,
    id(builtins.map): _applying(builtins.map),
    id(functools.reduce): _applying(functools.reduce),
    **{id(function): _two_ways(function, recorded) for function, recorded in _MATH.items()},
    **{id(function): _two_ways(function, recorded) for function, recorded in _CREATORS.items()},
    **{id(kind): _of_type(kind) for kind in {np.dtype(code).type for code in "?bhilqBHILQefdgFD"}},
}


def callee(function: Any) -> Any:
    """What is called in place of a function of the program's choice."""
    replaced = _REPLACED.get(id(function))
    if replaced is not None:
        return replaced
    shadow = current()
    if shadow is None or not shadow.is_recording:
        return function
    if isinstance(function, type(np.r_) | type(np.c_)):
        return _Concatenator(function)
    if isinstance(function, _DISPATCHING):
        return _with_arrays(function)
    if shadow.is_foreign(function):
        return _outside(function)
    return _watched(function) if _computes_unseen(function) else function


def _outside(function: Any) -> Any:
    """A function of a library that does not record: it gets plain arrays and numbers, as without a record."""

    def called(*arguments: Any, **options: Any) -> Any:
        shadow = current()
        if shadow is not None:
            shadow.leave((arguments, options), function)
        returned = function(*plain(arguments), **plain(options))
        return returned if shadow is None else shadow.from_outside(returned, (arguments, options))

    return called


def _computes_unseen(function: Any) -> bool:
    """Whether a function of Python's, NumPy's or SciPy's computes numbers without asking them."""
    if isinstance(function, np.vectorize) or function is builtins.round:
        return True
    module = getattr(function, "__module__", None)
    return isinstance(module, str) and module.partition(".")[0] in ("math", "numpy", "scipy", "statistics")


def _watched(function: Any) -> Any:
    """A function whose result is of unknown origin, where it does not record."""

    def called(*arguments: Any, **options: Any) -> Any:
        returned = function(*arguments, **options)
        shadow = current()
        return returned if shadow is None else shadow.from_outside(returned, (arguments, options))

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
