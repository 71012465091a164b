"""A step that was recorded without a run, such as that of `tracer.trace`, as a Trace."""

from __future__ import annotations

from dataclasses import replace

from tracer.graph.record import EMPTY, Step, Trace

UNNAMED = "step"
"""The name of the trace of a step that is of no run."""


def trace_of_step(step: Step) -> Trace:
    """A record of one step, without a scenario, a seed or settings."""
    metrics = {"step": step.index, "loss": step.loss, **step.metrics}
    step = replace(step, metrics=metrics)
    return Trace(UNNAMED, "", None, step.nodes[step.loss_id].dtype, EMPTY, EMPTY, (step,), (metrics,))
