"""The Trace of a recorded program."""

from __future__ import annotations

import ast
from dataclasses import replace

import numpy as np

from tracer.data.provenance import source_text, versions
from tracer.graph.record import Trace
from tracer.programs.steps.building import steps_of
from tracer.programs.steps.parts import StepTape
from tracer.programs.steps.training import FoundTraining
from tracer.store.fingerprint import fingerprint


def head_of(training: FoundTraining) -> Trace:
    """The trace of a program without its steps."""
    record = training.record
    source = source_text(record.path)
    return Trace(
        scenario=record.path.stem,
        title=title_of(source),
        seed=None,
        dtype=str(np.asarray(record.values[training.steps[0].loss]).dtype),
        hyperparameters={"steps": len(training.steps), "loss": training.loss_name},
        versions=versions(),
        source=source,
        arithmetic=fingerprint(),
    )


def trace_of(training: FoundTraining) -> Trace:
    """The trace of a program, with all of its steps."""
    steps = tuple(steps_of(StepTape(training)))
    return replace(head_of(training), steps=steps, metrics=tuple(dict(step.metrics) for step in steps))


def title_of(source: str) -> str:
    """The first line of the text that describes a program."""
    try:
        text = ast.get_docstring(ast.parse(source)) or ""
    except (SyntaxError, ValueError):
        return ""
    return text.strip().partition("\n")[0]
