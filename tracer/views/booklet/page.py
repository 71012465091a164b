"""Building blocks of a booklet as typst source: pages, headings, tables, legends. User text is always a string literal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tracer.views.booklet.typst import image, literal, mono
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.theme import Flow, Kind, Style, flow_label, kind_label
from tracer.views.svg import Drawing

PAGE = (595.28, 841.89)
"""A4 portrait in points."""

MARGIN = 36.0


def document(title: str, pages: Iterable[str], style: Style) -> str:
    """A document of these pages, with page numbers in the footer."""
    theme = style.theme
    number = 'counter(page).display("1 / 1", both: true)'
    foot = f'text(size: 8pt, fill: rgb({literal(theme.muted)}), {literal(title)} + ", " + {number})'
    lines = [
        f"#set document(title: {literal(title)}, date: none)",
        f'#set page(paper: "a4", margin: {MARGIN}pt, fill: rgb({literal(theme.background)}),'
        f" footer: context align(right, {foot}))",
        f'#set text(font: ("Noto Sans SC", "DejaVu Sans Mono"), size: 9.5pt, fill: rgb({literal(theme.text)}),'
        f' lang: "{style.tell.code}")',
        "#show heading: it => block(below: 10pt, text(size: if it.level == 1 { 18pt } else { 14pt }, weight: 400, it.body))",
        f"#show link: it => text(fill: rgb({literal(theme.boxes[Kind.FORWARD].border)}), it)",
        "#let at(key) = link(key, context str(locate(key).page()))",
        *pages,
    ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a page: text, level, and the key by which other pages refer to it.

    Level 3 is in the bookmarks but not in the table of contents.
    """

    text: str
    level: int = 2
    key: str = ""
    is_outlined: bool = True

    def typst(self) -> str:
        """The heading as typst source."""
        outlined = typst_bool(self.is_outlined and self.level < 3)
        label = f" <{self.key}>" if self.key else ""
        settings = f"level: {self.level}, outlined: {outlined}, bookmarked: {typst_bool(self.is_outlined)}"
        return f"#heading({settings}, {literal(self.text)}){label}"


def page(heading: Heading | None, body: str, *, is_landscape: bool = False, size: tuple[float, float] | None = None) -> str:
    """A page, portrait or landscape, or of a custom size in points."""
    top = f"{heading.typst()}\n" if heading else ""
    form = f"width: {size[0]:.1f}pt, height: {size[1]:.1f}pt" if size else f"flipped: {typst_bool(is_landscape)}"
    return f"#page({form})[\n{top}{body}\n]"


def block(heading: Heading, body: str) -> str:
    """A part of a page that is not broken between pages, with a line below."""
    return f"#block(breakable: false, width: 100%, below: 16pt)[\n{heading.typst()}\n{body}\n]"


def typst_bool(value: bool) -> str:
    """A Boolean in typst syntax."""
    return "true" if value else "false"


def paragraph(text: str, below: float = 8) -> str:
    """A paragraph of plain text."""
    return f"#block(below: {below}pt, {literal(text)})"


def muted(text: str, style: Style, size: float = 8) -> str:
    """Small text in the muted colour, as typst code."""
    return f"text(size: {size}pt, fill: rgb({literal(style.theme.muted)}), {literal(text)})"


def page_reference(key: str) -> str:
    """A placeholder in a text for the number of the page with this key; `with_page_links` turns it into a link."""
    return f"\0{key}\0"


def with_page_links(text: str) -> str:
    """A text as typst code, with the placeholders of `page_reference` as links.

    >>> with_page_links("see page " + page_reference("s0n1"))
    '"see page " + at(<s0n1>)'
    """
    pieces = text.split("\0")
    codes = [f"at(<{piece}>)" if position % 2 else literal(piece) for position, piece in enumerate(pieces)]
    return " + ".join(code for code in codes if code != '""') or '""'


def centered(drawing: Drawing, scale: float) -> str:
    """A centred drawing."""
    return f"#align(center, {image(drawing.svg, drawing.width * scale, drawing.height * scale)})"


def table(cells: Sequence[str], columns: int | str, align: str, style: Style) -> str:
    """A table of cells in typst code."""
    line = f"0.4pt + rgb({literal(style.theme.frame)})"
    settings = f"columns: {columns}, align: {align}, inset: 4.5pt, stroke: (x: none, y: {line})"
    return f"#block(above: 12pt, table({settings},\n  {', '.join(cells)}))"


def cell(text: str, style: Style, size: float = 8.5, *, is_gradient: bool = False) -> str:
    """The monospaced text of a cell, as typst code."""
    return mono(text, size, style.theme.gradient if is_gradient else style.theme.text)


def legend(diagram: Diagram, style: Style) -> str:
    """The legend of a diagram."""
    swatches = [_swatch(kind, style) for kind in diagram.kinds]
    if any(flow is Flow.GRADIENT for flow in diagram.flows) and diagram.has_gradients:
        swatches += [_line_sample(flow, style) for flow in diagram.flows]
    if diagram.has_gradients:
        label = style.tell("gradient of the loss")
        swatches.append(f"text(size: 8pt, fill: rgb({literal(style.theme.gradient)}), {literal(label)})")
    return f"#align(center, {' + h(14pt) + '.join(swatches)})" if swatches else ""


def _swatch(kind: Kind, style: Style) -> str:
    paint = style.theme.boxes[kind]
    dash = '"dashed"' if "DASHED" in paint.style else '"dotted"' if "DOTTED" in paint.style else "none"
    radius = 4 if kind is Kind.PLUS else 2 if "ROUNDED" in paint.style else 0
    stroke = f"(paint: rgb({literal(paint.border)}), thickness: {0.8 * paint.width}pt, dash: {dash})"
    width = 8 if kind is Kind.PLUS else 12
    swatch = f"rect(width: {width}pt, height: 8pt, radius: {radius}pt, fill: rgb({literal(paint.fill)}), stroke: {stroke})"
    return f"box(baseline: 1pt, {swatch}) + h(3pt) + text(size: 8pt, {literal(kind_label(kind, style.tell))})"


def _line_sample(flow: Flow, style: Style) -> str:
    line = style.theme.arrows[flow]
    dash = f'"{line.style}"' if line.style != "solid" else "none"
    stroke = f"(paint: rgb({literal(line.colour)}), thickness: 1.2pt, dash: {dash})"
    word = f"text(size: 8pt, {literal(flow_label(flow, style.tell))})"
    return f"box(baseline: -2pt, line(length: 14pt, stroke: {stroke})) + h(3pt) + {word}"
