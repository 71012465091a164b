"""Validation of user-supplied values: arrays, dtypes, numbers, booleans, names, and the arguments of a call."""

from __future__ import annotations

import functools
import inspect
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from tracer.errors import ArgumentError, UsageError, close_names

DTYPES = ("float32", "float64")
"""The dtypes that floating-point data may have."""

_BOOLEANS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def parse_setting(name: str, value: Any, default: Any) -> Any:
    """Convert a setting to the type of its default, if that is a boolean or a number; a schedule (a function) is kept.

    Raises UsageError if the value cannot be converted.

    >>> parse_setting("shuffle", "yes", False), parse_setting("learning_rate", "1e-3", 0.1), parse_setting("depth", "3", 2)
    (True, 0.001, 3)
    """
    if callable(value):
        return value
    try:
        if isinstance(default, bool):
            return _BOOLEANS[str(value).lower()]
        if isinstance(default, (int, float)) or callable(default):
            number = float(value)
            if number != number or number in (float("inf"), float("-inf")):
                raise ValueError
            return int(number) if isinstance(default, int) and number == int(number) else number
    except (KeyError, ValueError, TypeError):
        kind = "true or false" if isinstance(default, bool) else "a finite number"
        raise UsageError(f"the setting {name} takes {kind}, this is {value!r}") from None
    return value


def whole_number(name: str, value: Any, least: int = 1) -> int:
    """Convert a number or text to an integer. Raises UsageError unless it is one, and at least `least`.

    >>> whole_number("steps", "12"), whole_number("--seed", 0, least=0)
    (12, 0)
    """
    try:
        number = int(value)
        if number < least or number != float(value):
            raise ValueError
    except (ValueError, TypeError, OverflowError):
        raise UsageError(f"{name} takes a whole number from {least} on, this is {value!r}") from None
    return number


def has_own_rules(value: Any) -> bool:
    """Whether an array is a masked array or a matrix, whose operations differ from those of plain arrays."""
    if type(value) is np.ndarray or not isinstance(value, np.ndarray):
        return False  # without a look at `np.ma`: NumPy loads it when it is asked for, which takes longer than a small run
    return isinstance(value, (np.ma.MaskedArray, np.matrix))


def numeric_array(value: Any, what: str, dtype: str | None, *, floating: bool = False) -> np.ndarray:
    """Copy a value into a read-only array: floats as `dtype` (None keeps theirs), integers and booleans with their dtype.

    The byte order becomes that of this machine. With `floating`, integers and booleans become floats too. Raises UsageError,
    beginning with `what`, if the value is not numeric.

    >>> numeric_array([1, 2], "x", "float32").dtype, numeric_array([1, 2], "x", "float32", floating=True).dtype
    (dtype('int64'), dtype('float32'))
    """
    if has_own_rules(value):
        raise UsageError(f"{what} is a {type(value).__name__}, which would lose its own rules: give it as a plain array")
    try:
        given = np.asarray(value)
    except ValueError:
        raise UsageError(f"{what} is no array: its rows differ in length") from None
    if given.dtype.kind not in "biuf":
        if given.dtype.kind == "c":
            raise UsageError(f"{what} is not real: its dtype is {given.dtype}")
        held = {"U": ", it holds text", "S": ", it holds text", "M": ", it holds times", "m": ", it holds times"}
        raise UsageError(f"{what} is not numeric: its dtype is {given.dtype}{held.get(given.dtype.kind, _first_object(given))}")
    target = dtype if dtype is not None and (floating or given.dtype.kind == "f") else given.dtype.newbyteorder("=")
    try:
        with np.errstate(all="ignore"):  # values out of range become infinite, and are recorded as such
            array = given.astype(target)
    except MemoryError:
        raise UsageError(f"{what} does not fit into memory: its shape is {given.shape}") from None
    array.flags.writeable = False
    return array


def _first_object(array: np.ndarray) -> str:
    """The first element of an array of objects that is no number."""
    others = (each for each in array.ravel() if not isinstance(each, (int, float, np.number)))
    return next((f", it holds {each!r:.40}" for each in others), "") if array.dtype.kind == "O" else ""


def native(array: np.ndarray) -> np.ndarray:
    """The array in the byte order of this machine; the array itself if it has it already.

    Files in network order, such as idx, FITS and netCDF, give arrays in the other one.

    >>> native(np.array([1, 2], ">i4")).dtype == np.int32
    True
    """
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def checked_dtype(dtype: Any) -> str:
    """The name of a dtype. Raises UsageError if a run cannot use it.

    >>> checked_dtype(np.float32)
    'float32'
    """
    try:
        name = str(np.dtype(dtype))
    except TypeError:
        name = str(dtype)
    if name not in DTYPES:
        raise UsageError(f"dtype must be float32 or float64, this is {dtype if isinstance(dtype, str) else name!r}")
    return name


def folded(text: str) -> str:
    """A name, or names in an expression, as Python reads identifiers: in Unicode's normal form NFKC.

    >>> folded("\u00b5") == "\u03bc", folded("dL/d\u00b5[0]") == "dL/d\u03bc[0]", folded("x\u00b2") == "x\u00b2"
    (True, True, True)
    """
    if text.isascii():
        return text
    return re.sub(r"\w+", lambda word: unicodedata.normalize("NFKC", word[0]) if word[0].isidentifier() else word[0], text)


def readable(name: str) -> str:
    """A file name as text: as UTF-8 whatever the locale, with U+FFFD for bytes that are none.

    >>> readable("na\\udcc3\\udcafve.py"), readable("na\\udcefve.py")
    ('naïve.py', 'na\ufffdve.py')
    """
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def folded_names(values: Mapping[Any, Any], what: str) -> dict[Any, Any]:
    """The values by their names as Python reads them. Raises UsageError, beginning with `what`, if two names are the same."""
    found: dict[Any, Any] = {}
    for name, value in values.items():
        key = folded(name) if isinstance(name, str) else name
        if key in found:
            raise UsageError(f"{what} names {key!r} twice, in characters that Python reads as one: rename one")
        found[key] = value
    return found


Function = TypeVar("Function", bound=Callable[..., Any])


def checks_keywords(target: Function) -> Function:
    """Decorator of a function or class: a wrong call raises ArgumentError that names the argument and similar ones.

    >>> @checks_keywords
    ... def run(*, steps=1): pass
    >>> run(stpes=2)
    Traceback (most recent call last):
    tracer.errors.ArgumentError: run has no argument 'stpes'; did you mean steps?
    """
    function: Callable[..., Any] = target.__init__ if isinstance(target, type) else target  # type: ignore[misc]
    own = list(inspect.signature(function).parameters.values())[1 if isinstance(target, type) else 0 :]
    known = {each.name: each for each in own}
    if any(each.kind is each.VAR_KEYWORD for each in own):
        return target
    by_position = [each for each in own if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    collected = next((each.name for each in own if each.kind is each.VAR_POSITIONAL), "")

    @functools.wraps(function)
    def checked(*given: Any, **options: Any) -> Any:
        arguments = given[1:] if isinstance(target, type) else given
        for name in options:
            if name not in known or name == collected:
                hint = close_names(name, _by_name(own))
                if collected and "did you mean" not in hint:
                    hint = f": {collected} are given by position"
                raise ArgumentError(f"{target.__name__} has no argument {name!r}{hint}")
        if len(arguments) > len(by_position) and not collected:
            first = next((each.name for each in own if each.kind is each.KEYWORD_ONLY), "")
            hint = f": name them, as in {target.__name__}({first}=...)" if first else ""
            most = (
                f"up to {len(by_position)} argument{'s' * (len(by_position) > 1)} by position, not {len(arguments)}"
                if by_position
                else "arguments by name only"
            )
            raise ArgumentError(f"{target.__name__} takes {most}{hint}")
        missing = [
            each.name for each in own if each.default is each.empty and not _is_given(each, arguments, options, by_position)
        ]
        if missing:
            raise ArgumentError(f"{target.__name__} needs {' and '.join(missing)}")
        return function(*given, **options)

    if isinstance(target, type):
        target.__init__ = checked  # type: ignore[misc]
        return target
    return checked  # type: ignore[return-value]


def _by_name(parameters: list[inspect.Parameter]) -> list[str]:
    return [each.name for each in parameters if each.kind in (each.KEYWORD_ONLY, each.POSITIONAL_OR_KEYWORD)]


def _is_given(
    parameter: inspect.Parameter, arguments: tuple[Any, ...], options: Mapping[str, Any], by_position: list[inspect.Parameter]
) -> bool:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or parameter.name in options:
        return True
    return parameter in by_position[: len(arguments)]
