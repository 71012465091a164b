"""Where two runs part, told for a person and as plain data."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from tracer.graph import Literal, Step, Trace
from tracer.parting import Parting
from tracer.views.notation import Labels, counted, element_text, measured_text, node_number, number_text

Apart = Mapping[str, tuple[Any, Any]]


def parting_lines(one: Trace, other: Trace, settings: Apart, found: Parting | None, digits: int) -> Iterator[str]:
    """What two runs were set to differently, and the first place where they part."""
    for name, (mine, theirs) in settings.items():
        yield f"{name}: {_setting(mine)} and {_setting(theirs)}"
    if found is None:
        same = f"the same in all {counted(len(one.steps), 'step')}: structure, values, metrics"
        yield f"{same}, but for the settings above" if settings else same
        return
    if found.what == "steps":
        yield f"the same in {counted(found.step, 'step')}; one has {found.ours}, the other {found.theirs}"
        return
    steps = [trace.step(found.step) for trace in (one, other)]
    yield _where(found, steps)
    if found.what == "value" and found.index is not None:
        element = element_text(Labels(steps[0].nodes)[found.node or 0], found.index)
        yield f"-  {element} = {_number(found.ours, digits)}"
        yield f"+  {element} = {_number(found.theirs, digits)}"
        some = f"{found.elements} of {counted(found.count, 'element')} differ" if found.count > 1 else "they differ"
        far = f"{', by up to' if found.count > 1 else ' by'} {number_text(found.largest, digits)}" if found.largest > 0 else ""
        yield some + far
    else:
        yield f"-  {found.what}: {_said(found.ours)}"
        yield f"+  {found.what}: {_said(found.theirs)}"
    for title, step in zip(("-", "+"), steps):
        if found.node is not None and found.node < len(step.nodes):
            node = step.nodes[found.node]
            source = f"  {node.source}" if node.source else ""
            yield f"{title}  {node_number(step, node.id)} {Labels(step.nodes).equation(node)}{source}"
    losses = [f"{number_text(trace.steps[-1].loss, digits)} after {counted(len(trace.steps), 'step')}" for trace in (one, other)]
    yield f"loss at the end: {losses[0]}, and {losses[1]}"


def reserve_lines(one: Trace, other: Trace, tolerance: float, without_values: int) -> Iterator[str]:
    """What a verdict does not say: how closely values were compared, and what there was not to compare."""
    if tolerance:
        yield f"values were compared to {number_text(tolerance)} of their size"
    if without_values:
        yield f"in {counted(without_values, 'step')} only statistics could be compared: a file keeps no more of them"
    for which, trace in (("first", one), ("second", other)):
        if trace.unfinished:
            yield f"the record of the {which} ends early: {trace.unfinished}"


def parting_data(one: Trace, other: Trace, settings: Apart, found: Parting | None) -> dict[str, Any]:
    """The same as plain data."""
    data: dict[str, Any] = {
        "same": found is None,
        "settings": {name: list(pair) for name, pair in settings.items()},
        "steps": [len(one.steps), len(other.steps)],
    }
    if found is not None:
        fields = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
        data["parting"] = {name: _plain(value) for name, value in fields.items()}
        if found.node is not None:
            step = one.step(found.step)
            data["parting"]["label"] = Labels(step.nodes)[found.node] if found.node < len(step.nodes) else None
    return data


def _where(found: Parting, steps: list[Step]) -> str:
    if found.node is None or found.node >= len(steps[0].nodes):
        return f"they part in step {found.step}: {found.what}"
    node = f"{node_number(steps[0], found.node)} {Labels(steps[0].nodes)[found.node]}"
    return f"they part in step {found.step} at node {node}: {found.what}"


def _setting(value: Any) -> str:
    return "none" if value is None else measured_text(value) if isinstance(value, float) else str(value)


def _number(value: Any, digits: int) -> str:
    return str(value) if isinstance(value, complex) else repr(value) if isinstance(value, float) else number_text(value, digits)


def _said(value: Any) -> str:
    text = str(_plain(value))
    return text if len(text) <= 160 else f"{text[:157]}..."


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, (type, Literal)):
        return dataclasses.asdict(value)
    if isinstance(value, tuple):
        return [each.value if isinstance(each, Literal) else each for each in value]
    return value
