"""Running a scenario: `Training` goes step by step, `run` keeps every step."""

from tracer.training.runner import Training, run, versions

__all__ = ["Training", "run", "versions"]
