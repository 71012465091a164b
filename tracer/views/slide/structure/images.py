"""Data that is an image: the sample of a value, in shades."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracer.views.ideas.flow import Flow
from tracer.views.slide.structure.samples import Sample, source_of

MIN_SIDE, MAX_SIDE = 8, 64
"""Number of rows and of columns from which on, and up to which, data are drawn as an image."""

SHADES = 8
"""Number of shades above the smallest value."""


@dataclass(frozen=True, slots=True)
class Image:
    """The sample of a node as rows of shades, from 0 for its smallest number to SHADES for its largest."""

    node: int
    rows: tuple[tuple[int, ...], ...]


def images_of(flow: Flow, id: int, sample: Sample) -> tuple[Image, ...]:
    """The images of the samples that a given value is, or is a view of; none if one is no image, or they are not in the file."""
    source = source_of(flow, id)
    if sample.axis or len(source.shape) < 3 or source.shape[0] != sample.count or not source.is_kept:
        return ()
    images = [_image(source.id, source.value[index]) for index in sample.indices]
    return tuple(image for image in images if image) if all(images) else ()


def _image(node: int, pixels: np.ndarray) -> Image | None:
    if pixels.ndim == 3 and len(pixels) == 1:
        (pixels,) = pixels
    if pixels.ndim != 2 or not all(MIN_SIDE <= side <= MAX_SIDE for side in pixels.shape) or pixels.dtype.kind not in "fiu":
        return None
    return Image(node, shades(pixels)) if np.all(np.isfinite(pixels)) and np.ptp(pixels) else None


def shades(pixels: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """The numbers in shades.

    >>> shades(np.array([[0.0, 0.5], [1.0, 0.25]]))
    ((0, 4), (8, 2))
    """
    low, high = float(pixels.min()), float(pixels.max())
    levels = np.rint((pixels.astype(float) - low) / (high - low) * SHADES).astype(int)
    return tuple(tuple(row) for row in levels.tolist())
