"""Runs a scenario: `Training` yields one step at a time, `run` returns a trace of all steps."""

from tracer.analysis.provenance import versions
from tracer.training.runner import Training, run

__all__ = ["Training", "run", "versions"]
