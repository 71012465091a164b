"""Shrinks a failing example, and formats it as code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

MAX_TRIES = 300
"""How many candidates are tried before shrinking stops."""

Arrays = Sequence[np.ndarray]


def shrink(arrays: Arrays, fails: Callable[[Arrays], bool]) -> Arrays:
    """Make arrays smaller and their elements simpler as long as they still fail.

    >>> shrink([np.array([3.7, -2.2, 0.4])], lambda arrays: arrays[0].size > 0 and bool(np.max(arrays[0]) > 1))
    [array([2.])]
    """
    tries = 0
    current = [np.array(array) for array in arrays]
    while True:
        for candidate in _candidates(current):
            tries += 1
            if tries > MAX_TRIES:
                return current
            if fails(candidate):
                current = list(candidate)
                break
        else:
            return current


def _candidates(arrays: Arrays) -> Iterator[Arrays]:
    """Simpler examples, simplest first: shorter axes, then whole arrays of simple numbers, then single elements."""
    sizes = sorted({size for array in arrays for size in array.shape if size > 1}, reverse=True)
    for size in sizes:
        for smaller in dict.fromkeys((1, size // 2, size - 1)):
            yield [array[tuple(slice(smaller if own == size else own) for own in array.shape)] for array in arrays]
    for position, array in enumerate(arrays):
        for simpler in (np.zeros_like(array), np.ones_like(array), 2 * np.ones_like(array), np.round(array), np.round(array, 1)):
            if not np.array_equal(simpler, array) and _cost(simpler) < _cost(array):
                yield [*arrays[:position], simpler, *arrays[position + 1 :]]
    for position, array in enumerate(arrays):
        for index in range(array.size):
            number = float(array.flat[index])
            for other in dict.fromkeys((0.0, 1.0, 2.0, round(number, 0), round(number, 1), abs(number))):
                changed = array.copy()
                changed.flat[index] = other
                if _cost(changed) < _cost(array):
                    yield [*arrays[:position], changed, *arrays[position + 1 :]]


def _cost(array: np.ndarray) -> tuple[float, ...]:
    """How complex an array is to read: by the length of its elements as text, their magnitude, and minus signs."""
    numbers = array.ravel().tolist()
    return (sum(len(f"{abs(number):.17g}") for number in numbers), float(np.sum(np.abs(array))), sum(n < 0 for n in numbers))


def as_code(array: np.ndarray) -> str:
    """Format an array as Python code.

    >>> as_code(np.array([[1.0, -0.5]])), as_code(np.zeros((0, 3))), as_code(np.float32(2.0).reshape(()))
    ('np.array([[1.0, -0.5]])', 'np.zeros((0, 3))', "np.array(2.0, dtype='float32')")
    """
    dtype = "" if array.dtype == np.float64 else f", dtype={str(array.dtype)!r}"
    if not array.size:
        return f"np.zeros({array.shape}{dtype})"
    return f"np.array({_literal(array)}{dtype})"


def _literal(array: np.ndarray) -> str:
    """Nested lists of numbers, each in the shortest form that reads back the same (in the dtype: repr of a float32 is long)."""
    if array.ndim:
        return f"[{', '.join(_literal(part) for part in array)}]"
    number = array.reshape(-1)[0]
    return np.format_float_positional(number, trim="0") if 1e-4 <= abs(number) < 1e16 or number == 0 else str(number)


def call_as_code(function: str, arguments: Sequence[str], options: Mapping[str, object]) -> str:
    """Format a call with one argument per line.

    >>> print(call_as_code("assert_gradients", ["softplus", "np.array([1.0])"], {"seed": 3}))
    assert_gradients(
        softplus,
        np.array([1.0]),
        seed=3,
    )
    """
    lines = [*arguments, *(f"{name}={value!r}" for name, value in options.items())]
    return "\n".join([f"{function}(", *(f"    {line}," for line in lines), ")"])
