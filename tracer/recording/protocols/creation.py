"""Arrays created with `like=`: recorded arrays, which can be filled in place."""

from __future__ import annotations

from types import FrameType
from typing import Any

import numpy as np

from tracer.ops import registry
from tracer.recording.protocols.call_forms import call_of
from tracer.recording.protocols.calls import user_frame
from tracer.recording.tape import RecorderInterface, is_tensor

CONVERTERS = (np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray)
"""Functions that make an array of something else."""

CREATORS = frozenset({
    *CONVERTERS, np.arange, np.empty, np.eye, np.frombuffer, np.fromfunction, np.fromiter, np.full, np.genfromtxt, np.identity,
    np.loadtxt, np.ones, np.tri, np.zeros,
})  # fmt: skip
"""Functions with the argument `like`."""


def create(recorder: RecorderInterface, function: Any, arguments: Any, options: dict[str, Any], frame: FrameType) -> Any:
    """Record what a function of CREATORS returns. Lists of Tensors are joined."""
    with recorder.composing(user_frame(frame) or frame):  # some are functions in Python, which NumPy calls us from
        op = registry.implementing(function)
        if op is not None:
            return recorder.record(op, *call_of(op, function, arguments, options))
        if function not in CONVERTERS or not holds_tensor(arguments[0]):
            return recorder.constant(function(*arguments, **options))
        given, *rest = arguments
        options = dict(zip(("dtype",), rest)) | options
        array = given if is_tensor(given) else joined(given)
        dtype = options.get("dtype")
        if dtype is not None and np.dtype(dtype) != array.dtype:
            array = array.astype(dtype)
        elif is_tensor(given) and function is np.array and options.get("copy", True):
            array = array.copy()
        for _ in range(options.get("ndmin", 0) - array.ndim):
            array = np.expand_dims(array, 0)
        return array


def joined(values: Any) -> Any:
    """The array of nested lists with Tensors in them.

    Raises ValueError if the lists have different lengths, as NumPy does.
    """
    if not isinstance(values, (list, tuple)):
        return values
    return np.stack([joined(each) for each in values])


def holds_tensor(value: Any) -> bool:
    """Whether a value is a Tensor, or a list or tuple with one in it."""
    if isinstance(value, (list, tuple)):
        return any(map(holds_tensor, value))
    return is_tensor(value)
