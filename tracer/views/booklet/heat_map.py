"""A large array as a heat map: a cell per element, or per block of elements."""

from __future__ import annotations

import base64
import math
import re
import struct
import zlib

import numpy as np

from tracer.views.diagrams.theme import Style, Theme
from tracer.views.notation import number_text
from tracer.views.svg import Drawing

MAX_CELLS = 32
"""Maximum number of rows and of columns of cells."""

PIXELS = 8
"""Width and height of a cell in pixels, so that viewers do not blur the cells, and a bar fits in."""

BAR = (slice(3, 5), slice(1, 7))
"""The rows and columns of pixels that mark a negative number if a theme has one colour for both signs."""

CROSS = np.pad(np.eye(PIXELS - 2, dtype=bool) | np.eye(PIXELS - 2, dtype=bool)[::-1], 1)
"""The pixels of a black cross on a number that is not finite, so that it needs no colour."""

BAR_STRENGTH = 0.6
"""How far a bar is from the colour of its cell, towards black or white."""

MIN_IMAGE_SIDE = 8
"""Minimum number of rows and of columns of the last two axes of an array of images."""

SCALE_WIDTH, SCALE_HEIGHT, SCALE_CELLS = 90.0, 7.0, 31
"""Size of a scale of colours in points, and its number of cells."""

SIDE = 108.0
"""Length of the longer side in points."""


def heat_map(value: np.ndarray, style: Style) -> Drawing:
    """Draw an array in the theme's colours for negative, positive and non-finite numbers; larger magnitudes are stronger.

    In a theme with one colour for both signs, the shade shows the magnitude, and a bar marks a negative number. A cross marks
    one that is not finite.
    """
    cells = cells_of(value)
    finite = np.isfinite(cells)
    largest = float(np.max(np.abs(cells[finite]), initial=0.0)) or 1.0
    strength = np.where(finite, np.abs(cells) / largest, 1.0)[..., None]
    theme, middle = style.theme, _rgb(style.theme.background)
    ends = np.where((cells < 0)[..., None], _rgb(theme.negative), _rgb(theme.positive))
    colours = np.where(finite[..., None], middle + (ends - middle) * strength, _rgb(theme.not_finite))
    pixels = np.repeat(np.repeat(colours, PIXELS, axis=0), PIXELS, axis=1)
    rows, columns = cells.shape
    if not np.all(finite):
        blocks = pixels.reshape(rows, PIXELS, columns, PIXELS, 3).swapaxes(1, 2)
        for row, column in np.argwhere(~finite):
            blocks[row, column][CROSS] = 0.0
        pixels = blocks.swapaxes(1, 2).reshape(rows * PIXELS, columns * PIXELS, 3)
    if has_bars(style.theme):
        blocks = pixels.reshape(rows, PIXELS, columns, PIXELS, 3).swapaxes(1, 2)
        opposite = np.where(colours.mean(axis=-1, keepdims=True) > 127, 0.0, 255.0)
        bars = colours + (opposite - colours) * BAR_STRENGTH
        is_negative = finite & (cells < 0)
        for row, column in np.argwhere(is_negative):
            blocks[row, column][BAR] = bars[row, column]
        pixels = blocks.swapaxes(1, 2).reshape(rows * PIXELS, columns * PIXELS, 3)
    cell = min(SIDE / max(rows, columns), 12.0)
    width, height = columns * cell, rows * cell
    image = base64.b64encode(_png(pixels.round().astype(np.uint8))).decode()
    frame = f'<rect width="{width:.1f}" height="{height:.1f}" fill="none" stroke="{style.theme.frame}" stroke-width="0.6"/>'
    return Drawing(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.1f}pt" height="{height:.1f}pt" viewBox="0 0 {width:.1f}'
        f' {height:.1f}"><image width="{width:.1f}" height="{height:.1f}" preserveAspectRatio="none"'
        f' href="data:image/png;base64,{image}"/>{frame}</svg>',
        width,
        height,
    )


def image_index(shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """The index of the matrix that stands for an array of images: the first; None if the last two axes are no image.

    >>> image_index((256, 28, 28)), image_index((8, 3, 32, 32)), image_index((784, 256)), image_index((4, 10, 2))
    ((0,), (0, 0), None, None)
    """
    is_image = len(shape) > 2 and min(shape[-2:]) >= MIN_IMAGE_SIDE and 0 not in shape
    return (0,) * (len(shape) - 2) if is_image else None


def colour_scale(value: np.ndarray, style: Style) -> Drawing:
    """The colours of a heat map, from the most negative number to the largest, with the numbers at the ends."""
    cells = cells_of(value)
    largest = float(np.max(np.abs(cells[np.isfinite(cells)]), initial=0.0))
    has_negative = bool(np.any(cells < 0))
    ends = np.linspace(-1.0 if has_negative else 0.0, 1.0, SCALE_CELLS)[None, :]
    bar = heat_map(ends, style)
    low, high = number_text(-largest if has_negative else 0.0), number_text(largest)
    text = f'font-family="DejaVu Sans Mono,Courier,monospace" font-size="7" fill="{style.theme.text}"'
    top = SCALE_HEIGHT + 9
    inner = bar.svg.replace("<svg ", '<svg preserveAspectRatio="none" x="0" y="0" ', 1)
    inner = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', f'width="{SCALE_WIDTH}" height="{SCALE_HEIGHT}"', inner, count=1)
    return Drawing(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SCALE_WIDTH}pt" height="{top}pt" viewBox="0 0 {SCALE_WIDTH} {top}">'
        f'{inner}<text x="0" y="{top - 2}" {text}>{low}</text>'
        f'<text x="{SCALE_WIDTH}" y="{top - 2}" text-anchor="end" {text}>{high}</text></svg>',
        SCALE_WIDTH,
        top,
    )


def has_bars(theme: Theme) -> bool:
    """Whether negative numbers have a bar, as their colour does not tell them."""
    return theme.negative == theme.positive


def _rgb(colour: str) -> np.ndarray:
    """The red, green and blue of a colour such as #2166AC."""
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], dtype=float)


def cells_of(value: np.ndarray) -> np.ndarray:
    """Average an array to at most 32 x 32 cells. Axes after the first are flattened.

    >>> cells_of(np.arange(4.0)).shape, cells_of(np.zeros((784, 256))).shape, float(cells_of(np.arange(64.0))[0, 0])
    ((1, 4), (32, 32), 0.5)
    """
    with np.errstate(all="ignore"):
        table = np.asarray(value, dtype=np.float64).reshape(_table_shape(value.shape))
        return _averaged(_averaged(table, 0), 1)


def _table_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """The rows and columns of the table that an array is reshaped to."""
    return (1, math.prod(shape)) if len(shape) < 2 else (shape[0], math.prod(shape[1:]))


def _averaged(table: np.ndarray, axis: int) -> np.ndarray:
    size = table.shape[axis]
    if size <= MAX_CELLS:
        return table
    starts = np.unique(np.floor(np.arange(MAX_CELLS) * size / MAX_CELLS).astype(int))
    counts = np.diff([*starts.tolist(), size])
    sums = np.add.reduceat(table, starts, axis=axis)
    return np.asarray(sums / (counts[:, None] if axis == 0 else counts))


def block_of(shape: tuple[int, ...]) -> tuple[int, int]:
    """The largest number of rows and columns of elements in a cell.

    >>> block_of((784, 256)), block_of((10, 2))
    ((25, 8), (1, 1))
    """
    rows, columns = _table_shape(shape)
    return max(1, math.ceil(rows / MAX_CELLS)), max(1, math.ceil(columns / MAX_CELLS))


def cells_are_even(shape: tuple[int, ...]) -> bool:
    """Whether every cell is the mean of equally many elements.

    >>> cells_are_even((784, 256)), cells_are_even((64, 2))
    (False, True)
    """
    return all(size <= MAX_CELLS or size % MAX_CELLS == 0 for size in _table_shape(shape))


def _png(pixels: np.ndarray) -> bytes:
    """An RGB image as PNG."""
    height, width, _ = pixels.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, 3 * width)], axis=1)  # no filter, in every row

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)) + chunk(b"IEND", b"")
