"""A recorded step number by number: every element of every value, what it is computed from, and its gradient.

This is the graph that a scalar engine builds one object at a time. Here it is read off the tensors: a handful of arrays,
in which a number is a position.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracer.errors import UsageError
from tracer.graph.record import Literal, Node, Phase, Step
from tracer.recording.replay import operation_of

MOST_OPERANDS = 20_000_000
"""Uses of a number by another up to which they are listed: some hundred megabytes."""


@dataclass(frozen=True, slots=True, eq=False)
class ScalarGraph:
    """The numbers of a step up to its loss, in the order in which they are computed: arrays with a place for every number.

    `node` is the node of the step that a number belongs to, `index` its place in that node's value (in C order); where
    `is_product`, it is a summand of the matrix product that the node computes, and `index` counts the summands.
    `gradient` is the derivative of the loss with respect to it, 0 where `is_reached` says that none reached it.

    The number at `position` is computed from those at `operands[starts[position]:starts[position + 1]]`, in order; from
    none where it is an element of a leaf.
    """

    node: np.ndarray
    index: np.ndarray
    value: np.ndarray
    gradient: np.ndarray
    is_reached: np.ndarray
    is_product: np.ndarray
    starts: np.ndarray
    operands: np.ndarray

    def __len__(self) -> int:
        return len(self.value)

    def operands_of(self, position: int) -> np.ndarray:
        """The positions of the numbers that one is computed from."""
        return np.asarray(self.operands[self.starts[position] : self.starts[position + 1]])


class _Rows:
    """Collects the columns of the graph, a block of numbers at a time."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._node: list[int] = []
        self._index: list[np.ndarray] = []
        self._value: list[np.ndarray] = []
        self._gradient: list[np.ndarray] = []
        self._is_reached: list[bool] = []
        self._is_product: list[bool] = []
        self._counts: list[int] = []
        self._operands: list[np.ndarray] = []
        self.count = 0

    def add(self, node: Node, values: np.ndarray, operands: np.ndarray, *, summands: int = 0) -> int:
        """Add a block with a row of operands for each number; where the first of them stands.

        Each element of the node has so many summands, 0 where the elements themselves are added.
        """
        values = values.ravel()
        size = len(values)
        by = self._step.gradients.get(node.id)
        gradient = np.zeros(size) if by is None else self._step.nodes[by].value.ravel()
        self._node.append(node.id)
        self._index.append(np.arange(size))
        self._value.append(values)
        self._gradient.append(np.repeat(gradient, summands) if summands and by is not None else gradient)
        self._is_reached.append(by is not None)
        self._is_product.append(summands > 0)
        self._counts.append(operands.shape[1])
        self._operands.append(operands.ravel())
        self.count += size
        return self.count - size

    def graph(self) -> ScalarGraph:
        """All that was added."""
        sizes = [len(block) for block in self._value]
        starts = np.zeros(self.count + 1, dtype=np.intp)
        np.cumsum(np.repeat(self._counts, sizes), out=starts[1:])
        return ScalarGraph(
            node=np.repeat(self._node, sizes),
            index=np.concatenate(self._index),
            value=np.concatenate(self._value),
            gradient=np.concatenate(self._gradient),
            is_reached=np.repeat(self._is_reached, sizes),
            is_product=np.repeat(self._is_product, sizes),
            starts=starts,
            operands=np.concatenate(self._operands),
        )


def scalar_graph(step: Step) -> ScalarGraph:
    """The graph of single numbers of a step, from what it started from to its loss.

    Of an operation that cannot say from which elements an element is computed, each is computed from all. Raises UsageError
    where values were not kept, or there are too many uses of numbers to list.

    >>> from tracer.recording.function import trace
    >>> graph = scalar_graph(trace(lambda x, y: x @ y, [1.0, 2.0], [3.0, 4.0]))
    >>> graph.value, graph.gradient
    (array([ 1.,  2.,  3.,  4.,  3.,  8., 11.]), array([3., 4., 1., 2., 1., 1., 1.]))
    >>> graph.operands_of(5), graph.operands_of(6)
    (array([1, 3]), array([4, 5]))
    """
    rows, places = _Rows(step), dict[int, int]()
    nodes = [node for node in step.nodes if node.phase in (Phase.INIT, Phase.FORWARD, Phase.LOSS) and node.id <= step.loss_id]
    listed = 0
    for node in nodes:
        if node.is_leaf:
            places[node.id] = rows.add(node, node.value, np.empty((node.size, 0), dtype=np.intp))
            continue
        op = operation_of(node)
        arrays = [_array_of(x) if isinstance(x, Literal) else step.nodes[x].value for x in node.inputs]
        origins = op.origins(node.shape, arrays, node.parameters)
        parts_are_known = origins is not None
        if origins is None:
            all_of_them = [np.arange(np.size(array)) for array in arrays]
            origins = [np.broadcast_to(each, (node.size, len(each))) for each in all_of_them]
        used = [
            (origin, array.ravel(), places[x])
            for x, array, origin in zip(node.inputs, arrays, origins, strict=True)
            if not isinstance(x, Literal)
        ]
        listed += sum(origin.size for origin, *_ in used)
        if listed > MOST_OPERANDS:
            raise UsageError(f"step {step.index} has too many numbers to list what each is computed from")
        operands = np.concatenate([origin + place for origin, _, place in used], axis=1) if len(used) != 1 else (
            used[0][0] + used[0][2]
        )  # fmt: skip
        if op.adds_products and parts_are_known:
            (left, x, from_x), (right, y, from_y) = used
            pairs = np.stack([(left + from_x).ravel(), (right + from_y).ravel()], axis=1)
            first = rows.add(node, x[left] * y[right], pairs, summands=left.shape[1])
            operands = first + np.arange(left.size).reshape(left.shape)
        places[node.id] = rows.add(node, node.value, operands)
    return rows.graph()


def _array_of(literal: Literal) -> np.ndarray:
    return np.asarray(0 if literal.value is None else literal.value)
