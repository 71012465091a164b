"""Text that fits into a box: arrays, shortened names, wrapped formulas."""

from __future__ import annotations

import textwrap

import numpy as np

from tracer.graph.record import Node
from tracer.graph.summary import Summary, summary_of
from tracer.i18n.language import ENGLISH, Language
from tracer.views.aligned_text import table
from tracer.views.noise import NOISE, Noise
from tracer.views.notation import DIGITS, extremes_text, number_text, statistic_text, zeros_text

MAX_ROWS, MAX_COLUMNS = 4, 4
"""Maximum number of rows and columns of an array that is shown in full."""

MAX_GRID_SIZE = 64
"""Maximum size of an array whose elements are shown, elided in the middle if necessary. A larger one is summarized."""

FORMULA_WIDTH = 36
NO_BREAK_SPACE = "\u00a0"
"""Keeps an equals sign on one line with what follows it."""

MAX_NAME_LENGTH = 60


def grid_lines(
    value: np.ndarray,
    digits: int = DIGITS,
    tell: Language = ENGLISH,
    *,
    in_full: bool = False,
    noise: np.ndarray | None = None,
) -> list[str]:
    """The lines of an array in a box: a small one in full, a larger one elided in the middle, a large one summarized.

    >>> grid_lines(np.array([[1.5, -2.0], [0.25, 100.0]]))
    [' 1.5  -2', '0.25 100']
    >>> grid_lines(np.arange(10))
    ['0 1 ... 9']
    >>> grid_lines(np.zeros((100, 100)))
    ['min 0  max 0', 'mean 0  zero 100%']

    With `in_full`, all elements of an array of up to two axes are shown. `noise` marks the elements that are rounding noise.
    """
    if value.ndim == 0:
        return [NOISE if noise is not None and noise else number_text(value.item(), digits)]
    if value.size == 0:
        return [tell("empty")]
    if (value.ndim > 2 or value.size > MAX_GRID_SIZE) and not in_full:
        return _summary_lines(summary_of(value), str(value.dtype), tell, digits)
    texts = np.array([number_text(number, digits) for number in value.ravel()], dtype=object)
    if noise is not None:
        texts[noise.ravel()] = NOISE
    matrix = texts.reshape(1 if value.ndim == 1 else len(value), -1)
    rows = [row if in_full else _elided(row) for row in map(list, matrix if in_full else _elided_rows(matrix))]
    lines = table(rows, right=range(len(rows[0])), gap=" ")
    return lines if in_full or len(matrix) <= MAX_ROWS else [*lines[:-1], "...", lines[-1]]


def _elided_rows(matrix: np.ndarray) -> list[np.ndarray]:
    return list(matrix) if len(matrix) <= MAX_ROWS else [*matrix[: MAX_ROWS - 2], matrix[-1]]


def _elided(texts: list[str]) -> list[str]:
    return texts if len(texts) <= MAX_COLUMNS else [*texts[: MAX_COLUMNS - 2], "...", texts[-1]]


def _summary_lines(summary: Summary, dtype: str, tell: Language, digits: int = DIGITS) -> list[str]:
    if dtype == "bool":
        return [tell("{some} of {all} true", some=summary.count - summary.zeros, all=summary.count)]
    lines = []
    if summary.finite_count:
        low, high = extremes_text(summary, dtype, digits)
        mean = statistic_text(summary, summary.mean, dtype, digits)
        lines = [f"min {low}  max {high}", f"mean {mean}  zero {zeros_text(summary)}"]
    return lines if summary.is_finite else [*lines, tell("NaN or infinite: {count}", count=summary.count - summary.finite_count)]


def content_lines(node: Node, noise: Noise, tell: Language = ENGLISH) -> list[str]:
    """The lines of a node's value in a box, or of its summary if the value is large or was not kept."""
    if node.size > MAX_GRID_SIZE or not node.is_kept:
        return _summary_lines(node.summary, node.dtype, tell)
    return grid_lines(node.value, tell=tell, noise=noise.of(node))


def shortened(name: str, max_length: int = MAX_NAME_LENGTH) -> str:
    """A name with its middle elided if it is longer than `max_length`.

    >>> shortened("abcdefghij", 9), shortened("abc")
    ('abcd...ij', 'abc')
    """
    if len(name) <= max_length:
        return name
    end = (max_length - 3) // 3
    return f"{name[: max_length - 3 - end]}...{name[-end:]}"


def wrapped(text: str, width: int = FORMULA_WIDTH) -> list[str]:
    """A text wrapped to at most four lines."""
    lines = [line.replace(NO_BREAK_SPACE, " ") for line in textwrap.wrap(text, width, break_on_hyphens=False)] or [""]
    return lines if len(lines) <= 4 else [*lines[:3], "..."]
