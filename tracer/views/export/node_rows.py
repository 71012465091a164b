"""The nodes of steps as JSON. What steps of the same structure share is written once, with a gap for every number."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracer.graph.missing import StoredValue
from tracer.graph.plain_values import json_numbers, json_text
from tracer.graph.record import Step
from tracer.graph.structures.shared import PerStructure, contents_of
from tracer.graph.structures.stacked import MAX_NODES, Statistics, statistics_of
from tracer.graph.summary import Summary
from tracer.views.node_data import description, missing_data
from tracer.views.notation import MAX_FULL_SIZE, Labels, number_in

_GAP = "%s"


@dataclass(frozen=True, slots=True)
class _Template:
    """The text of a node in any step, with gaps for the step and the statistics; its value, empty if it is not shown."""

    label: str
    described: str
    value: str


class NodeRows:
    """Writes the nodes of steps as JSON objects without the brace that opens them."""

    def __init__(self, *, in_full: bool) -> None:
        self._in_full = in_full
        self._templates = PerStructure(self._templates_of)
        self._missing: dict[Any, str] = {}

    def labels(self, step: Step) -> list[str]:
        """The labels of the nodes of a step."""
        return [template.label for template in self._templates.of(step)]

    def of(self, steps: Sequence[Step]) -> Iterator[tuple[Step, list[str]]]:
        """Each step with the text of each of its nodes."""
        for together in _batches(steps):
            statistics = statistics_of(together).rows()
            end = 0
            for step in together:
                start, end = end, end + len(step.nodes)
                yield step, self._texts(step, contents_of(step), statistics[start:end])

    def _texts(self, step: Step, contents: Sequence[np.ndarray | StoredValue], statistics: Sequence[Statistics]) -> list[str]:
        numbers: list[Any] = []
        rows: list[str] = []  # the text of each node, with gaps for the numbers
        for template, content, row in zip(self._templates.of(step), contents, statistics, strict=True):
            text = template.described
            numbers.append(step.index)
            numbers += row
            if not isinstance(content, np.ndarray) and not content.is_kept:
                text += self._missing_text(content)
            elif template.value:
                text += template.value
                numbers += (content if isinstance(content, np.ndarray) else content.load()).ravel().tolist()
            rows.append(text)
        return (("}\n".join(rows) + "}") % tuple(json_numbers(numbers))).split("\n")

    def _missing_text(self, content: StoredValue) -> str:
        reason = content.why_missing
        assert reason is not None
        if reason not in self._missing:
            self._missing[reason] = f", {_without_gaps(json_text(missing_data(reason))[1:-1])}"
        return self._missing[reason]

    def _templates_of(self, step: Step) -> list[_Template]:
        labels = Labels(step.nodes)
        statistics = ", ".join(f"{json_text(name)}: {_GAP}" for name in Summary(0).as_dict())
        templates = []
        for node in step.nodes:
            number = number_in(step.index, node.id, len(step.nodes)).partition(":")[2]
            described = _without_gaps(json_text(description(node, labels))[1:-1])
            start = f'"id": {node.id}, "number": "{_GAP}:{number}"'
            is_shown = self._in_full or node.size <= MAX_FULL_SIZE
            value = f', "value": {_gaps(node.shape)}' if is_shown else ""
            templates.append(_Template(labels[node.id], f'{start}, {described}, "statistics": {{{statistics}}}', value))
        return templates


def _batches(steps: Sequence[Step]) -> Iterator[list[Step]]:
    together: list[Step] = []
    for step in steps:
        together.append(step)
        if sum(len(each.nodes) for each in together) >= MAX_NODES:
            yield together
            together = []
    yield together


def _without_gaps(text: str) -> str:
    """A text that stays as it is when the gaps of the text around it are filled."""
    return text.replace("%", "%%")


def _gaps(shape: tuple[int, ...]) -> str:
    """An array of gaps in nested brackets."""
    if not math.prod(shape):
        return json_text(np.zeros(shape))
    if not shape:
        return _GAP
    return f"[{', '.join([_gaps(shape[1:])] * shape[0])}]"
