"""The values of a node on a page: numbers, or statistics and a heat map with its scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tracer.graph.record import Node
from tracer.views.booklet.heat_map import block_of, cells_are_even, colour_scale, has_bars, heat_map, image_index
from tracer.views.booklet.page import muted
from tracer.views.booklet.typst import image
from tracer.views.diagrams.theme import Style
from tracer.views.grids import MAX_GRID_SIZE, content_lines, grid_lines
from tracer.views.noise import Noise
from tracer.views.notation import index_text, summary_text

MAX_ROWS, MAX_COLUMNS = 12, 8
"""Maximum number of rows and columns of an array that is shown in full."""


def full_lines(node: Node, noise: Noise, style: Style) -> list[str]:
    """The numbers of a node: a small one in full, a larger one elided in the middle, a large one as statistics."""
    rows, columns = (node.shape[0], node.size // max(1, node.shape[0])) if len(node.shape) == 2 else (1, node.size)
    is_small = len(node.shape) <= 2 and rows <= MAX_ROWS and columns <= (MAX_COLUMNS if rows > 1 else MAX_ROWS)
    if node.is_kept and node.size and is_small:
        return grid_lines(node.value, tell=style.tell, in_full=True, noise=noise.of(node))
    if node.is_kept and len(node.shape) > 2 and 0 < node.size <= MAX_GRID_SIZE:
        return list(_slices(node, noise))
    if node.size <= MAX_GRID_SIZE:
        return content_lines(node, noise, style.tell)
    return _in_pairs(summary_text(node.summary, node.shape, node.dtype).split(" ", 2)[2].split(" "))


def _in_pairs(statistics: Sequence[str]) -> list[str]:
    """Statistics, two on a line: the smallest with the largest, the mean with the zeros."""
    first = statistics[:1]
    return [*first, *(" ".join(statistics[at : at + 2]) for at in range(1, len(statistics), 2))]


def _slices(node: Node, noise: Noise) -> Iterator[str]:
    """An array of three and more axes, a matrix below the other, each below its index."""
    mask = noise.of(node)
    for index in np.ndindex(node.shape[:-2]):
        yield f"{index_text(index)[:-1]},:,:]"
        yield from grid_lines(node.value[index], in_full=True, noise=None if mask is None else mask[index])


def heat_map_of(node: Node, style: Style, side: float) -> str:
    """The heat map of a large array with a caption, as typst code to append."""
    if not side or node.size <= MAX_GRID_SIZE or not node.is_kept or node.value.dtype.kind not in "fiub":
        return ""
    place = image_index(node.shape)
    value = node.value if place is None else node.value[place]
    drawing, key = heat_map(value, style), colour_scale(value, style)
    down, across = block_of(value.shape)
    mean = style.tell("a cell: the mean of up to {count} numbers", count=down * across)
    if cells_are_even(value.shape):
        mean = style.tell("a cell: the mean of {count} numbers", count=down * across)
    notes = [style.tell("the image at {index}", index=index_text(place))] if place is not None else []
    notes += [mean] if down * across > 1 else []
    if has_bars(style.theme) and node.summary.minimum < 0:
        notes.append(style.tell("a bar: negative"))
    scale = min(1.0, side / max(drawing.width, drawing.height))
    parts = [image(drawing.svg, drawing.width * scale, drawing.height * scale)]
    if node.summary.is_finite and node.summary.l2:
        parts.append(image(key.svg, key.width, key.height))
    parts += [muted(style.tell(", ").join(notes), style, 7)] if notes else []
    return f" + block(above: 5pt, stack(spacing: 4pt, {', '.join(parts)}))"
