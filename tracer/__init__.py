"""tracer shows a training step: forward, loss, every backward operation and the update, with values and source lines.

    trace = tracer.run(tracer.load("fruit"), steps=3)
    trace.steps[0].gradient("W1")
    tracer.save(trace, "fruit.sqlite")
    tracer.open("fruit.sqlite").steps[2].loss
"""

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
