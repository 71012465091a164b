"""Writes a slide as SVG: whole, up to a frame of its series, or as a series that plays."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha1
from html import escape
from typing import TypeAlias

from tracer.views.diagrams.theme import BoxStyle, Flow, Theme
from tracer.views.slide.drawing.marks import HEIGHT, WIDTH, Panel, Picture, Raster, Role, Text, Wire
from tracer.views.slide.drawing.measure import mono_width
from tracer.views.slide.structure.images import SHADES

SANS = "Noto Sans SC,Verdana,sans-serif"
MONO = "DejaVu Sans Mono,Menlo,Consolas,Courier,monospace"

SECONDS = 1.2
"""Time between two frames of a series that plays."""

ARROW = 8

Mark: TypeAlias = Text | Panel | Wire | Raster

_DASHES = {"DASHED": "6 4", "DOTTED": "2 3", "dashed": "6 4", "dotted": "2 3"}


def slide_svg(picture: Picture, theme: Theme, description: str, *, frame: int | None = None, plays: bool = False) -> str:
    """The SVG of a slide; up to a frame of its series, or with `plays` with all frames after each other."""
    last = picture.frames - 1 if frame is None else frame
    marks: list[Mark] = [*picture.panels, *picture.rasters, *picture.wires, *picture.texts]
    body = [line for mark in marks for line in _mark(mark, theme, last, plays=plays)]
    title = f"<title>{escape(description)}</title>"
    token = f"s{sha1(chr(10).join([title, *body]).encode(errors='replace'), usedforsecurity=False).hexdigest()[:8]}"
    size = f'width="{WIDTH}pt" height="{HEIGHT}pt" viewBox="0 0 {WIDTH} {HEIGHT}"'
    head = f'<svg id="{token}" role="img" xmlns="http://www.w3.org/2000/svg" {size}>'
    style = [_animation(picture.frames, token)] if plays else []
    background = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{theme.background}"/>'
    return "\n".join([head, title, *style, background, *body, "</svg>"]) + "\n"


def _animation(frames: int, token: str) -> str:
    """Every frame appears after the one before; at once for readers who prefer reduced motion."""
    rules = "".join(f"#{token} .f{frame}{{animation-delay:{frame * SECONDS:.1f}s}}" for frame in range(1, frames))
    shown = f"@keyframes {token}-in{{from{{opacity:0}}to{{opacity:1}}}}"
    every = f'#{token} [class^="f"]{{animation:{token}-in .4s both}}'
    reduced = f'@media (prefers-reduced-motion:reduce){{#{token} [class^="f"]{{animation:none}}}}'
    return f"<style>{shown}{every}{rules}{reduced}</style>"


def _mark(mark: Mark, theme: Theme, last: int, *, plays: bool) -> Iterator[str]:
    if mark.frame > last:
        return
    lines = list(_lines(mark, theme))
    if plays and mark.frame:
        yield f'<g class="f{mark.frame}">'
        yield from lines
        yield "</g>"
    else:
        yield from lines


def _lines(mark: Mark, theme: Theme) -> Iterator[str]:
    if isinstance(mark, Text):
        return _text(mark, theme)
    if isinstance(mark, Panel):
        return _panel(mark, theme)
    return _wire(mark, theme) if isinstance(mark, Wire) else _raster(mark, theme)


def colour_of(role: Role, theme: Theme) -> str:
    """The colour of a text."""
    return {
        Role.TEXT: theme.text,
        Role.MUTED: theme.muted,
        Role.VALUE: theme.text,
        Role.GRADIENT: theme.gradient,
        Role.UPDATE: theme.update,
    }[role]


def _text(text: Text, theme: Theme) -> Iterator[str]:
    colour = colour_of(text.role, theme)
    if text.is_alarming:
        width = mono_width(text.text, text.size)
        place = f'x="{text.x - 3:.1f}" y="{text.y - 14:.1f}" width="{width + 6:.1f}" height="18"'
        yield f'<rect {place} stroke="{theme.text}" stroke-width="1.5" fill="{theme.not_finite}"/>'
        colour = "#000000"
    weight = ' font-weight="bold"' if text.is_bold or text.is_alarming else ""
    family = MONO if text.is_mono else SANS
    of = f' data-node="{text.node}" data-index="{",".join(map(str, text.index))}"' if text.node >= 0 else ""
    place = f'x="{text.x:.1f}" y="{text.y:.1f}" text-anchor="{text.anchor}"'
    yield f'<text {place} font-family="{family}" font-size="{text.size}"{weight} fill="{colour}"{of}>{escape(text.text)}</text>'


def _panel(panel: Panel, theme: Theme) -> Iterator[str]:
    style: BoxStyle = theme.boxes[panel.kind]
    radius = 7 if "ROUNDED" in style.style else 0
    dashes = next((f' stroke-dasharray="{dash}"' for name, dash in _DASHES.items() if name in style.style), "")
    place = f'x="{panel.x:.1f}" y="{panel.y:.1f}" width="{panel.width:.1f}" height="{panel.height:.1f}" rx="{radius}"'
    key = f' data-panel="{panel.key}"' if panel.key else ""
    yield f'<rect {place} fill="{style.fill}" stroke="{style.border}" stroke-width="{style.width + 0.5}"{dashes}{key}/>'


def _raster(raster: Raster, theme: Theme) -> Iterator[str]:
    """Light is small, dark is large; in the dark theme the other way round. A path for every shade."""
    size = f'width="{raster.pixel * len(raster.rows[0]):.1f}" height="{raster.pixel * len(raster.rows):.1f}"'
    yield f'<g data-image="{raster.node}"><rect x="{raster.x:.1f}" y="{raster.y:.1f}" {size} fill="{theme.background}"/>'
    side = f"{raster.pixel:.2f}"
    for shade in range(1, SHADES + 1):
        squares = "".join(
            f"M{raster.x + column * raster.pixel:.2f} {raster.y + row * raster.pixel:.2f}h{side}v{side}h-{side}z"
            for row, line in enumerate(raster.rows)
            for column, each in enumerate(line)
            if each == shade
        )
        if squares:
            yield f'<path d="{squares}" fill="{theme.text}" fill-opacity="{shade / SHADES:g}"/>'
    yield "</g>"


def _wire(wire: Wire, theme: Theme) -> Iterator[str]:
    if not wire.has_arrow:
        (x, y), (right, _) = wire.points
        yield f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}" stroke="{theme.frame}" stroke-width="1"/>'
        return
    style = theme.arrows[Flow.GRADIENT if wire.role is Role.GRADIENT else Flow.VALUE]
    pattern = _DASHES["dotted"] if wire.is_dotted else _DASHES.get(style.style)
    dashes = f' stroke-dasharray="{pattern}"' if pattern else ""
    (before_x, before_y), (x, y) = wire.points[-2:]
    length = max(abs(x - before_x), abs(y - before_y)) or 1.0
    across, down = (x - before_x) / length, (y - before_y) / length
    ends = [*wire.points[:-1], (x - across * (ARROW - 1), y - down * (ARROW - 1))]
    path = "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in ends)
    keys = f' data-tail="{wire.tail}" data-head="{wire.head}"' if wire.tail or wire.head else ""
    yield f'<path d="{path}" fill="none" stroke="{style.colour}" stroke-width="{wire.width:.2g}"{dashes}{keys}/>'
    side = max(3.0, wire.width / 2 + 1.6)
    corners = [
        (x, y), (x - across * ARROW - down * side, y - down * ARROW - across * side),
        (x - across * ARROW + down * side, y - down * ARROW + across * side),
    ]  # fmt: skip
    yield f'<polygon points="{" ".join(f"{px:.1f},{py:.1f}" for px, py in corners)}" fill="{style.colour}"/>'
