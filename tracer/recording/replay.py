"""Evaluates a recorded step again: with other inputs, or into a new recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tracer.errors import UsageError
from tracer.graph.record import Literal, Node
from tracer.ops import registry
from tracer.ops.base import Op
from tracer.recording.recorder import Recorder
from tracer.recording.tensor import Tensor


def operation_of(node: Node) -> type[Op]:
    """The operation that computed a node; raises UsageError if no operation of that name is registered."""
    op = registry.named(node.op)
    if op is None:
        raise UsageError(f"node {node.id} was computed by the operation {node.op!r}, which is not defined here")
    return op


def start_value(node: Node) -> Any:
    """The value of a leaf as the program got it: for a hyperparameter a Python number, which has no dtype."""
    return node.value.item() if node.op == "hyperparameter" else node.value


def replayed(nodes: Sequence[Node], changed: Mapping[int, Any], wanted: int) -> Any:
    """The value of the node `wanted` when the leaves in `changed` have other values, by id.

    Only nodes that depend on them are recomputed; all others keep their recorded value, bit for bit.
    """
    values: dict[int, Any] = dict(changed)
    for node in nodes[: wanted + 1]:
        if node.id in values or not any(operand in values for operand in node.operands):
            continue
        inputs = []
        for operand in node.inputs:
            if isinstance(operand, Literal):
                inputs.append(operand.value)
            else:
                inputs.append(values[operand] if operand in values else start_value(nodes[operand]))
        values[node.id] = operation_of(node).value(*inputs, **node.parameters)
    return values.get(wanted, nodes[wanted].value)


def record_again(nodes: Sequence[Node], recorder: Recorder, until: int) -> list[Tensor]:
    """Record the nodes up to `until` again, so that they can be differentiated; returns their Tensors by id."""
    tensors: list[Tensor] = []
    for node in nodes[: until + 1]:
        if node.is_leaf:
            tensors.append(recorder.leaf(node.op, node.name, start_value(node), copy=False))
            continue
        inputs = tuple(x.value if isinstance(x, Literal) else tensors[x] for x in node.inputs)
        tensors.append(recorder.record(operation_of(node), inputs, dict(node.parameters)))
    return tensors
