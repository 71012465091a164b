"""NumPy functions that are recorded as the operations NumPy computes them with, such as the covariance.

They need no derivative rule. Each computes what NumPy's own function does in the same order, so that the last bit is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tracer.ops.compositions import averages, calculus, searching

COMPOSITIONS: Mapping[Any, Callable[..., Any]] = {
    np.average: averages.average,
    np.corrcoef: averages.corrcoef,
    np.cov: averages.cov,
    np.cumulative_prod: calculus.cumulative_prod,
    np.cumulative_sum: calculus.cumulative_sum,
    np.ediff1d: calculus.ediff1d,
    np.gradient: calculus.gradient,
    np.trapezoid: calculus.trapezoid,
    np.unique: searching.unique,
}
"""The functions, each with NumPy's signature, on Tensors."""
