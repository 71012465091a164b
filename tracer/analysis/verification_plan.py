"""What is computed again in a step, worked out once for all steps of the same structure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tracer.analysis.adapters import Adapter, adapter_of
from tracer.graph.missing import StoredValue
from tracer.graph.record import Literal, Node, Step
from tracer.graph.strides import HELD_IN
from tracer.i18n.message import Message
from tracer.ops import registry
from tracer.ops.base import Op
from tracer.ops.registration import LibraryFunction

NUMBERS = frozenset({bool, int, float, complex})
"""The types of numbers of Python: the result of such inputs is one too, if it is no array."""

UNKNOWN_DTYPE = np.dtype("V")
"""Stands for a dtype that NumPy does not have on this machine: no array has it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a step: its function, and the dtype and shape that its result must have.

    `inputs` are positions among the values of all nodes, followed by the literals of the step; `needs` are the nodes whose values
    it takes to compare. `adapter` computes the operation if it is another framework's. `problem` says why inputs of these shapes
    cannot give the result.
    """

    id: int
    value: Callable[..., Any]
    inputs: tuple[int, ...]
    parameters: Mapping[str, Any]
    needs: frozenset[int]
    dtype: np.dtype
    shape: tuple[int, ...]
    adapter: Adapter | None = None
    problem: Message | None = None


@dataclass(slots=True)
class VerificationPlan:
    """The operations of a step in their order, and the leaves and literals that they use.

    `numbers` are the leaves that operations receive as Python numbers, which do not determine the dtype of a result.
    `names` are those of all nodes, `parameters` the ids of parameters. `unknown` and `uninstalled` are those of `Verification`.
    """

    operations: list[Operation] = field(default_factory=list)
    leaves: list[int] = field(default_factory=list)
    literals: list[Any] = field(default_factory=list)
    numbers: set[int] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    parameters: list[int] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    uninstalled: dict[str, set[str]] = field(default_factory=dict)
    is_plain: bool = True  # no operation has an adapter or a problem


def plan_of(step: Step) -> VerificationPlan:
    """What is computed again in a step. Its values are not read."""
    plan = VerificationPlan()
    used: set[int] = set()
    for node in step.nodes:
        plan.names.append(node.name)
        used.update(node.operands)
        if node.op == "parameter":
            plan.parameters.append(node.id)
        if node.op == "hyperparameter":
            plan.numbers.add(node.id)
        if node.is_leaf:
            continue
        adapter, op = adapter_of(node.op), registry.named(node.op)
        if op is None and adapter is None:
            plan.unknown.add(node.op)
        elif op is not None and isinstance(op.value, LibraryFunction) and not op.value.is_installed:
            plan.uninstalled.setdefault(op.value.library, set()).add(node.op)
        else:
            inputs = tuple(_position(each, len(step.nodes), plan.literals) for each in node.inputs)
            problem = _problem(step, node, op) if op is not None and adapter is None else None
            plan.is_plain &= problem is None and adapter is None
            value = _not_here if op is None else op.value
            needs = frozenset((node.id, *node.operands))
            plan.operations.append(
                Operation(node.id, value, inputs, node.parameters, needs, _dtype_of(node), node.shape, adapter, problem)
            )
    computed = {operation.id for operation in plan.operations}
    plan.leaves = sorted({*used, *plan.parameters} - computed)
    return plan


def values_if_exact(step: Step, plan: VerificationPlan) -> list[np.ndarray | None] | None:
    """The values of a step in a file, computed from its leaves, if the file has the same bits for each operation; else None.

    They are compared at the end, all at once: if they agree, then each operation was given what is recorded. None too for a step
    that is not in a file, misses values, or has other than plain operations; None in the place of leaves that nothing uses.
    """
    nodes: Any = step.nodes
    if not plan.is_plain or not hasattr(nodes, "have_bits") or nodes.why_missing:
        return None
    received: list[Any] = [None] * len(nodes) + plan.literals  # what operations are given for a node, or as a literal
    numbers: dict[int, np.ndarray] = {}  # the values of which a Python number is given
    for id, content in zip(plan.leaves, nodes.contents_at(plan.leaves), strict=True):
        value = received[id] = loaded(content)
        if id in plan.numbers:
            numbers[id], received[id] = value, value.item()
    given = received.__getitem__
    with np.errstate(all="ignore"):
        for operation in plan.operations:
            try:
                value = received[operation.id] = operation.value(*map(given, operation.inputs), **operation.parameters)
            except Exception:  # an operation may raise anything if the inputs in the file do not fit it
                return None
            if not isinstance(value, np.ndarray):
                value = received[operation.id] = np.asarray(value)
                if NUMBERS.issuperset(map(type, map(given, operation.inputs))):
                    numbers[operation.id], received[operation.id] = value, value.item()
            if value.dtype is not operation.dtype or value.shape != operation.shape:
                return None
    values = received[: len(nodes)]
    for id, value in numbers.items():
        values[id] = value
    return values if nodes.have_bits(values) else None


def loaded(content: np.ndarray | StoredValue) -> np.ndarray:
    """The value of a node that was kept."""
    return content if isinstance(content, np.ndarray) else content.load()


def _position(operand: int | Literal, count: int, literals: list[Any]) -> int:
    """Where the input of an operation is; a literal is added to `literals`, which follow the `count` nodes."""
    if not isinstance(operand, Literal):
        return operand
    literals.append(operand.value)
    return count + len(literals) - 1


def _not_here(*inputs: Any, **parameters: Any) -> Any:
    raise LookupError("an adapter computes this operation")


def _dtype_of(node: Node) -> np.dtype:
    try:
        return np.dtype(HELD_IN.get(node.dtype, node.dtype))
    except TypeError:
        return UNKNOWN_DTYPE


def _problem(step: Step, node: Node, op: type[Op]) -> Message | None:
    """Why inputs of these shapes cannot give the recorded shape. Asked first, so that a forged file computes nothing large."""
    shapes = [() if isinstance(each, Literal) else step.nodes[each].shape for each in node.inputs]
    try:
        if op.accepts_shapes(shapes, node.parameters, node.shape):
            return None
    except Exception as error:  # an operation may raise anything if the inputs in the file do not fit it
        return not_computable(error)
    return Message("other_shape", {"shape": node.shape})


def not_computable(error: Exception) -> Message:
    """The message for an error that an operation raised."""
    lines = str(error).strip().splitlines()
    return Message("not_computable", {"error": type(error).__name__, "text": lines[0] if lines else ""})
