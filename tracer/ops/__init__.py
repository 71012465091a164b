"""The operations that can be recorded, and the base classes to define new ones.

    from tracer.ops import REAL, Elementwise

The operations of the package are imported when `registry` is asked for one.
"""

from tracer.ops.base import Array, Call, Op, registry
from tracer.ops.data_movement import DataMovement
from tracer.ops.domain import KINK_AT_ZERO, NONZERO, POSITIVE, REAL, Domain
from tracer.ops.elementwise import Elementwise
from tracer.ops.terms import Terms

__all__ = [
    "KINK_AT_ZERO",
    "NONZERO",
    "POSITIVE",
    "REAL",
    "Array",
    "Call",
    "DataMovement",
    "Domain",
    "Elementwise",
    "Op",
    "Terms",
    "registry",
]
