"""A small curve in plain characters, for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tracer.views.notation import number_text

WIDTH, HEIGHT = 60, 6


def plot_lines(values: Sequence[float], positions: Sequence[int]) -> list[str]:
    """The values over their positions, which ascend; what is not finite leaves a gap, marked with `!`.

    >>> for line in plot_lines([0.0, 1.0, 4.0], [0, 5, 10]): print(line)
    4 |                                                            *
      |
      |
      |
      |                              *
    0 |*
      +-------------------------------------------------------------
       0                                                           10
    """
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    span = positions[-1] - positions[0]
    canvas = [[" "] * (WIDTH + 1) for _ in range(HEIGHT)]
    for value, position in zip(values, positions, strict=True):
        column = round(WIDTH * (position - positions[0]) / span) if span else 0
        if math.isfinite(value):
            row = round((HEIGHT - 1) * _share(value, low, high))
            canvas[HEIGHT - 1 - row][column] = "*"
        else:
            canvas[0][column] = "!"
    ends = [number_text(high) if finite else "", *[""] * (HEIGHT - 2), number_text(low) if finite else ""]
    if low == high:
        ends = ["", *[""] * (HEIGHT - 2), ends[-1]]
    margin = max(map(len, ends))
    lines = [f"{end:>{margin}} |{''.join(row)}".rstrip() for end, row in zip(ends, canvas, strict=True)]
    last = str(positions[-1]) if span else ""
    axis = f"{positions[0]}{last:>{WIDTH + 1 - len(str(positions[0]))}}"
    return [*lines, f"{'':>{margin}} +{'-' * (WIDTH + 1)}", f"{'':>{margin}}  {axis}".rstrip()]


def _share(value: float, low: float, high: float) -> float:
    """How far a value lies between two others; halves keep the difference of very large numbers finite."""
    return (value / 2 - low / 2) / (high / 2 - low / 2) if high / 2 > low / 2 else 0.0
