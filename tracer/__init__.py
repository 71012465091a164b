"""tracer shows a training step: forward, loss, every backward operation and the update, with values and source lines.

    trace = tracer.run(tracer.load("fruit"), steps=3)
    trace.steps[0].gradient("W1")
"""

from tracer.errors import RecordingError, ScenarioError, TracerError, UsageError
from tracer.functions import trace
from tracer.graph import Literal, Node, Phase, Source, Step, Trace, validate
from tracer.op import Op
from tracer.optimizers import SGD, Adam
from tracer.scenario import Scenario, load
from tracer.tensor import Tensor
from tracer.training import run

__all__ = [
    "SGD",
    "Adam",
    "Literal",
    "Node",
    "Op",
    "Phase",
    "RecordingError",
    "Scenario",
    "ScenarioError",
    "Source",
    "Step",
    "Tensor",
    "Trace",
    "TracerError",
    "UsageError",
    "load",
    "run",
    "trace",
    "validate",
]
