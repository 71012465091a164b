"""Which steps of a recording keep their values, and which only statistics or shapes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from tracer.errors import UsageError
from tracer.graph.missing import NOT_RETAINED, MissingValue
from tracer.graph.record import Node
from tracer.graph.strides import stored_dtype
from tracer.graph.summary import Summary, summary_of
from tracer.store.retention import BUDGET, SAMPLES
from tracer.store.rows import INLINE
from tracer.torch.steps.form import plain_array

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

    def contents(self, values: Sequence[np.ndarray | None], nodes: Sequence[Node]) -> list[np.ndarray | MissingValue]:
        """What is kept of the values of a step with these nodes; small ones always are. None is one that nobody looked at."""
        position, self._seen = self._seen, self._seen + 1
        if self.choice in ("structure", "summary"):
            return _all_reduced(values, nodes)
        arrays = [each for each in values if each is not None]
        size = sum(each.nbytes for each in arrays)
        has_room = self.choice == "all" or self._size + size <= self.budget
        if not (has_room and (position % self.every == 0 or not all(map(_is_finite, arrays)))):
            return _all_reduced(values, nodes)
        self._kept += 1
        self._size += size
        if self.choice == "sampled" and self._kept % SAMPLES == 0:
            self.every *= 2
        while self.choice in ("", "sampled") and self._size > self.budget * (1 - 0.5 / self.every):
            self.every *= 2
        return [_without_statistics(node.size) if value is None else value for value, node in zip(values, nodes, strict=True)]


def _all_reduced(values: Sequence[np.ndarray | None], nodes: Sequence[Node]) -> list[np.ndarray | MissingValue]:
    """Small values as they are, of others the statistics; those of values that nobody looked at are not known."""
    known: dict[tuple[int, int, np.dtype], MissingValue] = {}  # of a memory: a value that was only reshaped has the same
    found: list[np.ndarray | MissingValue] = []
    for value, node in zip(values, nodes, strict=True):
        if value is None:
            found.append(_without_statistics(node.size))
        elif stored_dtype(node.dtype).itemsize * node.size <= INLINE:
            found.append(value)
        elif value.flags.c_contiguous:
            memory = value.__array_interface__["data"][0], value.size, value.dtype
            if memory not in known:
                known[memory] = _with_statistics(value)
            found.append(known[memory])
        else:
            found.append(_with_statistics(value))
    return found


def _with_statistics(value: np.ndarray) -> MissingValue:
    return MissingValue(summary_of(plain_array(value)), NOT_RETAINED, WHERE)


def _is_finite(value: np.ndarray) -> bool:
    return value.dtype.kind not in "fc" or bool(np.isfinite(value).all())


@cache
def _without_statistics(count: int) -> MissingValue:
    return MissingValue(Summary(count, l2=float("nan")), NOT_RETAINED, WHERE)
