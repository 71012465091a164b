"""The operations of the package, one family per module. Importing this package registers them."""

from tracer.ops.families import (
    creation,
    einstein_summation,
    elementwise,
    fourier,
    indexing,
    joining,
    likes,
    linear_algebra,
    movement,
    reductions,
    selection,
    shaping,
    special,
    writing,
)
from tracer.ops.families.elementwise import arithmetic, comparisons

__all__ = [
    "arithmetic",
    "comparisons",
    "creation",
    "einstein_summation",
    "elementwise",
    "fourier",
    "indexing",
    "joining",
    "likes",
    "linear_algebra",
    "movement",
    "reductions",
    "selection",
    "shaping",
    "special",
    "writing",
]
