"""Names of tensors that nothing in a step computed: parameters, buffers, the state of optimizers, and the user's variables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from tracer.torch.frames import is_user_code
from tracer.torch.identity import Geometry, Key, has_memory, is_shard, key_of, local_of, located
from tracer.torch.keras.naming import is_layer, layers_of, variables_of


@dataclass(slots=True, eq=False)
class _Known:
    """What is known of the tensors in a memory, by their places. The reference keeps its address from being used again."""

    reference: StorageWeakRef
    names: dict[Geometry, tuple[str, str]] = field(default_factory=dict)
    parameters: set[Geometry] = field(default_factory=set)
    shards: set[Geometry] = field(default_factory=set)


class TensorNames:
    """The kinds and names of tensors by their place in memory, and the paths of modules."""

    def __init__(self) -> None:
        self._memories: dict[int, _Known] = {}
        self._paths: dict[int, str] = {}
        self._held: list[Any] = []

    def learn_module(self, module: torch.nn.Module) -> None:
        """Learn the paths of a module and its submodules, and the names of their parameters and buffers."""
        if is_layer(module):
            for path, layer in layers_of(module):
                if id(layer) not in self._paths:
                    self._held.append(layer)
                self._paths[id(layer)] = path or self._paths.get(id(layer), "")  # a layer may be called alone, before its model
            for kind, name, tensor in variables_of(module):
                if has_memory(tensor):
                    self._learn(tensor, kind, name)
            return
        if id(module) not in self._paths:
            self._held.append(module)  # its id may not be given to another module
            for path, each in module.named_modules():
                self._paths.setdefault(id(each), path)
        for kind, found in (("parameter", module.named_parameters()), ("state", module.named_buffers())):
            for name, tensor in found:
                if has_memory(local_of(tensor)):
                    self._learn(local_of(tensor), kind, name, is_shard=is_shard(tensor))

    def path_of(self, module: torch.nn.Module) -> str:
        """The path of a module in the outermost one: `0`, `layers.1.norm`; the name of its class for the outermost."""
        return self._paths.get(id(module), "") or type(module).__name__

    def forget_freed(self) -> None:
        """Forget memory that PyTorch has freed."""
        for address in [address for address, known in self._memories.items() if known.reference.expired()]:
            del self._memories[address]

    def _at(self, tensor: torch.Tensor) -> tuple[_Known, Geometry]:
        """What is known of the memory of a tensor, to be added to, and its place there."""
        storage, place = located(tensor)
        address = storage._cdata
        found = self._memories.get(address)
        if found is None:
            found = self._memories[address] = _Known(StorageWeakRef(storage))
        return found, place

    def _learn(self, tensor: torch.Tensor, kind: str, name: str, *, is_shard: bool = False) -> None:
        known, place = self._at(tensor)
        known.names[place] = kind, name
        if is_shard:
            known.shards.add(place)

    def is_shard(self, tensor: torch.Tensor) -> bool:
        """Whether other processes have other parts of what a tensor is a part of."""
        address, place = key_of(tensor)
        known = self._memories.get(address)
        return known is not None and place in known.shards

    def kind_and_name_at(self, key: Key) -> tuple[str, str]:
        """The kind and the name that were learned for a place in a memory; empty if none were."""
        known = self._memories.get(key[0])
        return known.names.get(key[1], ("", "")) if known is not None else ("", "")

    def learn_data(self, tensor: torch.Tensor, name: str) -> None:
        """Learn the name of data."""
        if has_memory(tensor):
            self._learn(tensor, "data", name)

    def learn_parameter(self, tensor: torch.Tensor, name: str) -> None:
        """Learn that a tensor is a parameter: it was updated."""
        known, place = self._at(tensor)
        known.parameters.add(place)
        if name:
            known.names.setdefault(place, ("parameter", name))

    def is_parameter(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor is a parameter of a module or an optimizer, or was updated before."""
        address, place = key_of(tensor)
        known = self._memories.get(address)
        return isinstance(tensor, torch.nn.Parameter) or (
            known is not None and (place in known.parameters or known.names.get(place, ("", ""))[0] == "parameter")
        )

    def learn_state(self, optimizer: Any) -> None:
        """Learn the parameters of an optimizer, and the names of its state: `exp_avg(0.weight)`."""
        for group in optimizer.param_groups:
            for each in map(local_of, group["params"]):
                if has_memory(each):
                    known, place = self._at(each)
                    known.parameters.add(place)
        for parameter, state in optimizer.state.items():
            if not isinstance(state, dict):
                continue
            name = self.name_of(local_of(parameter)) if isinstance(parameter, torch.Tensor) else ""
            for entry, value in state.items():
                if isinstance(value, torch.Tensor) and has_memory(local_of(value)):
                    called = f"{entry}({name})" if name else entry
                    self._learn(local_of(value), "state", called, is_shard=is_shard(value))

    def name_of(self, tensor: torch.Tensor) -> str:
        """The name that was learned for a tensor; empty if none."""
        return self.kind_and_name_at(key_of(tensor))[1] if has_memory(tensor) else ""

    def kind_and_name(self, tensor: torch.Tensor) -> tuple[str, str]:
        """The kind of a leaf and its name: as learned, else that of the user's variable that is this very tensor."""
        address, place = key_of(tensor)
        known = self.kind_and_name_at((address, place))
        if known[0]:
            return known
        memory = self._memories.get(address)
        is_given = memory is not None and place in memory.parameters
        kind = "parameter" if is_given or (tensor.requires_grad and tensor.is_leaf) else "data"
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if is_user_code(frame.f_code):
                for name, value in frame.f_locals.items():
                    if value is tensor and not name.startswith("_"):
                        return kind, name
            frame = frame.f_back
        return kind, ""


def state_of(optimizer: Any) -> Iterator[torch.Tensor]:
    """The tensors of the state of an optimizer."""
    for state in optimizer.state.values():
        for value in state.values() if isinstance(state, dict) else ():
            if isinstance(value, torch.Tensor) and has_memory(local_of(value)):
                yield local_of(value)
