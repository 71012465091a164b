"""What is known of operations of PyTorch, by their names without namespace."""

from __future__ import annotations

from tracer.ops.base import Op
from tracer.ops.foreign.backwards import BACKWARDS
from tracer.ops.foreign.closed_form import CLOSED_FORMS
from tracer.ops.foreign.elementwise import ELEMENTWISE, ForeignElementwise
from tracer.ops.foreign.movement import MOVED
from tracer.ops.foreign.normalized import NORMALIZED
from tracer.ops.foreign.products import PRODUCTS
from tracer.ops.foreign.reductions import REDUCTIONS

KNOWN: dict[str, type[Op]] = {
    **dict.fromkeys(ELEMENTWISE, ForeignElementwise),
    **MOVED,
    **REDUCTIONS,
    **PRODUCTS,
    **CLOSED_FORMS,
    **NORMALIZED,
    **BACKWARDS,
}
