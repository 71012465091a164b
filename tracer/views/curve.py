"""A small line chart as SVG: the loss over the steps."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tracer.views.drawing import Drawing
from tracer.views.notation import number_text

WIDTH, HEIGHT = 340.0, 150.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 14.0, 12.0, 26.0
_TEXT = 'font-family="DejaVu Sans Mono,Courier,monospace" font-size="8.5" fill="#333333"'


def curve(values: Sequence[float], colour: str = "#C0334D") -> Drawing:
    """The values over their positions; what is not finite leaves a gap."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    across, up = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM

    def x(position: int) -> float:
        return _LEFT + (across * position / (len(values) - 1) if len(values) > 1 else across / 2)

    def y(value: float) -> float:
        return _TOP + (up * (high - value) / (high - low) if high > low else up / 2)

    parts = [
        f'<line x1="{_LEFT}" y1="{_TOP}" x2="{_LEFT}" y2="{_TOP + up}" stroke="#999999" stroke-width="0.8"/>',
        f'<line x1="{_LEFT}" y1="{_TOP + up}" x2="{WIDTH - _RIGHT}" y2="{_TOP + up}" stroke="#999999" stroke-width="0.8"/>',
        *(
            f'<text x="{_LEFT - 5}" y="{y(value) + 3:.1f}" text-anchor="end" {_TEXT}>{number_text(value)}</text>'
            for value in dict.fromkeys((low, high))
            if finite
        ),
        *(
            f'<text x="{x(position):.1f}" y="{HEIGHT - 12}" text-anchor="middle" {_TEXT}>{position}</text>'
            for position in dict.fromkeys((0, len(values) - 1))
        ),
    ]
    for run in _finite_runs(values):
        points = " ".join(f"{x(position):.1f},{y(values[position]):.1f}" for position in run)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        if len(values) <= 60 or len(run) == 1:
            parts.extend(f'<circle cx="{x(at):.1f}" cy="{y(values[at]):.1f}" r="2" fill="{colour}"/>' for at in run)
    body = "".join(parts)
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}pt" height="{HEIGHT}pt" viewBox="0 0 {WIDTH} {HEIGHT}">'
    return Drawing(f"{opening}{body}</svg>", WIDTH, HEIGHT)


def _finite_runs(values: Sequence[float]) -> list[list[int]]:
    runs: list[list[int]] = [[]]
    for position, value in enumerate(values):
        if math.isfinite(value):
            runs[-1].append(position)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]
