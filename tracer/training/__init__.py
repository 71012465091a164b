"""Runs a scenario: `Training` yields one step at a time, `run` returns a trace of all steps.

Names are imported on first access: commands that only read a file need no training.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracer.data.provenance import versions
    from tracer.training.runner import Training, run

__all__ = ["Training", "run", "versions"]

_HOMES = {"Training": "tracer.training.runner", "run": "tracer.training.runner", "versions": "tracer.data.provenance"}


def __getattr__(name: str) -> Any:
    """Import a name of `__all__` on first access."""
    if name not in _HOMES:
        raise AttributeError(f"module 'tracer.training' has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
    return found
