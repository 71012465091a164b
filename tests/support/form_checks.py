"""Runs a form (`support/forms`) on plain and on recorded arrays and compares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from support.expressions import arrays_of, function_of, weighted
from tracer.graph.record import Phase
from tracer.recording.recorder import Recorder
from tracer.recording.tensor import Tensor
from tracer.testing import check_gradients, report


def changed(function: Any, array: Any, *arguments: Any, **options: Any) -> Any:
    """The array after a function wrote into it."""
    function(array, *arguments, **options)
    return array


def parts(result: Any) -> Iterator[Any]:
    """The arrays and other values of a result, from the sequences in which it may hold them."""
    if isinstance(result, (tuple, list)):
        yield type(result).__name__
        for each in result:
            yield from parts(each)
    elif isinstance(result, Tensor):
        yield result.value
    elif isinstance(result, np.flatiter):
        yield np.array(result)
    else:
        yield result


def same(found: Any, expected: Any) -> bool:
    """True if two values are equal to the last bit: arrays also in dtype and shape."""
    if isinstance(expected, (np.ndarray, np.generic)):
        array, wanted = np.asarray(found), np.asarray(expected)
        return array.dtype == wanted.dtype and array.shape == wanted.shape and array.tobytes() == wanted.tobytes()
    return bool(found == expected)


def in_order(arrays: dict[str, np.ndarray]) -> list[np.ndarray]:
    """In the memory layout of recorded values: the last bit of a sum depends on it."""
    return [np.array(array, order="C") for array in arrays.values()]


def recorded(form: str) -> Any:
    """The result of a form on recorded arrays."""
    recorder = Recorder()
    tensors = [recorder.leaf("parameter", name, array) for name, array in arrays_of(form).items()]
    recorder.enter(Phase.FORWARD)
    return function_of(form, changed=changed)(*tensors)


def flat(result: Any) -> Iterator[Any]:
    """The values of a result."""
    if isinstance(result, (tuple, list)):
        for each in result:
            yield from flat(each)
    else:
        yield result


def fault_of_gradients(form: str) -> str | None:
    """The report of a check of the gradients of a weighted sum of the result; None if they are right."""
    arrays = arrays_of(form)
    text = f"weighted(function({', '.join(arrays)}))"
    names = {"weighted": weighted, "function": function_of(form, changed=changed)}
    loss = eval(f"lambda {', '.join(arrays)}: {text}", names)
    check = check_gradients(loss, *in_order(arrays))
    return None if check.passed else report(check)


def fault_of(form: str) -> str | None:
    """What differs between the form on recorded arrays and NumPy, or is wrong with its gradient; None if it is right.

    Raises what the form raises on recorded arrays.
    """
    expected = function_of(form, changed=changed)(*in_order(arrays_of(form)))
    found = recorded(form)
    if any(isinstance(each, Tensor) and each.dtype.kind in "fc" for each in flat(found)):
        fault = fault_of_gradients(form)
        if fault is not None:
            return fault
    ours, numpys = [*parts(found)], [*parts(expected)]
    for each, wanted in zip(ours, numpys):
        if not same(each, wanted):
            return f"{each!r}, NumPy {wanted!r}"
    return None if len(ours) == len(numpys) else f"{len(ours)} results, NumPy {len(numpys)}"
