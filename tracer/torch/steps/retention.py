"""Which steps of a recording keep their values, and which only statistics or shapes."""

from __future__ import annotations

import dataclasses

from tracer.errors import UsageError
from tracer.graph.missing import NOT_RETAINED, MissingValue
from tracer.graph.record import Node, Step
from tracer.graph.strides import stored_dtype
from tracer.graph.summary import Summary
from tracer.store.retention import BUDGET, SAMPLES
from tracer.store.rows import INLINE

CHOICES = ("", "all", "sampled", "summary", "structure", "none")
"""Values of all steps up to the budget, of all steps, of a sample, only statistics, only shapes; nothing is recorded."""

WHERE = "the recording"


class Retention:
    """Decides for each step whether its values are kept.

    A sample has every k-th step and every step with a non-finite value. k doubles with each SAMPLES steps that are kept, and as
    the budget is used up: at a half of it, three quarters, and so on.
    """

    def __init__(self, choice: str, budget: int = BUDGET) -> None:
        if choice not in CHOICES:
            raise UsageError(f"values is one of {', '.join(filter(None, CHOICES))}, not {choice!r}")
        self.choice = choice
        self.budget = budget
        self.every = 2 if choice == "sampled" else 1
        self._kept = 0
        self._size = 0
        self._seen = 0

    @property
    def keeps_nothing(self) -> bool:
        """Whether values are not even looked at."""
        return self.choice == "structure"

    def reduced(self, step: Step) -> Step:
        """A step with the values that are kept; small ones always are."""
        position, self._seen = self._seen, self._seen + 1
        if self.choice == "structure":
            return _without_values(step, with_statistics=False)
        size = sum(node.value.nbytes for node in step.nodes)
        has_room = self.choice == "all" or self._size + size <= self.budget
        is_chosen = self.choice != "summary" and (position % self.every == 0 or step.first_nonfinite() is not None)
        if not (is_chosen and has_room):
            return _without_values(step, with_statistics=True)
        self._kept += 1
        self._size += size
        if self.choice == "sampled" and self._kept % SAMPLES == 0:
            self.every *= 2
        while self.choice in ("", "sampled") and self._size > self.budget * (1 - 0.5 / self.every):
            self.every *= 2
        return step


def _without_values(step: Step, *, with_statistics: bool) -> Step:
    return dataclasses.replace(step, nodes=tuple(_without_value(node, with_statistics=with_statistics) for node in step.nodes))


def _without_value(node: Node, *, with_statistics: bool) -> Node:
    array = node.value
    if stored_dtype(node.dtype).itemsize * node.size <= INLINE:
        return node
    summary = node.summary if with_statistics or array.dtype.kind not in "fc" else unknown(node.size)
    return Node(
        node.id, node.op, node.inputs, node.parameters, MissingValue(summary, NOT_RETAINED, WHERE), node.shape, node.dtype,
        node.phase, node.name, node.formula, node.scope, node.source, node.gradient_of, node.rule_of,
    )  # fmt: skip


def unknown(count: int) -> Summary:
    """The summary of a value that nobody looked at."""
    return Summary(count, l2=float("nan"))
