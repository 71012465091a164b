"""The zoom `scalar`: single numbers, as in a calculation by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tracer.errors import UsageError
from tracer.graph.record import Phase, Step
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.scalars import MOST_SCALARS, ScalarView, scalar_count, scalars
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
    asked: list[tuple[Phase, ...]] = [(phase,) for phase in spec.phases] or [(Phase.FORWARD, Phase.LOSS)]
    for phases in asked:
        count = scalar_count(step, labels, phases)
        if count > MOST_SCALARS:
            raise UsageError(f"{count:,} numbers are more than a picture can show ({MOST_SCALARS:,}): {_IF_TOO_LARGE}")
        source = ScalarView(in_memory(step), labels)
        chosen = list(source.of_phases(phases))
        if chosen:
            yield phases[0].value if spec.phases else "", scalars(source, chosen, style)


def _focused_scalars(step: Step, spec: ViewSpec, labels: Labels, style: Style) -> Diagram:
    node, index = node_or_element(step, spec.focus, labels)
    source = ScalarView(in_memory(step), labels)
    wanted = [(node.id, index)] if index is not None else [(node.id, each) for each in np.ndindex(node.shape)][: MOST_SCALARS + 1]
    found = source.after(wanted) if spec.downwards else source.before(wanted)
    if len(found) > MOST_SCALARS:
        told = "depend on" if spec.downwards else "go into"
        raise UsageError(
            f"more than {MOST_SCALARS:,} numbers {told} {spec.focus}: use --zoom tensor, or choose a number nearer to"
            f" the {'end' if spec.downwards else 'start'} of the step"
        )
    return scalars(source, found, style)


def in_memory(step: Step) -> Step:
    """The same step with its values in memory, where a file holds them: they are asked for number by number."""
    nodes = tuple(node if isinstance(node.content, np.ndarray) else replace(node, content=node.value) for node in step.nodes)
    return replace(step, nodes=nodes)


ZOOM = Zoom("scalar", _diagrams, order=4, if_too_large=_IF_TOO_LARGE, direction="LR", takes_focus=True, takes_phases=True)
