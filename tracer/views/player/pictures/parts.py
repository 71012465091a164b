"""What is one box of a picture of the page: an operation, a closed module, or one of several that take turns in it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from tracer.graph.record import Step
from tracer.views.grids import shortened
from tracer.views.notation import Labels, shape_text
from tracer.views.player.pictures.sections import Cells

TITLE_LENGTH, FORMULA_LENGTH = 26, 30
"""Maximum length of a title and of a formula in a box, in characters."""

LINE, PADDING, CHARACTER = 15.0, 8.0, 7.0
"""The height of a line, the space around the text and the width of a character in a box, in points."""

MIN_WIDTH = 196.0
"""Minimum width of a box: three numbers fit."""


@dataclass(frozen=True, slots=True)
class Group:
    """Boxes that show the same repetition at a time: how often it is repeated, and its title.

    With an `outer` group, the repetitions are in those of that one, in each as many. Of a `list`, operations that are not alike
    take turns in one box, which says which of them it shows.
    """

    title: str
    times: int
    outer: int = -1
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What is one box: its nodes in each repetition, the first of which names it, and those that it has in all of them.

    `module` is the number of its section if that is closed, `opens` that of one that has a picture with all of its operations,
    and `group` that of its group if there are several cells.
    """

    cells: Cells
    title: str
    note: str
    formula: str = ""
    module: int = -1
    lines: int = 2
    group: int = -1
    opens: int = -1
    shared: tuple[int, ...] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        """All its nodes."""
        return (*itertools.chain(*self.cells), *self.shared)

    @property
    def key(self) -> str:
        """The name of the box in the layout."""
        return f"b{self.cells[0][0]}"

    @property
    def width(self) -> float:
        """The width in points."""
        longest = max(len(self.title) + len(self.note) + 1, len(self.formula) + 2)
        return max(MIN_WIDTH, longest * CHARACTER + 2 * PADDING)

    @property
    def height(self) -> float:
        """The height in points: the title, the formula, and a line each for the value, the gradient, and the new value."""
        return (1 + bool(self.formula) + self.lines) * LINE + 2 * PADDING


def node_part(step: Step, labels: Labels, cells: Cells, group: int = -1, *, is_list: bool = False) -> Part:
    """The box of a node, or of one that is repeated; with `is_list`, there is room for which of them it is."""
    ids = tuple(itertools.chain(*cells))
    nodes = [step.nodes[id] for id in ids]
    title = max((shortened(labels[id], TITLE_LENGTH) for id in ids), key=len)
    note = max((shape_text(node.shape) if node.shape else "" for node in nodes), key=len)
    formulas = [labels.formula(node) for node in nodes]
    formula = max(("" if text == labels[id] else shortened(text, FORMULA_LENGTH) for id, text in zip(ids, formulas)), key=len)
    lines = 1 + max(sum(id in found for found in (step.gradients, step.own_gradients, step.updates)) for id in ids)
    return Part(cells, title, note, formula, lines=lines + is_list, group=group)
