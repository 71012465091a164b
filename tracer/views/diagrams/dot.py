"""A diagram as DOT: every box is an HTML-like label in the colours of the theme."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape

import graphviz

from tracer.views.diagrams.arranging.sizes import MAX_COLUMNS_WIDTH
from tracer.views.diagrams.diagram import Arrow, Box, Cluster, Diagram
from tracer.views.diagrams.theme import Flow, Kind, Style, Theme

NUMBER_SIZE, CAPTION_SIZE = 10, 9
"""Font sizes in points."""

COMPUTED = {Kind.FORWARD, Kind.LOSS, Kind.BACKWARD, Kind.UPDATE}
"""The kinds of boxes of operations."""

WEIGHT = "8"
"""Weight of arrows between operations that are to be straight and short.

Also of invisible arrows: Graphviz need not follow a light arrow from one cluster to another.
"""

ALARM_TEXT = "#000000"
"""The colour of text on the colour of numbers that are NaN or infinite."""

RING = 2
"""Width of the ring around them in points."""

_NON_ASCII = re.compile(r"([^\x00-\x7f]+)")

LARGE_DIAGRAM = 100
"""Number of boxes above which the network simplex iterations are limited: otherwise long arrows take minutes."""


def dot(diagram: Diagram, style: Style) -> str:
    """The DOT source of a diagram. Equal diagrams give equal text."""
    theme = style.theme
    graph = graphviz.Digraph(
        graph_attr={
            "rankdir": style.direction or "TB", "ranksep": "0.36", "nodesep": "0.2", "fontname": "Verdana", "fontsize": "9",
            "bgcolor": theme.background, "margin": "0", "pad": "0.06",
            **({"nslimit": "1", "nslimit1": "1"} if len(diagram.boxes) > LARGE_DIAGRAM else {}),
        },
        node_attr={"shape": "plain", "fontname": "Verdana", "fontsize": "9", "fontcolor": theme.text},
        edge_attr={"arrowsize": "0.6", "fontname": "Courier", "fontsize": str(CAPTION_SIZE)},
    )  # fmt: skip
    boxes = {box.key: box for box in diagram.boxes}
    numbers = iter(range(len(diagram.boxes) + 1))
    for cluster in diagram.clusters:
        _draw_cluster(graph, cluster, boxes, theme, numbers)
    clustered = set(_keys_of(diagram.clusters))
    for box in diagram.boxes:
        if box.key not in clustered:
            _draw_box(graph, box, theme)
    for keys in diagram.ranks:
        with graph.subgraph(graph_attr={"rank": "same"}) as rank:
            for key, following in itertools.pairwise(keys):
                rank.edge(key, following, style="invis")
    for arrow in diagram.arrows:
        above, below = (arrow.head, arrow.tail) if arrow.is_backward else (arrow.tail, arrow.head)
        side = "right" if arrow.is_backward else "left"
        if style.direction != "LR" and not arrow.is_unconstrained:
            above, below = _endpoint(boxes[above], f"{side}_below:s"), _endpoint(boxes[below], f"{side}_above:n")
        is_onward = {boxes[arrow.tail].kind, boxes[arrow.head].kind} <= COMPUTED and not arrow.is_unconstrained
        weight = {"weight": WEIGHT} if diagram.is_straight and (is_onward or arrow.flow is Flow.ORDER) else {}
        graph.edge(above, below, **_arrow(arrow, theme), **weight)
    return str(graph.source)


def _keys_of(clusters: Iterable[Cluster]) -> Iterable[str]:
    for cluster in clusters:
        yield from cluster.boxes
        yield from _keys_of(cluster.clusters)


def _draw_cluster(graph: graphviz.Digraph, cluster: Cluster, boxes: dict[str, Box], theme: Theme, numbers: Iterator[int]) -> None:
    with graph.subgraph(name=f"cluster_{next(numbers)}") as inner:
        inner.attr(
            label=_quoted(cluster.label), labeljust="l", fontcolor=theme.muted, style="rounded,dashed", color=theme.frame,
            margin="8",
        )  # fmt: skip
        for key in cluster.boxes:
            _draw_box(inner, boxes[key], theme)
        for each in cluster.clusters:
            _draw_cluster(inner, each, boxes, theme, numbers)


def _draw_box(graph: graphviz.Digraph, box: Box, theme: Theme) -> None:
    paint = theme.boxes[box.kind]
    if box.kind is Kind.PLUS:
        graph.node(
            box.key, _quoted(box.title), shape="circle", margin="0.02", width="0.2", style="filled",
            fillcolor=theme.not_finite if box.is_alarming else paint.fill, color=theme.text if box.is_alarming else paint.border,
            fontcolor=ALARM_TEXT if box.is_alarming else theme.gradient, fontsize="11", id=box.key, tooltip=_quoted(box.tip),
            **({"penwidth": str(RING)} if box.is_alarming else {}),
        )  # fmt: skip
        return
    graph.node(box.key, f"<{label(box, theme)}>", id=box.key, tooltip=_quoted(box.tip or box.title))


def _endpoint(box: Box, port: str) -> str:
    """The endpoint of an arrow: values use the left ports, gradients the right ones, so that they never overlap."""
    return f"{box.key}:{port}" if _has_ports(box) else box.key


def _has_ports(box: Box) -> bool:
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
        colour = theme.gradient if arrow.flow is Flow.GRADIENT else theme.muted
        lines = [f" {line} " for line in arrow.label]  # spaces keep the label off the arrow
        attributes["label"] = f"<{_mono(lines, colour, CAPTION_SIZE)}>"
    if arrow.is_backward:
        attributes["dir"] = "back"
    if arrow.is_unconstrained:
        attributes["constraint"] = "false"
    return attributes


def label(box: Box, theme: Theme) -> str:
    """The HTML-like label of a box: a table."""
    wide = sum(max((len(line) for line in column.lines), default=0) for column in box.columns) > MAX_COLUMNS_WIDTH
    span = max(2 if _has_ports(box) else 1, 1 if wide else len(box.columns))
    heading = _heading(box, theme) if box.title else ""  # Graphviz rejects empty tags
    rows = [_cell(heading + (_mono(box.lines, theme.text) if box.lines else ""), span)]
    rows += [_alarm_cell(box.alarms, span, theme)] if box.alarms else []
    cells = []
    for column in box.columns:
        colour = theme.gradient if column.is_gradient else theme.text
        caption = _caption(column.caption, theme.gradient if column.is_gradient else theme.muted) if column.caption else ""
        width = span if wide else 1
        if column.is_alarming:
            cells.append(_alarm_cell(column.lines, width, theme, column.caption))
        else:
            cells.append(_cell(caption + _mono(column.lines, colour), width))
    rows += cells if wide else (["".join(cells)] if cells else [])
    if _has_ports(box):
        rows = [_port_row("above", span), *rows, _port_row("below", span)]
    paint = theme.boxes[box.kind]
    style = f' STYLE="{paint.style}"' if paint.style else ""
    body = "".join(f"<TR>{row}</TR>" for row in rows)
    return (
        f'<TABLE BORDER="{paint.width}"{style} CELLBORDER="0" CELLSPACING="0" CELLPADDING="4"'
        f' BGCOLOR="{paint.fill}" COLOR="{paint.border}">{body}</TABLE>'
    )


def _port_row(side: str, span: int) -> str:
    """A thin row whose cells are the ports of arrows."""
    cell = 'CELLPADDING="0" HEIGHT="1" FIXEDSIZE="FALSE"'
    return f'<TD PORT="left_{side}" {cell}></TD><TD PORT="right_{side}" COLSPAN="{span - 1}" {cell}></TD>'


def _heading(box: Box, theme: Theme) -> str:
    bold = '<BR ALIGN="LEFT"/>'.join(f"<B>{_with_fonts(line) or ' '}</B>" for line in box.title.split("\n"))
    note = f'<FONT COLOR="{theme.muted}">  {_with_fonts(box.note)}</FONT>' if box.note else ""
    return f'<FONT FACE="Courier" POINT-SIZE="{NUMBER_SIZE}" COLOR="{theme.text}">{bold}{note}<BR ALIGN="LEFT"/></FONT>'


def _caption(text: str, colour: str) -> str:
    return f'<FONT POINT-SIZE="{CAPTION_SIZE}" COLOR="{colour}">{_text(text)}</FONT><BR ALIGN="LEFT"/>'


def _mono(lines: Sequence[str], colour: str, size: int = NUMBER_SIZE) -> str:
    body = "".join(f'{_with_fonts(line)}<BR ALIGN="LEFT"/>' for line in lines)
    return f'<FONT FACE="Courier" POINT-SIZE="{size}" COLOR="{colour}">{body}</FONT>'


def _with_fonts(text: str) -> str:
    """A text in a monospaced font, with non-ASCII runs in Verdana: Courier would measure Chinese nearly twice as wide."""
    if text.isascii():
        return _text(text)
    runs = [_text(run) for run in _NON_ASCII.split(text)]
    return "".join(f'<FONT FACE="Verdana">{run}</FONT>' if position % 2 else run for position, run in enumerate(runs))


def _text(text: str) -> str:
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return escape(printable)


def _cell(content: str, span: int = 1) -> str:
    return f'<TD ALIGN="LEFT" BALIGN="LEFT" VALIGN="TOP" COLSPAN="{span}">{content}</TD>'


def _alarm_cell(lines: Sequence[str], span: int, theme: Theme, caption: str = "") -> str:
    """A cell of numbers of which some are NaN or infinite: in a colour of its own, bold, and with a ring that needs no colour."""
    body = '<BR ALIGN="LEFT"/>'.join(f"<B>{_with_fonts(line) or ' '}</B>" for line in lines) + '<BR ALIGN="LEFT"/>'
    text = f'<FONT FACE="Courier" POINT-SIZE="{NUMBER_SIZE}" COLOR="{ALARM_TEXT}">{body}</FONT>'
    above = _caption(caption, ALARM_TEXT) if caption else ""
    return (
        f'<TD ALIGN="LEFT" BALIGN="LEFT" VALIGN="TOP" COLSPAN="{span}" BGCOLOR="{theme.not_finite}" BORDER="{RING}"'
        f' COLOR="{theme.text}">{above}{text}</TD>'
    )


def _quoted(text: str) -> str:
    # Graphviz ends a text at a NUL, and resolves entities in any text.
    # The escaped text is a subclass of str: as a plain one, `<b>` would be written as an HTML-like label.
    quoted: str = graphviz.escape(text.replace("\0", "?").replace("&", "&amp;"))
    return quoted
