"""The operations of the package, one family per module. Importing this package registers them."""

from tracer.ops.families import (
    einstein_summation,
    elementwise,
    indexing,
    joining,
    linear_algebra,
    movement,
    reductions,
    selection,
    shaping,
)
from tracer.ops.families.elementwise import arithmetic, comparisons

__all__ = [
    "arithmetic",
    "comparisons",
    "einstein_summation",
    "elementwise",
    "indexing",
    "joining",
    "linear_algebra",
    "movement",
    "reductions",
    "selection",
    "shaping",
]
