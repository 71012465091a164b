"""NumPy for models that make arrays of their own: `from tracer import numpy as np` in place of `import numpy as np`.

Everything in it is NumPy's, except where NumPy does not ask Tensors. While a model is recorded, `np.zeros`, `np.ones`, `np.empty`
and `np.full` give recorded arrays, which Tensors can be written into; `np.array` and `np.asarray` join lists of Tensors; `np.sum`
and other reductions take such lists; `np.r_` and `np.c_` take Tensors. Outside a recording nothing differs.

    >>> from tracer import numpy as np, trace
    >>> def squares(x):
    ...     found = np.zeros(len(x))
    ...     for i in range(len(x)):
    ...         found[i] = x[i] ** 2
    ...     return np.sum(found)
    >>> trace(squares, [1.0, 2.0]).gradient("x")
    array([2., 4.])
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy

from tracer.errors import RecordingError
from tracer.recording.protocols.creation import CONVERTERS, create, holds_tensor, joined
from tracer.recording.tape import is_tensor, running

_CREATORS: tuple[Any, ...] = (numpy.zeros, numpy.ones, numpy.empty, numpy.full)

_REDUCTIONS = (
    numpy.sum, numpy.mean, numpy.prod, numpy.max, numpy.min, numpy.amax, numpy.amin, numpy.var, numpy.std, numpy.median,
    numpy.average, numpy.any, numpy.all, numpy.argmax, numpy.argmin, numpy.cumsum, numpy.cumprod,
)  # fmt: skip


def _creating(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose result is recorded while a model is."""

    @functools.wraps(function)
    def created(*arguments: Any, **options: Any) -> Any:
        recorder = running.get()
        if recorder is None or options.get("like") is not None:
            return function(*arguments, **options)
        return create(recorder, function, arguments, options, sys._getframe(1))

    return created


def _converting(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that joins lists of Tensors, and leaves a Tensor what it is."""

    @functools.wraps(function)
    def converted(given: Any, *arguments: Any, **options: Any) -> Any:
        recorder = running.get()
        if recorder is None or not holds_tensor(given):
            return function(given, *arguments, **options)
        return create(recorder, function, (given, *arguments), options, sys._getframe(1))

    return converted


def _joining(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that joins a list of Tensors before."""

    @functools.wraps(function)
    def reduced(given: Any, *arguments: Any, **options: Any) -> Any:
        recorder = running.get()
        if recorder is None or not isinstance(given, (list, tuple)) or not holds_tensor(given):
            return function(given, *arguments, **options)
        with recorder.composing(sys._getframe(1)):
            return function(joined(given), *arguments, **options)

    return reduced


class _Joiner:
    """`np.r_` or `np.c_`: joins what stands in the brackets."""

    def __init__(self, name: str, own: Any, join: Callable[..., Any]) -> None:
        self._name, self._own, self._join = name, own, join

    def __getitem__(self, given: Any) -> Any:
        parts = given if isinstance(given, tuple) else (given,)
        recorder = running.get()
        if recorder is None or not any(map(holds_tensor, parts)):
            return self._own[given]
        if any(isinstance(part, str) for part in parts):
            raise RecordingError(f"np.{self._name} with text is not recorded: write np.concatenate, with an axis")
        with recorder.composing(sys._getframe(1)):
            arrays = [joined(part) if holds_tensor(part) else self._own[part] for part in parts]
            return self._join([each if is_tensor(each) and each.ndim else numpy.reshape(each, -1) if numpy.ndim(each) == 0
                               else each for each in arrays])  # fmt: skip


_OWN: dict[str, Any] = {
    **{function.__name__: _creating(function) for function in _CREATORS},
    **{function.__name__: _converting(function) for function in CONVERTERS},
    **{function.__name__: _joining(function) for function in _REDUCTIONS},
    "r_": _Joiner("r_", numpy.r_, numpy.concatenate),
    "c_": _Joiner("c_", numpy.c_, numpy.column_stack),
}


def __getattr__(name: str) -> Any:
    """A name of NumPy's. It is not kept in this module, whose own code would take np.any and np.sum for Python's."""
    return _OWN[name] if name in _OWN else getattr(numpy, name)


def __dir__() -> list[str]:
    return dir(numpy)
