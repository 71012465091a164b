"""The tape of one step: the operations, what connects them, and what the autograd engine says of gradients."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from tracer.graph.record import Literal, Phase
from tracer.torch.frames import NEAREST, Frames, place_in_backward
from tracer.torch.identity import Geometry, Memories, Memory, Write, geometry_of, has_memory, plain_of, storage_of
from tracer.torch.names import TensorNames
from tracer.torch.operation import Operation, function_text
from tracer.torch.schemas import Schema, schema_of
from tracer.torch.snapshots import Snapshot, Snapshots, unseen
from tracer.torch.steps.calls import NO_CALL, Call, KnownCalls
from tracer.torch.steps.functions import Functions
from tracer.torch.steps.leaves import Leaves
from tracer.torch.steps.passes import Passes, leads_to

WRITTEN = "written"
"""The operation that stands for what a view shows after its memory was written into through other views."""


class StepTape:
    """Gathers the operations of a step. `gradients` are ids, `contributions` leads from a part of a gradient to the value it is
    for and the operation it came through. `passes` are the backward passes that count. `is_of_function` tells that
    torch.func.grad computes the gradient, which always may be differentiated again.
    """

    def __init__(self, frames: Frames, names: TensorNames, known_calls: KnownCalls, *, keep: bool) -> None:
        self.operations: list[Operation] = []
        self.memories = Memories()
        self.snapshots = Snapshots(keep=keep)
        self.frames = frames
        self.names = names
        self.known_calls = known_calls
        self.phase = Phase.FORWARD
        self.modules: list[str] = []
        self.optimizer = ""
        self.last_in_module = -1
        self.is_of_function = False
        self.by_sequence: dict[int, int] = {}
        self.by_output: dict[tuple[int, int], int] = {}
        self.gradients: dict[int, int] = {}
        self.contributions: dict[int, tuple[int, int | None]] = {}
        self.passes = Passes(self)
        self.running: dict[int, int] | None = None
        self.arrived: dict[int, tuple[int, Any]] = {}
        """The gradients of values in the running backward pass, and the autograd nodes that they arrived at."""
        self.leaves_of_step = Leaves(self)
        self.finished_nodes: set[int] = set()
        self.entered_nodes: set[int] = set()
        self.functions = Functions()
        self.stopped: list[int] = []
        """The positions of inputs of the running operation through which no gradient flows back."""
        self.used_gradients: dict[int, int] = {}
        """The gradients of parameters as an optimizer found them."""
        self.without_gradient: list[int] = []
        """The parameters for which it found none."""

    # Reading: the operation of a tensor.

    def id_of(self, tensor: torch.Tensor) -> int:
        """The operation whose value a tensor holds; what is unknown enters as a leaf."""
        memory, place, storage = self.memories.find(tensor)
        found = memory.current(place)
        # What NumPy wrote into the memory since it was recorded is another value.
        if found is not None and (storage.resizable() or self.operations[found].snapshot.equals(tensor)):
            return found
        tensor = plain_of(tensor)
        if memory.views and found is None:
            return self._seen_after_writes(tensor, storage, memory, place)
        kind, name = self.names.kind_and_name(tensor)
        id = self._append(Operation(kind, NO_CALL, self.snapshots.take(tensor, storage, place), Phase.INIT, name=name))
        self.operations[id].is_shard = self.names.is_shard(tensor)
        if kind == "parameter":
            self.leaves_of_step.add(tensor, id)
        elif not name and self.phase is Phase.UPDATE:
            self.leaves_of_step.made_by_optimizer(tensor, id)
        if found is not None:
            memory.version += 1
        memory.holds(place, id)
        return id

    def _seen_after_writes(self, tensor: torch.Tensor, storage: torch.UntypedStorage, memory: Memory, seen: Geometry) -> int:
        """A view of memory that was written into through another view, or a view that is new: what is seen of it now."""
        place, (start, version) = memory.nearest(seen)
        writes: Sequence[Write] = [each for each in memory.writes if each.version > version]
        inputs = (start, *(each.operation for each in writes))
        places: list[Geometry] = [place, *(each.geometry for each in writes), seen]
        options = {"places": [[list(each.shape), list(each.stride), each.offset] for each in places]}
        call = Call(None, inputs, [], options)
        id = self._append(Operation(WRITTEN, call, self.snapshots.take(tensor, storage, seen), self.phase))
        memory.holds(seen, id)
        return id

    def lose(self, tensor: torch.Tensor) -> None:
        """Something that is not recorded writes into the memory of a tensor: what it holds is no longer known."""
        self.release(storage_of(tensor))

    def release(self, storage: torch.UntypedStorage) -> None:
        """A memory is given back, or changed unseen: what it holds is no longer known."""
        self.snapshots.before_release(storage)
        memory = self.memories.of_storage(storage)
        memory.version += 1
        memory.views.clear()
        memory.writes.clear()

    # Recording.

    def add(
        self, schema: Schema, results: Sequence[torch.Tensor], written: int, arguments: list[Any], options: dict[str, Any],
        inputs: Sequence[int | Literal], generator: Any,
    ) -> None:  # fmt: skip
        """Append an operation, one node for each of its results; the first `written` of them were written in place."""
        for memory in dict.fromkeys(map(self.memories.of, results[:written])) if written else ():
            memory.version += 1
        given, stopped, count = tuple(inputs), tuple(self.stopped), len(results)
        call: Call | None = None
        for position, tensor in enumerate(results):
            memory, place, storage = self.memories.find(tensor)
            if schema.is_view and self._is_known_view(memory.current(place)):
                continue
            output = position
            if schema.is_list:
                call, output = self._of_element(position, count, schema, given, arguments, options)
            elif call is None:
                call = self.known_calls.call(len(self.operations), schema, given, arguments, options, stopped)
            snapshot = self.snapshots.take(tensor, storage, place)
            operation = Operation(schema.op, call, snapshot, self.phase, output, count, generator)
            id = self._append(operation)
            memory.holds(place, id, is_write=position < written)
            if operation.sequence is not None and operation.grad_enabled:
                self.by_sequence.setdefault(operation.sequence, id)

    def same(self, result: torch.Tensor, source: int) -> None:
        """Note that a tensor holds the value of an earlier operation."""
        self.memories.holds(result, source)

    def learn_literal(self, id: int) -> None:
        """A tensor was made of numbers of Python: if a library did that, it has no name, and a number is shown as such."""
        operation = self.operations[id]
        if operation.is_leaf and set(operation.snapshot.type.shape) <= {1} and self.frames.place() in self.frames.without_names:
            operation.kind = "constant"

    def _is_known_view(self, known: int | None) -> bool:
        """Whether a view is one that is on the tape already: `W.T.T` is W. Only within the same mode of recording gradients."""
        if known is None:
            return False
        in_backward = torch._C._current_graph_task_id() != -1
        if in_backward and not (self.operations[known].is_leaf and torch.is_grad_enabled()):
            return not torch.is_grad_enabled() or self.is_of_function
        if not in_backward and self.operations[known].grad_enabled != torch.is_grad_enabled():
            return False
        if torch.is_grad_enabled():
            self.by_sequence.setdefault(torch.autograd._get_sequence_nr() - 1, known)
        if not self.stopped and self.operations[known].call.stopped:
            # it was seen first where no gradient flows
            self.operations[known].call = replace(self.operations[known].call, stopped=())
        return True

    def _of_element(
        self, position: int, count: int, schema: Schema, inputs: tuple[int | Literal, ...], arguments: list[Any],
        options: dict[str, Any],
    ) -> tuple[Call, int]:  # fmt: skip
        """What an operation on lists does to one element, and which of its results that is."""
        lists = [each for each in arguments if isinstance(each, list) and each and _is_input(each[0])]
        length = len(lists[0]) if lists else count
        element, chosen = position % length, list[int | Literal]()
        arguments = [self._element(each, element, chosen, inputs) for each in arguments]
        options = {name: self._element(each, element, chosen, inputs) for name, each in options.items()}
        return self.known_calls.call(len(self.operations), schema, tuple(chosen), arguments, options, ()), position // length

    @staticmethod
    def _element(argument: Any, element: int, chosen: list[int | Literal], inputs: Sequence[int | Literal]) -> Any:
        if _is_input(argument):
            chosen.append(inputs[argument["input"]])
            return {"input": len(chosen) - 1}
        if isinstance(argument, list) and argument and _is_input(argument[0]):
            chosen.append(inputs[argument[element]["input"]])
            return [{"input": len(chosen) - 1}]
        if isinstance(argument, list) and len(argument) > element:
            return [argument[element]]
        return argument

    def _append(self, operation: Operation) -> int:
        id = len(self.operations)
        is_leaf = operation.is_leaf
        operation.grad_enabled = torch.is_grad_enabled()
        if torch._C._current_graph_task_id() != -1 or self.phase is Phase.BACKWARD:
            operation.phase = Phase.INIT if is_leaf else Phase.BACKWARD
            node = torch._C._current_autograd_node()
            operation.node = node._sequence_nr() if node is not None else None
            operation.place = place_in_backward(sys._getframe(NEAREST))
            if isinstance(node, torch.autograd.function.BackwardCFunction) and operation.node in self.entered_nodes:
                operation.function = function_text(node)
            operation.is_sum = node is not None and operation.node in self.finished_nodes
            if operation.grad_enabled and not is_leaf:
                operation.sequence = torch.autograd._get_sequence_nr() - 1
            if operation.schema is not None and operation.schema.short == "ones_like" and torch._C._current_graph_task_id() == -1:
                # The derivative of a loss by itself: `backward()` runs.
                operation.invocation, operation.offset = self.frames.place()
        else:
            operation.phase = Phase.INIT if is_leaf else self.phase
            operation.sequence = torch.autograd._get_sequence_nr() - 1
            operation.scope = self.modules[-1] if self.modules else self.optimizer
            operation.in_module = bool(self.modules)
            if not is_leaf:
                operation.invocation, operation.offset = self.frames.place()
        self.operations.append(operation)
        return id

    def compute(
        self, overload: Any, *inputs: int, value: Any = None, phase: Phase = Phase.FORWARD, gradient_of: int | None = None
    ) -> int:
        """Append an operation that the program did not call: the sum of its losses, or of gradients of several passes.

        `value` is its value if that is known; else it is computed from those of the inputs, if they are kept.
        """
        schema = schema_of(overload)
        assert schema is not None
        tensors = [self.operations[id].snapshot.tensor for id in inputs]
        with unseen():
            if value is None and any(tensor is None for tensor in tensors):
                shape, dtype = self.operations[inputs[0]].snapshot.type.shape, self.operations[inputs[0]].snapshot.type.dtype
                value = torch.empty(() if schema.short == "sum" else shape, dtype=getattr(torch, dtype), device="meta")
            elif value is None:
                value = overload(*tensors)
        snapshot = Snapshot(value, geometry_of(value), keep=self.snapshots.keep)
        operation = Operation(schema.op, Call(schema, inputs, [{"input": k} for k in range(len(inputs))]), snapshot, phase)
        operation.gradient_of = gradient_of
        self.operations.append(operation)
        return len(self.operations) - 1

    # Gradients.

    def learn_gradient(self, of: int, gradient: int) -> None:
        """Note that an operation is the gradient of the value of another one."""
        self.gradients[of] = gradient
        if self.running is not None:
            self.running[of] = gradient

    def learn_output(self, tensor: torch.Tensor, id: int) -> None:
        """Note which output of which autograd node a tensor is, which has memory."""
        function = tensor.grad_fn
        if function is not None:
            self.by_output.setdefault((function._sequence_nr(), tensor.output_nr), id)
            if isinstance(function, torch.autograd.function.BackwardCFunction):
                self.functions.learn(self, function, id)

    def value_behind(self, node: Any, output: int) -> int | None:
        """The operation that an input of an autograd node is the value of."""
        if is_leaf_node(node):
            return self.leaves_of_step.used_by_forward(node.variable)
        sequence = node._sequence_nr()
        return self.by_output.get((sequence, output), self.by_sequence.get(sequence))

    def arrives(self, node: Any, gradients: Sequence[torch.Tensor | None]) -> None:
        """The gradients, already added up, that an autograd node is given are those of its outputs."""
        for output, gradient in enumerate(gradients):
            if gradient is None or not has_memory(gradient):
                continue
            of = self.value_behind(node, output)
            if of is None:
                continue
            id = self.id_of(gradient)
            self.mark_hooks(id, of, node._sequence_nr())
            if not is_leaf_node(node):
                before = self.arrived.get(of)
                if before is not None and not leads_to(before[1], node):  # the same view was taken twice
                    id = self.compute(torch.ops.aten.add.Tensor, before[0], id, phase=Phase.BACKWARD, gradient_of=of)
                self.arrived[of] = id, node
            self.learn_gradient(of, id)
            waiting = [id]
            while waiting:  # sums of parts that came on several ways
                operation = self.operations[waiting.pop()]
                if operation.is_sum and operation.gradient_of is None:
                    operation.gradient_of = of
                    waiting += operation.operands
        self.entered_nodes.add(node._sequence_nr())

    def mark_hooks(self, id: int, of: int, sequence: int) -> None:
        """Mark what hooks of Python computed of a gradient, in the autograd node of that number."""
        waiting = [id]
        while waiting:
            operation = self.operations[waiting.pop()]
            if operation.node == sequence and operation.place and not operation.is_hook and not operation.function:
                operation.is_hook, operation.gradient_of = True, of
                waiting += operation.operands

    def leaves(self, node: Any, results: Sequence[torch.Tensor | None]) -> None:
        """What an autograd node gives back are parts of the gradients of its inputs."""
        sequence = node._sequence_nr()
        if isinstance(node, torch.autograd.function.BackwardCFunction):
            self.functions.leave(node, results)
        rule = self.by_output.get((sequence, 0), self.by_sequence.get(sequence))
        for gradient, (following, output) in zip(results, node.next_functions, strict=False):
            if gradient is None or following is None or not has_memory(gradient):
                continue
            of = self.value_behind(following, output)
            if of is None:
                continue
            part = self.id_of(gradient)
            self.contributions.setdefault(part, (of, rule))
            waiting = [part]
            while waiting:
                operation = self.operations[waiting.pop()]
                if operation.node == sequence and not operation.is_sum and operation.gradient_of is None:
                    operation.gradient_of, operation.rule_of = of, rule
                    waiting += operation.operands
        self.finished_nodes.add(sequence)


def is_leaf_node(node: Any) -> bool:
    """Whether an autograd node is that of a leaf, to whose `grad` it adds a gradient."""
    return isinstance(node, torch._C._functions.AccumulateGrad)


def _is_input(argument: Any) -> bool:
    return isinstance(argument, dict) and "input" in argument


__all__ = ["WRITTEN", "StepTape"]
