"""A trace as JSON events: a head, an event per step and node, an end with the number of events.

Non-finite numbers, which JSON lacks, are strings: "nan", "inf", "-inf".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tracer.graph.plain_values import json_text
from tracer.graph.record import Step, Trace
from tracer.views.export.node_rows import NodeRows
from tracer.views.selection import EVERYTHING, Selection


def json_lines(trace: Trace, selection: Selection = EVERYTHING, *, in_full: bool = False) -> Iterator[str]:
    """The events of a trace in the order of the run, as JSON Lines. Only small values are included, or all with `in_full`."""
    yield json_text(head_event(trace)) + "\n"
    count = 1
    nodes = NodeRows(in_full=in_full)
    for step, rows in nodes.of(trace.steps):
        start = json_text({"event": "node", "step": step.index})[:-1] + ", "
        yield json_text({"event": "step"} | step_data(step)) + "\n"
        shown = rows if selection.has_metrics else _selected(rows, step, nodes.labels(step), selection)
        yield from (start + row + "\n" for row in shown)
        count += 1 + len(shown)
    yield json_text({"event": "end", "steps": len(trace.steps), "events": count + 1} | ending_of(trace)) + "\n"


def json_document(trace: Trace, *, in_full: bool = False) -> Iterator[str]:
    """The trace as one JSON document, in chunks: the head, with a list of steps and their nodes."""
    head = head_event(trace) | ending_of(trace)
    del head["event"]
    yield json_text(head)[:-1] + ', "steps": ['
    for number, (step, rows) in enumerate(NodeRows(in_full=in_full).of(trace.steps)):
        yield (",\n" if number else "\n") + json_text(step_data(step))[:-1] + ', "nodes": ['
        yield ", ".join("{" + row for row in rows) + "]}"
    yield "\n]}\n"


def step_data(step: Step) -> dict[str, Any]:
    """A step without its nodes."""
    return {
        "step": step.index,
        "loss": step.loss,
        "metrics": dict(step.metrics),
        "loss_id": step.loss_id,
        "gradients": _by_text(step.gradients),
        **({"losses": {str(id): _by_text(each) for id, each in step.losses.items()}} if step.losses else {}),
        **({"own_gradients": _by_text(step.own_gradients)} if step.own_gradients else {}),
        "updates": _by_text(step.updates),
        **({"marks": {str(id): mark for id, mark in step.marks.items()}} if step.marks else {}),
    }


def _selected(rows: list[str], step: Step, labels: list[str], selection: Selection) -> list[str]:
    return [row for row, node, label in zip(rows, step.nodes, labels, strict=True) if selection.shows(step, node, label)]


def head_event(trace: Trace) -> dict[str, Any]:
    """The event that describes the run."""
    return {
        "event": "head",
        "scenario": trace.scenario,
        "title": trace.title,
        "seed": trace.seed,
        "dtype": trace.dtype,
        "hyperparameters": dict(trace.hyperparameters),
        "versions": dict(trace.versions),
    }


def ending_of(trace: Trace) -> dict[str, str]:
    """Why the run ended early; empty if it did not."""
    known = {"stopped": trace.stopped, "unfinished": trace.unfinished}
    return {name: str(why) for name, why in known.items() if why is not None}


def _by_text(pairs: Mapping[int, int]) -> dict[str, int]:
    """Pairs of ids with keys as JSON has them."""
    return {str(of): by for of, by in pairs.items()}
