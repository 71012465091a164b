"""A diagram as Mermaid, which GitHub renders in a README."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.views.diagrams.diagram import Arrow, Box, Cluster, Diagram
from tracer.views.diagrams.dot import ALARM_TEXT
from tracer.views.diagrams.theme import Flow, Kind, Style

MAX_ARROWS = 500
"""The maximum number of arrows that Mermaid draws by default, and GitHub at all (`maxEdges`)."""

MAX_CHARACTERS = 50_000
"""The maximum length of a text that Mermaid draws by default, and GitHub at all (`maxTextSize`), in UTF-16 code units."""

_ESCAPES = {
    "&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;",
    **{character: f"#{ord(character)};" for character in "#`\\*_[]{}|~%;:"},
}  # fmt: skip
"""Characters that are special in Mermaid, Markdown or HTML, as Mermaid entities, which have no ampersand."""


def mermaid(diagram: Diagram, style: Style) -> str:
    """The Mermaid flowchart of a diagram. Equal diagrams give equal text."""
    theme = style.theme
    lines = [f"flowchart {style.direction or 'TB'}"]
    boxes = {box.key: box for box in diagram.boxes}
    clustered: set[str] = set()
    for number, cluster in enumerate(diagram.clusters):
        lines += _cluster(cluster, boxes, clustered, f"frame{number}", "  ")
    lines += [f"  {_box(box)}" for box in diagram.boxes if box.key not in clustered]
    arrows = arrows_of(diagram)
    lines += [f"  {_arrow(arrow)}" for arrow in arrows]
    for kind in diagram.kinds:
        paint = theme.boxes[kind]
        dash = ",stroke-dasharray:4 3" if "DASHED" in paint.style or "DOTTED" in paint.style else ""
        colours = f"fill:{paint.fill},stroke:{paint.border},color:{theme.text},stroke-width:{paint.width}px{dash}"
        lines.append(f"  classDef {kind.name.lower()} {colours}")
        lines.append(f"  class {','.join(box.key for box in diagram.boxes if box.kind is kind)} {kind.name.lower()}")
    alarming = ",".join(box.key for box in diagram.boxes if box.is_alarming)
    if alarming:  # a later class wins
        lines.append(f"  classDef not_finite fill:{theme.not_finite},stroke:{theme.text},color:{ALARM_TEXT},stroke-width:5px")
        lines.append(f"  class {alarming} not_finite")
    for flow in diagram.flows:
        numbers = ",".join(str(number) for number, arrow in enumerate(arrows) if arrow.flow is flow)
        line = theme.arrows[flow]
        dash = ",stroke-dasharray:4 3" if line.style != "solid" else ""
        lines.append(f"  linkStyle {numbers} stroke:{line.colour}{dash}")
    return "\n".join(lines) + "\n"


def arrows_of(diagram: Diagram) -> list[Arrow]:
    """The arrows that are drawn: Mermaid has no invisible ones."""
    return [arrow for arrow in diagram.arrows if arrow.flow is not Flow.ORDER]


def length_of(text: str) -> int:
    """The length of a text as Mermaid counts it, in UTF-16 code units.

    >>> length_of("A --> B"), length_of("\U0001f642")
    (7, 2)
    """
    return len(text.encode("utf-16-le")) // 2


def _cluster(cluster: Cluster, boxes: dict[str, Box], clustered: set[str], key: str, indent: str) -> Iterator[str]:
    yield f'{indent}subgraph {key}["{_text(cluster.label)}"]'
    for name in cluster.boxes:
        clustered.add(name)
        yield f"{indent}  {_box(boxes[name])}"
    for number, inner in enumerate(cluster.clusters):
        yield from _cluster(inner, boxes, clustered, f"{key}_{number}", f"{indent}  ")
    yield f"{indent}end"


def _box(box: Box) -> str:
    title = "<br/>".join(_text(line) for line in box.title.split("\n"))
    first = f"<b>{title}</b> {_text(box.note)}".strip() if box.title else ""
    lines = [first, *map(_text, box.lines), *(f"<b>{_text(text)}</b>" for text in box.alarms)]
    for column in box.columns:
        caption = [f"<i>{_text(column.caption)}</i>"] if column.caption else []
        lines += caption + [f"<b>{_text(line)}</b>" if column.is_alarming else _text(line) for line in column.lines]
    shape = ("((", "))") if box.kind is Kind.PLUS else ("(", ")")
    return f'{box.key}{shape[0]}"{"<br/>".join(line for line in lines if line)}"{shape[1]}'


def _arrow(arrow: Arrow) -> str:
    label = "<br/>".join(map(_text, arrow.label))
    shaft = "-.->" if arrow.flow is Flow.UPDATE else "-->"
    return f'{arrow.tail} {shaft}|"{label}"| {arrow.head}' if label else f"{arrow.tail} {shaft} {arrow.head}"


def _text(text: str) -> str:
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return "".join(_ESCAPES.get(character, character) for character in printable)
