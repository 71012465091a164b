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
from tracer.torch.identity import Geometry, geometry_of, has_memory, storage_of


@dataclass(slots=True, eq=False)
class _Known:
    """What is known of the tensors in a memory, by their places. The reference keeps its address from being used again."""

    reference: StorageWeakRef
    names: dict[Geometry, tuple[str, str]] = field(default_factory=dict)
    parameters: set[Geometry] = field(default_factory=set)


class TensorNames:
    """The kinds and names of tensors by their place in memory, and the paths of modules."""

    def __init__(self) -> None:
        self._memories: dict[int, _Known] = {}
        self._paths: dict[int, str] = {}
        self._held: list[Any] = []

    def learn_module(self, module: torch.nn.Module) -> None:
        """Learn the paths of a module and its submodules, and the names of their parameters and buffers."""
        if id(module) not in self._paths:
            self._held.append(module)  # its id may not be given to another module
            for path, each in module.named_modules():
                self._paths.setdefault(id(each), path)
        for kind, found in (("parameter", module.named_parameters()), ("state", module.named_buffers())):
            for name, tensor in found:
                if has_memory(tensor):
                    self._learn(tensor, kind, name)

    def path_of(self, module: torch.nn.Module) -> str:
        """The path of a module in the outermost one: `0`, `layers.1.norm`; the name of its class for the outermost."""
        return self._paths.get(id(module), "") or type(module).__name__

    def forget_freed(self) -> None:
        """Forget memory that PyTorch has freed."""
        for address in [address for address, known in self._memories.items() if known.reference.expired()]:
            del self._memories[address]

    def _of(self, tensor: torch.Tensor) -> _Known:
        storage = storage_of(tensor)
        found = self._memories.get(storage._cdata)
        if found is None:
            found = self._memories[storage._cdata] = _Known(StorageWeakRef(storage))
        return found

    def _learn(self, tensor: torch.Tensor, kind: str, name: str) -> None:
        self._of(tensor).names[geometry_of(tensor)] = kind, name

    def _found(self, tensor: torch.Tensor) -> tuple[str, str]:
        known = self._memories.get(storage_of(tensor)._cdata)
        return known.names.get(geometry_of(tensor), ("", "")) if known is not None else ("", "")

    def learn_parameter(self, tensor: torch.Tensor, name: str) -> None:
        """Learn that a tensor is a parameter: it was updated."""
        place = geometry_of(tensor)
        known = self._of(tensor)
        known.parameters.add(place)
        if name:
            known.names.setdefault(place, ("parameter", name))

    def is_parameter(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor is a parameter of a module or an optimizer, or was updated before."""
        known = self._memories.get(storage_of(tensor)._cdata)
        return isinstance(tensor, torch.nn.Parameter) or (
            known is not None and (geometry_of(tensor) in known.parameters or self._found(tensor)[0] == "parameter")
        )

    def learn_state(self, optimizer: torch.optim.Optimizer) -> None:
        """Learn the parameters of an optimizer, and the names of its state: `exp_avg(0.weight)`."""
        for group in optimizer.param_groups:
            for each in group["params"]:
                if has_memory(each):
                    self._of(each).parameters.add(geometry_of(each))
        for parameter, state in optimizer.state.items():
            if not isinstance(parameter, torch.Tensor) or not has_memory(parameter) or not isinstance(state, dict):
                continue
            name = self._found(parameter)[1]
            for entry, value in state.items():
                if isinstance(value, torch.Tensor) and has_memory(value):
                    self._learn(value, "state", f"{entry}({name})" if name else entry)

    def name_of(self, tensor: torch.Tensor) -> str:
        """The name that was learned for a tensor; empty if none."""
        return self._found(tensor)[1] if has_memory(tensor) else ""

    def kind_and_name(self, tensor: torch.Tensor) -> tuple[str, str]:
        """The kind of a leaf and its name: as learned, else that of the user's variable that is this very tensor."""
        known = self._found(tensor)
        if known[0]:
            return known
        kind = "parameter" if tensor.requires_grad and tensor.is_leaf else "data"
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if is_user_code(frame.f_code):
                for name, value in frame.f_locals.items():
                    if value is tensor and not name.startswith("_"):
                        return kind, name
            frame = frame.f_back
        return kind, ""


def state_of(optimizer: torch.optim.Optimizer) -> Iterator[torch.Tensor]:
    """The tensors of the state of an optimizer."""
    for state in optimizer.state.values():
        for value in state.values() if isinstance(state, dict) else ():
            if isinstance(value, torch.Tensor) and has_memory(value):
                yield value
