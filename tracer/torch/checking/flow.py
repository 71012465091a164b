"""Which way gradients flow back through a recorded step, by what the record says of stops and of torch.autograd.Functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracer.analysis.reaching import reached
from tracer.graph.record import Node, Phase, Step
from tracer.torch.computing.overloads import overload_named
from tracer.torch.steps.flow import FORWARD
from tracer.torch.tape import WRITTEN

RECOMPUTED = "CheckpointFunctionBackward"
"""A Function whose forward pass records no gradients, and whose backward pass computes it again to find them."""


@dataclass(frozen=True, slots=True)
class Function:
    """A torch.autograd.Function: its name with the line of its backward pass, a result, its inputs, and those that it gave no
    gradient to. `inside` is what it computes the result by, empty if that is not on record, None if the result is an input
    as it is.
    """

    name: str
    result: int
    inputs: frozenset[int]
    without_gradient: frozenset[int]
    inside: frozenset[int] | None

    @property
    def is_recomputed(self) -> bool:
        """Whether it is no rule of its own, but a part of the forward pass that is computed twice."""
        return self.name.startswith(RECOMPUTED)


class Flow:
    """Where gradients flow: `carrying` are the values that gradients are computed for, `functions` the Functions by result,
    `function_inside` leads from what such a one computes to its result. `starts` were computed without gradients, and have
    one: parameters that the program wrote into before it used them.
    """

    def __init__(self, step: Step) -> None:
        self._nodes = step.nodes
        self.functions: dict[int, list[Function]] = {}
        self.function_inside: dict[int, int] = {}
        for node in step.nodes:
            if node.phase in FORWARD or node.is_leaf:
                for each in node.parameters.get("results_of", ()):
                    self._learn(node, each["function"], each["inputs"], each["without_gradient"])
        leaves = {of for of in step.gradients if step.nodes[of].is_leaf} | set(self.functions)
        self.carrying: set[int] = set()
        self.starts: set[int] = set()
        for node in step.nodes:
            if node.is_leaf:
                if node.op == "parameter" or node.id in leaves:
                    self.carrying.add(node.id)
            elif node.phase in FORWARD and _has_derivative(node):
                if self.live(node):
                    self.carrying.add(node.id)
                elif node.id in step.gradients:
                    self.starts.add(node.id)
                    self.carrying.add(node.id)

    def live(self, node: Node) -> tuple[int, ...]:
        """The positions of the inputs of a node through which gradients flow back."""
        inside = self.function_inside.get(node.id)
        if inside is not None:
            function = self.functions[inside][0]
            sources = function.inputs | (function.inside or frozenset())
            through = [
                isinstance(each, int) and (each in sources or (function.is_recomputed and each in self.carrying))
                for each in node.inputs
            ]
        else:
            stopped = node.parameters.get("stopped", ())
            through = [isinstance(each, int) and position not in stopped for position, each in enumerate(node.inputs)]
        return tuple(
            position
            for position, (each, is_through) in enumerate(zip(node.inputs, through, strict=True))
            if is_through and each in self.carrying
        )

    def _learn(self, node: Node, name: str, given: Sequence[int | None], without_gradient: Sequence[int]) -> None:
        """A Function that a value is a result of."""
        found = self.functions.setdefault(node.id, [])
        inputs = frozenset(of for of in given if of is not None)
        without = frozenset(of for position in without_gradient if (of := given[position]) is not None)
        if node.id in inputs:
            found.append(Function(name, node.id, inputs, without, None))
            return
        is_recomputed = name.startswith(RECOMPUTED)
        inside: set[int] = set()
        waiting = [node.id]
        while waiting:
            id = waiting.pop()
            if id in inside or id in inputs or not self._nodes[id].parameters.get("no_grad"):
                continue
            inside.add(id)
            waiting += self._nodes[id].operands
        starts = any(of in inputs for id in inside for of in self._nodes[id].operands)
        if not starts and not is_recomputed:
            inside = set()
        function = Function(name, node.id, inputs, without, frozenset(inside))
        found.insert(0, function)
        for id in inside:
            self.function_inside[id] = node.id


def _has_derivative(node: Node) -> bool:
    """Whether a value has a derivative by its inputs: it is of numbers, and not only of the shape of another one."""
    name = node.op.partition(".")[2].partition(".")[0]
    is_of_shape = name.endswith("_like") or name.startswith(("new_", "empty"))
    return node.dtype.startswith(("float", "bfloat", "complex")) and not is_of_shape


def ancestors(nodes: Sequence[Node], flow: Flow, end: int) -> set[int]:
    """The nodes that gradients flow back to from one."""

    def sources(id: int) -> list[int]:
        node = nodes[id]
        direct = [of for position in flow.live(node) if isinstance(of := node.inputs[position], int)]
        through = [of for each in flow.functions.get(id, ()) if not each.inside for of in each.inputs if of in flow.carrying]
        return direct + through

    return reached([end], sources)


def gradients_before_hooks(step: Step, gradients: Mapping[int, int]) -> dict[int, int | None]:
    """The gradients that hooks changed: by the value that they are of, the node that was given to the first hook."""
    found: dict[int, int | None] = {}
    for of, gradient in gradients.items():
        at: int | None = gradient
        while at is not None and "hook" in step.nodes[at].parameters and step.nodes[at].gradient_of == of:
            operands = [step.nodes[each] for each in step.nodes[at].operands]
            alike = [each for each in operands if each.shape == step.nodes[at].shape]
            given = next((each for each in alike if each.phase is Phase.BACKWARD), None)
            at = None if given is None else given.id
        if at != gradient:
            found[of] = at
    return found


def shares_memory(node: Node, nodes: Sequence[Node]) -> bool:
    """Whether a value is a view of another one, or memory that was written into through views.

    The same view may be taken again and be the same value on record, but each has a gradient of its own, and PyTorch replaces the
    views of what was written into: only the gradient of what they are views of is whole.
    """
    if node.is_leaf:
        return False
    if node.op == WRITTEN:
        return True
    try:
        schema = overload_named(node.op)
    except LookupError:
        return False
    is_write = bool(schema.written) and bool(node.operands) and not schema.short.startswith("_foreach")
    return schema.is_view or (is_write and shares_memory(nodes[node.operands[0]], nodes))
