"""The elementwise operations, one family per module. Importing this package registers them."""

from tracer.ops.families.elementwise import (
    arithmetic,
    comparisons,
    complex_parts,
    division,
    exponentials,
    hyperbolic,
    nan_handling,
    powers,
    rounding,
    signs,
    trigonometry,
)

__all__ = [
    "arithmetic",
    "comparisons",
    "complex_parts",
    "division",
    "exponentials",
    "hyperbolic",
    "nan_handling",
    "powers",
    "rounding",
    "signs",
    "trigonometry",
]
