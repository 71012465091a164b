"""Finds an overload of PyTorch by the name of a node. A file may name anything: only what computes with tensors is found."""

from __future__ import annotations

from functools import cache

import torch

from tracer.torch.schemas import Schema, schema_of

NAMESPACES = ("aten", "prims")
"""The namespaces whose operations only compute."""

_WITH_EFFECTS = frozenset({
    "from_file", "save", "warn", "_print", "set_", "set_data", "record_stream", "_resize_output_", "resize_", "resize_as_",
    "resize_as_sparse_", "rename_", "_backward", "_nested_tensor_from_tensor_list", "_cufft_set_plan_cache_max_size",
})  # fmt: skip
"""Operations of these namespaces that do more than compute: on files, on storages, or on what is shown."""

_BITWISE = frozenset(f"__{inplace}{name}__" for inplace in ("", "i") for name in ("and", "or", "xor", "lshift", "rshift"))

_ARGUMENT_TYPES = frozenset({"Tensor", "Scalar", "number", "int", "float", "bool", "complex", "str", "Generator"})
"""The types of arguments, also in lists and optional."""


@cache
def overload_named(op: str) -> Schema:
    """The schema of an operation, from the name of a node: `aten.add.Tensor`. Raises LookupError if it may not be called."""
    namespace, _, rest = op.partition(".")
    name, _, overload = rest.partition(".")
    if (
        (name.startswith("__") and name not in _BITWISE)
        or namespace not in NAMESPACES
        or name in _WITH_EFFECTS
        or not name.isidentifier()
    ):
        raise LookupError(op)
    packet = getattr(getattr(torch.ops, namespace), name, None)
    if not isinstance(packet, torch._ops.OpOverloadPacket) or (overload or "default") not in packet.overloads():
        raise LookupError(op)
    operation = getattr(packet, overload or "default")
    schema = schema_of(operation)
    if schema is None or not all(_is_plain(each.type) for each in operation._schema.arguments):
        raise LookupError(op)
    return schema


def _is_plain(type_of_argument: object) -> bool:
    """Whether arguments of a type are numbers, tensors, texts, generators, or lists of them."""
    name = str(type_of_argument)
    while name.startswith(("Optional[", "List[")):
        name = name.partition("[")[2].removesuffix("]")
    return name in _ARGUMENT_TYPES or name in ("Device", "ScalarType", "Layout", "MemoryFormat")
