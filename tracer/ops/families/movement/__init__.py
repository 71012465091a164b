"""Operations that copy elements to other places."""

from tracer.ops.families.movement import (
    assembly,
    axis_order,
    choosing,
    diagonals,
    grids,
    ordering,
    padding,
    pieces,
    repetition,
    reversal,
    windows,
)

__all__ = [
    "assembly",
    "axis_order",
    "choosing",
    "diagonals",
    "grids",
    "ordering",
    "padding",
    "pieces",
    "repetition",
    "reversal",
    "windows",
]
