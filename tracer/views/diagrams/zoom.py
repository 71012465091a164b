"""From how far a step is looked at: its phases, its modules, its tensors or its single numbers; all of it or what is in focus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tracer.errors import UsageError
from tracer.graph.record import Phase, Step
from tracer.views.diagrams.combined import combined, forward_nodes
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.folding import folded
from tracer.views.diagrams.modules import modules
from tracer.views.diagrams.operations import MOST_NODES, operations, phase_sketches
from tracer.views.diagrams.overview import overview
from tracer.views.diagrams.scalars import MOST_SCALARS, ScalarView, scalar_count, scalars
from tracer.views.diagrams.theme import Style
from tracer.views.local_rules import local_rules
from tracer.views.notation import Labels
from tracer.views.selection import element_of, node_or_element

ZOOMS = ("scenario", "module", "tensor", "scalar")
"""From the farthest to the nearest."""

NEARER_WORKS = {
    "scalar": "choose one number with --focus, as in --focus 'loss', or --zoom tensor",
    "tensor": "use --zoom module",
    "module": "use --zoom scenario",
    "scenario": "use --engine pure",
}
"""What to do where a picture is too large, by its zoom."""


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """What of a step is looked at, and from how far.

    Without a `zoom`, its tensors, or its modules where these are too many. A `focus` is a node, or an element of one as
    `W1[0,2]`: only what it depends on is drawn, or, `downwards`, what depends on it. `phases` are drawn apart.
    """

    zoom: str = ""
    focus: str = ""
    downwards: bool = False
    phases: tuple[Phase, ...] = ()

    def check(self) -> None:
        """Raise UsageError where its parts do not go together."""
        if self.zoom in ("scenario", "module") and (self.focus or self.phases):
            told = "--focus" if self.focus else "--phase"
            raise UsageError(f"{told} chooses among tensors or numbers: it goes with --zoom tensor or scalar, not {self.zoom}")
        if self.focus and self.phases:
            raise UsageError("--focus draws whatever a value depends on, in all phases: leave --phase out")
        if self.downwards and not self.focus:
            raise UsageError("--focus-down takes the name of a node or an element, such as W1[0,2]")

    def zoom_of(self, step: Step) -> str:
        """The zoom at which a step is drawn."""
        if self.zoom:
            return self.zoom
        if self.focus:
            return "scalar" if element_of(self.focus) is not None else "tensor"
        return "tensor" if self.phases or len(forward_nodes(step)) <= MOST_NODES else "module"


def diagrams(step: Step, spec: ViewSpec, style: Style) -> Iterator[tuple[str, Diagram]]:
    """The pictures of a step, each with the name of the phase it shows, or an empty one.

    Raises UsageError where a picture would have more numbers than can be read, with what works in its place.
    """
    spec.check()
    zoom = spec.zoom_of(step)
    if zoom == "scalar":
        yield from _scalar_sketches(step, spec, style.running("LR"))
    elif zoom == "scenario":
        yield "", overview(step, Labels(step.nodes), style)
    elif zoom == "module":
        yield "", modules(step, Labels(step.nodes), style)
    elif spec.focus:
        yield "", _focused(step, spec, style)
    elif spec.phases:
        yield from ((phase.value, diagram) for phase, diagram in phase_sketches(step, style, spec.phases))
    else:
        labels = Labels(step.nodes)
        parts = folded(step, forward_nodes(step), MOST_NODES)
        yield "", combined(step, parts, labels, local_rules(step, labels), style)


def _focused(step: Step, spec: ViewSpec, style: Style) -> Diagram:
    labels = Labels(step.nodes)
    node, _ = node_or_element(step, spec.focus, labels)
    ids = after(step, node.id) if spec.downwards else before(step, node.id)
    return operations(step, folded(step, ids, MOST_NODES), labels, style)


def before(step: Step, id: int) -> list[int]:
    """A node and all nodes that it depends on, in order."""
    wanted = {id}
    for node in reversed(step.nodes[: id + 1]):
        if node.id in wanted:
            wanted.update(node.operands)
    return sorted(wanted)


def after(step: Step, id: int) -> list[int]:
    """A node and all nodes that depend on it, in order."""
    found = {id}
    for node in step.nodes[id + 1 :]:
        if not found.isdisjoint(node.operands):
            found.add(node.id)
    return sorted(found)


def _scalar_sketches(step: Step, spec: ViewSpec, style: Style) -> Iterator[tuple[str, Diagram]]:
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
            raise UsageError(f"{count:,} numbers are more than a picture can show ({MOST_SCALARS:,}): {NEARER_WORKS['scalar']}")
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
