"""How traces, steps and nodes show themselves in a notebook: as pictures, and as text where nothing lays pictures out."""

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
    """The pictures of a record by their MIME type, with its text: a trace by its first step's phases, a step by its values."""
    style = Style(tell=language_of_locale(os.environ))
    shown = {"text/plain": repr(record)}
    try:
        diagram = _diagram(record, style)
        if diagram is not None:
            shown["image/svg+xml"] = find_engine().layout(dot(diagram, style)).svg
    except UsageError:
        return shown  # without a program that lays out, or in too little time, there is the text
    return shown


def _diagram(record: Trace | Step | Node, style: Style) -> Diagram | None:
    if isinstance(record, Node):
        return Diagram((_box(record, style),))
    if isinstance(record, Step):
        return next((diagram for _, diagram in diagrams(record, ViewSpec(), style)), None)
    first = record.steps[0] if record.steps else None
    return overview(first, Labels(first.nodes), style) if first is not None else None


def _box(node: Node, style: Style) -> Box:
    """The box of a node that does not know its step: its inputs are called by their numbers."""
    computed = formula(node.formula, node.inputs, lambda id: Name(f"#{id}")).text
    lines = tuple(wrapped(f"= {computed}")) if computed else ()
    columns = (Column(style.tell("value"), tuple(content_lines(node, Noise(), style.tell))),)
    note = shape_text(node.shape) if node.shape else ""
    return Box(box_key(node.id), kind_of(node), node.name or f"#{node.id}", note, lines, columns)
