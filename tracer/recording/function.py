"""Records any function of arrays, without a scenario."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tracer.arguments import checks_keywords, numeric_array
from tracer.errors import ArgumentError
from tracer.graph.record import Phase, Step
from tracer.graph.structures.garbage_collection import while_a_step_is_recorded
from tracer.recording.recorder import Recorder
from tracer.recording.results import Explained, check_scalar
from tracer.recording.source import Files

opening: list[Callable[[str], None]] = []
"""Told when a program opens a recording, with the call that does: a command may be recording the program already."""


def tell_of_opening(call: str) -> None:
    """Tell that a program opens a recording by this call."""
    for told in opening:
        told(call)


@checks_keywords
def trace(function: Callable[..., Any], *arrays: Any) -> Step:
    """Record a function of arrays that returns a scalar, forward and backward.

    Floating-point arguments get a gradient, `step.gradient("name of the function's parameter")`; integers are data.

    >>> step = trace(lambda x, y: (x * y).sum(), [1.0, 2.0], [3.0, 4.0])
    >>> step.loss, step.gradient("x")
    (11.0, array([3., 4.]))
    """
    tell_of_opening("tracer.trace()")
    return step_of_call(function, *arrays)


def step_of_call(function: Callable[..., Any], *arrays: Any) -> Step:
    """The same for this package: nobody is told."""
    _check_call(function, arrays)
    code = getattr(function, "__code__", None)
    recorder = Recorder(Files(Path(code.co_filename).parent if code is not None else None))
    arguments = []
    for name, value in zip(argument_names(function, len(arrays)), arrays, strict=True):
        array = numeric_array(value, f"the argument {name!r}", None)
        arguments.append(recorder.leaf("parameter" if array.dtype.kind == "f" else "data", name, array, copy=False))
    try:
        with Explained(recorder.last_label), np.errstate(all="ignore"), while_a_step_is_recorded():
            recorder.enter(Phase.FORWARD)
            result = function(*arguments)
            check_scalar(result, f"the function {getattr(function, '__name__', function)}")
            recorder.name(result, "loss", unless_named=True)
            recorder.enter(Phase.BACKWARD)
            recorder.backward(result)
    finally:
        recorder.release()
    return recorder.finish(0, result)


def _check_call(function: Any, arrays: tuple[Any, ...]) -> None:
    """Raise ArgumentError unless the first argument is a function that takes this many arrays."""
    if not callable(function):
        raise ArgumentError(
            f"tracer.trace takes a function first, this is {type(function).__name__}: tracer.trace(function, *arrays)"
        )
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a C function without a signature
        return
    try:
        signature.bind(*arrays)
    except TypeError as error:
        name, count = getattr(function, "__name__", "the function"), len(arrays)
        takes = f"{name}({', '.join(signature.parameters)})"
        raise ArgumentError(
            f"{takes} was given {count} array{'s' * (count != 1)}: {error}; tracer.trace(function, *arrays)"
        ) from None


def argument_names(function: Callable[..., Any], count: int) -> list[str]:
    """The names of the first parameters of a function; unnamed ones are numbered."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # a C function without a signature
        parameters = []
    names = [each.name for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    return [*names[:count], *(f"argument{position}" for position in range(len(names), count))]
