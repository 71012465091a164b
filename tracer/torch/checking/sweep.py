"""One sweep back through a recorded step: the derivative of each operation, by PyTorch in float64, times what arrives at it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from tracer.graph.record import Node, Step
from tracer.torch.checking.flow import Flow, ancestors, gradients_before_hooks, shares_memory
from tracer.torch.checking.values import Values, apply, widened
from tracer.torch.computing import inputs_of
from tracer.torch.computing.arrays import tensor_of
from tracer.torch.computing.calls import call, generator_state
from tracer.torch.computing.overloads import overload_named


@dataclass(slots=True)
class Arrived:
    """What arrives at a value: the parts of its gradient by the results of what uses it, and those that are not known."""

    parts: dict[int, torch.Tensor] = field(default_factory=dict)
    unknown: dict[int, str] = field(default_factory=dict)

    def total(self) -> torch.Tensor | None:
        """The sum of the parts."""
        found = None
        for each in self.parts.values():
            found = each if found is None else found + each
        return found


@dataclass(frozen=True, slots=True)
class Pass:
    """What a sweep needs of a backward pass: the step with one loss, its values in float64, and where gradients flow."""

    step: Step
    values: Values
    flow: Flow
    nodes: frozenset[int]
    before_hooks: Mapping[int, int | None]

    def recorded(self, of: int) -> torch.Tensor | None:
        """The gradient of a value as the program has it, if there is one on record."""
        gradient = self.gradient_id(of)
        return None if gradient is None else self.values[gradient]

    def gradient_id(self, of: int) -> int | None:
        """The node of the gradient of a value, if there is one on record."""
        node = self.step.nodes[of]
        elsewhere: int | None = node.parameters.get("gradient") if of in self.nodes else None
        return self.step.gradients.get(of, elsewhere)

    def given(self, of: int) -> torch.Tensor | None:
        """The gradient of a value before hooks changed it; None if there is none on record."""
        if of in self.before_hooks:
            at = self.before_hooks[of]
            return None if at is None else self.values[at]
        return self.recorded(of)

    def precision(self, of: int, arrived: Arrived) -> float:
        """The precision of the least precise value that a gradient rests on; 0 if all were computed in float64."""
        ids = (of, self.gradient_id(of), *arrived.parts)
        return max(0.0 if id is None else self.values.rounded.get(id, 0.0) for id in ids)


def pass_of(step: Step, values: Values, flow: Flow) -> Pass:
    """The pass of a step with one loss."""
    nodes = frozenset(ancestors(step.nodes, flow, step.loss_id))
    return Pass(step, values, flow, nodes, gradients_before_hooks(step, step.gradients))


@dataclass(frozen=True, slots=True)
class Visited:
    """A value that gradients flow to: what arrives at it, the gradient that is handed on, and what the operation that computed
    it makes of that for its inputs at the positions `live`; None where that is not known.
    """

    node: Node
    arrived: Arrived
    handed: torch.Tensor | None
    live: tuple[int, ...] = ()
    parts: Sequence[torch.Tensor | None] = ()


def swept(one: Pass, taken: Mapping[int, torch.Tensor] | None) -> Iterator[Visited]:
    """The values that gradients flow to, from the loss back.

    `taken` are gradients that are handed on in place of what arrives; None for those on record, wherever there are any.
    """
    step, flow = one.step, one.flow
    arrived: dict[int, Arrived] = defaultdict(Arrived)
    start, loss = one.recorded(step.loss_id), one.values[step.loss_id]
    arrived[step.loss_id].parts[-1] = torch.ones_like(loss) if start is None else start
    for id in one.nodes:
        for function in flow.functions.get(id, ()):
            for of in function.inputs if function.inside == frozenset() else ():
                arrived[of].unknown[id] = function.name
    for id in sorted(one.nodes, reverse=True):
        node, at = step.nodes[id], arrived.pop(id, Arrived())
        instead = one.recorded(id) if taken is None else taken.get(id)
        if taken is None and shares_memory(node, step.nodes) and id not in one.before_hooks and id not in flow.functions:
            instead = None
        handed = None if instead is None and at.unknown else at.total() if instead is None else instead
        live = () if node.is_leaf else flow.live(node)
        is_known = handed is not None and (id not in one.values.opaque or id in one.values.drawn)
        parts = derivatives(one, node, live, handed) if is_known and handed is not None else [None] * len(live)
        yield Visited(node, at, handed, live, parts)
        if handed is None and not at.unknown:
            continue  # a result that nothing depends on
        result = flow.function_inside.get(id, id)
        for position, part in zip(live, parts, strict=True):
            operand = node.inputs[position]
            assert isinstance(operand, int)
            if part is None:
                arrived[operand].unknown[result] = next(iter(at.unknown.values()), node.op)
            else:
                known = arrived[operand].parts
                known[result] = known[result] + part if result in known else part


def derivatives(one: Pass, node: Node, live: tuple[int, ...], handed: torch.Tensor) -> list[torch.Tensor | None]:
    """The derivatives of the sum of a result times a gradient, for inputs at positions; None where PyTorch has none."""
    if node.id in one.values.drawn:
        return _derivatives_as_drawn(one, node, live, handed)
    with torch.enable_grad():
        inputs = one.values.inputs_of(node)
        leaves = [inputs[position].detach().clone().requires_grad_() for position in live]
        for position, leaf in zip(live, leaves, strict=True):
            inputs[position] = leaf
        try:
            found = torch.autograd.grad(apply(node, inputs), leaves, handed, allow_unused=True)
        except Exception:  # there is no derivative of it
            return [None] * len(live)
    return [
        torch.zeros_like(leaf) if each is None else each.to_dense() if each.layout is not torch.strided else each
        for leaf, each in zip(leaves, found, strict=True)
    ]


def _derivatives_as_drawn(one: Pass, node: Node, live: tuple[int, ...], handed: torch.Tensor) -> list[torch.Tensor | None]:
    """The derivatives of a random operation: in the precision that it had, with the numbers that it drew."""
    try:
        inputs = inputs_of(node, one.step.nodes)
        leaves = [inputs[position].detach().clone().requires_grad_() for position in live]
        for position, leaf in zip(live, leaves, strict=True):
            inputs[position] = leaf
        with torch.enable_grad(), generator_state(node.parameters, inputs):
            given = [each.clone() if isinstance(each, torch.Tensor) else each for each in inputs]
            result = call(overload_named(node.op), node.parameters, given)[int(node.parameters.get("output", 0))]
        if not torch.equal(result, tensor_of(node)):
            return [None] * len(live)
        found = torch.autograd.grad(result, leaves, handed.to(result.dtype), allow_unused=True)
    except Exception:  # there is no derivative of it, or not with these numbers
        return [None] * len(live)
    return [widened(torch.zeros_like(leaf) if each is None else each) for leaf, each in zip(leaves, found, strict=True)]
