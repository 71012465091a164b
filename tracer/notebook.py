"""Rich display of traces, steps and nodes in notebooks: as an SVG diagram, or as text if no layout engine is installed."""

from __future__ import annotations

import os

from tracer.errors import UsageError
from tracer.graph.expression import Name
from tracer.graph.formula import formula
from tracer.graph.record import Node, Step, Trace
from tracer.i18n.language import language_of_locale
from tracer.rendering.engine import find_engine
from tracer.views.diagrams.boxes import box_key
from tracer.views.diagrams.diagram import Box, Column, Diagram
from tracer.views.diagrams.dot import dot
from tracer.views.diagrams.overview import overview
from tracer.views.diagrams.theme import Style, kind_of
from tracer.views.diagrams.zoom import ViewSpec, diagrams
from tracer.views.grids import content_lines, wrapped
from tracer.views.noise import Noise
from tracer.views.notation import Labels, shape_text


def mime_bundle(record: Trace | Step | Node) -> dict[str, str]:
    """The representations of a record by MIME type.

    The diagram of a trace shows the phases of its first step, that of a step its nodes with values.
    """
    style = Style(tell=language_of_locale(os.environ))
    bundle = {"text/plain": repr(record)}
    try:
        diagram = _diagram(record, style)
        if diagram is not None:
            bundle["image/svg+xml"] = find_engine().layout(dot(diagram, style)).svg
    except UsageError:
        return bundle  # no layout engine, or it timed out: text only
    return bundle


def _diagram(record: Trace | Step | Node, style: Style) -> Diagram | None:
    if isinstance(record, Node):
        return Diagram((_box(record, style),))
    if isinstance(record, Step):
        return next((diagram for _, diagram in diagrams(record, ViewSpec(), style)), None)
    first = record.steps[0] if record.steps else None
    return overview(first, Labels(first.nodes), style) if first is not None else None


def _box(node: Node, style: Style) -> Box:
    """The box of a single node. Its step is not known, so inputs are labelled with their ids."""
    computed = formula(node.formula, node.inputs, lambda id: Name(f"#{id}")).text
    lines = tuple(wrapped(f"= {computed}")) if computed else ()
    columns = (Column(style.tell("value"), tuple(content_lines(node, Noise(), style.tell))),)
    note = shape_text(node.shape) if node.shape else ""
    return Box(box_key(node.id), kind_of(node), node.name or f"#{node.id}", note, lines, columns)
