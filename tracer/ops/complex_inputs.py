"""Complex numbers given to operations of real numbers: refused, because their rules would be wrong for them.

A complex number inside a real program is recorded like any other value. Its cotangent is dL/da - i dL/db for z = a + ib and a
real loss L: see docs/reference/complex-numbers.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tracer.ops.base import Op

INSTEAD: Mapping[str, str] = {
    "sign": "z / np.abs(z)",
    "clip": "clip np.abs(z), or z.real and z.imag",
}
"""What to write instead of an operation that is recorded for real numbers only, for a complex z."""

ORDERING = frozenset({
    "greater", "greater_equal", "less", "less_equal", "max", "min", "maximum", "minimum", "argmax", "argmin", "sort",
    "argsort", "fmax", "fmin", "median", "percentile", "quantile", "ptp", "partition", "argpartition", "searchsorted",
    "nanmax", "nanmin",
})  # fmt: skip
"""Operations that need an order, which complex numbers do not have."""


def is_complex(value: Any) -> bool:
    """True for a complex array or number."""
    return value.dtype.kind == "c" if type(value) is np.ndarray else type(value) is complex


def complex_input(op: type[Op]) -> str:
    """The message for an operation of real numbers that was given complex ones."""
    if op.name in ORDERING:
        return f"{op.name} compares numbers, and complex numbers have no order: compare np.abs(z), z.real or z.imag"
    instead = INSTEAD.get(op.name, "take np.abs(z), or z.real and z.imag, before it")
    return f"{op.name} is recorded for real numbers, and one of its arguments is complex: {instead}"
