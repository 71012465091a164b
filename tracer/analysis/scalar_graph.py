"""The scalar graph of a recorded step: every element of every value, its operands, and its gradient.

A scalar autograd engine builds this graph one object per number. Here it is derived from the recorded tensors, and stored
as arrays in which every number has a position.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracer.errors import UsageError
from tracer.graph.losses import passes
from tracer.graph.record import Literal, Node, Phase, Step
from tracer.ops.indices import NO_ELEMENT
from tracer.recording.replay import operation_of

MAX_EDGES = 20_000_000
"""The largest number of edges that are listed, some hundred megabytes."""


@dataclass(frozen=True, slots=True, eq=False)
class ScalarGraph:
    """The scalars of a step up to its loss, in execution order. All arrays but the last two have one entry per scalar.

    `node` is the id of the node that a scalar belongs to, `index` its flat index in the value of the node (C order). If
    `is_product`, it is instead a product that the node sums, and `index` counts the products. `gradient` is the derivative of
    the loss with respect to the scalar, 0 if not `is_reached` by the backward pass.

    The operands of the scalar at `position` are at `operands[starts[position]:starts[position + 1]]`, in order (compressed
    sparse rows; `starts` has one more entry). Elements of leaves have none.
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
        """The positions of the operands of a scalar."""
        return np.asarray(self.operands[self.starts[position] : self.starts[position + 1]])


class _GraphBuilder:
    """Collects the arrays of the graph, one block of scalars at a time."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._node: list[int] = []
        self._index: list[np.ndarray] = []
        self._value: list[np.ndarray] = []
        self._gradient: list[np.ndarray] = []
        self._is_reached: list[bool] = []
        self._is_product: list[bool] = []
        self._counts: list[np.ndarray] = []
        self._operands: list[np.ndarray] = []
        self.count = 0

    def add(self, node: Node, values: np.ndarray, operands: np.ndarray, *, summands: int = 0) -> int:
        """Add a block of scalars with their operands [scalars, operands each]; return the position of the first.

        A row of operands that is shorter than others ends with NO_ELEMENT.
        `summands` is 0 if the scalars are the elements of the node, else the number of products that each element sums.
        """
        values = values.ravel()
        size = len(values)
        gradient_id = self._step.gradients.get(node.id)
        gradient = np.zeros(size) if gradient_id is None else self._step.nodes[gradient_id].value.ravel()
        self._node.append(node.id)
        self._index.append(np.arange(size))
        self._value.append(values)
        self._gradient.append(np.repeat(gradient, summands) if summands and gradient_id is not None else gradient)
        self._is_reached.append(gradient_id is not None)
        self._is_product.append(summands > 0)
        is_operand = operands != NO_ELEMENT
        self._counts.append(np.count_nonzero(is_operand, axis=1))
        self._operands.append(operands[is_operand])
        self.count += size
        return self.count - size

    def graph(self) -> ScalarGraph:
        """The graph of all blocks added."""
        sizes = [len(block) for block in self._value]
        starts = np.zeros(self.count + 1, dtype=np.intp)
        np.cumsum(np.concatenate(self._counts), out=starts[1:])
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
    """The scalar graph of a step, from its leaves to its loss; of several losses to the first.

    If an operation does not define which input elements an output element depends on, every output element gets all of them
    as operands. Raises UsageError if values were not kept, or if there are more than MAX_EDGES edges.

    >>> from tracer.recording.function import trace
    >>> graph = scalar_graph(trace(lambda x, y: x @ y, [1.0, 2.0], [3.0, 4.0]))
    >>> graph.value, graph.gradient
    (array([ 1.,  2.,  3.,  4.,  3.,  8., 11.]), array([3., 4., 1., 2., 1., 1., 1.]))
    >>> graph.operands_of(5), graph.operands_of(6)
    (array([1, 3]), array([4, 5]))
    """
    step = passes(step)[0]
    builder, first_of = _GraphBuilder(step), dict[int, int]()
    nodes = [node for node in step.nodes if node.phase in (Phase.INIT, Phase.FORWARD, Phase.LOSS) and node.id <= step.loss_id]
    edges = 0
    for node in nodes:
        if node.is_leaf:
            first_of[node.id] = builder.add(node, node.value, np.empty((node.size, 0), dtype=np.intp))
            continue
        op = operation_of(node)
        arrays = [_array_of(x) if isinstance(x, Literal) else step.nodes[x].value for x in node.inputs]
        origins = op.origins(node.shape, arrays, node.parameters)
        has_origins = origins is not None
        if origins is None:
            everything = [np.arange(np.size(array)) for array in arrays]
            origins = [np.broadcast_to(each, (node.size, len(each))) for each in everything]
        used = [
            (origin, array.ravel(), first_of[x])
            for x, array, origin in zip(node.inputs, arrays, origins, strict=True)
            if not isinstance(x, Literal)
        ]
        edges += sum(origin.size for origin, *_ in used)
        if edges > MAX_EDGES:
            raise UsageError(f"step {step.index} has too many numbers to list what each is computed from")
        positions = [np.where(origin == NO_ELEMENT, NO_ELEMENT, origin + first) for origin, _, first in used]
        none = np.empty((node.size, 0), dtype=np.intp)  # np.zeros(shape) has no operands
        operands = np.concatenate([none, *positions], axis=1) if len(positions) != 1 else positions[0]
        if op.adds_products and has_origins:
            (left, x, first_of_x), (right, y, first_of_y) = used
            pairs = np.stack([(left + first_of_x).ravel(), (right + first_of_y).ravel()], axis=1)
            first = builder.add(node, x[left] * y[right], pairs, summands=left.shape[1])
            operands = first + np.arange(left.size).reshape(left.shape)
        first_of[node.id] = builder.add(node, node.value, operands)
    return builder.graph()


def _array_of(literal: Literal) -> np.ndarray:
    return np.asarray(0 if literal.value is None else literal.value)
