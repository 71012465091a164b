"""Records calls of NumPy functions that have no derivative rule as values."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.errors import RecordingError
from tracer.ops.numpy_call import NumpyCall, numpy_function
from tracer.ops.registration import NUMERIC_KINDS
from tracer.recording.protocols.advice import no_rule
from tracer.recording.protocols.calls import function_name
from tracer.recording.tape import RecorderInterface, is_tensor

REFUSED = frozenset({
    "array2string", "array_repr", "array_str", "save", "savetxt", "savez", "savez_compressed", "place", "as_strided",
    "lib.stride_tricks.as_strided", "vectorize", "fromfunction",
})  # fmt: skip
"""Functions that write files or into an argument, call functions of the user's, or need memory that is not their arguments'."""


def record_value(recorder: RecorderInterface, function: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Record the result of a NumPy function without a derivative rule; of several results, each.

    A result that is no array of numbers, such as a truth value, is returned as it is. Raises RecordingError for a function that
    cannot be computed again from its arguments.
    """
    name = function_name(function).removeprefix("np.")
    if name in REFUSED or not _is_known(name, function):
        raise RecordingError(no_rule(function))
    inputs: list[Any] = []
    try:
        own: dict[str, Any] = {
            "function": name,
            "arguments": [_stored(each, inputs) for each in arguments],
            "options": {key: _stored(each, inputs) for key, each in options.items()},
        }
    except TypeError:
        raise RecordingError(no_rule(function)) from None
    result = NumpyCall.value(*(each.value if is_tensor(each) else each for each in inputs), **own)
    if not isinstance(result, (tuple, list)):
        return recorder.record(NumpyCall, tuple(inputs), own, depth=3) if _is_array(result) else result
    parts = []
    for part, each in enumerate(result):
        recorded = recorder.record(NumpyCall, tuple(inputs), {**own, "part": part}, depth=3) if _is_array(each) else each
        parts.append(recorded)
    return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)


def _is_known(name: str, function: Any) -> bool:
    try:
        return numpy_function(name) is function
    except ValueError:
        return False


def _is_array(result: Any) -> bool:
    return isinstance(result, (np.ndarray, np.generic)) and result.dtype.kind in NUMERIC_KINDS


def _stored(argument: Any, inputs: list[Any]) -> Any:
    """An argument as plain data; arrays are appended to the inputs. Raises TypeError for one that is neither."""
    if is_tensor(argument) or isinstance(argument, (np.ndarray, np.generic)):
        inputs.append(argument)
        return {"input": len(inputs) - 1}
    if argument is None or isinstance(argument, (bool, int, float, str)):
        return argument
    if isinstance(argument, (list, tuple)):
        return [_stored(each, inputs) for each in argument]
    if isinstance(argument, (type, np.dtype)):
        return str(np.dtype(argument))
    raise TypeError(f"{type(argument).__name__} cannot be stored")
