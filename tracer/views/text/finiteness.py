"""Finds the first NaN or infinity of a run, and reports it in one line."""

from __future__ import annotations

from tracer.graph.record import Node, Step
from tracer.graph.summary import Summary
from tracer.i18n.language import ENGLISH, Language
from tracer.views.notation import Labels, node_number


class FiniteWatch:
    """Looks through the steps of a run as they come, each of them once, until a number is not finite.

    `finite_steps` counts those before.
    """

    def __init__(self) -> None:
        self._seen: Step | None = None
        self._began: tuple[Step, Node] | None = None
        self.finite_steps = 0

    def look(self, step: Step) -> Node | None:
        """The node at which the run stopped being finite, if it is in this step."""
        if step is not self._seen and self._began is None:
            node = step.first_nonfinite()
            self._began = (step, node) if node is not None else None
            self.finite_steps += node is None
        self._seen = step
        return self._began[1] if self._began is not None and self._began[0] is step else None

    def notice(self, tell: Language = ENGLISH) -> str:
        """Where the run stopped being finite, in one line; empty while it has not."""
        return notice(self._began, tell)


def notice(began: tuple[Step, Node] | None, tell: Language = ENGLISH) -> str:
    """The step and node at which a run stopped being finite, in one line; empty where it did not."""
    if began is None:
        return ""
    step, node = began
    where = f" ({node.source})" if node.source else ""
    place = f"{node_number(step, node.id)} {Labels(step.nodes)[node.id]}{where}"
    return tell("NaN or infinite from {place} on: {counts}", place=place, counts=nonfinite_text(node.summary, tell))


def nonfinite_text(summary: Summary, tell: Language = ENGLISH) -> str:
    """How many numbers of an array are NaN or infinite.

    >>> nonfinite_text(Summary(count=4, nans=1, infinities=2))
    'NaN in 1 of 4 elements, infinite in 2 of 4 elements'
    """
    elements = tell.count(summary.count, "element")
    counts = []
    if summary.nans:
        counts.append(tell("NaN in {count} of {elements}", count=summary.nans, elements=elements))
    if summary.infinities:
        counts.append(tell("infinite in {count} of {elements}", count=summary.infinities, elements=elements))
    return tell(", ").join(counts)
