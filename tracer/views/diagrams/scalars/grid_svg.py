"""Writes a picture of numbers in grids as SVG."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha1
from html import escape

from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.dot import ALARM_TEXT
from tracer.views.diagrams.scalars.cells import CHARACTER, LINE, PADDING, SIZE, Block, Cell, Line, characters
from tracer.views.diagrams.scalars.placing import MARGIN, Placed, Wire, placed
from tracer.views.diagrams.theme import Style, Theme
from tracer.views.svg import Drawing

MONO = "DejaVu Sans Mono,Courier,monospace"

ARROW, HALF = 5.0, 2.0
"""Length and half the width of the head of an arrow."""

_DASHES = {"DASHED": "4 3", "DOTTED": "1.5 2.5", "dashed": "4 3", "dotted": "1.5 2.5"}


def grid_drawing(diagram: Diagram, style: Style) -> Drawing:
    """Draw the grids of a diagram. Equal diagrams give equal bytes."""
    found, theme = placed(diagram), style.theme
    body = [line for wire in found.wires for line in _wire(wire, theme)]
    for block, x, y in found.blocks:
        body += _block(block, x, y, theme)
    for number, remark in enumerate((*diagram.remarks, *diagram.left_out)):
        body += _text(Line(remark, is_muted=True), MARGIN, found.height + LINE * number, theme)
    width, height = size_of(found, diagram)
    token = f"g{sha1(chr(10).join(body).encode(errors='replace'), usedforsecurity=False).hexdigest()[:8]}"
    size = f'width="{width:.0f}pt" height="{height:.0f}pt" viewBox="0 0 {width:.0f} {height:.0f}"'
    head = f'<svg id="{token}" role="img" xmlns="http://www.w3.org/2000/svg" {size}>'
    ground = f'<rect width="{width:.0f}" height="{height:.0f}" fill="{theme.background}"/>'
    svg = "\n".join([head, ground, *body, "</svg>"]) + "\n"
    return Drawing(svg.replace('<g id="-', f'<g id="{token}-'), round(width), round(height))


def size_of(found: Placed, diagram: Diagram) -> tuple[float, float]:
    """The width and height of a picture with its remarks."""
    remarks = (*diagram.remarks, *diagram.left_out)
    widths = (CHARACTER * characters(remark) + 2 * MARGIN for remark in remarks)
    return max(found.width, *widths, 0.0), found.height + LINE * len(remarks)


def _block(block: Block, x: float, y: float, theme: Theme) -> Iterator[str]:
    grid = block.grid
    yield f'<g id="-{grid.key}" class="cluster">'
    for number, line in enumerate(block.heading):
        yield from _text(line, x, y + LINE * number, theme)
    below = y + block.height - LINE * len(grid.left_out)
    for number, text in enumerate(grid.left_out):
        yield from _text(Line(text, is_muted=True), x, below + LINE * number, theme)
    if not grid.has_formulas:
        first = next(iter(block.cells.values()))
        for column, label in enumerate(grid.column_labels):
            cell = block.cells[grid.rows[0][column]]
            middle = (cell.left + cell.right - CHARACTER * characters(label)) / 2
            yield from _text(Line(label, is_muted=True), x + middle, y + block.labels_top, theme)
        for row, label in zip(grid.rows, grid.row_labels, strict=True) if grid.row_labels else ():
            right = x + first.left - PADDING
            yield from _text(
                Line(label, is_muted=True), right - CHARACTER * characters(label), y + block.cells[row[0]].top, theme
            )
    yield "</g>"
    for cell in block.cells.values():
        yield from _cell(cell, x, y, theme)


def _cell(cell: Cell, x: float, y: float, theme: Theme) -> Iterator[str]:
    box, paint = cell.box, theme.boxes[cell.box.kind]
    yield f'<g id="-{box.key}" class="node">'
    formulas = [*box.lines, *(line for column in box.columns if column.is_gradient for line in column.lines)]
    yield f"<title>{_escaped(' '.join([box.title.replace(chr(10), ' '), *formulas]))}</title>"
    left, top, right, bottom = x + cell.left, y + cell.top, x + cell.right, y + cell.bottom
    dashes = next((f' stroke-dasharray="{dash}"' for name, dash in _DASHES.items() if name in paint.style), "")
    yield _polygon(left, top, right, bottom, f'fill="{paint.fill}" stroke="{paint.border}" stroke-width="{paint.width}"{dashes}')
    for number, line in enumerate(cell.lines):
        at = top + 2 + LINE * number
        if line.is_alarming:
            ring = f'fill="{theme.not_finite}" stroke="{theme.text}" stroke-width="1.5"'
            yield _polygon(left + 2, at, right - 2, at + LINE, ring)
        yield from _text(line, left + PADDING, at, theme)
    yield "</g>"


def _polygon(left: float, top: float, right: float, bottom: float, attributes: str) -> str:
    corners = f"{left:.1f},{top:.1f} {right:.1f},{top:.1f} {right:.1f},{bottom:.1f} {left:.1f},{bottom:.1f}"
    return f'<polygon points="{corners}" {attributes}/>'


def _wire(wire: Wire, theme: Theme) -> Iterator[str]:
    paint = theme.arrows[wire.flow]
    dashes = f' stroke-dasharray="{_DASHES[paint.style]}"' if paint.style in _DASHES else ""
    x, y = wire.points[-1]
    points = [*wire.points[:-1], (x - ARROW + 1, y)]
    path = "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in points)
    yield f'<g id="-{wire.tail}--{wire.head}" class="edge">'
    yield f'<path d="{path}" fill="none" stroke="{paint.colour}" stroke-width="0.7"{dashes}/>'
    corners = f"{x:.1f},{y:.1f} {x - ARROW:.1f},{y - HALF:.1f} {x - ARROW:.1f},{y + HALF:.1f}"
    yield f'<polygon points="{corners}" fill="{paint.colour}"/>'
    yield "</g>"


def _text(line: Line, x: float, top: float, theme: Theme) -> Iterator[str]:
    colour = (
        ALARM_TEXT if line.is_alarming else theme.gradient if line.is_gradient else theme.muted if line.is_muted else theme.text
    )
    weight = ' font-weight="bold"' if line.is_bold or line.is_alarming else ""
    place = f'x="{x:.1f}" y="{top + SIZE - 0.5:.1f}" text-anchor="start"'
    yield f'<text {place} font-family="{MONO}" font-size="{SIZE:g}"{weight} fill="{colour}">{_escaped(line.text)}</text>'


def _escaped(text: str) -> str:
    return escape("".join(character if character.isprintable() else "?" for character in text))
