"""Finds the first NaN or infinity of a run, and reports it in one line."""

from __future__ import annotations

from tracer.graph.record import Node, Step
from tracer.graph.summary import Summary
from tracer.i18n.language import ENGLISH, Language
from tracer.views.notation import Labels, node_number


class FinitenessMonitor:
    """Checks each step of a run once, until a number is not finite. `finite_steps` counts the steps before."""

    def __init__(self) -> None:
        self._last: Step | None = None
        self._first: tuple[Step, Node] | None = None
        self.finite_steps = 0

    def check(self, step: Step) -> Node | None:
        """The first non-finite node of the run, if it is in this step."""
        if step is not self._last and self._first is None:
            node = step.first_nonfinite()
            self._first = (step, node) if node is not None else None
            self.finite_steps += node is None
        self._last = step
        return self._first[1] if self._first is not None and self._first[0] is step else None

    def notice(self, tell: Language = ENGLISH) -> str:
        """The notice for the first non-finite node; empty if there is none so far."""
        return notice(self._first, tell)


def notice(first: tuple[Step, Node] | None, tell: Language = ENGLISH) -> str:
    """A line that reports the first non-finite node of a run; empty if there is none."""
    if first is None:
        return ""
    step, node = first
    where = f" ({node.source})" if node.source else ""
    place = f"{node_number(step, node.id)} {Labels(step.nodes)[node.id]}{where}"
    return tell("NaN or infinite from {place} on: {counts}", place=place, counts=nonfinite_text(node.summary, tell))


def nonfinite_text(summary: Summary, tell: Language = ENGLISH) -> str:
    """How many elements of an array are NaN or infinite.

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
