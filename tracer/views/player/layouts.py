"""The pictures of a step in the page: one of its modules, one with each module open, and one with all of them open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tracer.graph.record import Step
from tracer.views.diagrams.folding import Fold, folded
from tracer.views.diagrams.modules import Module, fold_repeats, modules_of
from tracer.views.diagrams.theme import kind_of
from tracer.views.grids import shortened
from tracer.views.notation import Labels, shape_text
from tracer.views.player.positions import Area, Placing, Positions, Route
from tracer.views.svg import PictureError

MAX_BOXES = 300
"""Maximum number of boxes in a picture; beyond it, operations are folded."""

MAX_OPEN = 12
"""Maximum number of modules of which there is a picture with only that one open."""

TITLE_LENGTH, FORMULA_LENGTH = 26, 30
"""Maximum length of a title and of a formula in a box, in characters."""

LINE, PADDING, CHARACTER = 15.0, 8.0, 7.0
"""The height of a line, the space around the text and the width of a character in a box, in points."""

MIN_WIDTH = 196.0
"""Minimum width of a box: three numbers fit."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is one box: its nodes, the first of which names it, and the number of its module if it can be opened."""

    ids: tuple[int, ...]
    title: str
    note: str
    formula: str = ""
    module: int = -1
    lines: int = 2

    @property
    def key(self) -> str:
        """The name of the box in the layout."""
        return f"b{self.ids[0]}"

    @property
    def width(self) -> float:
        """The width in points."""
        longest = max(len(self.title) + len(self.note) + 1, len(self.formula) + 2)
        return max(MIN_WIDTH, longest * CHARACTER + 2 * PADDING)

    @property
    def height(self) -> float:
        """The height in points: the title, the formula, and a line each for the value, the gradient, and the new value."""
        return (1 + bool(self.formula) + self.lines) * LINE + 2 * PADDING


def layouts_of(step: Step, labels: Labels, place: Placing) -> dict[str, Any]:
    """The pictures by the numbers of the modules that are open: "" for none, "all" for all; a picture that fails is left out."""
    modules = fold_repeats(step, modules_of(step, labels))
    found: dict[str, Any] = {}
    for name, opened in _states(modules):
        try:
            found[name] = _Picture(step, labels, modules, opened).drawn(place)
        except PictureError:
            continue
    return {"pictures": found}


def _states(modules: Sequence[Module]) -> Iterator[tuple[str, frozenset[int]]]:
    yield "", frozenset()
    yield "all", frozenset(range(len(modules)))
    if 1 < len(modules) <= MAX_OPEN:
        for number in range(len(modules)):
            yield str(number), frozenset({number})


@dataclass(slots=True)
class _Picture:
    """One picture: the parts of the modules that are closed and of those that are open."""

    step: Step
    labels: Labels
    modules: Sequence[Module]
    opened: frozenset[int]
    parts: list[Part] = field(default_factory=list)
    part_of: dict[int, Part] = field(default_factory=dict)
    frames: dict[int, list[str]] = field(default_factory=dict)

    def drawn(self, place: Placing) -> dict[str, Any]:
        """The picture as plain data."""
        self._add_modules()
        self._add_leaves()
        wires = list(self._wires())
        return self._data(place(self._dot(wires)), wires)

    def _add(self, part: Part) -> None:
        self.parts.append(part)
        self.part_of.update(dict.fromkeys(part.ids, part))

    def _add_modules(self) -> None:
        """Add a box for each closed module, and one for each operation of an open one."""
        inside = [id for number in sorted(self.opened) for id in self.modules[number].ids]
        parts = folded(self.step, inside, MAX_BOXES - len(self.modules)) if inside else []
        number_of = {id: number for number, module in enumerate(self.modules) for id in module.ids}
        for number, module in enumerate(self.modules):
            if number not in self.opened:
                title = shortened(module.scope.rpartition("/")[2] or self.labels[module.ids[-1]], TITLE_LENGTH)
                if module.folded:
                    title = f"x{len(module.folded)}"
                note = f"{len(module.ids)}"
                self._add(Part((*module.ids, *self._own_leaves(module)), title, note, module=number))
        for each in parts:
            if isinstance(each, Fold):
                self._add(Part(each.ids, shortened(each.label, TITLE_LENGTH), str(len(each.ids)), lines=0))
            else:
                self._add(self._node_part(each))
            part = self.parts[-1]
            self.frames.setdefault(number_of[part.ids[0]], []).append(part.key)

    def _own_leaves(self, module: Module) -> list[int]:
        """The parameters and constants that a module is the first to use."""
        found = [
            operand
            for id in module.ids
            for operand in self.labels.operands(self.step.nodes[id])
            if self.step.nodes[operand].is_leaf and self.step.nodes[operand].op != "data" and operand not in self.part_of
        ]
        return list(dict.fromkeys(found))

    def _add_leaves(self) -> None:
        """Add the leaves that what is drawn uses."""
        for part in list(self.parts):
            for id in part.ids:
                for operand in self.labels.operands(self.step.nodes[id]):
                    if self.step.nodes[operand].is_leaf and operand not in self.part_of:
                        self._add(self._node_part(operand))

    def _node_part(self, id: int) -> Part:
        node = self.step.nodes[id]
        label, formula = self.labels[id], self.labels.formula(node)
        shown = formula if formula and formula != label else ""
        lines = 1 + (id in self.step.gradients) + (id in self.step.own_gradients) + (id in self.step.updates)
        note = shape_text(node.shape) if node.shape else ""
        return Part((id,), shortened(label, TITLE_LENGTH), note, shortened(shown, FORMULA_LENGTH), lines=lines)

    def _wires(self) -> Iterator[tuple[str, str]]:
        """The pairs of boxes between which a value goes on, each once."""
        pairs = {
            (self.part_of[operand].key, part.key): None
            for part in self.parts
            for id in part.ids
            for operand in self.labels.operands(self.step.nodes[id])
            if operand in self.part_of and self.part_of[operand] is not part
        }
        return iter(pairs)

    def _dot(self, wires: Sequence[tuple[str, str]]) -> str:
        lines = ["digraph {", "graph [nodesep=0.3, ranksep=0.4, fontsize=11]", 'node [shape=box, fixedsize=true, label=""]']
        lines += [f"{part.key} [width={part.width / 72:.3f}, height={part.height / 72:.3f}]" for part in self.parts]
        for number, keys in self.frames.items():
            lines.append(f'subgraph cluster_{number} {{ label="M"; {"; ".join(keys)} }}')
        lines += [f"{tail} -> {head}" for tail, head in wires]
        return "\n".join([*lines, "}"])

    def _data(self, positions: Positions, wires: Sequence[tuple[str, str]]) -> dict[str, Any]:
        nodes = self.step.nodes
        routes = {(route.tail, route.head): route for route in positions.routes}
        number_of = {part.key: number for number, part in enumerate(self.parts)}
        return {
            "width": round(positions.width, 1),
            "height": round(positions.height, 1),
            "boxes": [
                {
                    "ids": list(part.ids),
                    "kind": kind_of(nodes[part.ids[0]]).value,
                    "title": part.title,
                    "note": part.note,
                    "formula": part.formula,
                    "module": part.module,
                    **_area(positions.boxes[part.key]),
                }
                for part in self.parts
            ],
            "wires": [[number_of[tail], number_of[head], _path(routes[tail, head])] for tail, head in wires],
            "frames": [
                {"module": number, "title": self._frame_title(number), **_area(positions.clusters[f"cluster_{number}"])}
                for number in self.frames
            ],
        }

    def _frame_title(self, number: int) -> str:
        return shortened(self.modules[number].scope.rpartition("/")[2], TITLE_LENGTH)


def _area(area: Area) -> dict[str, float]:
    return {"x": round(area.x, 1), "y": round(area.y, 1), "width": round(area.width, 1), "height": round(area.height, 1)}


def _path(route: Route) -> str:
    """The way of an arrow as SVG path data."""
    start, *others = (f"{x:.1f},{y:.1f}" for x, y in route.points)
    return f"M{start}C{' '.join(others)}L{route.end[0]:.1f},{route.end[1]:.1f}"
