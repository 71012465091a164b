"""A diagram of part of a step, as DOT: a box a node, an arrow for every use of a value, a frame around every scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import graphviz

from tracer.graph import PHASES, Node, Phase, Step
from tracer.views.boxes import fold_box, node_box, note_box, reference_box, shortened
from tracer.views.folding import Fold, Part, folded, ids_of
from tracer.views.notation import Labels
from tracer.views.palette import BACKWARD, ELSEWHERE, FORWARD, LOSS, UPDATE, Kind, kind_of

MOST_NODES = 300
"""Boxes that a diagram has; of more nodes, scopes and runs of operations are folded into a box each."""

MOST_REFERENCES = 8
"""Values from elsewhere that a node shows one by one."""

ROW_OF_LOOSE = 4
"""Boxes without arrows to others that stand side by side."""

DEEPEST_FRAME = 6
"""Scopes within scopes that are framed; deeper ones share the innermost frame."""

_ARROWS = {Phase.FORWARD: FORWARD, Phase.LOSS: LOSS, Phase.BACKWARD: BACKWARD, Phase.UPDATE: UPDATE}


@dataclass(frozen=True, slots=True)
class Diagram:
    """DOT, and the kinds of nodes in it for the legend; `hidden` operations were folded away."""

    dot: str
    kinds: tuple[Kind, ...]
    hidden: int = 0


def phase_nodes(step: Step, *phases: Phase) -> tuple[int, ...]:
    """The ids of the nodes of some phases."""
    return tuple(node.id for node in step.nodes if node.phase in phases)


def phase_diagrams(step: Step) -> Iterator[tuple[str, Diagram]]:
    """A diagram of each phase in which something was computed, by the name of the phase."""
    labels = Labels(step.nodes)
    for phase in PHASES[1:]:
        ids = phase_nodes(step, phase)
        if ids:
            yield phase.value, diagram(step, folded(step, ids, MOST_NODES), labels)


def step_diagram(step: Step) -> Diagram:
    """A diagram of a whole step."""
    return diagram(step, folded(step, range(len(step.nodes)), MOST_NODES), Labels(step.nodes))


def diagram(step: Step, parts: Sequence[Part], labels: Labels) -> Diagram:
    """Draw these nodes and folds. Leaves that forward operations use are drawn in full, other values as a small box."""
    return _Drawing(step, parts, labels).draw()


class _Drawing:
    """A diagram while it is made: the graph, where each node of the step is drawn, and the kinds that were used."""

    def __init__(self, step: Step, parts: Sequence[Part], labels: Labels) -> None:
        self._step = step
        self._parts = parts
        self._labels = labels
        self._graph = graphviz.Digraph(
            graph_attr={
                "rankdir": "TB", "ranksep": "0.27", "nodesep": "0.2", "fontname": "Verdana", "fontsize": "9",
                "bgcolor": "white", "margin": "0", "pad": "0.06",
            },
            node_attr={"shape": "plain", "fontname": "Verdana", "fontsize": "9"},
            edge_attr={"arrowsize": "0.6", "penwidth": "1.1"},
        )  # fmt: skip
        self._place = {id: f"n{ids_of(part)[0]}" for part in parts for id in ids_of(part)}
        self._references: dict[int, list[str]] = {}
        self._kinds = [kind_of(step.nodes[ids_of(part)[0]]) for part in parts]

    def draw(self) -> Diagram:
        """The finished diagram."""
        single = [part for part in self._parts if not isinstance(part, Fold)]
        folds = [part for part in self._parts if isinstance(part, Fold)]
        _Frames(self._step, single).draw(self._graph, self._box)
        for fold in folds:
            kind = kind_of(self._step.nodes[fold.ids[0]])
            self._graph.node(f"n{fold.ids[0]}", f"<{fold_box(len(fold.ids), fold.what, kind)}>")
        for id in single:
            self._arrows_into(self._step.nodes[id])
        for fold in folds:
            self._arrows_into_fold(fold)
        self._stack(single)
        return Diagram(self._graph.source, tuple(dict.fromkeys(self._kinds)), sum(len(fold.ids) for fold in folds))

    def _box(self, graph: graphviz.Digraph, id: int) -> None:
        node, labels = self._step.nodes[id], self._labels
        tip = f"{labels.equation(node)}  {labels.shapes(node)}  {node.source or ''}".strip()
        key = f"step{self._step.index}-node{id}"
        graph.node(f"n{id}", f"<{node_box(self._step, node, labels)}>", id=key, tooltip=_quoted(tip))

    def _arrows_into(self, node: Node) -> None:
        """An arrow for every use of a value, two where it is used twice."""
        references = 0
        for use, operand in enumerate(node.operands):
            source = self._step.nodes[operand]
            if operand not in self._place and source.is_leaf and node.phase in (Phase.FORWARD, Phase.LOSS):
                self._box(self._graph, operand)
                self._place[operand] = f"n{operand}"
                self._kinds.append(kind_of(source))
            tail = self._place.get(operand)
            if tail is None:
                references += 1
                if references > MOST_REFERENCES:
                    continue
                # A small box of its own for every use keeps long arrows out of the picture.
                tail = f"r{operand}_{node.id}_{use}"
                self._graph.node(tail, f"<{reference_box(source, self._labels)}>", tooltip=_quoted(self._labels[operand]))
                self._kinds.append(ELSEWHERE)
                self._references.setdefault(node.id, []).append(tail)
            self._graph.edge(tail, self._place[node.id], color=_ARROWS[node.phase].border)
        if references > MOST_REFERENCES:
            key = f"more_{node.id}"
            self._graph.node(key, f"<{note_box(f'and {references - MOST_REFERENCES} more')}>")
            self._graph.edge(key, self._place[node.id], color=_ARROWS[node.phase].border)

    def _stack(self, ids: Sequence[int]) -> None:
        """Put boxes that no arrow ties to another box into rows; side by side they would run off the page."""
        tied = {operand for part in self._parts for id in ids_of(part) for operand in self._step.nodes[id].operands}
        loose = [id for id in ids if id not in tied and not any(x in self._place for x in self._step.nodes[id].operands)]
        for above, below in zip(loose, loose[ROW_OF_LOOSE:]):
            for head in self._references.get(below) or [f"n{below}"]:
                self._graph.edge(f"n{above}", head, style="invis")

    def _arrows_into_fold(self, fold: Fold) -> None:
        """One arrow from every box of the drawing that feeds the fold."""
        operands = (operand for id in fold.ids for operand in self._step.nodes[id].operands)
        head = f"n{fold.ids[0]}"
        tails = dict.fromkeys(self._place[operand] for operand in operands if operand in self._place)
        for tail in tails:
            if tail != head:
                self._graph.edge(tail, head, color=_ARROWS[self._step.nodes[fold.ids[0]].phase].border)


def _quoted(text: str) -> str:
    return str(graphviz.escape(text))


class _Frames:
    """The scopes of some nodes as nested frames."""

    def __init__(self, step: Step, ids: Sequence[int]) -> None:
        self._step = step
        self._members: dict[str, list[int]] = {}
        for id in ids:
            path = "/".join(step.nodes[id].scope.split("/")[:DEEPEST_FRAME])
            self._members.setdefault(path, []).append(id)
        every = {path.rsplit("/", depth)[0] for path in self._members for depth in range(path.count("/") + 1)}
        self._paths = sorted(every - {""})

    def draw(self, graph: graphviz.Digraph, draw_node: Callable[[graphviz.Digraph, int], None], path: str = "") -> None:
        """Draw the nodes of a scope, and the scopes within it, into a graph."""
        for id in self._members.get(path, ()):
            draw_node(graph, id)
        for inner in self._paths:
            if inner.rpartition("/")[0] != path:
                continue
            if self._says_nothing(inner):
                self.draw(graph, draw_node, inner)
                continue
            with graph.subgraph(name=f"cluster_{self._paths.index(inner)}") as frame:
                label = _quoted(shortened(inner.rpartition("/")[2]))
                frame.attr(label=label, labeljust="l", fontcolor="#5F5F5F", style="rounded,dashed", color="#8A8A8A", margin="8")
                self.draw(frame, draw_node, inner)

    def _says_nothing(self, path: str) -> bool:
        """Whether a frame would hold a single operation of its own name."""
        inside = [id for inner, ids in self._members.items() if inner == path or inner.startswith(f"{path}/") for id in ids]
        return len(inside) == 1 and self._step.nodes[inside[0]].op.replace("_", " ") == path.rpartition("/")[2]
