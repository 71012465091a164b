"""tracer shows a training step: forward, loss, every backward operation and the update, with values and source lines.

    trace = tracer.run(tracer.load("fruit"), steps=3)
    trace.steps[0].gradient("W1")
    tracer.save(trace, "fruit.sqlite")
    tracer.open("fruit.sqlite").steps[2].loss

What stands here is read when it is asked for: `tracer --help` needs no NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracer.errors import RecordingError, ScenarioError, TraceFileError, TracerError, UsageError
    from tracer.functions import trace
    from tracer.graph import Literal, Node, Phase, Source, Step, Trace, validate
    from tracer.loading import load
    from tracer.monitoring import Checkpoint, EarlyStopping
    from tracer.op import Op
    from tracer.optimizers import SGD, Adam, KerasAdam
    from tracer.report import Report
    from tracer.scenario import Scenario
    from tracer.store import open, save
    from tracer.tensor import Tensor
    from tracer.training import run

__all__ = [
    "SGD",
    "Adam",
    "Checkpoint",
    "EarlyStopping",
    "KerasAdam",
    "Literal",
    "Node",
    "Op",
    "Phase",
    "RecordingError",
    "Report",
    "Scenario",
    "ScenarioError",
    "Source",
    "Step",
    "Tensor",
    "Trace",
    "TraceFileError",
    "TracerError",
    "UsageError",
    "load",
    "open",
    "run",
    "save",
    "trace",
    "validate",
]

_HOMES = {
    "errors": ("RecordingError", "ScenarioError", "TraceFileError", "TracerError", "UsageError"),
    "functions": ("trace",),
    "graph": ("Literal", "Node", "Phase", "Source", "Step", "Trace", "validate"),
    "loading": ("load",),
    "monitoring": ("Checkpoint", "EarlyStopping"),
    "op": ("Op",),
    "optimizers": ("SGD", "Adam", "KerasAdam"),
    "report": ("Report",),
    "scenario": ("Scenario",),
    "store": ("open", "save"),
    "tensor": ("Tensor",),
    "training": ("run",),
}
"""The module of every name."""


def __getattr__(name: str) -> Any:
    """A name that nobody asked for so far: one of `__all__`, or a module of the package."""
    for module, names in _HOMES.items():
        if name in names:
            found = globals()[name] = getattr(importlib.import_module(f"tracer.{module}"), name)
            return found
    if not name.startswith("_"):
        try:
            return importlib.import_module(f"tracer.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"tracer.{name}":
                raise  # a module that is there needs one that is not
    raise AttributeError(f"module 'tracer' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
