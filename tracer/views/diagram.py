"""A diagram of part of a step, as DOT: a box a node, an arrow for every use of a value, a frame around every scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import graphviz

from tracer.graph import PHASES, Node, Phase, Step
from tracer.views.boxes import fold_box, node_box, reference_box
from tracer.views.folding import folded
from tracer.views.notation import Labels
from tracer.views.palette import BACKWARD, ELSEWHERE, FORWARD, LOSS, UPDATE, Kind, kind_of

MOST_NODES = 300
"""Nodes that a diagram draws one by one; of more, scopes and runs of operations are folded into a box each."""

_ARROWS = {Phase.FORWARD: FORWARD, Phase.LOSS: LOSS, Phase.BACKWARD: BACKWARD, Phase.UPDATE: UPDATE}


@dataclass(frozen=True, slots=True)
class Diagram:
    """DOT, and the kinds of nodes in it for the legend; `hidden` operations were folded away."""

    dot: str
    kinds: tuple[Kind, ...]
    hidden: int = 0


def phase_nodes(step: Step, *phases: Phase) -> tuple[int, ...]:
    """The ids of the operations of some phases, with the leaves of these phases."""
    return tuple(node.id for node in step.nodes if node.phase in phases)


def phase_diagrams(step: Step) -> Iterator[tuple[str, Diagram]]:
    """A diagram of each phase in which something was computed, by the name of the phase."""
    for phase in PHASES[1:]:
        ids = phase_nodes(step, phase)
        if ids:
            yield phase.value, diagram(step, ids)


def diagram(step: Step, ids: Sequence[int], *, direction: str = "TB", most: int = MOST_NODES) -> Diagram:
    """Draw these nodes. Parameters and data that they use are drawn in full, other values they use as a small box.

    `direction` is TB (from top to bottom) or LR (from left to right).
    """
    labels = Labels(step.nodes)
    graph = graphviz.Digraph(
        graph_attr={
            "rankdir": direction, "ranksep": "0.27", "nodesep": "0.2", "fontname": "Verdana", "fontsize": "9",
            "bgcolor": "white", "margin": "0", "pad": "0.06",
        },
        node_attr={"shape": "plain", "fontname": "Verdana", "fontsize": "9"},
        edge_attr={"arrowsize": "0.6", "penwidth": "1.1"},
    )  # fmt: skip
    if len(ids) > 2000:
        graph.attr(nslimit="1", nslimit1="1")
    folds, drawn = folded(step, ids, most)
    place = {id: f"n{id}" for id in drawn}
    for fold in folds:
        place.update(dict.fromkeys(fold.ids, fold.key))
    kinds = [kind_of(step.nodes[id]) for id in drawn]
    _Frames(step, drawn).draw(graph, lambda into, id: _box(into, step, step.nodes[id], labels))
    for fold in folds:
        graph.node(fold.key, f"<{fold_box(len(fold.ids), fold.what, kind_of(step.nodes[fold.ids[0]]))}>")
    seen: set[tuple[str, str]] = set()
    for id in ids:
        node, head = step.nodes[id], place[id]
        for use, operand in enumerate(node.operands):
            source = step.nodes[operand]
            tail = place.get(operand)
            if tail is None:
                tail, kind = _outside(graph, step, source, node, use, labels, place)
                kinds.append(kind)
            if tail != head and (head == f"n{id}" or (tail, head) not in seen):
                graph.edge(tail, head, color=_ARROWS[node.phase].border)
                seen.add((tail, head))
    return Diagram(graph.source, tuple(dict.fromkeys(kinds)), sum(len(fold.ids) for fold in folds))


def _box(graph: graphviz.Digraph, step: Step, node: Node, labels: Labels) -> None:
    tip = f"{labels.equation(node)}  {labels.shapes(node)}  {node.source or ''}".strip()
    graph.node(f"n{node.id}", f"<{node_box(step, node, labels)}>", id=f"step{step.index}-node{node.id}", tooltip=_quoted(tip))


def _outside(
    graph: graphviz.Digraph, step: Step, source: Node, user: Node, use: int, labels: Labels, place: dict[int, str]
) -> tuple[str, Kind]:
    """A value that is used and not among the drawn nodes: a leaf of a forward operation in full, others by name."""
    if source.is_leaf and user.phase in (Phase.FORWARD, Phase.LOSS):
        _box(graph, step, source, labels)
        place[source.id] = f"n{source.id}"
        return f"n{source.id}", kind_of(source)
    # A small box of its own for every use keeps long arrows out of the picture.
    key = f"r{source.id}_{user.id}_{use}"
    graph.node(key, f"<{reference_box(source, labels)}>", id=f"step{step.index}-{key}", tooltip=_quoted(labels[source.id]))
    return key, ELSEWHERE


def _quoted(text: str) -> str:
    return str(graphviz.escape(text))


class _Frames:
    """The scopes of some nodes as nested frames."""

    def __init__(self, step: Step, ids: Sequence[int]) -> None:
        self._step = step
        self._members: dict[str, list[int]] = {}
        for id in ids:
            self._members.setdefault(step.nodes[id].scope, []).append(id)
        every = {path.rsplit("/", depth)[0] for path in self._members for depth in range(path.count("/") + 1)}
        self._paths = sorted(every - {""})

    def draw(self, graph: graphviz.Digraph, draw_node: Callable[[graphviz.Digraph, int], None], path: str = "") -> None:
        for id in self._members.get(path, ()):
            draw_node(graph, id)
        for inner in self._paths:
            if inner.rpartition("/")[0] == path:
                if self._says_nothing(inner):
                    self.draw(graph, draw_node, inner)
                    continue
                with graph.subgraph(name=f"cluster_{self._paths.index(inner)}") as frame:
                    label = _quoted(inner.rpartition("/")[2])
                    frame.attr(
                        label=label, style="rounded,dashed", color="#8A8A8A", fontcolor="#5F5F5F", labeljust="l", margin="8"
                    )
                    self.draw(frame, draw_node, inner)

    def _says_nothing(self, path: str) -> bool:
        """Whether a frame would hold a single operation of its own name."""
        inside = [id for inner, ids in self._members.items() if inner == path or inner.startswith(f"{path}/") for id in ids]
        return len(inside) == 1 and self._step.nodes[inside[0]].op.replace("_", " ") == path.rpartition("/")[2]

