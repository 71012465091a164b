"""What a step begins with: parameters, buffers, and the state of optimizers, also those that the program has only just made.

A program that builds its model while it is recorded computes the first parameters, and the tape has how. The step begins with
their values: the operation that a parameter holds when it is first used becomes a leaf.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from tracer.graph.record import Phase
from tracer.torch.identity import Key, has_memory, key_of

if TYPE_CHECKING:
    from tracer.torch.tape import StepTape


SHARDED = ("fsdp.",)
"""The beginning of the names of operations that put sharded parameters together."""


class Leaves:
    """The parameters of a step: the tensors, and the operations that hold their values at the beginning."""

    def __init__(self, tape: StepTape) -> None:
        self._tape = tape
        self._parameters: dict[Key, tuple[int, torch.Tensor]] = {}
        self._used: dict[Key, int] = {}
        self._made_by_optimizers: dict[Key, int] = {}

    def add(self, tensor: torch.Tensor, id: int) -> None:
        """Note that a tensor is a parameter whose first value is that of an operation."""
        self._parameters.setdefault(key_of(tensor), (id, tensor))

    def is_used(self, tensor: torch.Tensor) -> bool:
        """Whether a parameter was used since it last got another value."""
        key = key_of(tensor)
        used = self._used.get(key)
        return used is not None and used == self._tape.memories.operation_at(key)

    def used_by_forward(self, tensor: torch.Tensor) -> int:
        """The operation whose value the forward pass used of a leaf: it may have been written into after that."""
        used = self._used.get(key_of(tensor)) if has_memory(tensor) else None
        return self._tape.id_of(tensor) if used is None else used

    def use(self, tensor: torch.Tensor) -> None:
        """A tensor that gradients are computed for is used: with its first use, its value becomes a leaf."""
        tape, key = self._tape, key_of(tensor)
        id = tape.memories.operation_at(key)
        if key not in self._used:
            if id is not None and tape.operations[id].kind != "parameter" and self._is_given(id, tensor):
                self._make_leaf(id, tensor)
            id = tape.id_of(tensor)
            self._parameters[key] = id, tensor
        elif id is None:
            id = tape.id_of(tensor)
        assert id is not None
        self._used[key] = id

    def _is_given(self, id: int, tensor: torch.Tensor) -> bool:
        """Whether a tensor is a parameter, and not what a sharded layer puts together of the parameters for its computation."""
        operations = self._tape.operations
        from_shards = any(operations[of].kind.startswith(SHARDED) for of in (id, *operations[id].operands))
        return self._tape.names.is_parameter(tensor) and not from_shards

    def begin(self, tensor: torch.Tensor) -> None:
        """A buffer or the state of an optimizer is about to be used: its value becomes a leaf, unless the step computed it."""
        if not has_memory(tensor):
            return
        key = key_of(tensor)
        if key in self._used:
            return
        id = self._tape.memories.operation_at(key)
        if id is None or self._tape.operations[id].phase is Phase.UPDATE:
            return
        if not self._tape.operations[id].is_leaf:
            self._make_leaf(id, tensor)
            self._used[key] = id
        elif not self._tape.operations[id].name and self._tape.names.name_of(tensor):
            self._tape.operations[id].kind, self._tape.operations[id].name = self._tape.names.kind_and_name(tensor)
            self._tape.operations[id].is_shard = self._tape.names.is_shard(tensor)

    def made_by_optimizer(self, tensor: torch.Tensor, id: int) -> None:
        """Note a leaf without a name that an optimizer made while it updates: it may become its state, such as `step` of Adam."""
        self._made_by_optimizers.setdefault(key_of(tensor), id)

    def name(self, tensor: torch.Tensor) -> None:
        """The state of an optimizer was computed: it has its name, and so has what it was before it was first written into."""
        key = key_of(tensor)
        id, name = self._tape.memories.operation_at(key), self._tape.names.kind_and_name_at(key)[1]
        if id is not None and name and not self._tape.operations[id].is_leaf:
            self._tape.operations[id].name = name
        first = self._made_by_optimizers.pop(key, None)
        if first is not None and name:
            self._tape.operations[first].kind, self._tape.operations[first].name = self._tape.names.kind_and_name(tensor)

    def depends_on_gradients(self, tensor: torch.Tensor) -> bool:
        """Whether the value of a tensor was computed from the gradients of this step."""
        id = self._tape.memories.operation_of(tensor)
        gradients = set(self._tape.gradients.values())
        seen, waiting = set(), [id] if id is not None else []
        while waiting:
            at = waiting.pop()
            if at in gradients:
                return True
            if at not in seen:
                seen.add(at)
                waiting += self._tape.operations[at].operands
        return False

    def settle(self) -> None:
        """The step is complete: what was written is a parameter, and what was not is data if there are others."""
        updates, operations, names = self.updates(), self._tape.operations, self._tape.names
        known = {id for id, tensor in self._parameters.values() if id in updates or self._is_given(id, tensor)}
        for id, tensor in self._parameters.values():
            operation = operations[id]
            if known and id not in known:
                operation.kind = "data" if operation.is_leaf else operation.kind
            elif operation.kind != "parameter":
                self._make_leaf(id, tensor)
            if operation.is_leaf:  # a variable may have been another name of it, before its module was known
                operation.name = names.name_of(tensor) or operation.name
            if id in updates:
                names.learn_parameter(tensor, operation.name)

    def updates(self) -> dict[int, int]:
        """The parameters that were written into, and the operations that hold their new values."""
        found = {}
        for id, tensor in list(self._parameters.values()):
            now = self._tape.id_of(tensor)  # which may have been written through a view
            if now != id and not self._tape.operations[now].is_leaf:
                found[id] = now
        return found

    def _make_leaf(self, id: int, tensor: torch.Tensor) -> None:
        """The value of an operation is one that the step begins with."""
        kind, name = self._tape.names.kind_and_name(tensor)
        self._tape.operations[id].become_leaf(kind, name)
        self._tape.operations[id].is_shard = self._tape.names.is_shard(tensor)
        if kind == "parameter":
            self.add(tensor, id)
