"""Repetitions in the pictures of the player: layers and cells of which one box or one frame shows one at a time."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np
import pytest

from support.slide_steps import lstm_step, numbers, squared, step_of, trained, unrepeated_step
from tracer.graph.record import Phase, Step
from tracer.nn.layers import dense, relu
from tracer.nn.recurrent import rnn_cell
from tracer.rendering import time_limits
from tracer.rendering.engine import find_engine
from tracer.rendering.positions import positions
from tracer.rendering.time_limits import TimedLayout
from tracer.views.notation import Labels
from tracer.views.player.pictures.layouts import MAX_BOXES, layouts_of
from tracer.views.player.pictures.sections import sections_of
from tracer.views.svg import PictureError


def cells(x: Any, Wx: Any, Wh: Any, b: Any, c: Any, Wo: Any) -> Any:
    h = np.zeros((len(x), 3))
    for t in range(4):
        h = rnn_cell(x[:, t], h, Wx, Wh, b, c)
    return h @ Wo


def layers(x: Any, **weights: Any) -> Any:
    for W in weights.values():
        x = relu(dense(x, W, np.zeros(np.shape(W)[1])))
    return x


def network(*sizes: int) -> Step:
    """A step of dense layers of these sizes."""
    weights = {f"W{at}": numbers(*shape, seed=at) for at, shape in enumerate(itertools.pairwise(sizes))}
    return trained(layers, squared, weights, {"x": numbers(4, sizes[0]), "y": numbers(4, sizes[-1])})


@functools.cache
def step_named(name: str) -> Step:
    if name == "rnn":
        weights = {"Wx": numbers(3, 2), "Wh": numbers(3, 3), "b": np.zeros(3), "c": np.zeros(3), "Wo": numbers(3, 1)}
        return trained(cells, squared, weights, {"x": numbers(4, 4, 2), "y": numbers(4, 1)})
    if name == "many":
        return unrepeated_step()
    return {"equal": lambda: network(*[3] * 12), "shapes": lambda: network(8, 7, 6, 5, 4, 3)}.get(name, lambda: step_of(name))()


NAMES = ("rnn", "lstm8", "recurrent", "equal", "shapes", "many", "fruit", "mnist")


@functools.cache
def pictures(name: str) -> dict[str, Any]:
    step = step_named(name)
    found: dict[str, Any] = layouts_of(step, Labels(step.nodes), functools.partial(positions, find_engine()))["pictures"]
    return found


def cells_of(box: dict[str, Any]) -> dict[int, tuple[int, ...]]:
    """The nodes of a box in each repetition; -1 stands for those in all of them."""
    if "ids" in box:
        return {-1: tuple(box["ids"])}
    return {-1: tuple(box["shared"])} | dict(enumerate(map(tuple, box["cells"])))


@pytest.mark.parametrize(("name", "title", "times"), [("rnn", "rnn cell", 4), ("lstm8", "LSTM cell", 8), ("recurrent", "h", 5)])
def test_repetitions_have_the_name_of_their_module(name: str, title: str, times: int) -> None:
    step = step_named(name)
    repeated = [each for each in sections_of(step, Labels(step.nodes)) if each.is_repeated]
    assert [(each.title, len(each.cells)) for each in repeated] == [(title, times)]
    (closed,) = pictures(name)[""]["groups"]
    assert (closed["title"], closed["times"]) == (title, times)


def test_layers_of_the_same_shape_are_a_repetition_and_others_are_not() -> None:
    for name, times in (("equal", [11]), ("shapes", []), ("mnist", []), ("fruit", [])):
        step = step_named(name)
        assert [len(each.cells) for each in sections_of(step, Labels(step.nodes)) if each.is_repeated] == times
        assert [group["times"] for group in pictures(name)[""]["groups"]] == times


def joined_otherwise(x: Any, w: Any) -> Any:
    """A loop of the same operations; in one of its iterations another value is used."""
    for t in range(12):
        a = np.sin(x * w)
        b = np.tanh(x)
        x = a + np.cos(b if t == 5 else a) * b
    return x


def test_cells_that_are_joined_otherwise_are_not_of_a_repetition() -> None:
    step = trained(joined_otherwise, squared, {"w": numbers(3)}, {"x": numbers(4, 3), "y": numbers(4, 3)})
    assert [len(each.cells) for each in sections_of(step, Labels(step.nodes)) if each.is_repeated] == [5, 6]


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_is_in_one_section_and_cells_are_alike(name: str) -> None:
    step = step_named(name)
    labels = Labels(step.nodes)
    sections = sections_of(step, labels)
    operations = labels.rows(node.id for node in step.nodes if node.phase in (Phase.FORWARD, Phase.LOSS) and not node.is_leaf)
    assert [id for section in sections for id in section.ids] == list(operations)
    for section in sections:
        kinds = {tuple((step.nodes[id].op, step.nodes[id].shape) for id in cell) for cell in section.cells}
        assert len(kinds) == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_is_in_one_box_of_every_picture(name: str) -> None:
    step = step_named(name)
    operations = {id for section in sections_of(step, Labels(step.nodes)) for id in section.ids}
    for picture in pictures(name).values():
        drawn = [id for box in picture["boxes"] for cell in cells_of(box).values() for id in cell]
        assert len(drawn) == len(set(drawn)) and operations <= set(drawn)
        for box in picture["boxes"]:
            if "cells" not in box:
                continue
            group = picture["groups"][box["group"]]
            assert len(box["cells"]) == group["times"]
            if box["module"] < 0 and not group["isList"]:
                assert len({(step.nodes[id].op, step.nodes[id].shape) for (id,) in box["cells"]}) == 1
            if group["outer"] >= 0:
                assert group["times"] % picture["groups"][group["outer"]]["times"] == 0


@pytest.mark.parametrize("name", NAMES)
def test_wires_are_the_uses_of_values_in_each_repetition(name: str) -> None:
    step = step_named(name)
    labels = Labels(step.nodes)
    for picture in pictures(name).values():
        boxes, groups = picture["boxes"], picture["groups"]
        place_of = {id: (at, k) for at, box in enumerate(boxes) for k, cell in cells_of(box).items() for id in cell}
        uses: dict[tuple[int, int], set[tuple[int, int]]] = {}
        for id, (head, to) in place_of.items():
            for operand in labels.operands(step.nodes[id]):
                tail, of = place_of[operand]
                inside = tail == head and (of == to or "cells" not in boxes[head] or groups[boxes[head]["group"]]["isList"])
                if not inside:
                    uses.setdefault((tail, head), set()).add((of, to))
        assert {(tail, head) for tail, head, *_ in picture["wires"]} == uses.keys()
        for tail, head, _, *when in picture["wires"]:
            times = uses[tail, head]
            numbers = [range(groups[boxes[at]["group"]]["times"]) if "cells" in boxes[at] else (-1,) for at in (tail, head)]
            if when and when[0] == "carried":
                assert all(of != to for of, to in times)
                own, (root, leaving) = groups[boxes[tail]["group"]], when[1:]
                assert root in (boxes[tail]["group"], own["outer"])
                assert leaving == sorted({of * groups[root]["times"] // own["times"] for of, _ in times})
            elif when:
                assert set(map(tuple, when[0])) == times
            elif boxes[tail].get("group", -1) == boxes[head].get("group", -1):
                assert {(k, k) for k in numbers[0]} <= times
            else:
                assert set(itertools.product(*numbers)) <= times


def test_a_picture_of_many_operations_has_few_boxes_and_each_operation_in_turn() -> None:
    picture = pictures("many")["all"]
    lists = [box for box in picture["boxes"] if "cells" in box and picture["groups"][box["group"]]["isList"]]
    assert len(picture["boxes"]) <= MAX_BOXES + 10 and lists
    assert sum(len(box["cells"]) for box in lists) > 60
    assert all(len(cell) == 1 for box in lists for cell in box["cells"])


def test_a_picture_that_is_not_placed_is_said_to_be_missing() -> None:
    step = step_named("fruit")
    engine = find_engine()

    def placed(dot: str) -> Any:
        if "cluster_2" in dot:
            raise PictureError("too slow")
        return positions(engine, dot)

    found = layouts_of(step, Labels(step.nodes), placed)
    assert found["missing"] == ["all", "2"]
    assert set(found["pictures"]) == {"", "0", "1"}


def test_pictures_for_which_there_is_no_time_are_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    step = step_named("fruit")
    timed = TimedLayout(find_engine())
    monkeypatch.setattr(time_limits, "SMALL", 0)

    def placed(dot: str) -> Any:
        found = timed.place(dot)
        timed.spent = max(timed.spent, time_limits.TOTAL)  # as if it had taken that long
        return found

    found = layouts_of(step, Labels(step.nodes), placed)
    assert list(found["pictures"]) == [""] and found["missing"] == ["all", "0", "1", "2"]


def test_large_steps_are_divided_and_every_part_can_be_opened() -> None:
    sections = sections_of(step_named("many"), Labels(step_named("many").nodes))
    assert max(len(section.ids) for section in sections) <= 150
    drawn = pictures("many")
    for number, section in enumerate(sections):
        boxes = drawn[str(number)]["boxes"]
        assert {(id,) for id in section.ids} <= {tuple(box.get("ids", ())) for box in boxes}
    lists = [box for box in drawn["all"]["boxes"] if "cells" in box and drawn["all"]["groups"][box["group"]]["isList"]]
    for box in lists:
        assert {id for (id,) in box["cells"] if step_named("many").nodes[id].operands} <= set(sections[box["opens"]].ids)


def test_long_loops_are_placed_in_seconds() -> None:
    step = lstm_step(60)
    found = layouts_of(step, Labels(step.nodes), functools.partial(positions, find_engine()))
    assert not found["missing"] and len(found["pictures"]["all"]["boxes"]) < 60


def of_one_weight(x: Any, w: Any) -> Any:
    return twice(once(x, w), w)


def once(x: Any, w: Any) -> Any:
    return np.tanh(x @ w + 1)


def twice(h: Any, w: Any) -> Any:
    return np.sin(h @ w - 1)


def test_a_parameter_of_two_modules_has_a_box_of_its_own() -> None:
    """In that of the first, its arrow to the second would look like a value of the first."""
    step = trained(of_one_weight, squared, {"w": numbers(2, 2)}, {"x": numbers(3, 2), "y": numbers(3, 2)})
    picture = layouts_of(step, Labels(step.nodes), functools.partial(positions, find_engine()))["pictures"][""]
    boxes = [box for box in picture["boxes"] if step.node("w").id in box.get("ids", ())]
    assert [list(box["ids"]) for box in boxes] == [[step.node("w").id]]
