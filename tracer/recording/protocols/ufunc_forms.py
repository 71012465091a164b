"""Calls of ufuncs with more than their inputs: `out`, `where` and `dtype`, and the methods reduce, accumulate, outer and at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

import numpy as np

from tracer.errors import RecordingError
from tracer.ops.families.writing import AddAt
from tracer.recording.protocols.advice import no_rule
from tracer.recording.protocols.calls import function_name, is_augmented_assignment
from tracer.recording.protocols.writing import references_to_output, tensor_for, write_result
from tracer.recording.tape import RecorderInterface, is_tensor

REDUCE: Mapping[np.ufunc, Callable[..., Any]] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logical_and: np.all,
    np.logical_or: np.any,
}
"""The functions that are the method `reduce` of a ufunc."""

ACCUMULATE: Mapping[np.ufunc, Callable[..., Any]] = {np.add: np.cumsum, np.multiply: np.cumprod}
"""The functions that are the method `accumulate` of a ufunc."""

NO_EFFECT = frozenset({"casting", "order", "subok"})


def ufunc_form(
    recorder: RecorderInterface, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any], frame: FrameType
) -> Any:
    """Record a call of a ufunc in any of its forms; `frame` is the user's. Raises RecordingError for one that is not recorded."""
    references = references_to_output(recorder, ufunc, method, inputs, options, frame)
    options = {name: value for name, value in options.items() if name not in NO_EFFECT}
    out = options.pop("out", (None,))
    given = [each for each in (out if isinstance(out, tuple) else (out,)) if each is not None]
    with recorder.composing(frame):
        if method == "at":
            return _at(recorder, ufunc, inputs, frame)
        if len(given) > 1:
            raise RecordingError(f"{function_name(ufunc)} is recorded without out=: leave it out")
        if given and is_augmented_assignment(frame) and not is_tensor(given[0]):
            standing_for_it = tensor_for(recorder, given[0], references, frame)
            inputs = tuple(standing_for_it if each is given[0] else each for each in inputs)
            given = [standing_for_it]
        result = _result(ufunc, method, inputs, options, given)
        if given and np.shape(result) != np.shape(given[0]):
            result = np.broadcast_to(result, np.shape(given[0]))  # the output takes part in broadcasting
        return write_result(recorder, given[0], result, frame) if given else result


def _result(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any], given: list[Any]) -> Any:
    if method == "reduce" and ufunc in REDUCE:
        return _reduced(REDUCE[ufunc], *inputs, **options)
    if method == "accumulate" and ufunc in ACCUMULATE:
        axis = options.pop("axis", 0) if len(inputs) < 2 else inputs[1]
        return ACCUMULATE[ufunc](inputs[0], axis=axis, **options)
    if method == "outer" and ufunc.nin == 2 and not options:
        x, y = inputs
        return ufunc(np.reshape(x, np.shape(x) + (1,) * np.ndim(y)), y)
    if method != "__call__":
        raise RecordingError(no_rule(ufunc, method))
    where = options.pop("where", True)
    dtype = options.pop("dtype", None)
    if options:
        raise RecordingError(f"{function_name(ufunc)} is recorded without the argument {', '.join(options)}: leave it out")
    if dtype is not None:
        inputs = tuple(np.astype(each, dtype) if is_tensor(each) else np.asarray(each, dtype) for each in inputs)
    result = ufunc(*inputs)
    if where is True:
        return result
    if not given:
        name = function_name(ufunc)
        raise RecordingError(
            f"{name} with where= and without out= leaves elements undefined: write np.where(mask, {name}(...), other)"
        )
    return np.where(where, result, given[0])


def _reduced(function: Callable[..., Any], array: Any, axis: Any = 0, dtype: Any = None, **options: Any) -> Any:
    kind = {} if dtype is None else {"dtype": dtype}
    return function(array, axis=axis, **kind, **options)


def _at(recorder: RecorderInterface, ufunc: np.ufunc, inputs: tuple[Any, ...], frame: FrameType) -> None:
    """Record np.add.at or np.subtract.at: it changes its first argument in place."""
    array, index, *others = inputs
    if ufunc not in (np.add, np.subtract) or len(others) != 1:
        raise RecordingError(no_rule(ufunc, "at"))
    if not is_tensor(array):
        raise RecordingError(
            f"{function_name(ufunc)}.at writes into a plain array, the result would leave the graph: create it as"
            " np.zeros(shape, like=x), with x an array of the model"
        )
    added = others[0] if ufunc is np.add else np.negative(others[0])
    recorder.write(array, lambda current: recorder.record(AddAt, *AddAt.call(current, index, added)), frame)
