"""Which element of each gradient is worked out: those that lead to one element of a parameter's gradient.

From the largest element of the gradient of the first parameter, its terms are followed back to the loss: of the terms of a sum
that of a row of the data, or else the largest one. Of gradients beside this path, an element is taken that one on it enters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tracer.graph.record import Node, Phase, Step
from tracer.ops.foreign.lookup import operation_named
from tracer.ops.foreign.summed import index_in_sum
from tracer.ops.indices import Index
from tracer.views.explaining.largest import largest_index
from tracer.views.notation import Labels
from tracer.views.worked import OTHER_OPERATION, input_elements

MAX_TERMS = 10_000
"""Maximum number of terms of a sum that are looked at for one to follow."""

MAX_TERMS_OF_ROW = 32
"""Maximum number of terms that are all written: of more, the largest one is followed, which is written first."""

MAX_TRIED = 12
"""Maximum number of elements of a gradient beside the path that are tried, the largest first."""


@dataclass(frozen=True, slots=True)
class Followed:
    """The elements that are worked out, by the ids of the gradients, and what they lead to: a gradient of a parameter.

    `root` is None if no parameter has a gradient but 0. `row` is the row of the data that the path is in; None if it is in none,
    or in several.
    """

    root: int | None = None
    elements: Mapping[int, Index] = field(default_factory=dict)
    row: int | None = None

    def entering(self, step: Step, labels: Labels, node: Node) -> Iterator[tuple[Node, Index]]:
        """The elements of other gradients that are worked out and enter the one of this node."""
        if node.id in self.elements:
            seen: set[int] = set()
            yield from self._entering(step, labels, node, seen)

    def _entering(self, step: Step, labels: Labels, node: Node, seen: set[int]) -> Iterator[tuple[Node, Index]]:
        for id, places in _sources(step, labels, node, self.elements[node.id]):
            if id in seen or id not in self.elements or self.elements[id] not in places:
                continue
            seen.add(id)
            if labels.is_inlined(id) and not step.nodes[id].is_leaf:
                yield from self._entering(step, labels, step.nodes[id], seen)
            elif step.nodes[id].gradient_of is not None:
                yield step.nodes[id], self.elements[id]


def followed_elements(step: Step, labels: Labels, row: int, count: int) -> Followed:
    """What is followed in a step, where there is a choice in row `row` of arrays with `count` rows, one for each of the data."""
    for node in step.parameters:
        gradient = step.nodes[step.gradients[node.id]] if node.id in step.gradients else None
        index = largest_index(gradient) if gradient is not None else None
        if gradient is not None and index is not None and not labels.noise.at(gradient, index):
            elements = {gradient.id: index}
            _follow_back(step, labels, elements, row, count)
            path = [(step.nodes[id], at) for id, at in elements.items() if id != gradient.id]
            rows = {at[0] for node, at in path if count and node.shape[:1] == (count,) and node.gradient_of is not None}
            _add_beside(step, labels, elements)
            return Followed(gradient.id, elements, rows.pop() if len(rows) == 1 else None)
    return Followed()


def _follow_back(step: Step, labels: Labels, elements: dict[int, Index], row: int, count: int) -> None:
    """The terms of the elements, and theirs, back to the loss."""
    for id in range(max(elements), -1, -1):
        if id not in elements:
            continue
        node = step.nodes[id]
        importance = _importance(step, labels, node, elements[id])
        for source, places in _sources(step, labels, node, elements[id]):
            if source in elements or not step.nodes[source].is_kept:
                continue
            of_row = row if count and step.nodes[source].shape[:1] == (count,) else None
            found = _followed_term(step.nodes[source], places, importance, of_row)
            if found is not None and not labels.noise.at(step.nodes[source], found):
                elements[source] = found


def _followed_term(node: Node, places: Sequence[Index], importance: np.ndarray, row: int | None) -> Index | None:
    """The most important term that is not 0, of a row if one of it is not 0."""
    sizes = importance if importance.size == len(places) else np.ones(len(places))
    terms = [place for place in range(len(places)) if sizes[place] and node.value[places[place]]]
    if row is not None and len(terms) <= MAX_TERMS_OF_ROW:
        terms = [place for place in terms if places[place][0] == row] or terms
    return places[max(terms, key=lambda place: sizes[place])] if terms else None


def _importance(step: Step, labels: Labels, node: Node, index: Index) -> np.ndarray:
    """How important each term of a sum is; of what is no sum, an array of no terms."""
    node, index = _computed(labels, node, index)
    op = operation_named(node.op)
    if op is None or not all(step.nodes[id].is_kept for id in node.operands):
        return np.zeros(0)
    arrays = [step.nodes[each].value if isinstance(each, int) else np.asarray(0) for each in node.inputs]
    try:
        parts = op.parts(index, arrays, node.parameters) or ()
        slices = [np.asarray(array[part]).ravel() for array, part in zip(arrays, parts, strict=False) if part is not None]
        count = max((each.size for each in slices), default=0)
        if not 1 < count <= MAX_TERMS:
            return np.zeros(0)
        with np.errstate(all="ignore"):
            sizes = np.asarray(op.importance([each for each in slices if each.size in (1, count)]), dtype=np.float64)
    except OTHER_OPERATION:
        return np.zeros(0)
    return np.where(np.isnan(sizes), np.inf, sizes).ravel()


def _add_beside(step: Step, labels: Labels, elements: dict[int, Index]) -> None:
    """An element of each other gradient that is computed from one that is followed."""
    for node in step.nodes:
        if node.phase is not Phase.BACKWARD or node.is_leaf or node.id in elements or elements.keys().isdisjoint(node.operands):
            continue
        for index in _largest(node):
            if labels.noise.at(node, index):
                continue
            if any(elements.get(id) in places for id, places in _sources(step, labels, node, index) if id in elements):
                elements[node.id] = index
                break


def _largest(node: Node) -> Iterator[Index]:
    """The largest elements, in order of their size."""
    if not node.is_kept or not node.size or node.value.dtype.kind not in "fc":
        return
    with np.errstate(all="ignore"):
        sizes = np.nan_to_num(np.abs(node.value).ravel(), nan=np.inf, posinf=np.inf)
    places = np.argpartition(-sizes, MAX_TRIED)[:MAX_TRIED] if sizes.size > MAX_TRIED else np.arange(sizes.size)
    for place in sorted(places.tolist(), key=lambda place: (-sizes[place], place)):
        if sizes[place]:
            yield tuple(int(at) for at in np.unravel_index(place, node.shape)) if node.shape else ()


def _sources(step: Step, labels: Labels, node: Node, index: Index) -> Iterator[tuple[int, Sequence[Index]]]:
    """The values of the backward pass that an element is computed from, each with the elements of it."""
    node, index = _computed(labels, node, index)
    if node.is_leaf or not all(step.nodes[id].is_kept for id in node.operands):
        return
    for id, places in input_elements(step.nodes, node, index) or ():
        if step.nodes[id].phase is Phase.BACKWARD and 0 < len(places) <= MAX_TERMS:
            yield id, places


def _computed(labels: Labels, node: Node, index: Index) -> tuple[Node, Index]:
    """The sum and its element, of a view that only drops axes of a sum."""
    source = labels.sum_of(node)
    return (node, index) if source is None else (source, index_in_sum(index, source))
