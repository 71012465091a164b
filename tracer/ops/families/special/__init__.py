"""Functions of `scipy.special`, which need not be installed. Importing this package registers them, without SciPy."""

from tracer.ops.families.special import bessel_functions, entropy, error_functions, gamma_functions, incomplete, logistic

__all__ = ["bessel_functions", "entropy", "error_functions", "gamma_functions", "incomplete", "logistic"]
