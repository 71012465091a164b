"""NumPy functions that are recorded as the operations NumPy computes them with, such as the covariance.

They need no derivative rule. Each computes what NumPy's own function does in the same order, so that the last bit is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tracer.ops.compositions import averages, calculus, calling, polynomials, ranges, searching

COMPOSITIONS: Mapping[Any, Callable[..., Any]] = {
    np.apply_along_axis: calling.apply_along_axis,
    np.apply_over_axes: calling.apply_over_axes,
    np.average: averages.average,
    np.corrcoef: averages.corrcoef,
    np.cov: averages.cov,
    np.cumulative_prod: calculus.cumulative_prod,
    np.cumulative_sum: calculus.cumulative_sum,
    np.ediff1d: calculus.ediff1d,
    np.geomspace: ranges.geomspace,
    np.gradient: calculus.gradient,
    np.histogram_bin_edges: ranges.histogram_bin_edges,
    np.intersect1d: searching.intersect1d,
    np.logspace: ranges.logspace,
    np.piecewise: calling.piecewise,
    np.poly: polynomials.poly,
    np.polyadd: polynomials.polyadd,
    np.polyder: polynomials.polyder,
    np.polydiv: polynomials.polydiv,
    np.polyfit: polynomials.polyfit,
    np.polyint: polynomials.polyint,
    np.polymul: polynomials.polymul,
    np.polysub: polynomials.polysub,
    np.roots: polynomials.roots,
    np.setdiff1d: searching.setdiff1d,
    np.setxor1d: searching.setxor1d,
    np.sort_complex: searching.sort_complex,
    np.trapezoid: calculus.trapezoid,
    np.trim_zeros: searching.trim_zeros,
    np.union1d: searching.union1d,
    np.unique: searching.unique,
    np.unique_all: searching.unique_all,
    np.unique_counts: searching.unique_counts,
    np.unique_inverse: searching.unique_inverse,
    np.unique_values: searching.unique_values,
}
"""The functions, each with NumPy's signature, on Tensors."""
