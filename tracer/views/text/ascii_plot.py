"""A small plot in ASCII, for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tracer.i18n.language import ENGLISH, Language
from tracer.views.notation import number_text

WIDTH, HEIGHT = 60, 6
LOG_SCALE_RATIO = 1000.0
"""Ratio of the largest to the smallest value above which the scale is logarithmic."""


def plot_lines(values: Sequence[float], positions: Sequence[int], tell: Language = ENGLISH) -> list[str]:
    """Plot values over ascending positions. Values that are not finite are marked with `!`, with a note.

    Positive values that span more than LOG_SCALE_RATIO are plotted on a logarithmic scale, also with a note.

    >>> for line in plot_lines([0.0, 1.0, 4.0], [0, 5, 10]): print(line)
    4 |                                                            *
      |
      |
      |
      |                              *
    0 |*
      +-------------------------------------------------------------
       0                                                           10
    >>> plot_lines([1e-5, math.nan, 1e4], [0, 1, 2])[-1].split("   ")[-2:]
    ['(logarithmic scale)', '(! is NaN or infinite)']
    """
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    is_logarithmic = low > 0 and high / low > LOG_SCALE_RATIO
    span = positions[-1] - positions[0]
    canvas = [[" "] * (WIDTH + 1) for _ in range(HEIGHT)]
    for value, position in zip(values, positions, strict=True):
        column = round(WIDTH * (position - positions[0]) / span) if span else 0
        if math.isfinite(value):
            fraction = _fraction(*map(math.log, (value, low, high))) if is_logarithmic else _fraction(value, low, high)
            canvas[HEIGHT - 1 - round((HEIGHT - 1) * fraction)][column] = "*"
        else:
            canvas[0][column] = "!"
    top = number_text(high) if finite and high > low else ""
    ends = [top, *[""] * (HEIGHT - 2), number_text(low) if finite else ""]
    margin = max(map(len, ends))
    lines = [f"{end:>{margin}} |{''.join(row)}".rstrip() for end, row in zip(ends, canvas, strict=True)]
    last = f"{positions[-1] if span else '':>{WIDTH + 1 - len(str(positions[0]))}}"
    notes = [tell("(logarithmic scale)")] if is_logarithmic else []
    notes += [tell("(! is NaN or infinite)")] if len(finite) < len(values) else []
    below = "   ".join([f"{'':>{margin}}  {positions[0]}{last}", *notes])
    return [*lines, f"{'':>{margin}} +{'-' * (WIDTH + 1)}", below.rstrip()]


def _fraction(value: float, low: float, high: float) -> float:
    """The position of a value between two others, from 0 to 1. Halves keep differences of very large numbers finite."""
    return (value / 2 - low / 2) / (high / 2 - low / 2) if high / 2 > low / 2 else 0.0
