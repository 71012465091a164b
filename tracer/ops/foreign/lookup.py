"""Finds what is known of an operation by its name in the record."""

from __future__ import annotations

from tracer.ops import registry
from tracer.ops.base import Op
from tracer.ops.foreign.names import PREFIX, base_name


def operation_named(name: str) -> type[Op] | None:
    """The operation of that name: one of the package, or what is known of one of PyTorch's; None if nothing is known.

    >>> operation_named("aten.mm").__name__, operation_named("matmul").__name__, operation_named("aten.unknown")
    ('Product', 'Matmul', None)
    """
    if not name.startswith(PREFIX):
        return registry.named(name)
    from tracer.ops.foreign.known import KNOWN  # a record of NumPy needs none of it

    return registry.named(name) or KNOWN.get(base_name(name))
