"""Reports the first difference between two runs, as text or plain data."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from tracer.analysis.diff import NotCompared, TraceDifference
from tracer.analysis.replicas import RANK, ReplicaComparison
from tracer.graph.record import Literal, Step, Trace
from tracer.i18n.language import ENGLISH, Language
from tracer.i18n.message import Message
from tracer.views.notation import Labels, metric_text, node_number, number_text, reasons_text

SettingDifferences = Mapping[str, tuple[Any, Any]]
"""The values of settings that differ between two runs, by name."""


def diff_lines(
    one: Trace, other: Trace, settings: SettingDifferences, found: TraceDifference | None, digits: int, tell: Language = ENGLISH
) -> Iterator[str]:
    """The settings that differ between two runs, and the first difference in their records."""
    for name, (mine, theirs) in settings.items():
        yield tell("{name}: {one} and {other}", name=name, one=_setting(mine, tell), other=_setting(theirs, tell))
    if found is None:
        same = tell("the same in all {steps}: structure, values, metrics", steps=tell.count(len(one.steps), "step"))
        yield same + tell(", but for the settings above") if settings else same
        return
    if found.what == "steps":
        ours, theirs = _steps(found.ours, tell), _steps(found.theirs, tell)
        same = tell.count(found.step, "step")
        yield tell("the same in {steps}; one has {one}, the other {other}", steps=same, one=ours, other=theirs)
        return
    steps = [trace.step(found.step) for trace in (one, other)]
    yield _where(found, steps, tell)
    if found.what == "value" and found.index is not None:
        element = Labels(steps[0].nodes).element(found.node or 0, found.index)
        yield f"-  {element} = {_number(found.ours, digits)}"
        yield f"+  {element} = {_number(found.theirs, digits)}"
        yield _extent(found, digits, tell)
    else:
        what = tell.part(found.what)
        yield f"-  {what}: {_clipped(found.ours)}"
        yield f"+  {what}: {_clipped(found.theirs)}"
    for title, step in zip(("-", "+"), steps):
        if found.node is not None and found.node < len(step.nodes):
            node = step.nodes[found.node]
            source = f"  {node.source}" if node.source else ""
            yield f"{title}  {node_number(step, node.id)} {Labels(step.nodes).equation(node)}{source}"
    losses = [
        tell("{loss} after {steps}", loss=number_text(trace.steps[-1].loss, digits), steps=tell.count(len(trace.steps), "step"))
        for trace in (one, other)
    ]
    yield tell("loss at the end: {one}, and {other}", one=losses[0], other=losses[1])


def replica_lines(one: Trace, other: Trace, compared: ReplicaComparison, digits: int, tell: Language = ENGLISH) -> Iterator[str]:
    """The first operation at which two ranks of a training part, and how much was compared."""
    ranks = [trace.hyperparameters.get(RANK) for trace in (one, other)]
    if compared.found is None:
        steps = tell.count(len(one.steps), "step")
        yield tell("ranks {one} and {other} agree in all {steps}", one=ranks[0], other=ranks[1], steps=steps)
    else:
        yield tell("ranks {one} and {other} part:", one=ranks[0], other=ranks[1])
        yield from diff_lines(one, other, {}, compared.found, digits, tell)
    yield tell(
        "compared {compared} values that ought to agree; {others} others, such as data and local gradients, were not",
        compared=f"{compared.compared:,}",
        others=f"{compared.passed_over:,}",
    )


def caveat_lines(
    one: Trace, other: Trace, tolerance: float, without_values: NotCompared, tell: Language = ENGLISH
) -> Iterator[str]:
    """The caveats of a comparison: its tolerance, and what could not be compared."""
    if tolerance:
        yield tell("values were compared to {share} of their size", share=number_text(tolerance))
    if without_values.steps:
        yield tell(
            "in {steps} only statistics could be compared of some values: a file keeps no more of them ({reason})",
            steps=tell.count(without_values.steps, "step"),
            reason=reasons_text(without_values.reasons, tell),
        )
    if one.unfinished:
        yield tell("the record of the first ends early: {reason}", reason=tell.message(one.unfinished))
    if other.unfinished:
        yield tell("the record of the second ends early: {reason}", reason=tell.message(other.unfinished))


def diff_data(one: Trace, other: Trace, settings: SettingDifferences, found: TraceDifference | None) -> dict[str, Any]:
    """The comparison as plain data."""
    data: dict[str, Any] = {
        "same": found is None,
        "settings": {name: list(pair) for name, pair in settings.items()},
        "steps": [len(one.steps), len(other.steps)],
    }
    if found is not None:
        fields = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
        data["parting"] = {name: _unwrapped(value) for name, value in fields.items()}
        if found.node is not None:
            step = one.step(found.step)
            data["parting"]["label"] = Labels(step.nodes)[found.node] if found.node < len(step.nodes) else None
    return data


def _where(found: TraceDifference, steps: list[Step], tell: Language) -> str:
    what = tell.part(found.what)
    if found.node is None or found.node >= len(steps[0].nodes):
        return tell("they part in step {step}: {what}", step=found.step, what=what)
    node = f"{node_number(steps[0], found.node)} {Labels(steps[0].nodes)[found.node]}"
    return tell("they part in step {step} at node {node}: {what}", step=found.step, node=node, what=what)


def _extent(found: TraceDifference, digits: int, tell: Language) -> str:
    """How many elements differ, and the largest difference if it is a number."""
    largest = number_text(found.largest, digits) if found.largest > 0 else ""
    if found.count <= 1:
        return tell("they differ by {largest}", largest=largest) if largest else tell("they differ")
    elements = tell.count(found.count, "element")
    if largest:
        return tell("{count} of {elements} differ, by up to {largest}", count=found.elements, elements=elements, largest=largest)
    return tell("{count} of {elements} differ", count=found.elements, elements=elements)


def _setting(value: Any, tell: Language) -> str:
    return tell("none") if value is None else metric_text(value) if isinstance(value, float) else str(value)


def _number(value: Any, digits: int) -> str:
    return str(value) if isinstance(value, complex) else repr(value) if isinstance(value, float) else number_text(value, digits)


def _steps(value: int | Message, tell: Language) -> str:
    """A number of steps, or a message."""
    return tell.message(value) if isinstance(value, Message) else str(value)


def _clipped(value: Any) -> str:
    text = str(_unwrapped(value))
    return text if len(text) <= 160 else f"{text[:157]}..."


def _unwrapped(value: Any) -> Any:
    if isinstance(value, Message):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, (type, Literal)):
        return dataclasses.asdict(value)
    if isinstance(value, tuple):
        return [each.value if isinstance(each, Literal) else each for each in value]
    return value
