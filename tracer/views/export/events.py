"""A trace as JSON events: a head, an event per step and node, an end with the number of events.

Non-finite numbers, which JSON lacks, are strings: "nan", "inf", "-inf".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tracer.graph.plain_values import json_text
from tracer.graph.record import Step, Trace
from tracer.views.node_data import node_data
from tracer.views.notation import Labels
from tracer.views.selection import EVERYTHING, Selection


def events(trace: Trace, selection: Selection = EVERYTHING, *, in_full: bool = False) -> Iterator[dict[str, Any]]:
    """The events of a trace in the order of the run. Only small values are included, or all with `in_full`."""
    yield head_event(trace)
    count = 1
    for step in trace.steps:
        for event in step_events(step, selection, in_full=in_full):
            count += 1
            yield event
    yield {"event": "end", "steps": len(trace.steps), "events": count + 1} | ending_of(trace)


def json_lines(trace: Trace, selection: Selection = EVERYTHING, *, in_full: bool = False) -> Iterator[str]:
    """The events as JSON Lines."""
    return (json_text(event) + "\n" for event in events(trace, selection, in_full=in_full))


def json_document(trace: Trace, *, in_full: bool = False) -> Iterator[str]:
    """The trace as one JSON document, in chunks: the head, with a list of steps and their nodes."""
    head = head_event(trace) | ending_of(trace)
    del head["event"]
    yield json_text(head)[:-1] + ', "steps": ['
    for number, step in enumerate(trace.steps):
        first, *nodes = step_events(step, EVERYTHING, in_full=in_full)
        for event in (first, *nodes):
            del event["event"]
        for node in nodes:
            del node["step"]
        yield (",\n" if number else "\n") + json_text(first | {"nodes": nodes})
    yield "\n]}\n"


def step_events(step: Step, selection: Selection = EVERYTHING, *, in_full: bool = False) -> Iterator[dict[str, Any]]:
    """The event of a step, then those of its nodes."""
    labels = Labels(step.nodes)
    yield {
        "event": "step",
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
    for node in step.nodes:
        if selection.shows(step, node, labels[node.id]):
            yield {"event": "node", "step": step.index} | node_data(step, node, labels, in_full=in_full)


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
