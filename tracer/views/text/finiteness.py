"""Finds what made the first result of a run NaN or infinite, and reports it in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracer.graph.record import Node, Step
from tracer.graph.summary import Summary
from tracer.i18n.language import ENGLISH, Language
from tracer.views.notation import Labels, node_number
from tracer.views.sentence_names import called

if TYPE_CHECKING:
    from tracer.analysis.blame import Culprit


class FinitenessMonitor:
    """Checks each step of a run once, until a result is not finite.

    `finite_steps` counts the steps before the first number that is not finite, whether a result is computed from it or not.
    """

    def __init__(self) -> None:
        self._last: Step | None = None
        self._found: Culprit | None = None
        self._all_finite = True
        self.finite_steps = 0

    def check(self, step: Step) -> Node | None:
        """The node that made the first result NaN or infinite, if it is in this step."""
        if step is not self._last and self._found is None:
            self._all_finite = self._all_finite and step.first_nonfinite() is None
            self.finite_steps += self._all_finite
            if not self._all_finite:
                from tracer.analysis.blame import culprit_of_step  # most runs are finite throughout

                self._found = culprit_of_step(step)
        self._last = step
        return self._found.node if self._found is not None and self._found.step is step else None

    @property
    def has_finite_results(self) -> bool:
        """Whether every result so far is finite."""
        return self._found is None

    def notice(self, tell: Language = ENGLISH) -> str:
        """The notice for the first result that is not finite; empty if there is none so far."""
        return notice(self._found, tell)


def notice(found: Culprit | None, tell: Language = ENGLISH) -> str:
    """A line that reports what made the first result of a run NaN or infinite; empty if every result is finite."""
    if found is None:
        return ""
    step, node = found.step, found.node
    where = f" ({node.source})" if node.source else ""
    place = f"{node_number(step, node.id)} {called(node, Labels(step.nodes), tell)}{where}"
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
