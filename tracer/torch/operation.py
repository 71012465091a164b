"""One operation on the tape of a PyTorch step, as it is gathered while the program runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from tracer.graph.record import Literal, Phase
from tracer.graph.strides import HELD_IN
from tracer.recording.source import Invocation
from tracer.torch.formulas import ForeignOperation
from tracer.torch.schemas import Schema
from tracer.torch.snapshots import WIDER_NAMES, Snapshot
from tracer.torch.steps.calls import NO_CALL, Call


def function_text(node: Any) -> str:
    """The backward pass of a torch.autograd.Function, with the line where it begins."""
    code = getattr(getattr(getattr(node, "_forward_cls", None), "backward", None), "__code__", None)
    return f"{node.name()} ({PurePath(code.co_filename).name}:{code.co_firstlineno})" if code is not None else str(node.name())


@dataclass(eq=False)
class Operation:
    """An operation, or a leaf if it has no call.

    `kind` is the name of the operation or the kind of the leaf. `output` is the position among several results. `sequence` is
    the number of the autograd node that a forward operation made, `node` that of the autograd node in which a backward operation
    ran; `is_sum` tells that it ran after that node had finished: a sum of gradients that came on several ways.
    `generator` is the state of the random number generator before it, `drawn` the row of it in the leaf of the step.
    `is_shard` tells of a leaf that other processes have other parts of it.
    `function` names the backward pass of a torch.autograd.Function in which it ran. `place` is the line of Python code that ran
    it within a backward pass; `is_hook` tells that this was a hook, which changes a gradient.
    """

    kind: str
    call: Call
    snapshot: Snapshot
    phase: Phase
    output: int = 0
    outputs: int = 1
    generator: Any = None
    name: str = ""
    # Not set when an operation is made: most have these values, which are those of the class.
    scope: str = field(default="", init=False)
    in_module: bool = field(default=False, init=False)
    invocation: Invocation | None = field(default=None, init=False)
    offset: int = field(default=-1, init=False)
    sequence: int | None = field(default=None, init=False)
    node: int | None = field(default=None, init=False)
    is_sum: bool = field(default=False, init=False)
    grad_enabled: bool = field(default=True, init=False)
    gradient_of: int | None = field(default=None, init=False)
    rule_of: int | None = field(default=None, init=False)
    fallback_name: str = field(default="", init=False)
    drawn: int | None = field(default=None, init=False)
    function: str = field(default="", init=False)
    place: str = field(default="", init=False)
    is_hook: bool = field(default=False, init=False)
    is_shard: bool = field(default=False, init=False)

    def become_leaf(self, kind: str, name: str) -> None:
        """Forget how the value was computed: the step begins with it."""
        self.kind, self.name, self.phase, self.call = kind, name, Phase.INIT, NO_CALL
        self.output, self.outputs, self.generator = 0, 1, None
        self.scope, self.in_module, self.invocation, self.offset, self.fallback_name = "", False, None, -1, ""
        self.sequence = self.node = self.gradient_of = self.rule_of = None
        self.is_sum = self.is_hook = False
        self.place = ""

    @property
    def schema(self) -> Schema | None:
        """What is called; None for a leaf."""
        return self.call.schema

    @property
    def inputs(self) -> tuple[int | Literal, ...]:
        """Operations and numbers."""
        return self.call.inputs

    @property
    def operands(self) -> tuple[int, ...]:
        """The inputs that are operations."""
        return self.call.operands

    @property
    def is_leaf(self) -> bool:
        """Whether nothing in the step computed it."""
        return self.call is NO_CALL


def foreign_operation(each: Operation, operations: Sequence[Operation]) -> ForeignOperation:
    """The operation of a node, with the shapes of its inputs and its result."""
    shapes = [operations[of].snapshot.type.shape if isinstance(of, int) else () for of in each.inputs]
    return ForeignOperation(each.kind, each.schema, each.inputs, shapes, each.snapshot.type.shape, each.output, each.outputs)


def parameters_of(each: Operation) -> dict[str, Any]:
    """The call as plain data, for a node of PyTorch's; and what a NumPy array does not tell of a tensor."""
    found: dict[str, Any] = {}
    if not each.is_leaf:
        found = {"arguments": each.call.arguments, **({"options": each.call.options} if each.call.options else {})}
        if each.outputs > 1:
            found["output"] = each.output
        if each.drawn is not None:
            found["generator"] = {"input": len(each.inputs) - 1, "row": each.drawn}
    if each.is_hook:
        found["hook"] = each.place
    if each.is_shard and each.is_leaf:
        found["shard"] = True
    if each.function and not each.is_leaf:
        found["function"] = each.function
    if each.snapshot.type.dtype in WIDER_NAMES and each.snapshot.type.dtype not in HELD_IN:
        found["dtype"] = each.snapshot.type.dtype
    if each.snapshot.type.strides is not None:
        found["strides"] = list(each.snapshot.type.strides)
    if each.snapshot.type.lazy:
        found["lazy"] = each.snapshot.type.lazy
    if each.snapshot.type.layout:
        found["layout"] = each.snapshot.type.layout
    return found
