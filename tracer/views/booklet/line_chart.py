"""A small line chart as SVG: the loss over the steps, or the elements of a parameter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from tracer.views.diagrams.theme import Style
from tracer.views.notation import number_text
from tracer.views.svg import Drawing

WIDTH, HEIGHT = 340.0, 150.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 14.0, 12.0, 26.0
_LABEL_WIDTH = 62.0
"""Width in points of the labels right of the lines."""

CHARACTER_WIDTH = 5.2
"""Width of a character of a label in points."""

SPACING = 10.0
"""Distance of adjacent labels in points."""


def line_chart(
    lines: Sequence[tuple[str, Sequence[float]]],
    positions: Sequence[int],
    style: Style,
    *,
    title: str = "",
    width: float = WIDTH,
    scale: tuple[float, float] | None = None,
) -> Drawing:
    """Draw labelled lines with a value at every position. Non-finite values leave a gap. A single line is not labelled.

    `title` is that of the horizontal axis. `scale` is the smallest and the largest value of the vertical axis, by default those
    of the lines.
    """
    labels, values = [label for label, _ in lines], [line for _, line in lines]
    finite = [value for line in values for value in line if math.isfinite(value)]
    low, high = scale or ((min(finite), max(finite)) if finite else (0.0, 1.0))
    right = _RIGHT + (_LABEL_WIDTH if len(lines) > 1 else 0.0)
    marks = {value: number_text(value) for value in (low, high)} if finite or scale else {}
    left = max(_LEFT, 8 + CHARACTER_WIDTH * max(map(len, marks.values()), default=0))
    across, up = width - left - right, HEIGHT - _TOP - _BOTTOM
    first, span = (positions[0], positions[-1] - positions[0]) if positions else (0, 0)

    def x(position: int) -> float:
        return left + (across * (position - first) / span if span else across / 2)

    def y(value: float) -> float:
        return _TOP + (up * ((high / 2 - value / 2) / (high / 2 - low / 2)) if high / 2 > low / 2 else up / 2)

    text = f'font-family="DejaVu Sans Mono,Courier,monospace" font-size="8.5" fill="{style.theme.text}"'
    axis = f'stroke="{style.theme.frame}" stroke-width="0.8"'
    parts = [
        f'<line x1="{left:g}" y1="{_TOP}" x2="{left:g}" y2="{_TOP + up}" {axis}/>',
        f'<line x1="{left:g}" y1="{_TOP + up}" x2="{width - right:g}" y2="{_TOP + up}" {axis}/>',
        *(
            f'<text x="{left - 5:g}" y="{y(value) + 3:.1f}" text-anchor="end" {text}>{mark}</text>'
            for value, mark in marks.items()
        ),
        *(
            f'<text x="{x(position):.1f}" y="{HEIGHT - 12}" text-anchor="middle" {text}>{position}</text>'
            for position in (dict.fromkeys((positions[0], positions[-1])) if positions else ())
        ),
        *(
            [f'<text x="{left + across / 2:.1f}" y="{HEIGHT - 12}" text-anchor="middle" {text}>{escape(title)}</text>']
            if title
            else []
        ),
    ]
    colours, dashes = style.theme.curves, style.theme.dashes
    for number, line in enumerate(values):
        colour, dash = colours[number % len(colours)], dashes[number % len(dashes)]
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        for run in _finite_runs(line):
            points = " ".join(f"{x(positions[at]):.1f},{y(line[at]):.1f}" for at in run)
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.4"{dashed}/>')
            if len(line) <= 60 or len(run) == 1:
                dots = ((x(positions[at]), y(line[at])) for at in run)
                parts.extend(f'<circle cx="{across:.1f}" cy="{down:.1f}" r="1.6" fill="{colour}"/>' for across, down in dots)
    ends = [next((value for value in reversed(line) if math.isfinite(value)), None) for line in values]
    heights = {number: y(end) for number, end in enumerate(ends) if end is not None}
    for number, height in _spread(heights).items() if len(lines) > 1 else ():
        end, colour = width - right, colours[number % len(colours)]
        parts.append(
            f'<line x1="{end + 4:.1f}" y1="{heights[number]:.1f}" x2="{end + 16:.1f}" y2="{height:.1f}" stroke="{colour}"'
            f' stroke-width="0.7"/><text x="{end + 18:.1f}" y="{height + 3:.1f}" {text}>{escape(labels[number])}</text>'
        )
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{HEIGHT}pt" viewBox="0 0 {width} {HEIGHT}">'
    return Drawing(f"{opening}{''.join(parts)}</svg>", width, HEIGHT)


def _spread(heights: Mapping[int, float]) -> dict[int, float]:
    """The y positions of labels: at the ends of their lines, spread so that they do not overlap."""
    placed: dict[int, float] = {}
    above = -math.inf
    for number in sorted(heights, key=heights.__getitem__):
        above = placed[number] = max(heights[number], above + SPACING)
    below = HEIGHT - _BOTTOM + 4 + SPACING
    for number in reversed(placed):  # labels pushed beyond the bottom push the others up
        below = placed[number] = min(placed[number], below - SPACING)
    return placed


def _finite_runs(values: Sequence[float]) -> list[list[int]]:
    runs: list[list[int]] = [[]]
    for position, value in enumerate(values):
        if math.isfinite(value):
            runs[-1].append(position)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]
