"""The Trace of a recorded PyTorch program."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from tracer.graph.record import Step, Trace


def trace_of(steps: Sequence[Step], title: str) -> Trace:
    """The trace of these steps."""
    first = steps[0] if steps else None
    dtype = next((node.dtype for node in first.parameters), "float32") if first is not None else "float32"
    return Trace(
        title or "torch",
        "",
        torch.initial_seed() % 2**63,
        dtype,
        {"steps": len(steps)},
        {"torch": torch.__version__},
        tuple(steps),
        tuple(dict(step.metrics) for step in steps),
    )
