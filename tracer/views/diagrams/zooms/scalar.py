"""The zoom `scalar`: single numbers, as in a calculation by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tracer.graph.missing import NOT_RETAINED, combined, reasons_in
from tracer.graph.record import Phase, Step
from tracer.i18n.message import Message
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.scalars import MAX_SCALARS, ScalarView, scalar_count, scalars
from tracer.views.diagrams.theme import Style
from tracer.views.diagrams.zoom import ViewSpec, Zoom
from tracer.views.notation import Labels
from tracer.views.selection import node_or_element
from tracer.views.svg import PictureError


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
        count = scalar_count(step, labels, phases)
        if count > MAX_SCALARS:
            raise PictureError(Message("too_many_numbers", {"count": f"{count:,}", "limit": f"{MAX_SCALARS:,}"}))
        source = ScalarView(in_memory(step), labels)
        chosen = list(source.in_phases(phases))
        if chosen:
            yield phases[0].value if spec.phases else "", scalars(source, chosen, style)


def _focused_scalars(step: Step, spec: ViewSpec, labels: Labels, style: Style) -> Diagram:
    node, index = node_or_element(step, spec.focus, labels)
    source = ScalarView(in_memory(step), labels)
    wanted = [(node.id, index)] if index is not None else [(node.id, each) for each in np.ndindex(node.shape)][: MAX_SCALARS + 1]
    found = source.downstream(wanted) if spec.downstream else source.upstream(wanted)
    if len(found) > MAX_SCALARS:
        fields = {"limit": f"{MAX_SCALARS:,}", "name": spec.focus}
        if spec.downstream:
            raise PictureError(Message("too_many_numbers_behind", fields))
        raise PictureError(Message("too_many_numbers_into", fields))
    return scalars(source, found, style)


def in_memory(step: Step) -> Step:
    """The same step with all values loaded into memory: a file would be read once per number."""
    nodes = tuple(node if isinstance(node.content, np.ndarray) else replace(node, content=node.value) for node in step.nodes)
    return replace(step, nodes=nodes)


ZOOM = Zoom("scalar", _diagrams, order=4, direction="LR", takes_focus=True, takes_phases=True)
