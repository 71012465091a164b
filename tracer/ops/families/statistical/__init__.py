"""Statistics of arrays, running sums and products, differences, and what is counted or searched."""

from tracer.ops.families.statistical import counting, differences, extremes, missing, quantiles, scans, searching, spread

__all__ = ["counting", "differences", "extremes", "missing", "quantiles", "scans", "searching", "spread"]
