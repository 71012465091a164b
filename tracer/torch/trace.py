"""The Trace of a recorded PyTorch program."""

from __future__ import annotations

import inspect
import platform
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from tracer.graph.record import Step, Trace
from tracer.torch.computing import fingerprint

HOW_IT_IS_COMPUTED = frozenset({"foreach", "fused", "capturable", "differentiable", "maximize", "decoupled_weight_decay"})
"""Settings of optimizers that the heading leaves out: the operations show them."""


def trace_of(
    steps: Sequence[Step], title: str, settings: Mapping[str, Any], planned: int | None = None, sample: Step | None = None
) -> Trace:
    """The trace of these steps, with the settings of the optimizer. `sample` is a step of a trace whose steps are to come."""
    first = steps[0] if steps else sample
    dtype = next((node.dtype for node in first.parameters), "float32") if first is not None else "float32"
    return Trace(
        title or "torch",
        "",
        torch.initial_seed() % 2**63,
        dtype,
        {"steps": len(steps) or planned, **settings} if steps or planned else dict(settings),
        {"torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version()},
        tuple(steps),
        tuple(dict(step.metrics) for step in steps),
        arithmetic=fingerprint(),
    )


def name_of(optimizer: Any) -> str:
    """The name of the class of an optimizer."""
    return str(getattr(optimizer, "class_name", type(optimizer).__name__))


def settings_of(optimizer: Any) -> dict[str, Any]:
    """The name of an optimizer and the settings of its first group that differ from the defaults of its class; and the rate."""
    if not isinstance(optimizer, torch.optim.Optimizer):
        return dict(optimizer.settings)
    usual = {name: each.default for name, each in inspect.signature(type(optimizer).__init__).parameters.items()}
    found: dict[str, Any] = {"optimizer": type(optimizer).__name__}
    group = optimizer.param_groups[0] if optimizer.param_groups else {}
    for name, value in group.items():
        value = value.item() if isinstance(value, torch.Tensor) and value.numel() == 1 else value
        if name in HOW_IT_IS_COMPUTED or not isinstance(value, (bool, int, float, tuple)):
            continue
        if name == "lr" or (name in usual and value != usual[name]):
            found[name] = value
    return found
