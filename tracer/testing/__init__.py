"""For tests: whether gradients are right, of a function, of an operation, of whole random programs.

`check_gradients` returns what was found, and `report` tells it in words; `assert_gradients` and `assert_op_gradients` raise an
AssertionError. `arrays`, `broadcastable_arrays` and `programs` are Hypothesis strategies; they need `hypothesis`, the rest
does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracer.checking.findings import Check, Comparison, Difference, Fault
from tracer.checking.functions import check_gradients
from tracer.checking.gradients import check_step
from tracer.testing.assertions import assert_gradients, assert_op_gradients
from tracer.views.checks import report

if TYPE_CHECKING:
    from tracer.testing.random_programs import Program, programs
    from tracer.testing.strategies import arrays, broadcastable_arrays, numbers, shapes

__all__ = [
    "Check", "Comparison", "Difference", "Fault", "Program", "arrays", "assert_gradients", "assert_op_gradients",
    "broadcastable_arrays", "check_gradients", "check_step", "numbers", "programs", "report", "shapes",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """The strategies, loaded when they are asked for: Hypothesis takes a while, and may be absent."""
    if name in ("Program", "programs"):
        from tracer.testing import random_programs as module
    elif name in ("arrays", "broadcastable_arrays", "numbers", "shapes"):
        from tracer.testing import strategies as module  # type: ignore[no-redef]
    else:
        raise AttributeError(f"module 'tracer.testing' has no attribute {name!r}")
    return getattr(module, name)
