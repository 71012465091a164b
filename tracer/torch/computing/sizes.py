"""Tells whether a call gives results of the recorded size, before anything of that size is allocated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from tracer.torch.computing.calls import Numbers, call
from tracer.torch.schemas import Schema

SMALL = 1_000_000
"""A number of elements that any call may allocate."""

_BY_VALUES = frozenset({"repeat_interleave", "bincount", "_embedding_bag_dense_backward"})
"""Operations whose inputs say by their values how large the result is."""


def fits(schema: Schema, parameters: Mapping[str, Any], inputs: Numbers, size: int) -> bool:
    """Whether the results of a call are not much larger than its inputs and the recorded one."""
    described = tuple(
        (tuple(each.shape), each.stride(), str(each.dtype).removeprefix("torch.")) if isinstance(each, torch.Tensor) else each
        for each in inputs
    )
    most = max(SMALL, size, 16 * sum(each.numel() for each in inputs if isinstance(each, torch.Tensor)))
    if schema.short in _BY_VALUES:
        asked = sum(
            float(each.double().abs().max()) * max(each.numel(), 1)
            for each in inputs
            if isinstance(each, torch.Tensor)
            if each.numel()
        )
        return bool(asked <= 16 * most)
    call_text = repr({name: parameters[name] for name in ("arguments", "options") if name in parameters})
    key = (schema.op, call_text, described, tuple(type(each) for each in inputs))
    if key not in _LARGEST:
        if len(_LARGEST) >= MANY:
            _LARGEST.clear()
        _LARGEST[key] = _largest(schema, parameters, described)
    largest = _LARGEST[key]
    return largest is None or largest <= most


MANY = 4096
"""The number of calls whose sizes are kept in mind."""

_LARGEST: dict[tuple[Any, ...], int | None] = {}


def _largest(schema: Schema, parameters: Mapping[str, Any], described: tuple[Any, ...]) -> int | None:
    """The number of elements of the largest result of a call, of tensors without memory; None if only values tell."""
    inputs = [_without_memory(*each) if isinstance(each, tuple) else each for each in described]
    try:
        results = call(schema, parameters, inputs, device=torch.device("meta"))
    except Exception:  # there is no such implementation, or the call is wrong, which the call itself will tell
        return None
    return max((each.numel() for each in results), default=0)


def _without_memory(shape: tuple[int, ...], strides: tuple[int, ...], dtype: str) -> torch.Tensor:
    return torch.empty_strided(shape, strides, dtype=getattr(torch, dtype), device="meta")
