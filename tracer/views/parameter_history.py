"""Parameter history over a run: all elements of small parameters; minimum, mean and maximum of large ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tracer.graph.record import Node, Step, Trace
from tracer.views.notation import index_text

MAX_LINES = 8
"""Maximum size of a parameter that has a line per element."""

MAX_POINTS = 64
"""Maximum number of steps kept; beyond it, every other step is dropped."""


@dataclass(frozen=True, slots=True)
class ParameterHistory:
    """The history of one parameter: lines with a label and a value for each position, a step index."""

    name: str
    shape: tuple[int, ...]
    positions: tuple[int, ...]
    lines: tuple[tuple[str, tuple[float, ...]], ...]


@dataclass(slots=True)
class ParameterHistories:
    """Collects parameter values step by step, in bounded memory."""

    _points: dict[int, dict[str, tuple[float, ...]]] = field(default_factory=dict)
    _shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    _stride: int = 1
    _last: Step | None = None

    def add(self, step: Step) -> None:
        """Add the parameter values at the start of a step."""
        self._last = step
        if step.index % self._stride:
            return
        self._points[step.index] = self._point(step, step.parameters)
        if len(self._points) > MAX_POINTS:
            self._stride *= 2  # as in `histories_of`, so that a trace file gives the same points as the run
            self._points = {index: point for index, point in self._points.items() if index % self._stride == 0}

    def _point(self, step: Step, nodes: Sequence[Node]) -> dict[str, tuple[float, ...]]:
        point = {}
        for parameter, node in zip(step.parameters, nodes, strict=True):
            self._shapes.setdefault(parameter.name, parameter.shape)
            point[parameter.name] = _numbers(node)
        return point

    def histories(self) -> list[ParameterHistory]:
        """The histories of all parameters, including their values after the last step."""
        points = dict(self._points)
        if self._last is not None and self._last.updates:
            step = self._last
            points.setdefault(step.index, self._point(step, step.parameters))
            ends = [step.nodes[step.updates.get(node.id, node.id)] for node in step.parameters]
            points[step.index + 1] = self._point(step, ends)
        found = []
        for name, shape in self._shapes.items():
            positions = [index for index in sorted(points) if name in points[index]]
            rows = [points[index][name] for index in positions]
            width = min(map(len, rows))
            lines = tuple((label, tuple(row[at] for row in rows)) for at, label in enumerate(_line_labels(shape)[:width]))
            found.append(ParameterHistory(name, shape, tuple(positions), lines))
        return found


def histories_of(trace: Trace) -> list[ParameterHistory]:
    """The parameter histories of a trace. Of a long trace, only the steps that a run would have kept are read."""
    collected, count, stride = ParameterHistories(), len(trace.steps), 1
    while math.ceil(count / stride) > MAX_POINTS:
        stride *= 2
    for position in sorted({*range(0, count, stride), count - 1} if count else ()):
        collected.add(trace.steps[position])
    return collected.histories()


def _numbers(node: Node) -> tuple[float, ...]:
    if node.size <= MAX_LINES and node.is_kept and node.value.dtype.kind != "c":
        return tuple(map(float, node.value.ravel()))
    if node.size <= MAX_LINES:
        return (node.summary.mean,) * node.size
    return node.summary.minimum, node.summary.mean, node.summary.maximum


def _line_labels(shape: tuple[int, ...]) -> list[str]:
    """The labels of the lines: the indices of a small parameter's elements, or the statistics of a large one.

    >>> _line_labels((2, 1)), _line_labels((784, 256)), _line_labels(())
    (['[0,0]', '[1,0]'], ['min', 'mean', 'max'], [''])
    """
    if int(np.prod(shape)) <= MAX_LINES:
        return [index_text(index) for index in np.ndindex(shape)]
    return ["min", "mean", "max"]
