"""The zoom `module`: layers, loss, optimizers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tracer.graph.record import Step
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.module_diagram import module_diagram
from tracer.views.diagrams.theme import Style
from tracer.views.diagrams.zoom import ViewSpec, Zoom
from tracer.views.notation import Labels


def _diagrams(step: Step, spec: ViewSpec, style: Style) -> Iterator[tuple[str, Diagram]]:
    step = replace(step, nodes=tuple(step.nodes))  # which are looked up many times
    yield "", module_diagram(step, Labels(step.nodes), style)


ZOOM = Zoom("module", _diagrams, order=2)
