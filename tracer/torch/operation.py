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


def function_text(node: Any) -> str:
    """The backward pass of a torch.autograd.Function, with the line where it begins."""
    code = getattr(getattr(getattr(node, "_forward_cls", None), "backward", None), "__code__", None)
    return f"{node.name()} ({PurePath(code.co_filename).name}:{code.co_firstlineno})" if code is not None else str(node.name())


@dataclass(slots=True, eq=False)
class Operation:
    """An operation, or a leaf if it has no schema.

    `kind` is the name of the operation or the kind of the leaf. `arguments` and `options` are those of the call as plain data,
    with {"input": position} in place of a tensor or a number. `output` is the position among several results. `sequence` is the
    number of the autograd node that a forward operation made, `node` that of the autograd node in which a backward operation
    ran; `is_sum` tells that it ran after that node had finished: a sum of gradients that came on several ways.
    `generator` is the state of the random number generator before it, `drawn` the row of it in the leaf of the step.
    `is_shard` tells of a leaf that other processes have other parts of it.
    `function` names the backward pass of a torch.autograd.Function in which it ran. `stopped` are the positions of inputs through
    which no gradient flows back. `place` is the line of Python code that ran it within a backward pass; `is_hook` tells that
    this was a hook, which changes a gradient.
    """

    kind: str
    inputs: tuple[int | Literal, ...]
    snapshot: Snapshot
    phase: Phase
    schema: Schema | None = None
    arguments: list[Any] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    output: int = 0
    outputs: int = 1
    scope: str = ""
    in_module: bool = False
    invocation: Invocation | None = None
    offset: int = -1
    sequence: int | None = None
    node: int | None = None
    is_sum: bool = False
    grad_enabled: bool = True
    gradient_of: int | None = None
    rule_of: int | None = None
    name: str = ""
    fallback_name: str = ""
    generator: Any = None
    drawn: int | None = None
    function: str = ""
    stopped: tuple[int, ...] = ()
    place: str = ""
    is_hook: bool = False
    is_shard: bool = False

    def become_leaf(self, kind: str, name: str) -> None:
        """Forget how the value was computed: the step begins with it."""
        self.kind, self.name, self.phase, self.schema, self.inputs = kind, name, Phase.INIT, None, ()
        self.arguments, self.options, self.output, self.outputs, self.generator = [], {}, 0, 1, None
        self.scope, self.in_module, self.invocation, self.offset, self.fallback_name = "", False, None, -1, ""
        self.sequence = self.node = self.gradient_of = self.rule_of = None
        self.is_sum = self.is_hook = False
        self.stopped, self.place = (), ""

    @property
    def text(self) -> str:
        """The call with its numbers; equal only for calls whose numbers have the same types and bits."""
        return f"{self.inputs}{self.arguments}{self.options}"

    @property
    def is_leaf(self) -> bool:
        """Whether nothing in the step computed it."""
        return self.schema is None and not self.inputs

    @property
    def operands(self) -> tuple[int, ...]:
        """The inputs that are operations."""
        return tuple(each for each in self.inputs if isinstance(each, int))


def foreign_operation(each: Operation, operations: Sequence[Operation]) -> ForeignOperation:
    """The operation of a node, with the shapes of its inputs and its result."""
    shapes = [operations[of].snapshot.shape if isinstance(of, int) else () for of in each.inputs]
    return ForeignOperation(each.kind, each.schema, each.inputs, shapes, each.snapshot.shape, each.output, each.outputs)


def parameters_of(each: Operation) -> dict[str, Any]:
    """The call as plain data, for a node of PyTorch's; and what a NumPy array does not tell of a tensor."""
    found: dict[str, Any] = {}
    if not each.is_leaf:
        found = {"arguments": each.arguments, **({"options": each.options} if each.options else {})}
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
    if each.snapshot.dtype in WIDER_NAMES and each.snapshot.dtype not in HELD_IN:
        found["dtype"] = each.snapshot.dtype
    if each.snapshot.strides is not None:
        found["strides"] = list(each.snapshot.strides)
    if each.snapshot.lazy:
        found["lazy"] = each.snapshot.lazy
    if each.snapshot.layout:
        found["layout"] = each.snapshot.layout
    return found
