"""Faults of the rules of reductions, running sums and products, differences and quantiles."""

from __future__ import annotations

from tracer.ops.base import Op
from tracer.ops.families import reductions
from tracer.ops.families.statistical import bins, differences, extremes, missing, quantiles, scans, spread

RULES: tuple[tuple[type[Op], str, str, str], ...] = (
    (reductions.Sum, "gradient_x", "only(where, ", "(lambda where, gradient: gradient)(where, "),
    (reductions.Mean, "gradient_x", "count_where(where, x, axis, g.dtype)", "count_of(x, axis)"),
    (reductions.Mean, "gradient_x", "only(where, np.broadcast_to(share, x.shape))", "np.broadcast_to(share, x.shape)"),
    (reductions.Prod, "gradient_x", "x = np.where(where, x, 1)", "x = x * 1"),
    (reductions.Prod, "gradient_x", "g * initial", "g * 1"),
    (extremes.Max, "gradient_x", "np.logical_and(chosen, where)", "np.logical_and(chosen, True)"),
    (extremes.Max, "gradient_x", "ties = ties + np.equal(", "ties = ties + 0 * np.equal("),
    (extremes.Min, "gradient_x", "np.equal(x, with", "np.greater_equal(x, with"),
    (extremes.Ptp, "gradient_x", "return upper - ", "return upper + "),
    (extremes.Ptp, "gradient_x", "np.min(x, axis", "np.max(x, axis"),
    (spread.Var, "gradient_x", "count_where(where, x, axis, g.dtype)", "count_of(x, axis)"),
    (spread.Var, "gradient_x", "only(where, deviation)", "deviation"),
    (spread.Std, "gradient_x", "only(where, ", "(lambda where, gradient: gradient)(where, "),
    (missing.Nansum, "gradient_x", "present(x, where)", "where"),
    (missing.Nanprod, "gradient_x", "present(x, where)", "where"),
    (missing.Nanmean, "gradient_x", "present(x, where)", "where"),
    (missing.Nanvar, "gradient_x", "present(x, where)", "where"),
    (missing.Nanstd, "gradient_x", "present(x, where)", "where"),
    (missing.Nancumsum, "gradient_x", "np.where(np.isnan(x), 0, ", "np.where(np.isnan(x), 1, "),
    (missing.Nancumprod, "gradient_x", "np.where(is_missing, 1, x)", "np.where(is_missing, 2, x)"),
    (scans.Cumsum, "gradient_x", "np.flip(np.cumsum(np.flip(g, along), along), along)", "np.cumsum(g, along)"),
    (scans.Cumprod, "gradient_x", "np.triu(", "np.tril("),
    (scans.Cumprod, "gradient_x", "np.eye(count, dtype=bool), 1", "np.eye(count, dtype=bool), 2"),
    (differences.Diff, "gradient", "if n % 2:", "if n:"),
    (differences.Diff, "gradient", "order[: order.index(position)]", "order[:0]"),
    (differences.Diff, "gradient", "order[: order.index(position)]", "order[: position]"),
    (bins.Bincount, "gradient_weights", "g[x]", "g[x * 0]"),
    (quantiles.QuantileWeights, "value", "1 - share", "share"),
)  # fmt: skip
