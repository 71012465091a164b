"""The operations that can be recorded, and the base classes to define new ones.

    from tracer.ops import REAL, Elementwise

Importing this package registers all operations: import `registry` from here.
"""

from tracer.ops import comparisons, elementwise, indexing, linear_algebra, reductions, shaping
from tracer.ops.base import Elementwise, Op, Terms
from tracer.ops.data_movement import DataMovement
from tracer.ops.domain import KINK_AT_ZERO, NONZERO, POSITIVE, REAL, Domain
from tracer.ops.registration import registry

__all__ = [
    "KINK_AT_ZERO",
    "NONZERO",
    "POSITIVE",
    "REAL",
    "DataMovement",
    "Domain",
    "Elementwise",
    "Op",
    "Terms",
    "comparisons",
    "elementwise",
    "indexing",
    "linear_algebra",
    "reductions",
    "registry",
    "shaping",
]
