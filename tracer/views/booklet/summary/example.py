"""Which element of a value is worked out: the largest one, of one row where there are many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tracer.graph.record import Node, Step
from tracer.i18n.language import ENGLISH, Language
from tracer.ops.indices import Index
from tracer.views.explaining.largest import largest_index
from tracer.views.notation import Labels
from tracer.views.worked import moved_element, work_out

ALL_TERMS = 32
"""Maximum number of terms of a sum that is written in full where there is room."""

MAX_DEPTH = 3
"""How deep in a formula sums are looked for of which not all terms are written."""


@dataclass(frozen=True, slots=True)
class Example:
    """An element that is not 0: its index, and its name with the index."""

    node: Node
    index: Index
    name: str


def row_count(step: Step) -> int:
    """The number of rows of the data, as of its first array; 0 if that is no array of several rows."""
    first = next((node for node in step.nodes if node.op == "data" and node.shape), None)
    return first.shape[0] if first is not None and first.shape[0] > 1 else 0


def sample_of(step: Step) -> int:
    """The row that is followed through the forward pass: the first of the data that is not all 0."""
    first = next((node for node in step.nodes if node.op == "data" and node.shape), None)
    if first is None or not first.is_kept or first.value.dtype.kind not in "fiubc":
        return 0
    rows = np.any(first.value.reshape(first.shape[0], -1) != 0, axis=1) if first.size else np.zeros(1, dtype=bool)
    return int(np.argmax(rows))


def has_rows(node: Node, count: int) -> bool:
    """Whether a value has a row for each row of the data, of which there are `count`."""
    return bool(count and node.shape and node.shape[0] == count)


def largest_element(node: Node, labels: Labels, row: int | None = None) -> Example | None:
    """The largest element, of one row if given: a NaN before an infinity before the largest number.

    None if all are 0 or rounding noise, or if the value was not kept.
    """
    index = largest_index(node, row)
    if index is None or labels.noise.at(node, index):
        return None
    return Example(node, index, labels.element(node.id, index))


def worked(
    step: Step, labels: Labels, example: Example | None, max_terms: int = ALL_TERMS, tell: Language = ENGLISH
) -> list[str]:
    """The arithmetic of an element, the largest terms first; before it that of long sums in it, which it has as numbers."""
    if example is None:
        return []
    node, index = example.node, example.index
    texts = []
    for each in _inlined(step, labels, node):
        if each.shape == node.shape:
            inner = work_out(step.nodes, each, labels, index, max_terms=max_terms, largest_first=True)
            if inner is not None and inner.is_shortened:
                texts.append(inner.text(tell))
    whole = work_out(step.nodes, node, labels, index, max_terms=max_terms, largest_first=True)
    text = whole.text(tell) if whole is not None else moved_element(step.nodes, node, labels, index)
    return [*texts, text] if text else texts


def _inlined(step: Step, labels: Labels, node: Node, depth: int = 0) -> Iterator[Node]:
    """The operations that the formula of a node contains, the innermost first."""
    for id in dict.fromkeys(node.operands):
        if labels.is_inlined(id) and not labels.is_folded(id) and depth < MAX_DEPTH:
            yield from _inlined(step, labels, step.nodes[id], depth + 1)
            yield step.nodes[id]
