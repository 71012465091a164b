"""Which operation or Function a part of a gradient came through, and why it may not be the derivative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from tracer.graph.record import Node, Phase
from tracer.torch.checking.flow import RECOMPUTED, Function, shares_memory
from tracer.torch.checking.sweep import Arrived, Pass
from tracer.torch.steps.flow import FORWARD
from tracer.torch.tape import WRITTEN


@dataclass(slots=True)
class Unit:
    """A use of a value: an operation, or a Function with what it computes `inside`, up to its results.

    `expected` is the part of the gradient that is to come through it, `found` the one on record, None if that is not known.
    `arriving` are the gradients of the results, `rules` the nodes of its backward pass.
    """

    node: Node
    function: Function | None
    results: tuple[int, ...]
    inside: frozenset[int]
    expected: torch.Tensor
    found: torch.Tensor | None
    arriving: Mapping[int, torch.Tensor]
    rules: tuple[Node, ...]

    @property
    def name(self) -> str:
        """The Function with the line of its backward pass, or the operation."""
        return self.function.name if self.function is not None else self.node.op


def units_of(one: Pass, value: Node, arrived: Arrived) -> list[Unit]:
    """The uses of a value that parts of its gradient come through."""
    grouped: dict[object, list[int]] = {}
    for result in sorted(arrived.parts):
        if result >= 0:
            grouped.setdefault(_call_of(one, result), []).append(result)
    return [_unit(one, value, results, arrived) for results in grouped.values()]


def _function_of(one: Pass, result: int) -> Function | None:
    return next((each for each in one.flow.functions.get(result, ()) if each.inside is not None), None)


def _call_of(one: Pass, result: int) -> object:
    """What the results of one call have in common."""
    function, node = _function_of(one, result), one.step.nodes[result]
    if function is not None:
        return function.name, function.inputs
    return node.op, node.inputs, repr(node.parameters.get("arguments")), repr(node.parameters.get("options"))


def _unit(one: Pass, value: Node, results: list[int], arrived: Arrived) -> Unit:
    nodes, call = one.step.nodes, _call_of(one, results[0])
    function = _function_of(one, results[0])
    # The backward pass of several results is known by the first of them, which may have no gradient.
    first, last = min(results), max(results)
    while first > 0 and nodes[first - 1].phase in FORWARD and _call_of(one, first - 1) == call:
        first -= 1
    together = {id for id in range(first, last + 1) if _call_of(one, id) == call} if function is None else set(results)
    if function is not None:
        together |= {
            id
            for id, found in one.flow.functions.items()
            if any(each.name == function.name and each.inputs == function.inputs for each in found)
        }
    rules = tuple(node for node in nodes if node.phase is Phase.BACKWARD and node.rule_of in together)
    parts: dict[int, Node] = {}
    for node in rules:
        if node.gradient_of == value.id and node.shape == value.shape and node.rule_of is not None:
            parts[node.rule_of] = node
    found = None
    for node in parts.values():
        part = one.values[node.id]
        found = part if found is None else found + part
    expected = arrived.parts[results[0]]
    for result in results[1:]:
        expected = expected + arrived.parts[result]
    arriving = {id: gradient for id in together if (gradient := one.recorded(id)) is not None}
    inside = (
        frozenset(together)
        if function is None
        else frozenset(id for id, at in one.flow.function_inside.items() if at in together)
    )
    return Unit(nodes[results[0]], function, tuple(results), inside, expected, found, arriving, rules)


def is_as_it_is(one: Pass, unit: Unit) -> bool:
    """Whether a Function gives back one of its inputs unchanged: it is there for its backward pass only."""
    assert unit.function is not None
    result = one.values[unit.results[0]]
    return any(
        one.values[of].shape == result.shape and torch.equal(one.values[of].to(result.dtype), result)
        for of in unit.function.inputs
    )


def changed_before(one: Pass, unit: Unit) -> Node | None:
    """What wrote into the memory of a value after the forward pass used it, where the backward pass reads it; None if nothing."""
    nodes = one.step.nodes
    uses, rules = _uses(one, unit)
    used = {_base(nodes, of).id for id in uses for of in (id, *nodes[id].operands)}
    for rule in rules:
        for of in rule.operands:
            at = written = _base(nodes, of)
            while _is_write(at) and at.operands and at.id not in used and at.phase in FORWARD:
                at = _base(nodes, at.operands[0])
            if at.id in used and at.id != written.id:
                return written
    return None


def changed_outside(one: Pass, unit: Unit) -> Node | None:
    """A value that the forward pass used, and the backward pass reads with other numbers; None if there is none."""
    nodes = one.step.nodes
    uses, rules = _uses(one, unit)
    used = {_base(nodes, of).id: _base(nodes, of) for id in uses for of in nodes[id].operands}
    read = {_base(nodes, of).id: _base(nodes, of) for rule in rules for of in rule.operands}
    for other in read.values():
        for node in used.values():
            is_alike = (
                node.is_leaf and other.is_leaf and (node.op, node.shape, node.dtype) == (other.op, other.shape, other.dtype)
            )
            if is_alike and other.id not in used and node.name.partition("#")[0] == other.name.partition("#")[0]:
                return node
    return None


def memory_before(nodes: Sequence[Node], id: int) -> list[Node]:
    """A value and, back to the first one, those that its memory held before it was written into, or that it is a view of."""
    found = [nodes[id]]
    while not found[-1].is_leaf and found[-1].operands and (_is_write(found[-1]) or shares_memory(found[-1], nodes)):
        found.append(nodes[found[-1].operands[0]])
    return found


def _uses(one: Pass, unit: Unit) -> tuple[set[int], list[Node]]:
    """The operations that use a value, also through views of it, and the nodes of their backward passes."""
    nodes, uses = one.step.nodes, set(unit.inside) | set(unit.results)
    views = {id for id in uses if _base(nodes, id).id != id}
    for node in nodes if views else ():
        if node.phase in FORWARD and views.intersection(node.operands):
            uses.add(node.id)
            if _base(nodes, node.id).id != node.id:
                views.add(node.id)
    return uses, [node for node in nodes if node.phase is Phase.BACKWARD and (node in unit.rules or node.rule_of in uses)]


def _base(nodes: Sequence[Node], id: int) -> Node:
    """What a value is a view of."""
    node = nodes[id]
    while not node.is_leaf and not _is_write(node) and node.operands and shares_memory(node, nodes):
        node = nodes[node.operands[0]]
    return node


def _is_write(node: Node) -> bool:
    """Whether a node is memory after it was written into."""
    return node.op == WRITTEN or node.op.partition(".")[2].partition(".")[0].endswith("_")


def functions_within(one: Pass) -> list[str]:
    """The Functions of what a checkpoint computes again in the backward pass."""
    nodes = one.step.nodes
    again = (node for node in nodes if node.gradient_of is not None and nodes[node.gradient_of].phase is Phase.BACKWARD)
    found = dict.fromkeys(str(node.parameters["function"]) for node in again if "function" in node.parameters)
    return [name for name in found if not name.startswith(RECOMPUTED)]


def leftover(one: Pass, node: Node) -> torch.Tensor:
    """What was in the attribute `grad` of a parameter before the backward pass, and is in its gradient on record."""
    zero = torch.zeros((), dtype=torch.float64)
    if not (node.is_leaf or node.id in one.flow.starts) or node.id not in one.step.gradients:
        return zero
    start = one.step.gradients.get(one.step.loss_id, 0)
    at, total = one.step.nodes[one.step.gradients[node.id]], zero
    while at.op.startswith(("aten.add_.", "aten.add.")) and len(at.operands) == 2:
        older = [each for each in at.operands if one.step.nodes[each].is_leaf or each < start]
        for each in older:
            total = total + one.values[each]
        others = [each for each in at.operands if each not in older]
        if len(others) != 1 and older:
            break
        if not others:
            break
        at = one.step.nodes[at.operands[0] if not older else others[0]]
    return total
