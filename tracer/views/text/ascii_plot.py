"""A small plot in ASCII, for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tracer.i18n.language import ENGLISH, Language
from tracer.views.notation import number_text

WIDTH, HEIGHT = 60, 6
STEEP = 1000.0


def plot_lines(values: Sequence[float], positions: Sequence[int], tell: Language = ENGLISH) -> list[str]:
    """The values over their positions, which ascend; what is not finite leaves a gap, marked with `!`.

    Positive values that differ by more than a thousand times are drawn on a logarithmic scale, which is said.

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
    is_steep = low > 0 and high / low > STEEP
    span = positions[-1] - positions[0]
    canvas = [[" "] * (WIDTH + 1) for _ in range(HEIGHT)]
    for value, position in zip(values, positions, strict=True):
        column = round(WIDTH * (position - positions[0]) / span) if span else 0
        if math.isfinite(value):
            share = _share(math.log(value), math.log(low), math.log(high)) if is_steep else _share(value, low, high)
            canvas[HEIGHT - 1 - round((HEIGHT - 1) * share)][column] = "*"
        else:
            canvas[0][column] = "!"
    top = number_text(high) if finite and high > low else ""
    ends = [top, *[""] * (HEIGHT - 2), number_text(low) if finite else ""]
    margin = max(map(len, ends))
    lines = [f"{end:>{margin}} |{''.join(row)}".rstrip() for end, row in zip(ends, canvas, strict=True)]
    last = f"{positions[-1] if span else '':>{WIDTH + 1 - len(str(positions[0]))}}"
    scale = f"   {tell('(logarithmic scale)')}" if is_steep else ""
    return [*lines, f"{'':>{margin}} +{'-' * (WIDTH + 1)}", f"{'':>{margin}}  {positions[0]}{last}{scale}".rstrip()]


def _share(value: float, low: float, high: float) -> float:
    """How far a value lies between two others; halves keep the difference of very large numbers finite."""
    return (value / 2 - low / 2) / (high / 2 - low / 2) if high / 2 > low / 2 else 0.0
