"""The sections of a step: its modules in order, and repetitions of the same operations, such as layers or the cells of a loop."""

from __future__ import annotations

import itertools
import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tracer.analysis.repetition import Item, Repetition, ids_in, pattern_at, repetitions
from tracer.graph.record import Step
from tracer.views.diagrams.modules import MAX_PATTERN_LENGTH, modules_by_depth, modules_of, with_selections
from tracer.views.ideas.flow import flow_of
from tracer.views.ideas.lstm import cells_of
from tracer.views.ideas.module_names import MAX_OPERATIONS
from tracer.views.notation import Labels

MIN_CELLS = 3
"""Minimum number of repetitions of modules that are one section."""

MAX_SECTION, MAX_STRETCHES = 300, 60
"""Maximum number of operations in a section that does not repeat, and about how many parts of a larger one there are."""

MIN_STRETCH = 150
"""Number of operations in a part of a larger section, if MAX_STRETCHES are enough."""

MIN_LOOP = 5
"""Minimum number of repetitions without modules, as of a loop."""

LSTM_CELL = "LSTM cell"
"""The title of a repetition that is one by what it computes."""

Cells: TypeAlias = tuple[tuple[int, ...], ...]
"""The operations of each repetition, in the same order."""

_NUMBER = re.compile(r"[.#]?\d+\b")


@dataclass(frozen=True, slots=True)
class Section:
    """Consecutive operations: a module, which is one cell, or a repetition with a cell for each time."""

    title: str
    cells: Cells

    @property
    def ids(self) -> tuple[int, ...]:
        """All operations, in order."""
        return tuple(itertools.chain(*self.cells))

    @property
    def is_repeated(self) -> bool:
        """Whether the section is a repetition."""
        return len(self.cells) > 1


def sections_of(step: Step, labels: Labels) -> list[Section]:
    """The modules of forward and loss, in order; those that repeat, and the cells of loops, are one section.

    The cells of a section have the same operations with the same shapes, joined in the same way.
    """
    found: list[Cells] = []
    taken: set[int] = set()
    for cells in sorted(_candidates(step, labels), key=lambda cells: -sum(map(len, cells))):
        if taken.isdisjoint(id for cell in cells for id in cell):
            found.append(cells)
            taken.update(id for cell in cells for id in cell)
    lstm = _lstm_states(step) if found else frozenset()
    sections = [Section(_title(step, labels, cells, lstm), cells) for cells in found]
    for module in modules_of(step, labels):
        for is_repeated, ids in itertools.groupby(module.ids, taken.__contains__):
            if not is_repeated:
                sections += _stretches(Section(module.scope.rpartition("/")[2], (tuple(ids),)))
    return sorted(sections, key=lambda section: section.ids[0])


def _stretches(section: Section) -> Iterator[Section]:
    """The section, in consecutive parts if it is too large for one picture."""
    (ids,) = section.cells
    if len(ids) <= MAX_SECTION:
        yield section
        return
    size = min(MAX_SECTION, max(MIN_STRETCH, -(-len(ids) // MAX_STRETCHES)))
    for start in range(0, len(ids), size):
        part = ids[start : start + size]
        yield Section(f"{section.title} #{part[0]} ... #{part[-1]}".strip(), (part,))


def _candidates(step: Step, labels: Labels) -> Iterator[Cells]:
    """Repetitions of modules at each depth, and of the same lines of the program. They may overlap."""
    for modules in modules_by_depth(step, labels):
        yield from _repeated_modules(step, labels, [module.ids for module in with_selections(step, modules)])
    ids = [id for module in modules_of(step, labels) for id in module.ids]
    yield from _loops(step, labels, repetitions(step, ids, max_items=len(ids)))


def _repeated_modules(step: Step, labels: Labels, modules: Sequence[tuple[int, ...]]) -> Iterator[Cells]:
    signatures = [_signature(step, labels, ids) for ids in modules]
    start = 0
    while start < len(modules):
        length, times = pattern_at(signatures, start, MAX_PATTERN_LENGTH, MIN_CELLS)
        if times >= MIN_CELLS:
            starts = range(start, start + length * times, length)
            cells = tuple(tuple(itertools.chain(*modules[first : first + length])) for first in starts)
            yield from _equal(step, labels, cells, MIN_CELLS)
        start += length * times


def _loops(step: Step, labels: Labels, items: Sequence[Item]) -> Iterator[Cells]:
    for item in items:
        if isinstance(item, Repetition):
            alike = list(_equal(step, labels, tuple(tuple(ids_in(cell)) for cell in item.cells), MIN_LOOP))
            yield from alike
            if not alike:  # the loops within differ in length
                for cell in item.cells:
                    yield from _loops(step, labels, cell)


def _equal(step: Step, labels: Labels, cells: Cells, least: int) -> Iterator[Cells]:
    """The runs of at least so many cells that are equal. One operation again and again, as in a sum, is no repetition."""
    for _, run in itertools.groupby(cells, lambda cell: _signature(step, labels, cell)):
        alike = tuple(run)
        if len(alike) >= least and len(alike[0]) > 1:
            yield alike


def _signature(step: Step, labels: Labels, ids: Sequence[int]) -> Hashable:
    """The operations and shapes of a cell, and which of them uses which; equal for cells that repeat."""
    places = {id: place for place, id in enumerate(ids)}
    return tuple(
        (node.op, node.phase, node.dtype, node.shape, tuple(_operand(step, places, operand) for operand in labels.operands(node)))
        for node in (step.nodes[id] for id in ids)
    )


def _operand(step: Step, places: dict[int, int], id: int) -> Hashable:
    return places[id] if id in places else (step.nodes[id].shape,)


def _lstm_states(step: Step) -> frozenset[int]:
    """The outputs of the cells of an LSTM; none are looked for in a large step, which takes long."""
    computed = sum(not node.is_leaf and node.phase in ("forward", "loss") for node in step.nodes)
    if computed > MAX_OPERATIONS or step.loss_id is None:
        return frozenset()
    flow = flow_of(step)
    return frozenset(cell.h for cell in cells_of(flow, flow.ids))


def _title(step: Step, labels: Labels, cells: Cells, lstm: frozenset[int]) -> str:
    """What a repetition is called: the scope that its cells have in common but for a number, else a name of a value."""
    if all(lstm.intersection(cell) for cell in cells):
        return LSTM_CELL
    scopes = [dict.fromkeys(_NUMBER.sub("", step.nodes[id].scope) for id in cell if step.nodes[id].scope) for cell in cells]
    if scopes[0] and all(each == scopes[0] for each in scopes):
        paths = [scope.split("/") for scope in scopes[0]]
        shared = [level[0] for level in itertools.takewhile(lambda level: len(set(level)) == 1, zip(*paths))]
        title = shared[-1] if shared else ", ".join(dict.fromkeys(path[0] for path in paths))
        first, last = (step.nodes[cell[-1]].scope.partition("/")[0] for cell in (cells[0], cells[-1]))
        return title or f"{first} ... {last}"  # modules that only have a number
    names = [_NUMBER.sub("", step.nodes[id].name) for id in cells[0] if step.nodes[id].name]
    title = names[-1] if names else labels[cells[0][-1]]
    return title
