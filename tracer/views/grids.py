"""Text that fits into a box: the lines of an array, shortened names, wrapped formulas."""

from __future__ import annotations

import textwrap

import numpy as np

from tracer.graph.record import Node
from tracer.graph.summary import Summary, summary_of
from tracer.i18n.language import ENGLISH, Language
from tracer.views.aligned_text import table
from tracer.views.noise import NOISE, Noise
from tracer.views.notation import DIGITS, extremes_text, number_text, statistic_text, zeros_text

ROWS, COLUMNS = 4, 4
"""Rows and columns up to which an array stands in its box in full."""

CORNERS = 64
"""Elements up to which a larger array shows its corners; beyond that, a summary."""

FORMULA_WIDTH = 36
GLUE = "\u00a0"
"""A blank at which no line is broken: an equals sign never stands alone."""

LONGEST_NAME = 60


def grid_lines(
    value: np.ndarray,
    digits: int = DIGITS,
    tell: Language = ENGLISH,
    *,
    in_full: bool = False,
    noise: np.ndarray | None = None,
) -> list[str]:
    """The lines of an array in a box: all of a small one, the corners of a larger, a summary of a large one.

    >>> grid_lines(np.array([[1.5, -2.0], [0.25, 100.0]]))
    [' 1.5  -2', '0.25 100']
    >>> grid_lines(np.arange(10))
    ['0 1 ... 9']
    >>> grid_lines(np.zeros((100, 100)))
    ['min 0  max 0', 'mean 0  zero 100%']

    `in_full`, an array of up to two axes has all its elements. `noise` says which elements are rounding noise.
    """
    if value.ndim == 0:
        return [NOISE if noise is not None and noise else number_text(value.item(), digits)]
    if value.size == 0:
        return [tell("empty")]
    if (value.ndim > 2 or value.size > CORNERS) and not in_full:
        return _summary_lines(summary_of(value), str(value.dtype), tell, digits)
    texts = np.array([number_text(number, digits) for number in value.ravel()], dtype=object)
    if noise is not None:
        texts[noise.ravel()] = NOISE
    matrix = texts.reshape(1 if value.ndim == 1 else len(value), -1)
    rows = [row if in_full else _elided(row) for row in map(list, matrix if in_full else _elided_rows(matrix))]
    lines = table(rows, right=range(len(rows[0])), gap=" ")
    return lines if in_full or len(matrix) <= ROWS else [*lines[:-1], "...", lines[-1]]


def _elided_rows(matrix: np.ndarray) -> list[np.ndarray]:
    return list(matrix) if len(matrix) <= ROWS else [*matrix[: ROWS - 2], matrix[-1]]


def _elided(texts: list[str]) -> list[str]:
    return texts if len(texts) <= COLUMNS else [*texts[: COLUMNS - 2], "...", texts[-1]]


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
    """The lines of a node's value in a box; of one that is large or was not kept, its summary."""
    if node.size > CORNERS or not node.is_kept:
        return _summary_lines(node.summary, node.dtype, tell)
    return grid_lines(node.value, tell=tell, noise=noise.of(node))


def shortened(name: str, most: int = LONGEST_NAME) -> str:
    """A name of bearable length: its beginning and its end.

    >>> shortened("abcdefghij", 9), shortened("abc")
    ('abcd...ij', 'abc')
    """
    if len(name) <= most:
        return name
    end = (most - 3) // 3
    return f"{name[: most - 3 - end]}...{name[-end:]}"


def wrapped(text: str, width: int = FORMULA_WIDTH) -> list[str]:
    """A text on up to four lines."""
    lines = [line.replace(GLUE, " ") for line in textwrap.wrap(text, width, break_on_hyphens=False)] or [""]
    return lines if len(lines) <= 4 else [*lines[:3], "..."]
