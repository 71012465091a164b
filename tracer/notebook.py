"""How traces, steps and nodes show themselves in a notebook: as pictures, and as text where nothing lays pictures out."""

from __future__ import annotations

import os

from tracer.errors import UsageError
from tracer.graph.formula import expression
from tracer.graph.record import Node, Step, Trace
from tracer.i18n.language import language_of_locale
from tracer.rendering.engine import find_engine
from tracer.views.diagrams.boxes import key_of
from tracer.views.diagrams.diagram import Box, Column, Sketch
from tracer.views.diagrams.dot import dot
from tracer.views.diagrams.overview import overview
from tracer.views.diagrams.theme import Look, kind_of
from tracer.views.diagrams.zoom import Sight, sketches
from tracer.views.grids import content_lines, wrapped
from tracer.views.noise import Noise
from tracer.views.notation import Labels, shape_text


def mime_bundle(record: Trace | Step | Node) -> dict[str, str]:
    """The pictures of a record by their MIME type, with its text: a trace by its first step's phases, a step by its values."""
    look = Look(tell=language_of_locale(os.environ))
    shown = {"text/plain": repr(record)}
    try:
        sketch = _sketch(record, look)
        if sketch is not None:
            shown["image/svg+xml"] = find_engine().layout(dot(sketch, look)).svg
    except UsageError:
        return shown  # without a program that lays out, or in too little time, there is the text
    return shown


def _sketch(record: Trace | Step | Node, look: Look) -> Sketch | None:
    if isinstance(record, Node):
        return Sketch((_box(record, look),))
    if isinstance(record, Step):
        return next((sketch for _, sketch in sketches(record, Sight(), look)), None)
    first = record.steps[0] if record.steps else None
    return overview(first, Labels(first.nodes), look) if first is not None else None


def _box(node: Node, look: Look) -> Box:
    """The box of a node that does not know its step: its inputs are called by their numbers."""
    formula = expression(node.formula, node.inputs, lambda id: f"#{id}")
    lines = tuple(wrapped(f"= {formula}")) if formula else ()
    columns = (Column(look.tell("value"), tuple(content_lines(node, Noise(), look.tell))),)
    note = shape_text(node.shape) if node.shape else ""
    return Box(key_of(node.id), kind_of(node), node.name or f"#{node.id}", note, lines, columns)
