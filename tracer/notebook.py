"""Rich display of traces, steps and nodes in notebooks: as an SVG diagram, or as text if no layout engine is installed."""

from __future__ import annotations

import functools
import os

from tracer.errors import UsageError
from tracer.graph.expression import Name
from tracer.graph.formula import formula
from tracer.graph.record import Node, Step, Trace
from tracer.i18n.language import language_of_locale
from tracer.rendering.engine import find_engine
from tracer.rendering.time_limits import TimedLayout
from tracer.views.diagrams.boxes import box_key
from tracer.views.diagrams.diagram import Box, Column, Diagram
from tracer.views.diagrams.fallback import Replacement, drawn, laid_out
from tracer.views.diagrams.overview import overview
from tracer.views.diagrams.theme import Style, kind_of
from tracer.views.diagrams.zoom import ViewSpec
from tracer.views.grids import content_lines, wrapped
from tracer.views.noise import Noise
from tracer.views.notation import Labels, shape_text


def mime_bundle(record: Trace | Step | Node) -> dict[str, str]:
    """The representations of a record by MIME type.

    The diagram of a trace shows the phases of its first step, that of a step its nodes with values; if it is too large, a coarser
    one is shown, and the text says so.
    """
    style = Style(tell=language_of_locale(os.environ))
    bundle = {"text/plain": repr(record)}
    try:
        layout = TimedLayout(find_engine())
        if isinstance(record, Step):
            replaced: list[Replacement] = []
            pictures = list(drawn(record, ViewSpec(), style, functools.partial(laid_out, layout=layout), replaced.append))
            if pictures:
                bundle["image/svg+xml"] = pictures[0].result.svg
            bundle["text/plain"] = "\n".join([repr(record), *(each.text(style.tell) for each in replaced)])
        elif (diagram := _diagram(record, style)) is not None:
            bundle["image/svg+xml"] = laid_out(diagram, style, layout).svg
    except UsageError:
        return bundle  # no layout engine, or it failed: text only
    return bundle


def _diagram(record: Trace | Node, style: Style) -> Diagram | None:
    if isinstance(record, Node):
        return Diagram((_box(record, style),))
    first = record.steps[0] if record.steps else None
    return overview(first, Labels(first.nodes), style) if first is not None else None


def _box(node: Node, style: Style) -> Box:
    """The box of a single node. Its step is not known, so inputs are labelled with their ids."""
    computed = formula(node.formula, node.inputs, lambda id: Name(f"#{id}")).text
    lines = tuple(wrapped(f"= {computed}")) if computed else ()
    columns = (Column(style.tell("value"), tuple(content_lines(node, Noise(), style.tell))),)
    note = shape_text(node.shape) if node.shape else ""
    return Box(box_key(node.id), kind_of(node), node.name or f"#{node.id}", note, lines, columns)
