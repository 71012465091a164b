"""Finds a prediction and a target of different shapes, (n,1) and (n,), that broadcasting combined into (n,n)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tracer.graph.record import Node, Phase, Step
from tracer.ops import registry
from tracer.ops.elementwise import Elementwise

_RESHAPING = ("expand_dims", "reshape", "take", "broadcast_to", "transpose")
"""Operations that give an array its axes: what they return is taken as meant where it is combined in the same phase."""


@dataclass(frozen=True, slots=True)
class GrownPair:
    """An operation whose result is larger than both operands: one is computed from parameters, the other from data only."""

    node: Node
    prediction: Node
    target: Node


def grown_pair(step: Step) -> GrownPair | None:
    """The first such operation that the loss is computed from, where both operands have the same elements along one axis.

    A bias, a mask, scores of attention and differences of all pairs (`x[:, None] - x`) are none: they grow one operand, combine
    parameters with parameters, or have an axis that was added in the same phase, for the purpose. A prediction that got its
    axis in the model is one.
    """
    trained: set[int] = set()
    for node in step.nodes:
        if node.phase in (Phase.BACKWARD, Phase.UPDATE):
            break
        if node.op == "parameter" or any(operand in trained for operand in node.operands):
            trained.add(node.id)
        if node.id in step.gradients and (found := _pair(step, node, trained)) is not None:
            return found
    return None


def _pair(step: Step, node: Node, trained: set[int]) -> GrownPair | None:
    op = registry.named(node.op)
    if op is None or not issubclass(op, Elementwise) or len(node.operands) != 2:
        return None
    one, other = (step.nodes[operand] for operand in node.operands)
    if (one.id in trained) == (other.id in trained):
        return None
    prediction, target = (one, other) if one.id in trained else (other, one)
    if prediction.is_leaf or not _is_column_and_row(one.shape, other.shape, node.shape):
        return None
    if any(each.phase is node.phase and _has_added_axis(each) for each in (prediction, target)):
        return None
    return GrownPair(node, prediction, target)


def _is_column_and_row(one: tuple[int, ...], other: tuple[int, ...], result: tuple[int, ...]) -> bool:
    """Whether shapes such as (n,1) and (n,) gave a larger one: as many elements, along one axis, and more in the result.

    >>> _is_column_and_row((6, 1), (6,), (6, 6)), _is_column_and_row((6, 1), (1,), (6, 1))
    (True, False)
    """
    size = math.prod(one)
    is_long = size > 1 and size == math.prod(other) and size in one and size in other
    return is_long and len(one) != len(other) and math.prod(result) > size


def _has_added_axis(node: Node) -> bool:
    return node.op in _RESHAPING or bool(node.parameters.get("keepdims"))
