"""For tests: whether gradients are right, of a function, of an operation, of whole random programs.

`check_gradients` returns what was found, and `report` tells it in words; `assert_gradients` and `assert_op_gradients` raise an
AssertionError. `arrays`, `broadcastable_arrays` and `programs` are Hypothesis strategies; they need `hypothesis`, the rest
does not.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tracer.checking.function import check_gradients
from tracer.checking.gradients import check_step
from tracer.checking.results import Check, Comparison, Difference, Fault
from tracer.testing.assertions import assert_gradients, assert_op_gradients, hypothesis_or_say_so
from tracer.views.text.check import report

if TYPE_CHECKING:
    from tracer.testing.random_programs import Program, programs
    from tracer.testing.strategies import arrays, broadcastable_arrays, numbers, shapes

__all__ = [
    "Check", "Comparison", "Difference", "Fault", "Program", "arrays", "assert_gradients", "assert_op_gradients",
    "broadcastable_arrays", "check_gradients", "check_step", "numbers", "programs", "report", "shapes",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """The strategies, loaded when they are asked for: Hypothesis takes a while, and may be absent."""
    homes = {"Program": "random_programs", "programs": "random_programs"}
    homes |= dict.fromkeys(("arrays", "broadcastable_arrays", "numbers", "shapes"), "strategies")
    if name not in homes:
        raise AttributeError(f"module 'tracer.testing' has no attribute {name!r}")
    hypothesis_or_say_so()
    return getattr(importlib.import_module(f"tracer.testing.{homes[name]}"), name)
