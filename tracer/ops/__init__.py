"""Operations: what one is, and every operation, a family a file.

An operation of one's own imports what it needs from here:

    from tracer.ops import REAL, Elementwise

Importing this package registers the operations, so that `registry` has all of them.
"""

from tracer.ops import comparisons, elementwise, indexing, linear_algebra, reductions, shaping
from tracer.ops.base import KINK_AT_ZERO, NONZERO, POSITIVE, REAL, DataMovement, Domain, Elementwise, Op, Terms, registry

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
