"""A diagram of scalars, as in a calculation by hand: `z1[0,0] = x[0,0]*W1[0,0] + x[0,1]*W1[1,0] + b1[0]`.

Arrows run from every scalar to those that depend on it; its gradient, with a formula, is in its box.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from tracer.graph.losses import gradients_of
from tracer.graph.record import Node
from tracer.views.diagrams.boxes import box_key, tip_of, title_of
from tracer.views.diagrams.diagram import Arrow, Box, Column, Diagram
from tracer.views.diagrams.scalars.graph import Scalar, ScalarView
from tracer.views.diagrams.theme import Style, flow_of, kind_of
from tracer.views.grids import NO_BREAK_SPACE, wrapped
from tracer.views.notation import number_of

MAX_ORDERED = 300
"""Maximum number of boxes of which those of a tensor are kept in order: with more, the layout takes too long."""

FORMULA_WIDTH = 44


def diagram_of(source: ScalarView, wanted: Collection[Scalar], style: Style, known: dict[Scalar, Box] | None = None) -> Diagram:
    """The diagram of these scalars: the elements of a tensor in their order, arrows between operands and results.

    Boxes that are `known` are not made again; those that are made are added.
    """
    boxes, arrows = [], []
    known = {} if known is None else known
    of_tensor: dict[int, list[str]] = {}
    for scalar in sorted(wanted):
        if scalar not in known:
            known[scalar] = _box(source, scalar, style)
        boxes.append(known[scalar])
        of_tensor.setdefault(scalar[0], []).append(key_of(scalar))
        flow = flow_of(source.step.nodes[scalar[0]].phase)
        arrows += [Arrow(key_of(used), key_of(scalar), flow) for used in source.operands(scalar) if used in wanted]
    ranks = tuple(tuple(keys) for keys in of_tensor.values() if len(keys) > 1)
    return Diagram(tuple(boxes), tuple(arrows), ranks=ranks if len(boxes) <= MAX_ORDERED else ())


def key_of(scalar: Scalar) -> str:
    """The key of the box of a scalar."""
    return "_".join([box_key(scalar[0]), *map(str, scalar[1])])


def _box(source: ScalarView, scalar: Scalar, style: Style) -> Box:
    step, labels = source.step, source.labels
    id, index = scalar
    node = step.nodes[id]
    lines = _formula(source.formula(scalar), labels.element(id, index))
    columns = [Column(style.tell("value"), (number_of(node, index, labels.noise),), is_alarming=_is_alarming(node, index))]
    for gradient in gradients_of(step, id):
        if gradient == id:
            continue
        title = labels[gradient] if step.losses else style.tell("gradient")
        number = number_of(step.nodes[gradient], index, labels.noise)
        made = _formula(source.formula((gradient, index)), "")
        is_alarming = _is_alarming(step.nodes[gradient], index)
        columns.append(Column(title, (number, *made), is_gradient=True, is_alarming=is_alarming))
    title = title_of(labels.element(id, index))
    return Box(key_of(scalar), kind_of(node), title, "", lines, tuple(columns), tip_of(node, labels))


def _is_alarming(node: Node, index: Sequence[int]) -> bool:
    """Whether a number is NaN or infinite."""
    return not node.summary.is_finite and not np.isfinite(node.value[tuple(index)])


def _formula(formula: str, name: str) -> tuple[str, ...]:
    return tuple(wrapped(f"={NO_BREAK_SPACE}{formula}", FORMULA_WIDTH)) if formula and formula != name else ()
