"""Which operation a NumPy call on Tensors records, and the error for one that cannot be recorded."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import numpy as np

from tracer.errors import RecordingError
from tracer.ops import Op, registry
from tracer.ops.families import comparisons
from tracer.recording.advice import no_rule
from tracer.recording.calls import function_name
from tracer.recording.tape import NO_PARAMETERS

Dispatched: TypeAlias = tuple[type[Op], tuple[Any, ...], dict[str, Any]]
"""An operation with its inputs and parameters."""

LOGIC: dict[np.ufunc, type[Op]] = {
    np.bitwise_and: comparisons.LogicalAnd,
    np.bitwise_or: comparisons.LogicalOr,
    np.bitwise_xor: comparisons.NotEqual,
    np.invert: comparisons.LogicalNot,
}


def logic(ufunc: np.ufunc, *inputs: Any) -> Dispatched:
    """The operation recorded for & | ^ ~ on booleans; raises RecordingError for numbers."""
    if not all(np.result_type(getattr(each, "value", each)) == np.bool_ for each in inputs):
        raise RecordingError("& | ^ and ~ are recorded for truth values only: compare first, as in (x > 0) & (x < 1)")
    return LOGIC[ufunc], inputs, NO_PARAMETERS


def dispatch_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Dispatched:
    """The operation that a call of a ufunc records; raises RecordingError if there is none."""
    if ufunc in LOGIC and method == "__call__" and not options:
        return logic(ufunc, *inputs)
    op = registry.implementing(ufunc)
    if op is None or method != "__call__" or options:
        raise _not_recorded(ufunc, method, options)
    return op, inputs, NO_PARAMETERS


def dispatch_function(function: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Dispatched:
    """The operation that a call of a NumPy function records; raises RecordingError if there is none."""
    op = registry.implementing(function)
    if op is None:
        raise _not_recorded(function, "__call__", {})
    try:
        inputs, parameters = op.call(*arguments, **options)
    except TypeError as error:
        if function is np.where and len(arguments) == 1 and not options:
            raise RecordingError(
                "np.where of one argument gives positions, which have no gradient: write np.nonzero(x.value)"
            ) from None
        raise RecordingError(f"{function_name(function)} is not recorded as it is called here: {_advice(error)}") from None
    return op, inputs, parameters


def _advice(error: TypeError) -> str:
    """What is wrong with a call, from Python's error message."""
    said = re.sub(r"^[\w.]+\(\) ", "", str(error))
    if "unexpected keyword" in said:
        return f"{said}; leave it out"
    return said.replace("missing", "it misses", 1) if said.startswith("missing") else said


def _not_recorded(function: Any, method: str, options: dict[str, Any]) -> RecordingError:
    name = function_name(function)
    if "out" in options:
        return RecordingError(f"{name} cannot write into an array in place (out=, or += on a plain array): write x = x + y")
    if method == "__call__" and options and registry.implementing(function):
        return RecordingError(f"{name} is recorded without the argument {', '.join(options)}: leave it out")
    return RecordingError(no_rule(function, method))
