"""Recorded values as tensors, and tensors as recorded values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from tracer.graph.record import Node
from tracer.torch.snapshots import array_of

DTYPES = {
    str(each).removeprefix("torch."): each
    for each in (getattr(torch, name) for name in sorted(vars(torch)))
    if isinstance(each, torch.dtype)
}
"""The dtypes by name."""

ALIKE = {
    "torch.strided": torch.strided,
    "torch.contiguous_format": torch.contiguous_format,
    "torch.preserve_format": torch.preserve_format,
    "torch.channels_last": torch.channels_last,
    "torch.channels_last_3d": torch.channels_last_3d,
    "cpu": torch.device("cpu"),
    "meta": torch.device("meta"),
    **{f"torch.{name}": each for name, each in DTYPES.items()},
}
"""What a text among the arguments of a call stands for."""


LAZY: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {"": lambda tensor: tensor, "conj": torch.conj, "neg": torch._neg_view}
"""Views that show what is in memory conjugated or negated."""


class NotPlainError(Exception):
    """A value is no plain array in PyTorch: a sparse or a quantized tensor."""


def dtype_name(node: Node) -> str:
    """The dtype that the value of a node had in PyTorch."""
    return str(node.parameters.get("dtype", node.dtype))


def tensor_of(node: Node) -> torch.Tensor:
    """The value of a node as a new tensor of the dtype and the strides that it had."""
    if "layout" in node.parameters:
        raise NotPlainError(node.parameters["layout"])
    value = node.value
    tensor = torch.from_numpy(np.array(value)).to(DTYPES[dtype_name(node)])
    lazily = LAZY[node.parameters.get("lazy", "")]
    return lazily(_with_strides(lazily(tensor).resolve_conj().resolve_neg(), node.parameters.get("strides")))


def _with_strides(tensor: torch.Tensor, strides: Any) -> torch.Tensor:
    """A copy in memory of its own with these strides, or without gaps."""
    if strides is None:
        return tensor.clone()  # NumPy's memory is aligned in another way
    if len(strides) != tensor.dim() or not all(isinstance(each, int) and each >= 0 for each in strides):
        raise ValueError(f"the strides {strides} do not fit the shape {tuple(tensor.shape)}")
    return _laid_out(tensor, strides)


def _laid_out(tensor: torch.Tensor, strides: Sequence[int]) -> torch.Tensor:
    """A copy with these strides. Raises ValueError if that takes far more memory than the numbers."""
    extent = 1 + sum((size - 1) * stride for size, stride in zip(tensor.shape, strides, strict=True))
    if not tensor.numel():
        return torch.empty_strided(tensor.shape, strides, dtype=tensor.dtype)
    if extent > 64 * tensor.numel() + 1_000_000:
        return tensor.clone()
    memory = torch.zeros(extent, dtype=tensor.dtype)
    found = memory.as_strided(tensor.shape, strides)
    one_of_each = tuple(slice(0, 1) if stride == 0 else slice(None) for stride in strides)
    found[one_of_each].copy_(tensor[one_of_each])
    return found


def value_of(tensor: torch.Tensor, node: Node) -> np.ndarray:
    """A computed tensor as the record holds it. Raises TypeError if its dtype is not that of the node."""
    name = str(tensor.dtype).removeprefix("torch.")
    if name != dtype_name(node):
        raise TypeError(f"the result is of {name}, on record is {dtype_name(node)}")
    return array_of(tensor)


def seen_at(places: Sequence[Any], values: Sequence[np.ndarray]) -> np.ndarray | None:
    """What a view shows after values were written at places: shape, strides and offset; the last place is that of the view.

    None if no value is known for some element of it.
    """
    at = [_addresses(*place) for place in places]
    known = np.unique(np.concatenate([each.ravel() for each in at]))
    memory = np.zeros(known.size, values[0].dtype)
    is_known = np.zeros(known.size, bool)
    for where, value in zip(at, values, strict=False):
        found = np.searchsorted(known, where)
        memory[found] = value
        is_known[found] = True
    found = np.searchsorted(known, at[-1])
    return memory[found] if is_known[found].all() else None


def _addresses(shape: Sequence[int], strides: Sequence[int], offset: int) -> np.ndarray:
    """Where each element of a view is in memory."""
    found = np.full((), offset, np.int64)
    for size, stride in zip(shape, strides, strict=True):
        found = found[..., None] + np.arange(size, dtype=np.int64) * stride
    return found
