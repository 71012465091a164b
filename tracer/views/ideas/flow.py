"""What leads from the data to the loss: the operations a slide is about, their inputs, and who uses whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tracer.analysis.reaching import reached
from tracer.graph.losses import passes
from tracer.graph.record import Node, Phase, Step
from tracer.ops.foreign.names import base_name
from tracer.views.ideas.scopes import idea_scope
from tracer.views.notation import Labels

PRODUCTS = {"matmul", "dot", "mm", "addmm", "bmm", "mv", "inner", "einsum", "tensordot", "linear", "convolution", "conv2d"}
PLUMBING = {
    "broadcast_to", "reshape", "ravel", "squeeze", "expand_dims", "astype", "transpose", "swapaxes", "copy", "positive", "view",
    "stop_gradient", "detach", "sliding_window_view", "pad", "moveaxis", "flatten",
}  # fmt: skip
"""Operations that show, move or copy their input: no idea of their own."""


@dataclass(frozen=True, slots=True)
class Flow:
    """The operations between the leaves and the loss of a step, by id, in order.

    `given` are values without a gradient that they use and that depend on none of them, such as one-hot labels. `users` maps a
    value to the operations among `ids` that use it, in order, `operands` each of `ids` to its inputs.
    """

    step: Step
    labels: Labels
    ids: tuple[int, ...]
    given: frozenset[int]
    users: dict[int, tuple[int, ...]]
    operands: dict[int, tuple[int, ...]]

    def inputs(self, id: int) -> tuple[int, ...]:
        """The inputs of an operation, each once."""
        known = self.operands.get(id)
        return _inputs(self.labels, self.step.nodes[id]) if known is None else known

    def carries(self, id: int) -> bool:
        """Whether a value is computed by one of the operations."""
        return id in self.users and not self.step.nodes[id].is_leaf and id not in self.given


def kind(node: Node) -> str:
    """The name of an operation, of PyTorch's without its namespace and overload.

    >>> from types import SimpleNamespace
    >>> kind(SimpleNamespace(op="aten.addmm.default")), kind(SimpleNamespace(op="matmul"))
    ('addmm', 'matmul')
    """
    return base_name(node.op) or node.op


def flow_of(step: Step) -> Flow:
    """The flow of a step; of several losses, of the first."""
    step = passes(step)[0]
    step = replace(step, nodes=tuple(step.nodes))  # which are looked up many times
    labels = Labels(step.nodes)
    before = _ancestors(step, labels, [step.loss_id])
    if not before:  # the loss is a leaf
        return Flow(step, labels, (), frozenset(), {}, {})
    carried = {id for id in before if id in step.gradients} or set(before)
    given, kept = set(), []
    dependent: set[int] = set()  # on what carries a gradient
    scopes = {idea_scope(step.nodes[id].scope) for id in carried} - {""}
    for id in before:
        is_part = idea_scope(step.nodes[id].scope) in scopes
        if id in carried or is_part or not dependent.isdisjoint(labels.operands(step.nodes[id])):
            dependent.add(id)
            kept.append(id)
        else:
            given.add(id)
    users: dict[int, list[int]] = defaultdict(list)
    operands = {id: _inputs(labels, step.nodes[id]) for id in kept}
    for id, inputs in operands.items():
        for operand in inputs:
            users[operand].append(id)
    users.setdefault(step.loss_id, [])
    shown = frozenset(id for id in given if users.get(id))
    return Flow(step, labels, tuple(kept), shown, {id: tuple(found) for id, found in users.items()}, operands)


def _inputs(labels: Labels, node: Node) -> tuple[int, ...]:
    return tuple(dict.fromkeys(labels.operands(node)))


def _ancestors(step: Step, labels: Labels, ends: Sequence[int]) -> list[int]:
    """The operations of forward and loss that these values depend on, themselves included, in order."""

    def computed(ids: Iterable[int]) -> list[int]:
        return [id for id in ids if not step.nodes[id].is_leaf]

    found = reached(computed(ends), lambda id: computed(labels.operands(step.nodes[id])))
    return sorted(id for id in found if step.nodes[id].phase in (Phase.FORWARD, Phase.LOSS) or id == step.loss_id)
