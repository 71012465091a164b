"""Sums of products of the elements of arrays."""

from tracer.ops.families.products import sliding, structured, tensors

__all__ = ["sliding", "structured", "tensors"]
