"""Every operation, a family a file. Importing this package registers them: the registry is had from here."""

from tracer.op import registry
from tracer.ops import comparisons, elementwise, indexing, linear_algebra, reductions, shaping

__all__ = ["comparisons", "elementwise", "indexing", "linear_algebra", "reductions", "registry", "shaping"]
