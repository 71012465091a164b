"""Which operation a NumPy call on Tensors records, and the error for one that cannot be recorded."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from tracer.errors import RecordingError
from tracer.ops import Op, registry
from tracer.ops.families.elementwise import comparisons
from tracer.ops.families.statistical import searching
from tracer.recording.protocols.call_forms import call_of
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


def dispatch_ufunc(ufunc: np.ufunc, inputs: tuple[Any, ...]) -> Dispatched | None:
    """The operation that a call of a ufunc records; None if there is none."""
    op = registry.implementing(ufunc)
    if op is None:
        return logic(ufunc, *inputs) if ufunc in LOGIC else None
    return op, inputs, NO_PARAMETERS


def dispatch_function(function: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Dispatched | None:
    """The operation that a call of a NumPy function records; None if there is none.

    Raises RecordingError for a form of the call that is not recorded.
    """
    if function is np.where and len(arguments) == 1 and not options:
        return searching.Nonzero, arguments, {}  # the positions of what is true
    op = registry.implementing(function)
    return None if op is None else (op, *call_of(op, function, arguments, options))
