"""What every example of the gallery has to do."""

from __future__ import annotations

from pathlib import Path

import tracer
from support.cli import run
from tracer.training.bundled.examples import Example


def assert_learns_with_right_gradients(example: Example) -> None:
    """Trace an example in the current folder: its loss falls by a fifth at least, and its gradients are right."""
    assert run("trace", "--example", example.name, "-q", "--format", "log") == 0
    trace = tracer.open(Path("output") / example.path.stem / "trace.sqlite")
    assert trace.steps[-1].loss < 0.8 * trace.steps[0].loss
    assert run("check", str(example.path)) == 0
