"""The pictures of a step in the page: one of its modules, one with each module open, and one with all of them open."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tracer.graph.record import Step
from tracer.views.diagrams.folding import MAX_UNROLLED, Fold, folded
from tracer.views.diagrams.modules import MAX_MODULES, modules_of
from tracer.views.diagrams.theme import kind_of
from tracer.views.grids import shortened
from tracer.views.notation import Labels
from tracer.views.player.pictures.parts import TITLE_LENGTH, Group, Part, node_part
from tracer.views.player.pictures.positions import Area, Placing, Positions, Route
from tracer.views.player.pictures.sections import Section, sections_of
from tracer.views.svg import PictureError

MAX_BOXES = 300
"""Maximum number of boxes of operations in a picture; beyond it, operations take turns in a box."""

MAX_OPEN = 64
"""Maximum number of sections of which there is a picture with only that one open."""

MANY = 100
"""Number of boxes beyond which places are searched for a shorter time: in a fifth of it they are nearly as good."""


def layouts_of(step: Step, labels: Labels, place: Placing) -> dict[str, Any]:
    """The pictures by the numbers of the sections that are open: "" for none, "all" for all.

    `missing` has the names of those that could not be placed, or not in time.
    """
    sections = sections_of(step, labels)
    found: dict[str, Any] = {}
    missing: list[str] = []
    for name, drawn, opened in _states(step, labels, sections):
        try:
            found[name] = _Picture(step, labels, drawn, opened).drawn(place)
        except PictureError:
            missing.append(name)
    return {"pictures": found, "missing": missing}


def _states(step: Step, labels: Labels, sections: Sequence[Section]) -> Iterator[tuple[str, Sequence[Section], frozenset[int]]]:
    """The pictures by name, with the sections and the numbers of those that are open. Small steps are drawn whole."""
    yield "", sections, frozenset()
    everything = sections
    if sum(len(section.ids) for section in sections) <= MAX_UNROLLED:
        everything = [Section(module.scope.rpartition("/")[2], (module.ids,)) for module in modules_of(step, labels)]
    yield "all", everything, frozenset(range(len(everything)))
    if 1 < len(sections) <= MAX_OPEN:
        for number in range(len(sections)):
            yield str(number), sections, frozenset({number})


@dataclass(slots=True)
class _Picture:
    """One picture: the parts of the sections that are closed and of those that are open."""

    step: Step
    labels: Labels
    sections: Sequence[Section]
    opened: frozenset[int]
    parts: list[Part] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    place_of: dict[int, tuple[Part, int]] = field(default_factory=dict)
    """The part of a node, and its repetition; -1 if it is the same in all."""
    part_named: dict[str, Part] = field(default_factory=dict)
    frames: dict[int, list[Part]] = field(default_factory=dict)
    frame_groups: dict[int, int] = field(default_factory=dict)
    used_by_several: set[int] = field(default_factory=set)
    """The leaves that more than one section uses."""

    def __post_init__(self) -> None:
        user_of: dict[int, int] = {}
        for number, section in enumerate(self.sections):
            for operand in {each for id in section.ids for each in self.labels.operands(self.step.nodes[id])}:
                if user_of.setdefault(operand, number) != number:
                    self.used_by_several.add(operand)

    def drawn(self, place: Placing) -> dict[str, Any]:
        """The picture as plain data."""
        self._add_sections()
        for part in list(self.parts):
            self._add_leaves(part)
        wires = self._wires()
        return self._data(place(self._dot(wires)), wires)

    def _add(self, part: Part) -> None:
        self.parts.append(part)
        for number, cell in enumerate(part.cells):
            self.place_of.update(dict.fromkeys(cell, (part, number if part.group >= 0 else -1)))
        self.place_of.update(dict.fromkeys(part.shared, (part, -1)))
        self.part_named[part.key] = part

    def _group(self, group: Group) -> int:
        self.groups.append(group)
        return len(self.groups) - 1

    def _add_sections(self) -> None:
        sections, middle = list(enumerate(self.sections)), range(0)
        if len(sections) > MAX_MODULES:
            middle = range(MAX_MODULES // 2, len(sections) - MAX_MODULES // 2)
        size = sum(len(self.sections[number].cells[0]) for number in self.opened if number not in middle)
        least = max(2, min(12, MAX_BOXES // max(1, len(self.opened))))
        for number, section in sections:
            if number in middle:
                if number == middle[0]:
                    self._add_list([id for each in middle for id in self.sections[each].ids])
            elif number in self.opened:
                self._add_opened(number, section, max(least, MAX_BOXES * len(section.cells[0]) // max(1, size)))
            else:
                self._add_closed(number, section)

    def _add_closed(self, number: int, section: Section) -> None:
        """Add a box for a closed section, with the parameters and constants that only it uses."""
        own = [[leaf for leaf in self._leaves_of(cell) if self._can_fold(leaf)] for cell in section.cells]
        uses = Counter(leaf for leaves in own for leaf in leaves)
        cells = tuple((*cell, *(leaf for leaf in own[at] if uses[leaf] == 1)) for at, cell in enumerate(section.cells))
        shared = tuple(leaf for leaf, count in uses.items() if count > 1)
        title = shortened(section.title or self.labels[section.ids[-1]], TITLE_LENGTH)
        group = self._group(Group(title, len(cells))) if section.is_repeated else -1
        note = str(len(section.cells[0]))
        self._add(Part(cells, title, note, module=number, lines=3 + section.is_repeated, group=group, shared=shared))

    def _add_opened(self, number: int, section: Section, most: int) -> None:
        """Add a box for each operation of a section, in all repetitions; of more than `most`, several take turns in a box."""
        first = section.cells[0]
        group = -1
        if section.is_repeated:
            group = self.frame_groups[number] = self._group(Group(section.title, len(section.cells)))
        places = {id: place for place, id in enumerate(first)}
        start = len(self.parts)
        for each in first if len(first) <= most else folded(self.step, first, most):
            if isinstance(each, Fold):
                self._add_list([cell[places[id]] for cell in section.cells for id in each.ids], group, opens=number)
            else:
                cells = tuple((cell[places[each]],) for cell in section.cells)
                self._add(node_part(self.step, self.labels, cells, group))
        self.frames[number] = self.parts[start:]

    def _add_list(self, ids: Sequence[int], outer: int = -1, opens: int = -1) -> None:
        """Add a box in which these operations take turns, and the leaves that only they use; `opens` is their section."""
        if outer < 0:
            ids = sorted([*ids, *(leaf for leaf in self._leaves_of(ids) if self._can_fold(leaf))])
        group = self._group(Group("", len(ids), outer, is_list=True))
        part = node_part(self.step, self.labels, tuple((id,) for id in ids), group, is_list=True)
        self._add(replace(part, opens=opens if len(self.opened) > 1 else -1))

    def _leaves_of(self, ids: Sequence[int]) -> list[int]:
        """The leaves that these nodes use and that are in no box yet."""
        operands = (operand for id in ids for operand in self.labels.operands(self.step.nodes[id]))
        return [id for id in dict.fromkeys(operands) if self.step.nodes[id].is_leaf and id not in self.place_of]

    def _can_fold(self, leaf: int) -> bool:
        """Whether a leaf is drawn within its section: not one of several, whose uses would look like arrows between them."""
        return self.step.nodes[leaf].op != "data" and leaf not in self.used_by_several

    def _add_leaves(self, part: Part) -> None:
        """Add the leaves that a part uses: one box for those that differ in each repetition, and one for each other."""
        if part.group >= 0 and not self.groups[part.group].is_list and len(part.cells[0]) == 1:
            operands = [self.labels.operands(self.step.nodes[cell[0]]) for cell in part.cells]
            for leaves in zip(*operands, strict=True):
                different = len(set(leaves)) == len(leaves)
                if different and all(self.step.nodes[id].is_leaf and id not in self.place_of for id in leaves):
                    self._add(node_part(self.step, self.labels, tuple((id,) for id in leaves), part.group))
        for leaf in self._leaves_of(part.ids):
            self._add(node_part(self.step, self.labels, ((leaf,),)))

    def _wires(self) -> dict[tuple[str, str], list[tuple[int, int]]]:
        """The pairs of boxes between which a value goes, with the repetitions of both in which it does."""
        found: dict[tuple[str, str], dict[tuple[int, int], None]] = {}
        for part in self.parts:
            for id in part.ids:
                head, to = self.place_of[id]
                for operand in self.labels.operands(self.step.nodes[id]):
                    tail, of = self.place_of.get(operand, (part, to))
                    is_inside = tail is head and (of == to or part.group < 0 or self.groups[part.group].is_list)
                    if not is_inside:
                        found.setdefault((tail.key, head.key), {})[of, to] = None
        return {pair: list(times) for pair, times in found.items()}

    def _when(self, pair: tuple[str, str], times: Sequence[tuple[int, int]]) -> list[Any]:
        """The repetitions in which a value goes along a wire: nothing for all, or a list.

        For a value that is carried from one to another, "carried", the group, and those in which it leaves.
        """
        tail, head = (self.part_named[key] for key in pair)
        if self._is_carried(tail, head, times):
            roots = [self._root(tail, of) for of, _ in times]
            return ["carried", roots[0][0], sorted({number for _, number in roots})]
        one, other = (range(len(part.cells)) if part.group >= 0 else (-1,) for part in (tail, head))
        if tail.group == head.group:
            always = {(number, number) for number in one}
        elif tail.group < 0 or head.group < 0:
            always = set(itertools.product(one, other))
        else:
            return [times]
        return [] if always <= set(times) else [times]

    def _root(self, part: Part, number: int) -> tuple[int, int]:
        """The outermost group of a part, and the repetition of it in which one of its repetitions is."""
        group = part.group
        while group >= 0 and (outer := self.groups[group].outer) >= 0:
            number //= self.groups[group].times // self.groups[outer].times
            group = outer
        return group, number

    def _is_carried(self, tail: Part, head: Part, times: Sequence[tuple[int, int]]) -> bool:
        """Whether a value goes from a repetition to another one only."""
        if tail.group < 0 or head.group < 0:
            return False
        roots = [(self._root(tail, of), self._root(head, to)) for of, to in times]
        return all(one[0] == other[0] and one[1] != other[1] for one, other in roots)

    def _dot(self, wires: Mapping[tuple[str, str], Sequence[tuple[int, int]]]) -> str:
        fast = ", nslimit=1, mclimit=0.3" if len(self.parts) > MANY else ""
        lines = [
            "digraph {",
            f"graph [nodesep=0.3, ranksep=0.4, fontsize=11{fast}]",
            'node [shape=box, fixedsize=true, label=""]',
        ]
        lines += [f"{part.key} [width={part.width / 72:.3f}, height={part.height / 72:.3f}]" for part in self.parts]
        for number, parts in self.frames.items():
            lines.append(f'subgraph cluster_{number} {{ label="M"; {"; ".join(part.key for part in parts)} }}')
        for (tail, head), times in wires.items():
            is_carried = self._is_carried(self.part_named[tail], self.part_named[head], times)
            lines.append(f"{tail} -> {head}{' [constraint=false]' if is_carried and tail != head else ''}")
        return "\n".join([*lines, "}"])

    def _data(self, positions: Positions, wires: Mapping[tuple[str, str], Sequence[tuple[int, int]]]) -> dict[str, Any]:
        routes = {(route.tail, route.head): route for route in positions.routes}
        number_of = {part.key: number for number, part in enumerate(self.parts)}
        return {
            "width": round(positions.width, 1),
            "height": round(positions.height, 1),
            "boxes": [self._box(part, positions.boxes[part.key]) for part in self.parts],
            "groups": [
                {"title": each.title, "times": each.times, "outer": each.outer, "isList": each.is_list} for each in self.groups
            ],
            "wires": [
                [number_of[tail], number_of[head], _path(routes[tail, head]), *self._when((tail, head), times)]
                for (tail, head), times in wires.items()
            ],
            "frames": [
                {
                    "module": number,
                    "title": shortened(self.sections[number].title, TITLE_LENGTH),
                    "group": self.frame_groups.get(number, -1),
                    **_area(positions.clusters[f"cluster_{number}"]),
                }
                for number in self.frames
            ],
        }

    def _box(self, part: Part, area: Area) -> dict[str, Any]:
        """A box: the nodes in it, or those of each repetition. What a single node is called is in the form."""
        nodes = {"cells": part.cells, "shared": part.shared, "group": part.group} if part.group >= 0 else {"ids": part.ids}
        return {
            **nodes,
            "kind": kind_of(self.step.nodes[part.cells[0][0]]).value,
            "title": part.title,
            "note": part.note,
            "formula": part.formula,
            "module": part.module,
            "opens": part.opens,
            **_area(area),
        }


def _area(area: Area) -> dict[str, float]:
    return {"x": round(area.x, 1), "y": round(area.y, 1), "width": round(area.width, 1), "height": round(area.height, 1)}


def _path(route: Route) -> str:
    """The way of an arrow as SVG path data."""
    start, *others = (f"{x:.1f},{y:.1f}" for x, y in route.points)
    return f"M{start}C{' '.join(others)}L{route.end[0]:.1f},{route.end[1]:.1f}"
