"""What a recorded program trains: its loss, its parameters, its steps and its optimizer."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.graph.record import Step, Trace
from tracer.i18n.language import ENGLISH, Language
from tracer.views.aligned_text import table
from tracer.views.notation import number_text, shape_text

LEFT_OUT = ("optimizer", "steps", "rank", "ranks")
"""Names of settings of a run that are none of the optimizer."""

MANY = 12
"""So many parameters are named."""


def recorded_lines(trace: Trace, program: str, tell: Language = ENGLISH) -> Iterator[str]:
    """A line each for the loss, the parameters, the steps and the optimizer of a trace with steps; `program` is the main file."""
    first = trace.steps[0]
    loss = first.nodes[first.loss_id]
    place = loss.source
    text = loss.name or "-"
    if place is not None:
        lines = place.line if place.file == program else place
        text = tell("{name}, {lines}", name=text, lines=tell("line {line}", line=lines))
    rows = [
        (tell("loss"), text),
        (tell("parameters"), _parameters_text(first)),
        (tell("steps"), tell.count(len(trace.steps), "step")),
    ]
    optimizer = trace.hyperparameters.get("optimizer")
    if isinstance(optimizer, str):
        settings = {name: value for name, value in trace.hyperparameters.items() if name not in LEFT_OUT}
        rows.append((tell("optimizer"), ", ".join([optimizer, *(f"{name}={_text(value)}" for name, value in settings.items())])))
    yield from table(rows)


def _parameters_text(step: Step) -> str:
    """The updated parameters with their shapes."""
    updated = [node for node in step.parameters if node.id in step.updates] or list(step.parameters)
    names = [f"{node.name} {shape_text(node.shape)}" for node in updated]
    return ", ".join(names if len(names) <= MANY else [*names[: MANY - 1], "...", names[-1]])


def _text(value: object) -> str:
    return number_text(value) if isinstance(value, float) else str(value)
