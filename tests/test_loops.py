"""Loops: repetition is found in the record and folded, with arrows that say what the graph says."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from support.loops import LOOPS, rnn, through_a_list
from tracer.analysis.repetition import MIN_CELLS, Item, Repetition, ids_in, repetitions
from tracer.graph.record import Phase, Source, Step
from tracer.views.diagrams.boxes import box_key
from tracer.views.diagrams.combined import combined, forward_nodes
from tracer.views.diagrams.diagram import Arrow, Diagram
from tracer.views.diagrams.folding import Fold, Part, folded, ids_of
from tracer.views.diagrams.operations import MAX_NODES, operations, phase_nodes
from tracer.views.diagrams.theme import Flow, Style
from tracer.views.gradient_terms import gradient_terms
from tracer.views.local_rules import local_rules
from tracer.views.notation import Labels

SHAPES = pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)


def all_repetitions(items: Sequence[Item]) -> Iterator[Repetition]:
    for item in items:
        if isinstance(item, Repetition):
            yield item
            for cell in item.cells:
                yield from all_repetitions(cell)


# The search.


@SHAPES
def test_loop_is_found(loop: Callable[[int], Step]) -> None:
    step = loop(60)
    ids = forward_nodes(step)
    items = repetitions(step, ids, 20)
    assert list(ids_in(items)) == list(ids)
    assert len(items) <= 20
    largest = max(all_repetitions(items), key=lambda each: len(each.cells))
    assert len(largest.cells) >= (19 if loop is LOOPS["alternating"] else 58)
    assert largest.is_regular == (loop is not LOOPS["irregular"])


def test_cell_is_an_iteration() -> None:
    """Cells begin where the loop begins, although the first iteration has a constant in it and is no cell."""
    step = rnn(60)
    (loop,) = (item for item in repetitions(step, forward_nodes(step)) if isinstance(item, Repetition))
    assert len(loop.cells) == 59
    for number, cell in enumerate(loop.cells, start=1):
        ops = [step.nodes[id].op for id in ids_in(cell)]
        assert ops == ["take", "matmul", "matmul", "add", "tanh", "matmul"]
        assert step.nodes[next(ids_in(cell))].parameters["index"] == [number]


def coded(codes: Sequence[int]) -> Step:
    """A chain of operations on lines with these numbers."""

    def function(x: float) -> float:
        for _ in codes:
            x = np.tanh(x)
        return x

    step = tracer.trace(function, 0.5)
    lines = (Source("chain.py", codes[node.id - 1] if 0 < node.id <= len(codes) else 99, "x") for node in step.nodes)
    return replace(step, nodes=tuple(replace(node, name="", source=line) for node, line in zip(step.nodes, lines, strict=True)))


@given(st.lists(st.integers(0, 2), min_size=1, max_size=60), st.sampled_from([0, 10]))
def test_repetitions_partition_any_sequence(codes: list[int], most: int) -> None:
    step = coded(codes)
    ids = range(1, len(codes) + 1)
    items = repetitions(step, ids, most)
    assert list(ids_in(items)) == list(ids)
    for repetition in all_repetitions(items):
        assert len(repetition.cells) >= MIN_CELLS
        assert all(repetition.cells)
        if repetition.is_regular and not any(isinstance(item, Repetition) for cell in repetition.cells for item in cell):
            assert len({tuple(codes[id - 1] for id in ids_in(cell)) for cell in repetition.cells}) == 1


@given(st.lists(st.integers(0, 5), min_size=1, max_size=5, unique=True), st.integers(MIN_CELLS, 12), st.integers(0, 4))
def test_every_loop_of_equal_iterations_is_found(cell: list[int], count: int, extra: int) -> None:
    codes = [90, *cell * count, *cell[:extra], 91]
    items = repetitions(coded(codes), range(1, len(codes) + 1))
    (loop,) = (item for item in items if isinstance(item, Repetition))
    assert len(loop.cells) >= count - 1
    assert len(loop.cells[0]) == len(cell)


# The pictures.


def quotient(step: Step, parts: Sequence[Part]) -> tuple[dict[int, str], set[str]]:
    """The box of every node and drawn leaf, and the keys of folds."""
    keys = {id: box_key(ids_of(part)[0]) for part in parts for id in ids_of(part)}
    return keys, {box_key(part.ids[0]) for part in parts if isinstance(part, Fold)}


def number_on(arrow: Arrow) -> str:
    """How many uses, values, terms or gradients an arrow stands for, as it says; "1" if it does not say."""
    found = re.fullmatch(r"[\d,]+ (uses|values|terms|gradients)", arrow.label[0]) if len(arrow.label) == 1 else None
    return found[0].replace(",", "") if found else "1"


def number_of(ids: Sequence[int], many: str, several: str) -> str:
    """What an arrow should say that stands for these values, one or several times each."""
    if len(set(ids)) > 1:
        return f"{len(set(ids))} {many}"
    return f"{len(ids)} {several}" if len(ids) > 1 else "1"


def shared_box(key: str, boxes: set[str]) -> str:
    """The box of a leaf that is drawn once at the side, for the small box of it beside a use; any other key as it is."""
    found = re.match(r"r(\d+)_", key)
    return box_key(int(found[1])) if found and box_key(int(found[1])) in boxes else key


def check_value_arrows(step: Step, parts: Sequence[Part], diagram: Diagram) -> None:
    """Every use of a value is in an arrow between the boxes, and no arrow stands for anything else."""
    keys, folds = quotient(step, parts)
    boxes = {box.key for box in diagram.boxes}
    uses: dict[tuple[str, str], list[int]] = defaultdict(list)
    for part in parts:
        for id in ids_of(part):
            for operand in step.nodes[id].operands:
                tail = keys.get(operand, box_key(operand))
                if tail in boxes and tail != keys[id]:
                    uses[tail, keys[id]].append(operand)
    drawn = [arrow for arrow in diagram.arrows if arrow.flow is not Flow.ORDER and not arrow.is_backward]
    drawn = [replace(arrow, tail=shared_box(arrow.tail, boxes)) for arrow in drawn]
    drawn = [arrow for arrow in drawn if not arrow.tail.startswith(("r", "more"))]
    count = Counter((arrow.tail, arrow.head) for arrow in drawn)
    assert set(count) == set(uses)
    for arrow in drawn:
        operands = uses[arrow.tail, arrow.head]
        if {arrow.tail, arrow.head} & folds:
            assert count[arrow.tail, arrow.head] == 1
            assert number_on(arrow) == number_of(operands, "values", "uses")
        else:
            assert count[arrow.tail, arrow.head] == len(operands)


@SHAPES
@pytest.mark.parametrize("count", [60, 120])
def test_arrows_of_a_folded_loop_are_those_of_the_graph(loop: Callable[[int], Step], count: int) -> None:
    step = loop(count)
    ids = forward_nodes(step)
    parts = folded(step, ids, MAX_NODES)
    assert sorted(id for part in parts for id in ids_of(part)) == list(ids)
    assert len(parts) <= 40
    labels = Labels(step.nodes)
    diagram = combined(step, parts, labels, local_rules(step, labels), Style())
    check_value_arrows(step, parts, diagram)

    keys, folds = quotient(step, parts)
    boxes = {box.key for box in diagram.boxes}
    terms: dict[tuple[str, str], list[int]] = defaultdict(list)
    for term in gradient_terms(step):
        head = keys.get(term.value, box_key(term.value))
        if head in boxes and keys[term.user] != head:
            terms[keys[term.user], head].append(term.value)
    is_plus = {box.key: box_key(int(box.key.removeprefix("plus"))) for box in diagram.boxes if box.key.startswith("plus")}
    back = [arrow for arrow in diagram.arrows if arrow.is_backward and arrow.tail not in is_plus]
    drawn: dict[tuple[str, str], list[Arrow]] = defaultdict(list)
    for arrow in back:
        drawn[arrow.tail, is_plus.get(arrow.head, shared_box(arrow.head, boxes))].append(arrow)
    assert set(drawn) == set(terms)
    for ends, values in terms.items():
        if set(ends) & folds:
            (arrow,) = drawn[ends]
            assert number_on(arrow) == number_of(values, "gradients", "terms")
        else:
            assert len(drawn[ends]) == len(values)


@SHAPES
def test_arrows_of_a_folded_phase_are_those_of_the_graph(loop: Callable[[int], Step]) -> None:
    step = loop(60)
    for phase in (Phase.FORWARD, Phase.BACKWARD):
        parts = folded(step, phase_nodes(step, phase), MAX_NODES)
        assert len(parts) <= MAX_NODES
        check_value_arrows(step, parts, operations(step, parts, Labels(step.nodes), Style()))


def fold_boxes(step: Step) -> list[tuple[str, ...]]:
    labels = Labels(step.nodes)
    parts = folded(step, forward_nodes(step), MAX_NODES)
    diagram = combined(step, parts, labels, local_rules(step, labels), Style())
    folds = {box_key(part.ids[0]) for part in parts if isinstance(part, Fold)}
    return [(box.title, *box.lines) for box in diagram.boxes if box.key in folds]


@pytest.mark.parametrize(
    ("name", "boxes"),
    [
        ("rnn", [("147 more like it", "h#4 ... h#150", "882 operations, folded")]),
        ("through_a_list", [("148 more like it", "x#3 ... x#150", "444 operations, folded",
                             "148 inputs used only here: argument2 ... argument149")]),
        ("growing", [("148 more like it, of other shapes", "x#3 ... x#150", "592 operations, folded")]),
        ("irregular", [("148 more, not all alike", "x#4 ... x#253", "474 operations, folded")]),
    ],
)  # fmt: skip
def test_fold_says_what_is_in_it(name: str, boxes: list[tuple[str, ...]]) -> None:
    assert fold_boxes(LOOPS[name](150)) == boxes


def test_short_loop_is_drawn_in_full() -> None:
    step = rnn(6)
    assert folded(step, forward_nodes(step), MAX_NODES) == list(forward_nodes(step))


def test_leaves_of_a_fold_have_no_boxes() -> None:
    step = through_a_list(150)
    labels = Labels(step.nodes)
    diagram = combined(step, folded(step, forward_nodes(step), MAX_NODES), labels, local_rules(step, labels), Style())
    assert len(diagram.boxes) < 20
    assert {"argument1", "argument150"} <= {box.title for box in diagram.boxes}
