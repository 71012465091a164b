"""What Keras calls its variables and layers: `dense/kernel`, `encoder/dense`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import torch


def is_layer(module: Any) -> bool:
    """Whether a module is a layer or model of Keras."""
    keras: Any = sys.modules.get("keras")
    layer = getattr(getattr(keras, "layers", None), "Layer", None)
    return layer is not None and isinstance(module, layer)


def tensor_of(variable: Any) -> Any:
    """The tensor of a variable; None before there is one."""
    tensor = getattr(variable, "_value", None)
    return tensor if isinstance(tensor, torch.Tensor) else None


def variables_of(model: Any) -> Iterator[tuple[str, str, torch.Tensor]]:
    """The kind, name and tensor of each variable of a model: a parameter if it is trained, else a state."""
    for variable in model.variables:
        tensor = tensor_of(variable)
        if tensor is not None:
            yield "parameter" if variable.trainable else "state", below(model, variable.path), tensor


def layers_of(model: Any) -> Iterator[tuple[str, Any]]:
    """The layers of a model with their paths, `encoder.dense`; the path of the model itself is empty."""
    for layer in model._flatten_layers(include_self=True, recursive=True):
        path = "" if layer is model else below(model, getattr(layer, "path", None) or layer.name)
        yield path.replace(".", "_").replace("/", "."), layer


def below(model: Any, path: str) -> str:
    """A path without that of the model it is in.

    >>> from types import SimpleNamespace
    >>> model = SimpleNamespace(name="sequential", path=None)
    >>> below(model, "sequential/dense/kernel"), below(model, "dense/kernel")
    ('dense/kernel', 'dense/kernel')
    """
    return path.removeprefix(f"{getattr(model, 'path', None) or model.name}/")
