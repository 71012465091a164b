"""Functions of `scipy.special`, which need not be installed. Importing this package registers them, without SciPy."""

from tracer.ops.families.special import entropy, error_functions, gamma_functions, logistic

__all__ = ["entropy", "error_functions", "gamma_functions", "logistic"]
