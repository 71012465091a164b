"""The zoom `scalar`: single numbers, as in a calculation by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tracer.errors import UsageError
from tracer.graph.record import Phase, Step
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.scalars import MAX_SCALARS, ScalarView, scalar_count, scalars
from tracer.views.diagrams.theme import Style
from tracer.views.diagrams.zoom import ViewSpec, Zoom
from tracer.views.notation import Labels
from tracer.views.selection import node_or_element

_IF_TOO_LARGE = "choose one number with --focus, as in --focus 'loss', or --zoom tensor"


def _diagrams(step: Step, spec: ViewSpec, style: Style) -> Iterator[tuple[str, Diagram]]:
    if not all(node.is_kept for node in step.nodes):
        raise UsageError(
            f"the numbers of step {step.index} are not on record, only their statistics: use --zoom tensor, or record the run"
            " with --values all"
        )
    labels = Labels(step.nodes)
    if spec.focus:
        yield "", _focused_scalars(step, spec, labels, style)
        return
    groups: list[tuple[Phase, ...]] = [(phase,) for phase in spec.phases] or [(Phase.FORWARD, Phase.LOSS)]
    for phases in groups:
        count = scalar_count(step, labels, phases)
        if count > MAX_SCALARS:
            raise UsageError(f"{count:,} numbers are more than a picture can show ({MAX_SCALARS:,}): {_IF_TOO_LARGE}")
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
        verb = "depend on" if spec.downstream else "go into"
        raise UsageError(
            f"more than {MAX_SCALARS:,} numbers {verb} {spec.focus}: use --zoom tensor, or choose a number nearer to"
            f" the {'end' if spec.downstream else 'start'} of the step"
        )
    return scalars(source, found, style)


def in_memory(step: Step) -> Step:
    """The same step with all values loaded into memory: a file would be read once per number."""
    nodes = tuple(node if isinstance(node.content, np.ndarray) else replace(node, content=node.value) for node in step.nodes)
    return replace(step, nodes=nodes)


ZOOM = Zoom("scalar", _diagrams, order=4, if_too_large=_IF_TOO_LARGE, direction="LR", takes_focus=True, takes_phases=True)
