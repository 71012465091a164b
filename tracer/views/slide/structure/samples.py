"""One sample of a batch: which axis of a value counts samples, and the numbers of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tracer.errors import UsageError
from tracer.graph.record import Node, Phase
from tracer.views.ideas.flow import PLUMBING, PRODUCTS, Flow, kind
from tracer.views.noise import NOISE
from tracer.views.notation import Labels, number_text, shape_text

DIGITS = 3
"""Significant digits on a slide."""


@dataclass(frozen=True, slots=True)
class Number:
    """An element of a value as it is written: its node, its index, its text, and whether it is finite."""

    node: int
    index: tuple[int, ...]
    text: str
    is_finite: bool = True


@dataclass(frozen=True, slots=True)
class Numbers:
    """Some elements of a value, in order. `more` are not shown, `shape` is that of what they are taken from.

    `indices` are those in what they are taken from: in the sample if there is one. `are_first` tells whether they are the first.
    `others` are the same elements of further samples.
    """

    node: int
    numbers: tuple[Number, ...]
    more: int
    shape: tuple[int, ...]
    indices: tuple[tuple[int, ...], ...] = ()
    are_first: bool = True
    others: tuple[tuple[Number, ...], ...] = ()

    @property
    def columns(self) -> tuple[tuple[Number, ...], ...]:
        """The numbers of every sample."""
        return (self.numbers, *self.others)


@dataclass(frozen=True, slots=True)
class Sample:
    """One of `count` samples: the row (`axis` 0) or column (`axis` -1) of every value that has as many.

    `others` are the indices of further samples that are shown beside it.
    """

    index: int
    count: int
    axis: int
    is_independent: bool = True
    """Whether no operation of the forward pass combines the rows of a value with each other."""
    others: tuple[int, ...] = ()

    @property
    def indices(self) -> tuple[int, ...]:
        """The indices of all samples that are shown."""
        return (self.index, *self.others)

    def of(self, shape: Sequence[int]) -> bool:
        """Whether a value of this shape has the axis of the samples."""
        return bool(shape) and shape[self.axis] == self.count


WHOLE = Sample(0, -1, 0)
"""Of a step without an axis of samples."""


def sample_of(flow: Flow, indices: Sequence[int]) -> Sample:
    """The samples with these indices, by default the first one. Raises UsageError if there is none with one of them.

    The samples are the rows of the data that the first product takes on its left, the columns of those that it takes on its
    right, and the elements of data that are in no product.
    """
    found = _axis(flow)
    if found is None:
        if any(indices):
            given, number = ",".join(map(str, indices)), flow.step.index
            raise UsageError(f"--sample {given}: the values of step {number} have no axis of samples; leave it out")
        return WHOLE
    count, axis = found
    for index in indices:
        if not -count <= index < count:
            raise UsageError(f"--sample {index}: step {flow.step.index} has the samples 0 to {count - 1}")
    nodes = flow.step.nodes
    carried = [id for id in flow.ids if flow.carries(id)]
    mixed = any(
        kind(nodes[id]) in PRODUCTS and nodes[id].phase is Phase.FORWARD and len(nodes[id].shape) == 2
        and sum(_depends_on_data(flow, each) and nodes[each].shape != () for each in flow.inputs(id)) > 1
        for id in carried
    )  # fmt: skip
    first, *others = dict.fromkeys(index % count for index in indices or (0,))
    return Sample(first, count, axis, not mixed, tuple(others))


def _depends_on_data(flow: Flow, id: int) -> bool:
    return flow.carries(id) or flow.step.nodes[id].op == "data" or id in flow.given


def _axis(flow: Flow) -> tuple[int, int] | None:
    """The number of samples, and their axis."""
    nodes = flow.step.nodes
    for id in flow.ids:
        for position, operand in enumerate(flow.labels.operands(nodes[id])):
            source = source_of(flow, operand)
            is_data = source.op == "data" or (source.op == "constant" and source.size > 1) or operand in flow.given
            shape = nodes[operand].shape
            if not is_data or not shape:
                continue
            if kind(nodes[id]) not in PRODUCTS:
                continue
            if len(shape) < 2:
                return None
            is_right = position == len(flow.labels.operands(nodes[id])) - 1 and position and kind(nodes[id]) != "addmm"
            return (shape[-1], -1) if is_right else (shape[0], 0)
    for id in flow.ids:
        for operand in flow.labels.operands(nodes[id]):
            if nodes[operand].op == "data" and nodes[operand].shape:
                shape = nodes[operand].shape
                # Where each element has a parameter of its own, the axis counts features.
                beside = [nodes[other].shape for other in flow.inputs(id) if nodes[other].op == "parameter"]
                is_shared = all(len(other) < len(shape) or other[0] == 1 for other in beside)
                return (shape[0], 0) if is_shared else None
    return None


def source_of(flow: Flow, id: int) -> Node:
    """The leaf that a value is a view of, or the value itself."""
    node = flow.step.nodes[id]
    while not node.is_leaf and kind(node) in PLUMBING and len(node.operands) >= 1:
        node = flow.step.nodes[node.operands[0]]
    return node


def numbers_of(node: Node, gradient: Node | None, sample: Sample, labels: Labels, most: int) -> tuple[Numbers, Numbers | None]:
    """At most `most` numbers of a sample of a value, and the same elements of its gradient; none if they are not in the file.

    They are the first, unless these or their gradients are all zero: then those with the largest gradient or value, in order.
    """
    has = sample.of(node.shape)
    shape = tuple(side for at, side in enumerate(node.shape) if at != sample.axis % len(node.shape)) if has else node.shape
    size = int(np.prod(shape, dtype=int))
    has_gradient = gradient is not None and gradient.is_kept and gradient.shape == node.shape
    if not node.is_kept:
        return Numbers(node.id, (), size, shape), None
    chosen: Sequence[int] = range(min(size, most))
    if size > most:
        parts = [_part(each, sample, has=has) for each in (gradient if has_gradient else None, node) if each is not None]
        chosen = _telling(parts, most)
    indices = [tuple(int(at) for at in np.unravel_index(position, shape)) if shape else () for position in chosen]
    places = [placed(index, sample, has=has) for index in indices]
    also = [replace(sample, index=other) for other in sample.others] if has else []

    def others(of: Node) -> tuple[tuple[Number, ...], ...]:
        return tuple(tuple(number_at(of, placed(index, other, has=True), labels) for index in indices) for other in also)

    is_first = list(chosen) == list(range(len(chosen)))
    value = Numbers(
        node.id,
        tuple(number_at(node, at, labels) for at in places),
        size - len(places),
        shape,
        tuple(indices),
        is_first,
        others(node),
    )
    if gradient is None or not has_gradient:
        return value, None
    numbers = tuple(number_at(gradient, at, labels) for at in places)
    return value, Numbers(gradient.id, numbers, value.more, shape, value.indices, is_first, others(gradient))


def _part(node: Node, sample: Sample, *, has: bool) -> np.ndarray:
    """The numbers of a sample in one row."""
    return (np.take(node.value, sample.index, axis=sample.axis) if has else node.value).ravel()


def _telling(parts: Sequence[np.ndarray], most: int) -> Sequence[int]:
    """The positions of the numbers to show: the first, unless they are all zero in one of the parts that is not zero."""
    for part in parts:
        if np.any(part) and not np.any(part[:most]):
            return sorted(int(at) for at in np.argsort(-np.abs(part), kind="stable")[:most])
    return range(most)


def placed(index: tuple[int, ...], sample: Sample, *, has: bool) -> tuple[int, ...]:
    """The index in a value of an index in one sample of it.

    >>> placed((2,), Sample(7, 10, 0), has=True), placed((2,), Sample(7, 10, -1), has=True), placed((2,), WHOLE, has=False)
    ((7, 2), (2, 7), (2,))
    """
    if not has:
        return index
    return (sample.index, *index) if sample.axis == 0 else (*index, sample.index)


def number_at(node: Node, index: tuple[int, ...], labels: Labels) -> Number:
    """An element as it is written: `~0` if it is rounding noise."""
    number = node.value[index]
    is_finite = bool(np.isfinite(number)) if node.value.dtype.kind in "fc" else True
    text = NOISE if labels.noise.at(node, index) else number_text(number.item(), DIGITS)
    return Number(node.id, index, text, is_finite)


def size_text(shape: Sequence[int]) -> str:
    """The shape of a value after its name; nothing for a single number.

    >>> size_text((4,)), size_text(()), size_text((1, 28, 28))
    ('(4,)', '', '(1,28,28)')
    """
    return shape_text(shape) if shape else ""
