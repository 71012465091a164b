"""A diagram as DOT: every box an HTML-like label in the colours of the theme."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape

import graphviz

from tracer.views.diagrams.diagram import Arrow, Box, Diagram, Frame
from tracer.views.diagrams.theme import Flow, Kind, Style, Theme

NUMBERS, CAPTIONS = 10, 9
"""Sizes of type in points."""

BESIDE = 44
"""Characters that columns may take side by side; wider ones stand below each other."""

_NO_ASCII = re.compile(r"([^\x00-\x7f]+)")

GAP = " "

MANY = 100
"""Above this many boxes, limit Graphviz's effort: long arrows would cost it minutes."""


def dot(diagram: Diagram, style: Style) -> str:
    """The DOT of a sketch; the same sketch gives the same text."""
    theme = style.theme
    graph = graphviz.Digraph(
        graph_attr={
            "rankdir": style.direction or "TB", "ranksep": "0.36", "nodesep": "0.2", "fontname": "Verdana", "fontsize": "9",
            "bgcolor": theme.background, "margin": "0", "pad": "0.06",
            **({"nslimit": "1", "nslimit1": "1"} if len(diagram.boxes) > MANY else {}),
        },
        node_attr={"shape": "plain", "fontname": "Verdana", "fontsize": "9", "fontcolor": theme.text},
        edge_attr={"arrowsize": "0.6", "fontname": "Courier", "fontsize": str(CAPTIONS)},
    )  # fmt: skip
    boxes = {box.key: box for box in diagram.boxes}
    numbers = iter(range(len(diagram.boxes) + 1))
    for frame in diagram.frames:
        _draw_frame(graph, frame, boxes, theme, numbers)
    framed = set(_keys_in(diagram.frames))
    for box in diagram.boxes:
        if box.key not in framed:
            _draw_box(graph, box, theme)
    for arrow in diagram.arrows:
        above, below = (arrow.head, arrow.tail) if arrow.is_backward else (arrow.tail, arrow.head)
        lane = "right" if arrow.is_backward else "left"
        if style.direction != "LR" and not arrow.is_loose:
            above, below = _end(boxes[above], f"{lane}_below:s"), _end(boxes[below], f"{lane}_above:n")
        graph.edge(above, below, **_arrow(arrow, theme))
    return str(graph.source)


def _keys_in(frames: Iterable[Frame]) -> Iterable[str]:
    for frame in frames:
        yield from frame.boxes
        yield from _keys_in(frame.frames)


def _draw_frame(graph: graphviz.Digraph, frame: Frame, boxes: dict[str, Box], theme: Theme, numbers: Iterator[int]) -> None:
    with graph.subgraph(name=f"cluster_{next(numbers)}") as inner:
        inner.attr(
            label=_quoted(frame.label), labeljust="l", fontcolor=theme.quiet, style="rounded,dashed", color=theme.frame,
            margin="8",
        )  # fmt: skip
        for key in frame.boxes:
            _draw_box(inner, boxes[key], theme)
        for each in frame.frames:
            _draw_frame(inner, each, boxes, theme, numbers)


def _draw_box(graph: graphviz.Digraph, box: Box, theme: Theme) -> None:
    paint = theme.boxes[box.kind]
    if box.kind is Kind.PLUS:
        graph.node(
            box.key, _quoted(box.title), shape="circle", margin="0.02", width="0.2", style="filled", fillcolor=paint.fill,
            color=paint.border, fontcolor=theme.gradient, fontsize="11", id=box.key, tooltip=_quoted(box.tip),
        )  # fmt: skip
        return
    graph.node(box.key, f"<{label(box, theme)}>", id=box.key, tooltip=_quoted(box.tip or box.title))


def _end(box: Box, port: str) -> str:
    """Where an arrow meets a box: values on the left, gradients on the right, so that they never run on each other."""
    return f"{box.key}:{port}" if _has_lanes(box) else box.key


def _has_lanes(box: Box) -> bool:
    return any(column.is_gradient for column in box.columns)


def _arrow(arrow: Arrow, theme: Theme) -> dict[str, str]:
    line = theme.arrows[arrow.flow]
    attributes = {"color": line.colour}
    if arrow.flow is Flow.ORDER:
        return {"style": "invis"}
    attributes["penwidth"] = str(line.width)
    if line.style != "solid":
        attributes["style"] = line.style
    if arrow.label:
        colour = theme.gradient if arrow.flow is Flow.GRADIENT else theme.quiet
        lines = [f" {line} " for line in arrow.label]  # blanks keep it off the arrow
        attributes["label"] = f"<{_mono(lines, colour, CAPTIONS)}>"
    if arrow.is_backward:
        attributes["dir"] = "back"
    if arrow.is_loose:
        attributes["constraint"] = "false"
    return attributes


def label(box: Box, theme: Theme) -> str:
    """The HTML-like label of a box, a table."""
    wide = sum(max((len(line) for line in column.lines), default=0) for column in box.columns) > BESIDE
    span = max(2 if _has_lanes(box) else 1, 1 if wide else len(box.columns))
    heading = _heading(box, theme) if box.title else ""  # Graphviz takes empty tags for a mistake
    rows = [_cell(heading + (_mono(box.lines, theme.text) if box.lines else ""), span)]
    cells = []
    for column in box.columns:
        colour = theme.gradient if column.is_gradient else theme.text
        caption = _caption(column.caption, theme.gradient if column.is_gradient else theme.quiet) if column.caption else ""
        cells.append(_cell(caption + _mono(column.lines, colour), span if wide else 1))
    rows += cells if wide else (["".join(cells)] if cells else [])
    if _has_lanes(box):
        rows = [_lanes("above", span), *rows, _lanes("below", span)]
    paint = theme.boxes[box.kind]
    style = f' STYLE="{paint.style}"' if paint.style else ""
    body = "".join(f"<TR>{row}</TR>" for row in rows)
    return (
        f'<TABLE BORDER="{paint.width}"{style} CELLBORDER="0" CELLSPACING="0" CELLPADDING="4"'
        f' BGCOLOR="{paint.fill}" COLOR="{paint.border}">{body}</TABLE>'
    )


def _lanes(side: str, span: int) -> str:
    """A row without height, whose cells are where arrows end."""
    cell = 'CELLPADDING="0" HEIGHT="1" FIXEDSIZE="FALSE"'
    return f'<TD PORT="left_{side}" {cell}></TD><TD PORT="right_{side}" COLSPAN="{span - 1}" {cell}></TD>'


def _heading(box: Box, theme: Theme) -> str:
    bold = '<BR ALIGN="LEFT"/>'.join(f"<B>{_faced(line) or GAP}</B>" for line in box.title.split("\n"))
    note = f'<FONT COLOR="{theme.quiet}">  {_faced(box.note)}</FONT>' if box.note else ""
    return f'<FONT FACE="Courier" POINT-SIZE="{NUMBERS}" COLOR="{theme.text}">{bold}{note}<BR ALIGN="LEFT"/></FONT>'


def _caption(text: str, colour: str) -> str:
    return f'<FONT POINT-SIZE="{CAPTIONS}" COLOR="{colour}">{_text(text)}</FONT><BR ALIGN="LEFT"/>'


def _mono(lines: Sequence[str], colour: str, size: int = NUMBERS) -> str:
    body = "".join(f'{_faced(line)}<BR ALIGN="LEFT"/>' for line in lines)
    return f'<FONT FACE="Courier" POINT-SIZE="{size}" COLOR="{colour}">{body}</FONT>'


def _faced(text: str) -> str:
    """A text within type of one width, in another face what that lacks: there, Chinese would be measured nearly twice as wide."""
    if text.isascii():
        return _text(text)
    # Blanks that break no line are no ASCII, and would be measured as two: a gap before the next face.
    runs = [_text(run).replace("&#160;", " ") for run in _NO_ASCII.split(text)]
    return "".join(f'<FONT FACE="Verdana">{run}</FONT>' if place % 2 else run for place, run in enumerate(runs))


def _text(text: str) -> str:
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return escape(printable).replace(" ", GAP)


def _cell(content: str, span: int = 1) -> str:
    return f'<TD ALIGN="LEFT" BALIGN="LEFT" VALIGN="TOP" COLSPAN="{span}">{content}</TD>'


def _quoted(text: str) -> str:
    # A text ends for Graphviz at a zero, and entities are read in any.
    return str(graphviz.escape(text.replace("\0", "?").replace("&", "&amp;")))
