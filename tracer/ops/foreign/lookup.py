"""Finds what is known of an operation by its name in the record."""

from __future__ import annotations

from tracer.ops import registry
from tracer.ops.base import Op
from tracer.ops.foreign.backwards import BACKWARDS
from tracer.ops.foreign.closed_form import CLOSED_FORMS
from tracer.ops.foreign.elementwise import ELEMENTWISE, ForeignElementwise
from tracer.ops.foreign.movement import MOVED
from tracer.ops.foreign.names import base_name
from tracer.ops.foreign.normalized import NORMALIZED
from tracer.ops.foreign.products import PRODUCTS
from tracer.ops.foreign.reductions import REDUCTIONS

_KNOWN: dict[str, type[Op]] = {
    **dict.fromkeys(ELEMENTWISE, ForeignElementwise),
    **MOVED,
    **REDUCTIONS,
    **PRODUCTS,
    **CLOSED_FORMS,
    **NORMALIZED,
    **BACKWARDS,
}


def operation_named(name: str) -> type[Op] | None:
    """The operation of that name: one of the package, or what is known of one of PyTorch's; None if nothing is known.

    >>> operation_named("aten.mm").__name__, operation_named("matmul").__name__, operation_named("aten.unknown")
    ('Product', 'Matmul', None)
    """
    return registry.named(name) or _KNOWN.get(base_name(name))
