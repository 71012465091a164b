"""Discrete Fourier transforms. Importing this package registers them."""

from tracer.ops.families.fourier import one_axis, several_axes, shifts

__all__ = ["one_axis", "several_axes", "shifts"]
