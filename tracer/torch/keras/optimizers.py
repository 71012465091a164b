"""An optimizer of Keras as the recording knows those of PyTorch: groups of parameters, and state by parameter."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from inspect import signature
from typing import Any

import torch

from tracer.torch.keras.naming import tensor_of


class KerasOptimizer:
    """What an optimizer of Keras updates, and with which state. It does not keep the optimizer alive."""

    def __init__(self, optimizer: Any) -> None:
        self._optimizer = weakref.ref(optimizer)
        self.class_name = type(optimizer).__name__

    @property
    def _trained(self) -> list[Any]:
        return list(getattr(self._optimizer(), "_trainable_variables", None) or ())

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """One group with all parameters."""
        return [{"params": [tensor for each in self._trained if (tensor := tensor_of(each)) is not None]}]

    @property
    def state(self) -> Mapping[Any, dict[str, torch.Tensor]]:
        """The tensors by parameter and by what Keras calls them: `momentum`, `velocity`; those of no parameter under None."""
        trained = self._trained
        found: dict[Any, dict[str, torch.Tensor]] = {None: {}}
        for variable in getattr(self._optimizer(), "variables", ()):
            tensor = tensor_of(variable)
            if tensor is None:
                continue
            of, name = _owner(variable.name, trained)
            found.setdefault(None if of is None else tensor_of(of), {})[name] = tensor
        return found

    @property
    def settings(self) -> dict[str, Any]:
        """Its name, its rate, and the settings that differ from the defaults of its class."""
        optimizer: Any = self._optimizer()
        usual: dict[str, Any] = {}
        for base in type(optimizer).__mro__:  # a class of the backend hands its arguments on
            if "__init__" in vars(base):
                usual = {name: each.default for name, each in signature(vars(base)["__init__"]).parameters.items()} | usual
        given = {} if optimizer is None else dict(optimizer.get_config())
        shown = {
            name: value
            for name, value in given.items()
            if isinstance(value, (bool, int, float)) and (name == "learning_rate" or (name in usual and value != usual[name]))
        }
        return {"optimizer": self.class_name, **shown}


def _owner(name: str, trained: list[Any]) -> tuple[Any, str]:
    """The variable that a state is for, as the beginning of its name says, and the rest of the name.

    >>> from types import SimpleNamespace
    >>> kernel = SimpleNamespace(path="sequential/dense/kernel")
    >>> _owner("sequential_dense_kernel_momentum", [kernel])[1], _owner("iterations", [kernel])
    ('momentum', (None, 'iterations'))
    """
    fitting = [each for each in trained if name.startswith(each.path.replace("/", "_") + "_")]
    if not fitting:
        return None, name
    of = max(fitting, key=lambda each: len(each.path))
    return of, name.removeprefix(of.path.replace("/", "_") + "_")


class KerasOptimizers:
    """The optimizers of Keras that the program uses."""

    def __init__(self) -> None:
        self._known: weakref.WeakKeyDictionary[Any, KerasOptimizer] = weakref.WeakKeyDictionary()

    def of(self, optimizer: Any) -> KerasOptimizer:
        """The same object for the same optimizer."""
        return self._known.setdefault(optimizer, KerasOptimizer(optimizer))

    def __iter__(self) -> Iterator[KerasOptimizer]:
        return iter(self._known.values())
