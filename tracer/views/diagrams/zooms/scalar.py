"""The zoom `scalar`: single numbers, as in a calculation by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tracer.graph.missing import NOT_RETAINED, combined, reasons_in
from tracer.graph.record import Phase, Step
from tracer.i18n.message import Message
from tracer.views.diagrams.boxes import box_key, tip_of, title_of
from tracer.views.diagrams.diagram import Arrow, Box, Diagram
from tracer.views.diagrams.scalars.graph import MAX_SCALAR_TERMS, MAX_SCALARS, ScalarView, scalar_count
from tracer.views.diagrams.scalars.neighbourhood import Neighbourhood, after, before
from tracer.views.diagrams.scalars.scalar_diagram import diagram_of, key_of
from tracer.views.diagrams.scalars.whole_step import whole_step
from tracer.views.diagrams.theme import Kind, Style, flow_of
from tracer.views.diagrams.zoom import ViewSpec, Zoom
from tracer.views.notation import Labels
from tracer.views.selection import node_or_element
from tracer.views.svg import PictureError
from tracer.views.worked import MAX_TERMS


def _diagrams(step: Step, spec: ViewSpec, style: Style) -> Iterator[tuple[str, Diagram]]:
    reasons = set(reasons_in(step.nodes))
    if reasons == {NOT_RETAINED}:
        raise PictureError(Message("numbers_not_kept"))
    if reasons:
        # --values all would not help: a reason that it would remedy is not the one to tell.
        raise PictureError(Message("numbers_not_storable", {"reason": combined(reasons - {NOT_RETAINED})[0]}))
    labels = Labels(step.nodes)
    if spec.focus:
        yield "", _focused_scalars(step, spec, labels, style)
        return
    groups: list[tuple[Phase, ...]] = [(phase,) for phase in spec.phases] or [(Phase.FORWARD, Phase.LOSS)]
    for phases in groups:
        # Formulas of large arrays have the largest terms: their sums would be as long as the arrays.
        most = MAX_SCALAR_TERMS if scalar_count(step, labels, phases) <= MAX_SCALARS else MAX_TERMS
        diagram = whole_step(ScalarView(in_memory(step), labels, most, style.tell), phases, style)
        if diagram is not None:
            yield phases[0].value if spec.phases else "", diagram


def _focused_scalars(step: Step, spec: ViewSpec, labels: Labels, style: Style) -> Diagram:
    node, index = node_or_element(step, spec.focus, labels)
    source = ScalarView(in_memory(step), labels, MAX_TERMS, style.tell)
    wanted = [(node.id, index)] if index is not None else [(node.id, each) for each in np.ndindex(node.shape)][: MAX_SCALARS + 1]
    fields = {"limit": f"{MAX_SCALARS:,}", "name": spec.focus}
    is_too_large = len(wanted) > MAX_SCALARS  # known without a search
    if spec.downstream:
        every = [] if is_too_large else source.downstream(wanted)
        if is_too_large or len(every) > MAX_SCALARS:
            raise PictureError(Message("too_many_numbers_behind", fields))
        around = after(source, wanted, every, spec.depth)
    else:
        if is_too_large:
            raise PictureError(Message("too_many_numbers_into", fields))
        around = before(source, wanted, spec.depth)
        if len(around.drawn) > MAX_SCALARS:
            raise PictureError(Message("too_many_numbers_into", fields))
    return _with_counts(diagram_of(source, set(around.drawn), style), source, around, spec, style)


def _with_counts(diagram: Diagram, source: ScalarView, around: Neighbourhood, spec: ViewSpec, style: Style) -> Diagram:
    """The diagram with a small box for each tensor of which numbers are left out."""
    nodes, labels, tell = source.step.nodes, source.labels, style.tell
    boxes, arrows = list(diagram.boxes), list(diagram.arrows)
    tensors = {id for id, _ in around.drawn}
    for id, left_out in around.left_out.items():
        if left_out.is_more:
            text = tell("more than {count}", count=f"{left_out.count:,}")
        elif id in tensors:
            text = tell("+ {count} more", count=f"{left_out.count:,}")
        else:
            text = tell("numbers: {count}", count=f"{left_out.count:,}")
        key = f"{box_key(id)}s"
        boxes.append(Box(key, Kind.ELSEWHERE, title_of(labels[id]), lines=(text,), tip=tip_of(nodes[id], labels)))
        for each in left_out.beside:
            ends = (key_of(each), key) if spec.downstream else (key, key_of(each))
            arrows.append(Arrow(*ends, flow_of(nodes[id if spec.downstream else each[0]].phase)))
    return replace(diagram, boxes=tuple(boxes), arrows=tuple(arrows))


def in_memory(step: Step) -> Step:
    """The same step with all values loaded into memory: a file would be read once per number."""
    nodes = tuple(node if isinstance(node.content, np.ndarray) else replace(node, content=node.value) for node in step.nodes)
    return replace(step, nodes=nodes)


ZOOM = Zoom("scalar", _diagrams, order=4, direction="LR", takes_focus=True, takes_phases=True)
