"""The elementwise operations, one family per module. Importing this package registers them."""

from tracer.ops.families.elementwise import (
    arithmetic,
    bessel,
    binary_digits,
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
    "bessel",
    "binary_digits",
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
