"""Checks what a recorded function returned or raised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

import numpy as np

from tracer.errors import RecordingError, UsageError
from tracer.recording.tensor import Tensor


def check_scalar(value: Any, what: str) -> None:
    """Raise UsageError unless the value is one recorded floating number."""
    # First what is right nearly always: the questions below take Python longer than an operation takes NumPy.
    if type(value) is Tensor and value.shape == () and value.dtype.kind == "f":
        return
    if value is None:
        raise UsageError(f"{what} returned nothing: does it end without a return?")
    if isinstance(value, (tuple, list, set, Mapping)):
        raise UsageError(
            f"{what} must return a single result: one number is needed, this is a {type(value).__name__} of {len(value)}; return"
            " one of them, or their sum"
        )
    if not isinstance(value, Tensor):
        plain = "" if isinstance(value, (bool, int, float, complex, np.ndarray, np.generic)) else ", one number is needed"
        raise UsageError(
            f"{what} returned {type(value).__name__} and no Tensor{plain}: it does not depend on the recorded"
            " arrays, or left the graph"
        )
    if value.shape != ():
        raise UsageError(f"{what} returned shape {value.shape}, one number is needed: reduce it with np.mean or np.sum")
    if value.dtype.kind == "c":
        raise UsageError(f"{what} returned {value.dtype}, and the loss is a real number: take np.abs(z), z.real or z.imag of it")
    raise UsageError(f"{what} returned {value.dtype}, which has no derivative: a floating number is needed")


class Explained:
    """Adds to an exception that is raised inside which node was recorded last.

    Where NumPy replaced a RecordingError by a ValueError, as it does when an element is assigned, the RecordingError is raised.
    """

    def __init__(self, last_label: Callable[[], str]) -> None:
        self._last_label = last_label

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if not isinstance(error, Exception):
            return
        cause = error.__cause__
        recorded = cause if isinstance(cause, RecordingError) else error
        recorded.add_note(f"the last recorded node was {self._last_label()}")
        if recorded is not error:
            raise recorded.with_traceback(traceback) from None
