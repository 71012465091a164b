"""Gradient checks for tests: of functions, of operations, of programs with gradients by hand, and of random programs.

`check_gradients` returns a `Check`, which `report` formats as text; `assert_gradients`, `assert_op_gradients` and
`assert_backprop` raise an AssertionError. `arrays`, `broadcastable_arrays`, `numbers`, `shapes` and `programs` are Hypothesis
strategies; only they, and assertions that draw examples, need `hypothesis`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tracer.checking.function import check_gradients
from tracer.checking.gradients import check_step
from tracer.checking.results import Check, Comparison, Difference, Fault
from tracer.errors import close_names
from tracer.testing.assertions import assert_gradients, assert_op_gradients, require_hypothesis
from tracer.testing.backprop import assert_backprop
from tracer.views.text.check import report

if TYPE_CHECKING:
    from tracer.testing.random_programs import Program, programs
    from tracer.testing.strategies import arrays, broadcastable_arrays, numbers, shapes

__all__ = [
    "Check", "Comparison", "Difference", "Fault", "Program", "arrays", "assert_backprop", "assert_gradients",
    "assert_op_gradients", "broadcastable_arrays", "check_gradients", "check_step", "numbers", "programs", "report", "shapes",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import the strategies on first use: Hypothesis is slow to import, and may not be installed."""
    modules = {"Program": "random_programs", "programs": "random_programs"}
    modules |= dict.fromkeys(("arrays", "broadcastable_arrays", "numbers", "shapes"), "strategies")
    if name not in modules:
        raise AttributeError(f"module 'tracer.testing' has no attribute {name!r}{close_names(name, __all__)}")
    require_hypothesis()
    return getattr(importlib.import_module(f"tracer.testing.{modules[name]}"), name)
