"""The operations of the package, one family per module. Importing this package registers them."""

from tracer.ops.families import (
    arithmetic,
    comparisons,
    einstein_summation,
    indexing,
    joining,
    linear_algebra,
    movement,
    reductions,
    selection,
    shaping,
    transcendental,
)

__all__ = [
    "arithmetic",
    "comparisons",
    "einstein_summation",
    "indexing",
    "joining",
    "linear_algebra",
    "movement",
    "reductions",
    "selection",
    "shaping",
    "transcendental",
]
