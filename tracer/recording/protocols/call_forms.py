"""The arguments of a NumPy function as an operation takes them, in whichever form they were given."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from tracer.errors import RecordingError
from tracer.ops.base import Call, Op
from tracer.recording.protocols.calls import function_name

NO_EFFECT = frozenset({"casting", "device", "out", "subok"})
"""Arguments that change neither values nor gradients, unless an operation takes them. `out` is handled before."""


def call_of(op: type[Op], function: Callable[..., Any], arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Call:
    """The inputs and parameters of an operation for a call of a NumPy function.

    The operation takes arguments by NumPy's names. Those that it does not take are left out if they are given as by default.
    Raises RecordingError if they are not, TypeError for a call that NumPy would not take either.
    """
    signature = None if isinstance(function, np.ufunc) else _signature(function)
    takes_inputs_only = op.call is Op.call
    if not takes_inputs_only or signature is None or (not options and len(arguments) == len(op.inputs)):
        try:
            return op.call(*arguments, **options)
        except RecordingError:
            raise  # a TypeError too, which says already what is not recorded
        except TypeError as error:
            if signature is None:
                raise RecordingError(f"{function_name(function)} is not recorded as it is called here: {error}") from None
    assert signature is not None
    bound = signature.bind(*arguments, **options)
    taken = frozenset(list(bound.arguments)[: len(op.inputs)] if takes_inputs_only else inspect.signature(op.call).parameters)
    for name, value in list(bound.arguments.items()):
        if name not in taken and _is_default(value, signature.parameters[name]):
            del bound.arguments[name]
    for name in NO_EFFECT - taken:
        bound.arguments.pop(name, None)
    unknown = [name for name in bound.arguments if name not in taken]
    if unknown:
        raise RecordingError(f"{function_name(function)} is recorded without the argument {unknown[0]}: leave it out")
    try:
        return op.call(*bound.arguments.values()) if takes_inputs_only else op.call(*bound.args, **bound.kwargs)
    except TypeError as error:
        raise RecordingError(f"{function_name(function)} is recorded in another form: {error}") from None


@cache
def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # a C function without a signature
        return None


def _is_default(value: Any, parameter: inspect.Parameter) -> bool:
    default = parameter.default
    if value is default or (value is None and parameter.name in ("dtype", "out")):
        return True
    return isinstance(value, (bool, int, str)) and type(value) is type(default) and value == default
