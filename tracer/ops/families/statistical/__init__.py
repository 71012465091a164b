"""Statistics of arrays, running sums and products, differences, and what is counted or searched."""

from tracer.ops.families.statistical import bins, counting, differences, extremes, missing, quantiles, scans, searching, spread

__all__ = ["bins", "counting", "differences", "extremes", "missing", "quantiles", "scans", "searching", "spread"]
