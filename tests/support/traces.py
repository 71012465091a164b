"""Traces of the bundled scenarios, recorded once per session."""

from __future__ import annotations

import functools

import tracer


@functools.cache
def recorded(name: str, steps: int | None = None) -> tracer.Trace:
    """The trace of a scenario with its default settings; None runs all steps.

    A Trace is immutable, so tests can share it.
    """
    return tracer.run(tracer.load(name), steps=steps)


def first_step(name: str) -> tracer.Step:
    """The first training step of a scenario."""
    return recorded(name, 1).steps[0]
