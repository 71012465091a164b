"""Names of tensors that nothing in a step computed: parameters, buffers, the state of optimizers, and the user's variables."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import torch

from tracer.torch.frames import is_user_code
from tracer.torch.identity import Geometry, has_memory, key_of


class TensorNames:
    """The kinds and names of tensors by their place in memory, and the paths of modules."""

    def __init__(self) -> None:
        self._names: dict[tuple[int, Geometry], tuple[str, str]] = {}
        self._paths: dict[int, str] = {}
        self._held: list[Any] = []
        self._parameters: set[tuple[int, Geometry]] = set()

    def learn_module(self, module: torch.nn.Module) -> None:
        """Learn the paths of a module and its submodules, and the names of their parameters and buffers."""
        if id(module) not in self._paths:
            self._held.append(module)  # its id may not be given to another module
            for path, each in module.named_modules():
                self._paths.setdefault(id(each), path)
        for kind, found in (("parameter", module.named_parameters()), ("state", module.named_buffers())):
            for name, tensor in found:
                if has_memory(tensor):
                    self._names[key_of(tensor)] = kind, name

    def path_of(self, module: torch.nn.Module) -> str:
        """The path of a module in the outermost one: `0`, `layers.1.norm`; the name of its class for the outermost."""
        return self._paths.get(id(module), "") or type(module).__name__

    def learn_parameter(self, tensor: torch.Tensor, name: str) -> None:
        """Learn that a tensor is a parameter: it was updated."""
        self._parameters.add(key_of(tensor))
        if name:
            self._names.setdefault(key_of(tensor), ("parameter", name))

    def is_parameter(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor is a parameter of a module or an optimizer, or was updated before."""
        key = key_of(tensor)
        is_named = self._names.get(key, ("", ""))[0] == "parameter"
        return is_named or key in self._parameters or isinstance(tensor, torch.nn.Parameter)

    def learn_state(self, optimizer: torch.optim.Optimizer) -> None:
        """Learn the parameters of an optimizer, and the names of its state: `exp_avg(0.weight)`."""
        for group in optimizer.param_groups:
            self._parameters.update(key_of(each) for each in group["params"] if has_memory(each))
        for parameter, state in optimizer.state.items():
            if not isinstance(parameter, torch.Tensor) or not has_memory(parameter) or not isinstance(state, dict):
                continue
            name = self._names.get(key_of(parameter), ("", ""))[1]
            for entry, value in state.items():
                if isinstance(value, torch.Tensor) and has_memory(value):
                    self._names[key_of(value)] = "state", f"{entry}({name})" if name else entry

    def name_of(self, tensor: torch.Tensor) -> str:
        """The name that was learned for a tensor; empty if none."""
        return self._names.get(key_of(tensor), ("", ""))[1] if has_memory(tensor) else ""

    def kind_and_name(self, tensor: torch.Tensor) -> tuple[str, str]:
        """The kind of a leaf and its name: as learned, else that of the user's variable that is this very tensor."""
        known = self._names.get(key_of(tensor))
        if known is not None:
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
