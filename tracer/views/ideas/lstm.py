"""Cells of LSTM networks, known by what they compute: c = f * c + i * g and h = o * tanh(c), with sigmoid gates f, i and o."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np

from tracer.graph.record import Phase
from tracer.views.ideas.activations import SIGMOID, TANH
from tracer.views.ideas.flow import PLUMBING, PRODUCTS, Flow, kind
from tracer.views.ideas.groups import LSTM, SUMS, Group, ordered
from tracer.views.ideas.ideas import MAX_SIZE, is_equal, sigmoid

MULTIPLY = {"multiply", "mul", "imultiply"}
PARTS = {"take", "concatenate", "cat", "slice", "split", "chunk", "select", "stack", "hstack", "unbind", "narrow"}
"""Operations that take a value apart, or join parts to one."""

MAX_DEPTH = 8
"""Over how many operations a gate is computed from what its sigmoid is of."""

Function = Callable[..., np.ndarray]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its new state `c`, its output `h`, the gates, and the operations between the gates' layers and `h`.

    `previous` is the state before, -1 if it is no array.
    """

    c: int
    h: int
    forget: int
    input: int
    output: int
    new: int
    previous: int
    ids: tuple[int, ...]


def with_lstm_cells(flow: Flow, groups: Sequence[Group]) -> list[Group]:
    """The groups with all operations of an LSTM cell in one."""
    found = cells_of(flow, flow.ids)
    if not found:
        return list(groups)
    taken = {id for cell in found for id in cell.ids}
    rest = [replace(group, ids=tuple(id for id in group.ids if id not in taken), parts=()) for group in groups]
    return ordered(flow, [*(group for group in rest if group.ids), *(Group(cell.ids, LSTM) for cell in found)])


def cells_of(flow: Flow, ids: Sequence[int]) -> list[Cell]:
    """The cells among these operations, in their order in time."""
    cells: list[Cell] = []
    for id in ids:
        taken = {each for cell in cells for each in cell.ids}
        if (cell := _cell(flow, id, taken)) is not None:
            cells.append(cell)
    return cells


def _cell(flow: Flow, h: int, taken: set[int]) -> Cell | None:
    """The cell whose output this is; None if it is of none."""
    nodes = flow.step.nodes
    if kind(nodes[h]) not in MULTIPLY or nodes[h].phase is not Phase.FORWARD or len(flow.inputs(h)) != 2:
        return None
    for output, squashed in _both_ways(flow.inputs(h)):
        c = _source(flow, squashed, np.tanh, SUMS)
        if c is None or kind(nodes[c]) not in SUMS or [kind(nodes[each]) in MULTIPLY for each in flow.inputs(c)] != [True, True]:
            continue
        if _source(flow, output, sigmoid) is None:
            continue
        for kept, added in _both_ways(flow.inputs(c)):
            for forget, previous in _both_ways(flow.inputs(kept)):
                for entered, new in _both_ways(flow.inputs(added)):
                    if _source(flow, forget, sigmoid) is None or _source(flow, entered, sigmoid) is None:
                        continue
                    if _source(flow, new, np.tanh) is not None:
                        ids = _between(flow, h, (c, forget, entered, output, new), taken)
                        return Cell(c, h, forget, entered, output, new, previous, ids)
    return None


def _both_ways(pair: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Two inputs in both orders; a single one with -1."""
    one, other = (*pair, -1)[:2]
    yield one, other
    yield other, one


def _source(flow: Flow, id: int, function: Function, kinds: Set[str] | None = None) -> int | None:
    """The value of which another is this function, however the code computes it; None if there is none of these kinds."""
    nodes = flow.step.nodes
    while id >= 0 and kind(nodes[id]) in PARTS and flow.carries(id):
        id = flow.inputs(id)[0]
    if id < 0 or not flow.carries(id) or not _is_comparable(flow, id):
        return None
    if kind(nodes[id]) == function.__name__:  # of a part of its input, perhaps
        return flow.inputs(id)[0]
    value, least = nodes[id].value, 0 if function is sigmoid else -1
    if not (value.min() >= least and value.max() <= 1):
        return None
    pending, seen = [(id, 0)], {id}
    while pending:
        at, depth = pending.pop(0)
        for each in flow.inputs(at):
            if each in seen or not _is_comparable(flow, each) or nodes[each].shape != nodes[id].shape:
                continue
            if (kinds is None or kind(nodes[each]) in kinds) and _is(function, nodes[each].value, value):
                return each
            seen.add(each)
            if depth < MAX_DEPTH and flow.carries(each) and kind(nodes[each]) not in PRODUCTS:
                pending.append((each, depth + 1))
    return None


def _is(function: Function, x: np.ndarray, value: np.ndarray) -> bool:
    """Whether a value is the function of x; that of most is not, as some elements tell."""
    some = slice(None, 64)
    if not np.allclose(function(x.ravel()[some]), value.ravel()[some], rtol=0, atol=1e-4):
        return False
    return is_equal(function(x), value)


def _is_comparable(flow: Flow, id: int) -> bool:
    node = flow.step.nodes[id]
    return node.is_kept and node.value.dtype.kind == "f" and 0 < node.size <= MAX_SIZE


def _between(flow: Flow, h: int, ends: Sequence[int], taken: set[int]) -> tuple[int, ...]:
    """The operations that only the cell uses: up to the layers of its gates, and the parts that these take."""
    nodes = flow.step.nodes
    inside = {h, *ends} - taken
    behind: set[int] = set()  # a layer of the cell
    for id in reversed(flow.ids):
        users = flow.users.get(id, ())
        if id > h or id in taken or not (id in inside or (users and inside.issuperset(users))):
            continue
        if any(user in behind or kind(nodes[user]) in PRODUCTS for user in users if user in inside):
            behind.add(id)
            if kind(nodes[id]) not in PARTS | PLUMBING or any(nodes[each].op == "parameter" for each in flow.inputs(id)):
                continue
        inside.add(id)
    return tuple(sorted(inside))


def cell_formula(flow: Flow, cell: Cell) -> str:
    """What a cell computes, a line each, with the names of the code: its gates, its state, its output."""

    def name(id: int, otherwise: str) -> str:
        label = flow.labels[id] if id >= 0 else ""
        plain, _, _ = label.partition("#")
        return plain if plain.isidentifier() else otherwise

    f, i, o, g = (name(id, letter) for id, letter in zip((cell.forget, cell.input, cell.output, cell.new), "fiog"))
    c, h = name(cell.c, "c"), name(cell.h, "h")
    gates = f"{f}, {i}, {o}: {SIGMOID.title}, {g}: {TANH.title}"
    state = f"{f} * {name(cell.previous, 'c')} + {i} * {g}"
    return "\n".join([gates, f"{c} = {state}", f"{h} = {o} * {TANH.formula.format(x=c)}"])
