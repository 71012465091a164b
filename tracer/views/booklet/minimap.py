"""A minimap of a step: a dot per node before the update, without text. Single nodes can be highlighted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import graphviz

from tracer.graph.record import Phase, Step
from tracer.views.booklet.typst import image, literal
from tracer.views.diagrams.folding import Part, folded, ids_of
from tracer.views.diagrams.theme import Style, flow_of, kind_of
from tracer.views.svg import Drawing, Layout

MAX_DOTS = 250
"""Maximum number of dots; beyond it, operations are folded."""

MAX_WIDTH, MAX_HEIGHT = 190.0, 46.0
"""Maximum width and height in points."""

HALO = 1.2
"""Width of the gap on both sides of a ring in points."""

_NODE = re.compile(r'<g id="[^"]*?n(\d+)" class="node">.*?points="([^"]+)"', re.DOTALL)
_ORIGIN = re.compile(r"translate\(([-\d.]+)[ ,]+([-\d.]+)\)")


@dataclass(frozen=True, slots=True)
class Minimap:
    """The minimap of a step: drawing, scale on the page, and scaled centre of every node in points from the top left."""

    step: int
    drawing: Drawing
    scale: float
    centres: Mapping[int, tuple[float, float]]

    @property
    def is_folded(self) -> bool:
        """Whether a dot stands for several nodes."""
        return len(set(self.centres.values())) < len(self.centres)

    def typst(self, node: int, inputs: Sequence[int], style: Style) -> str:
        """The minimap as typst code, with a thick ring around one node and thin ones around its inputs."""
        width, height = self.drawing.width * self.scale, self.drawing.height * self.scale
        if node not in self.centres:  # of the update, or the SVG of another layout engine, which may use other ids
            return ""
        rings = [self._ring(id, 2.2, 0.8, style) for id in dict.fromkeys(inputs) if id in self.centres and id != node]
        rings.append(self._ring(node, 3.4, 1.5, style))
        return f"block(width: {width:.1f}pt, height: {height:.1f}pt)[#map-{self.step}\n{''.join(rings)}]"

    def definition(self) -> str:
        """The definition of the drawing, which all pages of a step share."""
        width, height = self.drawing.width * self.scale, self.drawing.height * self.scale
        return f"#let map-{self.step} = place({image(self.drawing.svg, width, height)})"

    def _ring(self, id: int, radius: float, thickness: float, style: Style) -> str:
        x, y = self.centres[id]
        # A wider ring of the background colour keeps it apart from what it surrounds.
        theme, strokes = style.theme, []
        for width, colour in ((thickness + 2 * HALO, theme.background), (thickness, theme.highlight)):
            strokes.append(f"circle(radius: {radius}pt, stroke: {width}pt + rgb({literal(colour)}))")
        return "".join(f"#place(dx: {x - radius:.1f}pt, dy: {y - radius:.1f}pt, {stroke})" for stroke in strokes)


def minimap_of(step: Step, layout: Layout, style: Style) -> Minimap:
    """Lay out the minimap of a step."""
    theme = style.theme
    graph = graphviz.Digraph(
        graph_attr={
            "rankdir": "LR",
            "ranksep": "0.12",
            "nodesep": "0.05",
            "margin": "0",
            "pad": "0.02",
            "bgcolor": "transparent",
            "splines": "line",
            "nslimit": "0.1",
            "nslimit1": "0.1",
        },
        node_attr={"shape": "box", "label": "", "width": "0.16", "height": "0.1", "style": "filled", "penwidth": "0.7"},
        edge_attr={"arrowhead": "none", "penwidth": "0.4"},
    )
    ids = _ids_before_update(step)
    parts = list[Part](ids) if len(ids) <= MAX_DOTS else folded(step, ids, MAX_DOTS)
    dot_of = {id: ids_of(part)[0] for part in parts for id in ids_of(part)}
    for part in parts:
        first = step.nodes[ids_of(part)[0]]
        paint = theme.boxes[kind_of(first)]
        filling = paint.fill if paint.border == theme.highlight else paint.border  # so that rings stand out
        if all(step.nodes[id].summary.is_finite for id in ids_of(part)):
            graph.node(f"n{first.id}", id=f"n{first.id}", fillcolor=filling, color=paint.border)
        else:  # a ring around it, which needs no colour
            ring = {"color": theme.text, "penwidth": "1.4", "peripheries": "2"}
            graph.node(f"n{first.id}", id=f"n{first.id}", fillcolor=theme.not_finite, **ring)
    drawn = set()
    for node in step.nodes:
        for operand in node.operands if node.id in dot_of else ():
            ends = dot_of[operand], dot_of[node.id]
            if ends[0] != ends[1] and ends not in drawn:
                drawn.add(ends)
                graph.edge(f"n{ends[0]}", f"n{ends[1]}", color=theme.arrows[flow_of(node.phase)].colour)
    drawing = layout(graph.source)
    scale = min(1.0, MAX_WIDTH / drawing.width, MAX_HEIGHT / drawing.height)
    centre_of = _centres(drawing)
    centres = {id: (centre_of[dot][0] * scale, centre_of[dot][1] * scale) for id, dot in dot_of.items() if dot in centre_of}
    return Minimap(step.index, drawing, scale, centres)


def _ids_before_update(step: Step) -> list[int]:
    """The nodes without those of the update, and without settings and optimizer state that only it uses."""
    before = [node for node in step.nodes if node.phase is not Phase.UPDATE]
    used = {operand for node in before for operand in node.operands}
    return [node.id for node in before if not node.is_leaf or node.id in used]


def _centres(drawing: Drawing) -> dict[int, tuple[float, float]]:
    """The centre of every dot in a drawing, by node id."""
    origin = _ORIGIN.search(drawing.svg)
    left, top = (float(origin[1]), float(origin[2])) if origin else (0.0, 0.0)
    found = {}
    for number, points in _NODE.findall(drawing.svg):
        pairs = [tuple(map(float, pair.split(","))) for pair in points.split()]
        xs, ys = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        found[int(number)] = ((min(xs) + max(xs)) / 2 + left, (min(ys) + max(ys)) / 2 + top)
    return found
