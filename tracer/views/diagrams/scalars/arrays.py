"""Whole arrays of numbers: as rows and columns of boxes, of which so many are drawn and the rest is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from tracer.graph.losses import gradients_of
from tracer.graph.record import Phase
from tracer.views.diagrams.boxes import box_key, title_of
from tracer.views.diagrams.diagram import Grid
from tracer.views.diagrams.scalars.graph import Scalar, ScalarView
from tracer.views.diagrams.theme import Style
from tracer.views.notation import shape_text

MAX_ROW = 8
"""Maximum number of elements of a vector that is a row."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Maximum numbers of rows and columns of an array that are drawn."""

    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Shown:
    """The elements of an array that are drawn, in rows and columns, and how many rows and columns are left out."""

    id: int
    rows: tuple[tuple[Scalar, ...], ...]
    rows_left_out: int
    columns_left_out: int


def shown(id: int, shape: Sequence[int], limits: Limits) -> Shown:
    """The first rows and columns of an array. Axes before the last are one; a short vector is a row, a long one a column.

    >>> shown(3, (3, 2), Limits(2, 4)).rows, shown(3, (3, 2), Limits(2, 4)).rows_left_out
    ((((3, (0, 0)), (3, (0, 1))), ((3, (1, 0)), (3, (1, 1)))), 1)
    """
    is_column = is_drawn_as_column(shape)
    height = shape[0] if is_column else prod(shape[:-1])
    width = 1 if is_column or not shape else shape[-1]
    rows: list[tuple[Scalar, ...]] = []
    for row in range(min(height, limits.rows)):
        before = (row,) if is_column else tuple(map(int, np.unravel_index(row, tuple(shape[:-1])))) if len(shape) > 1 else ()
        if is_column or not shape:
            rows.append(((id, before),))
        else:
            rows.append(tuple((id, (*before, column)) for column in range(min(width, limits.columns))))
    return Shown(id, tuple(rows), max(0, height - limits.rows), max(0, width - limits.columns))


def is_drawn_as_column(shape: Sequence[int]) -> bool:
    """Whether an array is a vector that is too long for a row.

    >>> is_drawn_as_column((4,)), is_drawn_as_column((10,)), is_drawn_as_column((10, 2))
    (False, True, False)
    """
    return len(shape) == 1 and shape[0] > MAX_ROW


def computed_arrays(source: ScalarView, phases: Sequence[Phase], limits: Limits) -> list[Shown]:
    """The arrays that are computed in these phases."""
    step, labels = source.step, source.labels
    return [shown(node.id, node.shape, limits) for node in step.nodes
                if node.phase in phases and not node.is_leaf and not labels.is_inlined(node.id) and node.size]  # fmt: skip


def with_leaves(source: ScalarView, computed: Sequence[Shown], limits: Limits) -> list[Shown]:
    """These arrays, and the leaves that drawn elements of them depend on, in program order."""
    step = source.step
    every = (scalar for each in computed for row in each.rows for scalar in row)
    leaves = {used for scalar in every for used, _ in source.operands(scalar) if step.nodes[used].is_leaf}
    return sorted([*computed, *(shown(id, step.nodes[id].shape, limits) for id in leaves)], key=lambda each: each.id)


def grid_of(source: ScalarView, array: Shown, style: Style, *, has_formulas: bool) -> Grid:
    """The grid of an array, with the formula of its first element and of the gradient of that unless every box has its own."""
    step, labels, tell = source.step, source.labels, style.tell
    node = step.nodes[array.id]
    left_out = []
    if array.rows_left_out:
        left_out.append(f"+ {tell.count(array.rows_left_out, 'more row')}")
    if array.columns_left_out:
        left_out.append(f"+ {tell.count(array.columns_left_out, 'more column')}")
    is_column = is_drawn_as_column(node.shape)
    first = array.rows[0][0]
    formula, gradient_formula = "", ""
    if not has_formulas:
        formula = _equation(source, first)
        own = [gradient for gradient in gradients_of(step, array.id) if gradient != array.id]
        gradient_formula = _equation(source, (own[0], first[1])) if len(own) == 1 else ""
    return Grid(
        f"{box_key(array.id)}a",
        title_of(labels[array.id]),
        shape_text(node.shape) if node.shape else "",
        tuple(tuple(_key(scalar) for scalar in row) for row in array.rows),
        tuple(",".join(map(str, row[0][1] if is_column else row[0][1][:-1])) for row in array.rows)
        if not has_formulas and (len(node.shape) > 1 or is_column) else (),
        tuple(str(scalar[1][-1]) for scalar in array.rows[0]) if not has_formulas and node.shape and not is_column else (),
        formula,
        gradient_formula,
        tuple(left_out),
        has_formulas,
    )  # fmt: skip


def _equation(source: ScalarView, scalar: Scalar) -> str:
    """The formula of an element with its name; empty for a leaf, or where the name is the formula."""
    name, formula = source.labels.element(*scalar), source.formula(scalar)
    return f"{name} = {formula}" if formula and formula != name else ""


def _key(scalar: Scalar) -> str:
    return "_".join([box_key(scalar[0]), *map(str, scalar[1])])
