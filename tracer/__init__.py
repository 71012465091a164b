"""tracer shows a training step: forward, loss, every backward operation and the update, with values and source lines.

    trace = tracer.run(tracer.load("fruit"), steps=3)
    trace.steps[0].gradient("W1")
    tracer.save(trace, "fruit.sqlite")
    tracer.open("fruit.sqlite").steps[2].loss

Names are imported on first access: `tracer --help` needs no NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tracer.version import VERSION

if TYPE_CHECKING:
    from tracer import data as data
    from tracer import graph as graph
    from tracer import nn as nn
    from tracer import ops as ops
    from tracer import testing as testing
    from tracer.errors import RecordingError, ScenarioError, TraceFileError, TracerError, UsageError
    from tracer.graph.record import Literal, Node, Phase, Source, Step, Trace
    from tracer.graph.validation import validate
    from tracer.nn.optimizers import SGD, Adagrad, Adam, AdamW, KerasAdam, RMSProp
    from tracer.nn.optimizers.clipping import ClipNorm, ClipValue
    from tracer.ops.base import Op
    from tracer.programs.loops.run import Run, record
    from tracer.recording.function import trace
    from tracer.recording.tensor import Tensor
    from tracer.store import open, save
    from tracer.training import run
    from tracer.training.callbacks import Checkpoint, EarlyStopping
    from tracer.training.loading import load
    from tracer.training.report import Report
    from tracer.training.scenario import Scenario

__version__ = VERSION

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Checkpoint",
    "ClipNorm",
    "ClipValue",
    "EarlyStopping",
    "KerasAdam",
    "Literal",
    "Node",
    "Op",
    "Phase",
    "RMSProp",
    "RecordingError",
    "Report",
    "Run",
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
    "record",
    "run",
    "save",
    "trace",
    "validate",
]

_HOMES = {
    "errors": ("RecordingError", "ScenarioError", "TraceFileError", "TracerError", "UsageError"),
    "graph.record": ("Literal", "Node", "Phase", "Source", "Step", "Trace"),
    "graph.validation": ("validate",),
    "nn.optimizers": ("SGD", "Adagrad", "Adam", "AdamW", "KerasAdam", "RMSProp"),
    "nn.optimizers.clipping": ("ClipNorm", "ClipValue"),
    "ops": ("Op",),
    "programs.loops.run": ("Run", "record"),
    "recording.function": ("trace",),
    "recording.tensor": ("Tensor",),
    "store": ("open", "save"),
    "training": ("run",),
    "training.callbacks": ("Checkpoint", "EarlyStopping"),
    "training.loading": ("load",),
    "training.report": ("Report",),
    "training.scenario": ("Scenario",),
}
"""The module of every name."""

_PACKAGES = ("data", "graph", "nn", "ops", "testing")
"""The packages that users import from."""


if not TYPE_CHECKING:  # a wrong name is an error for type checkers

    def __getattr__(name: str) -> Any:
        """Import a name of `__all__`, or a module of the package, on first access."""
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
        from tracer.errors import close_names

        raise AttributeError(f"module 'tracer' has no attribute {name!r}{close_names(name, [*__all__, *_PACKAGES])}")


def load_ipython_extension(shell: Any) -> None:
    """Called by `%load_ext tracer` in a notebook: makes the cell magic `%%trace` available."""
    importlib.import_module("tracer.notebook").load_extension(shell)


def __dir__() -> list[str]:
    return sorted(__all__)
