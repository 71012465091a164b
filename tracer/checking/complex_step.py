"""How the numbers of a recorded step move with those it started from, found without a single derivative rule.

Squire and Trapp (1998), "Using complex variables to estimate derivatives of real functions": for an analytic function,
f'(x) = Im f(x + ih) / h up to h**2, and as nothing is subtracted, h can be 1e-20 of x and the result is exact to rounding.
Every node of the step is computed from such numbers; its real part is the recorded value. An operation that cannot
compute with complex numbers gets the imaginary part from differences.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracer.checking.finite_differences import FLOOR, DirectionalPath, slope
from tracer.errors import UsageError
from tracer.graph.record import Literal, Node
from tracer.ops.base import Op, complex_of
from tracer.recording.replay import operation_of

STEP = 1e-20
"""The imaginary part h, relative to the smallest number that is moved, if that is below 1: its square is nothing beside it."""

STEP_FROM_ZERO = 1e-30
"""The imaginary part where only zeros are moved."""

SMALLEST_STEP = 1e-100
"""The least h that is taken: a smaller one would come too near to where numbers end."""

SAFETY = 10.0
"""How much farther off than their estimate differences may be."""

ELEMENTS_AT_ONCE = 2_000_000
"""How many numbers a node may have over all directions that are followed together; 16 bytes each."""


@dataclass(frozen=True, slots=True)
class Slopes:
    """How the wanted nodes move, by their ids: arrays [directions, *shape of the node]; None for one that does not.

    `error` is the relative error to expect, `by_differences` names the operations for which differences were taken.
    """

    of: Mapping[int, np.ndarray | None]
    error: float
    by_differences: frozenset[str]


def complex_step_jvp(nodes: Sequence[Node], moved: int, directions: np.ndarray, wanted: Sequence[int]) -> Slopes:
    """Move the node of that id along directions [number of directions, *shape], and see how the wanted ones follow."""
    with np.errstate(all="ignore"):
        return _moving_with(nodes, moved, directions, wanted)


def _moving_with(nodes: Sequence[Node], moved: int, directions: np.ndarray, wanted: Sequence[int]) -> Slopes:
    steps = steps_along(nodes[moved].value, directions)
    moving = {moved: complex_of(nodes[moved].value, scaled(directions, steps))}
    error, by_differences = 0.0, set()
    for node in nodes[moved + 1 : max(wanted) + 1]:
        if not any(operand in moving for operand in node.operands) or not is_smooth(node):
            continue
        op = operation_of(node)
        inputs = [x.value if isinstance(x, Literal) else moving.get(x, nodes[x].value) for x in node.inputs]
        stacked = [not isinstance(x, Literal) and x in moving for x in node.inputs]
        imaginary, doubt = imaginary_part(op, inputs, stacked, node.parameters, steps)
        if doubt is not None:
            largest = np.max(np.abs(imaginary), initial=0.0)
            error = max(error, float(np.max(doubt, initial=0.0) / largest) if largest else 0.0)
            by_differences.add(op.name)
        moving[node.id] = complex_of(node.value, imaginary)
    found = {id: scaled(moving[id].imag, 1 / steps) if id in moving else None for id in wanted}
    return Slopes(found, error, frozenset(by_differences))


def steps_along(value: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """How far to go along each direction.

    >>> steps_along(np.array([1e-31, 4.0]), np.array([[1.0, 0.5], [0.25, 1.0]]))
    array([1.e-51, 4.e-51])
    """
    flat = directions.reshape(len(directions), -1)
    room = np.abs(np.ravel(value)) / np.abs(flat)
    nearest = np.min(room, axis=1, initial=np.inf, where=(flat != 0) & (room > 0))
    return np.asarray(np.where(np.isinf(nearest), STEP_FROM_ZERO, np.clip(STEP * nearest, SMALLEST_STEP, STEP)))


def scaled(directions: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Each direction times a number of its own."""
    return np.asarray(directions * by.reshape(len(by), *(1,) * (directions.ndim - 1)))


def is_smooth(node: Node) -> bool:
    """Whether what a node is computed from moves it: integers and truth values stay, as does what has no derivative."""
    if not node.dtype.startswith("float"):
        return False
    return operation_of(node).has_rules(len(node.inputs))


def imaginary_part(
    op: type[Op], inputs: Sequence[Any], stacked: Sequence[bool], parameters: Mapping[str, Any], steps: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """The imaginary part of an operation on complex inputs, stacked ones along a first axis, moved by these steps.

    Where it comes from differences, also how far off it may be; None for no further than by rounding.
    """
    if op.complex_value is not None:
        return op.imaginary_parts(inputs, stacked, parameters), None
    found, doubts = [], []
    for place, step in enumerate(steps):
        here = [np.real(x[place]) if many else x for x, many in zip(inputs, stacked, strict=True)]
        along = [np.imag(x[place]) / step if many else None for x, many in zip(inputs, stacked, strict=True)]
        moved, doubt = slope(DirectionalPath(op, here, along, parameters))
        found.append(moved * step)
        doubts.append((SAFETY * doubt + FLOOR * np.max(np.abs(moved), initial=0.0)) * step)
    return np.stack(found), np.stack(doubts)


def slope_by_complex_step(line: DirectionalPath) -> np.ndarray:
    """The derivative along a line of one operation, which can compute with complex numbers."""
    moving = [(x, u[np.newaxis]) for x, u in zip(line.inputs, line.directions, strict=True) if u is not None]
    stacked = [u is not None for u in line.directions]
    with np.errstate(all="ignore"):
        steps = np.min([steps_along(x, u) for x, u in moving], axis=0)
        inputs = [
            x if u is None else complex_of(x, scaled(u[np.newaxis], steps))
            for x, u in zip(line.inputs, line.directions, strict=True)
        ]
        along: np.ndarray = scaled(imaginary_part(line.op, inputs, stacked, line.parameters, steps)[0], 1 / steps)[0]
    return along


def one_hot_directions(shape: tuple[int, ...], places: Sequence[int]) -> np.ndarray:
    """A direction for each place, counted through the array in C order and in that order: 1 there and 0 elsewhere.

    >>> one_hot_directions((2, 2), [0, 3]).tolist()
    [[[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]]
    """
    size = math.prod(shape)
    if len(places) == size:
        return np.eye(size).reshape(size, *shape)
    directions = np.zeros((len(places), size))
    directions[np.arange(len(places)), list(places)] = 1.0
    return directions.reshape(len(places), *shape)


def in_batches(places: Sequence[int], largest: int) -> Iterator[Sequence[int]]:
    """The places in batches that can be followed at once through nodes of at most `largest` elements.

    >>> [len(batch) for batch in in_batches(range(5), 1_000_000)]
    [2, 2, 1]
    """
    count = max(1, ELEMENTS_AT_ONCE // max(1, largest))
    for start in range(0, len(places), count):
        yield places[start : start + count]


def check_finite(nodes: Sequence[Node], loss_id: int) -> None:
    """Raise UsageError where the loss is no finite number: it names the first node that is not."""
    if np.all(np.isfinite(nodes[loss_id].value)):
        return
    for node in nodes[: loss_id + 1]:
        if not np.all(np.isfinite(node.value)):
            label = node.name or (node.source.text if node.source else node.op)
            where = f" at {node.source}" if node.source else ""
            raise UsageError(
                f"the loss is {nodes[loss_id].value}, there is no derivative to check: the first number that is not finite"
                f" is in node {node.id}, {label}{where}"
            )
