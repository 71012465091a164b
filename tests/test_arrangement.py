"""How pictures are arranged: loops in order, shared values and settings once, fans in rows and columns."""

from __future__ import annotations

import functools
import re
from collections import Counter
from itertools import pairwise
from typing import Any

import networkx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from support.drawn import boxes_of
from support.traces import first_step
from tracer.graph.record import Phase, Step
from tracer.rendering.engine import find_engine
from tracer.views.diagrams.arranging.box_graph import ends
from tracer.views.diagrams.arranging.cells import in_order
from tracer.views.diagrams.arranging.columns import in_columns
from tracer.views.diagrams.combined import combined
from tracer.views.diagrams.diagram import Arrow, Box, Cluster, Diagram
from tracer.views.diagrams.dot import dot
from tracer.views.diagrams.theme import Flow, Kind, Style
from tracer.views.diagrams.zoom import ViewSpec, diagrams
from tracer.views.local_rules import local_rules
from tracer.views.notation import Labels
from tracer.views.svg import Drawing

CELLS = 5


def cell(h: Any, x: Any, W: Any, U: Any, b: Any) -> Any:
    return np.tanh(x @ W + h @ U + b)


def network(xs: Any, W: Any, U: Any, b: Any, V: Any) -> Any:
    h = np.zeros((2, 3))
    for time in range(CELLS):
        h = cell(h, xs[time], W, U, b)
    return h @ V


@functools.cache
def recurrent() -> Step:
    draw = np.random.default_rng(0)
    sides = {"W": (2, 3), "U": (3, 3), "b": (3,), "V": (3, 1)}
    data = {"xs": draw.normal(size=(CELLS, 2, 2))}
    parameters = {name: draw.normal(size=shape) for name, shape in sides.items()}
    scenario = tracer.Scenario(
        data=lambda: data, parameters=parameters, model=network, loss=lambda p: np.sum(p * p),
        optimizer=tracer.SGD(learning_rate=0.1), steps=1,
    )  # fmt: skip
    return tracer.run(scenario).steps[0]


def many(count: int) -> Step:
    """A network with a value for each of many parameters, of which the sum is the loss."""
    names = [f"p{number}" for number in range(count)]
    scope: dict[str, Any] = {"np": np}
    exec(f"def model(x, {', '.join(names)}):\n    return np.stack([{', '.join(f'x * {name}' for name in names)}])", scope)
    scenario = tracer.Scenario(
        data=lambda: {"x": [1.0, 2.0]}, parameters={name: np.ones(2) for name in names}, model=scope["model"],
        loss=lambda p: np.sum(p * p), optimizer=tracer.SGD(learning_rate=0.1), steps=1,
    )  # fmt: skip
    return tracer.run(scenario).steps[0]


def drawn(step: Step, spec: ViewSpec) -> tuple[Diagram, Drawing]:
    ((_, diagram),) = diagrams(step, spec, Style())
    return diagram, find_engine("pure").layout(dot(diagram, Style()))


# Loops.


@pytest.mark.parametrize("spec", [ViewSpec("module"), ViewSpec("tensor"), *(ViewSpec("tensor", phases=(phase,)) for phase in
                                  (Phase.FORWARD, Phase.BACKWARD))], ids=["module", "tensor", "forward", "backward"])  # fmt: skip
def test_steps_of_a_loop_are_on_one_line_in_their_order(spec: ViewSpec) -> None:
    diagram, drawing = drawn(recurrent(), spec)
    keys = {cluster.label: cluster.boxes for cluster in diagram.clusters} or {
        box.title: (box.key,) for box in diagram.boxes if box.title.startswith("cell")
    }
    names = ["cell", *(f"cell#{number}" for number in range(2, CELLS + 1))]
    boxes = boxes_of(drawing.svg)
    areas = [[boxes[key].outline for key in keys[name]] for name in names]
    if Phase.BACKWARD in spec.phases:
        areas.reverse()
    for before, after in pairwise(areas):
        assert max(area.bottom for area in before) < min(area.top for area in after)
        left, right = min(area.left for area in before), max(area.right for area in before)
        assert min(area.left for area in after) < right
        assert left < max(area.right for area in after)
    assert drawing.width < drawing.height * 1.5


def test_shared_values_are_drawn_once_with_their_uses() -> None:
    step = recurrent()
    diagram, _ = drawn(step, ViewSpec("tensor"))
    for name in ("W", "U", "b", "xs"):
        id = step.node(name).id
        (box,) = (box for box in diagram.boxes if box.key == f"n{id}")
        assert f"{CELLS} uses" in box.lines
        assert (f"gradient: {CELLS} terms added up" in box.lines) is (name != "xs")
        arrows = [arrow for arrow in diagram.arrows if box.key in (arrow.tail, arrow.head)]
        assert {arrow.flow for arrow in arrows} <= {Flow.ORDER}
        beside = [box.key for box in diagram.boxes if re.match(rf"r{id}_", box.key)]
        values = Counter(arrow.tail for arrow in diagram.arrows if arrow.flow is Flow.VALUE)
        assert [values[key] for key in beside] == [1] * CELLS
        gradients = Counter(arrow.head for arrow in diagram.arrows if arrow.flow is Flow.GRADIENT)
        assert [gradients[key] for key in beside] == [int(name != "xs")] * CELLS
    assert not any(box.title == "V" and box.lines for box in diagram.boxes)


def test_value_with_uses_close_together_keeps_its_arrows() -> None:
    step = tracer.trace(lambda x: np.sum(np.exp(x) + np.tanh(x) * np.sin(x)), [1.0, 2.0])
    diagram, _ = drawn(step, ViewSpec("tensor"))
    assert sum(arrow.tail == "n0" for arrow in diagram.arrows) == 3
    assert not any("uses" in line for box in diagram.boxes for line in box.lines)


# Values that leave or enter a picture.


@pytest.mark.parametrize("phase", list(Phase)[1:])
def test_value_that_leaves_the_picture_of_a_phase_says_to_which_phase(phase: Phase) -> None:
    for step in (first_step("fruit"), recurrent()):
        diagram, _ = drawn(step, ViewSpec("tensor", phases=(phase,)))
        boxes = {box.key: box for box in diagram.boxes}
        for node in step.nodes:
            if node.phase is phase and not node.is_leaf:
                phases = dict.fromkeys(other.phase.value for other in step.nodes if node.id in other.operands)
                elsewhere = [each for each in phases if each != phase.value]
                arrows = [line for line in boxes[f"n{node.id}"].lines if line.startswith("->")]
                assert arrows == ([f"-> {', '.join(elsewhere)}"] if elsewhere else [])


def test_value_that_enters_a_picture_says_from_where() -> None:
    step = first_step("fruit")
    diagram, _ = drawn(step, ViewSpec("tensor", phases=(Phase.BACKWARD,)))
    lines = {box.title: box.lines for box in diagram.boxes if box.kind is Kind.ELSEWHERE}
    assert lines["h1"] == ("from forward",)
    assert lines["total"] == ("from loss",)
    assert (lines["W2"], lines["y"]) == (("parameter",), ("data",))


def test_value_used_on_another_page_names_the_box_there() -> None:
    step = recurrent()
    labels = Labels(step.nodes)
    half = [node.id for node in step.nodes if node.phase is Phase.FORWARD and not node.is_leaf][:7]
    diagram = combined(step, half, labels, local_rules(step, labels), Style())
    found = {box.key: line for box in diagram.boxes for line in box.lines if line.startswith("->")}
    users = {id: [node.id for node in step.nodes if id in node.operands and node.phase is not Phase.BACKWARD] for id in half}
    leaving = {id: [user for user in users[id] if user not in half] for id in half}
    assert found == {f"n{id}": f"-> {labels[ids[0]]}" for id, ids in leaving.items() if ids}
    assert found


# Settings.


def test_settings_of_an_optimizer_stand_once() -> None:
    step = first_step("fruit")
    diagram, _ = drawn(step, ViewSpec("tensor", phases=(Phase.UPDATE,)))
    texts = Counter(text for box in diagram.boxes for text in (box.title, *box.lines))
    for line in ("learning_rate = 0.01", "beta1 = 0.9", "beta2 = 0.999", "epsilon = 1e-08", "t = 1"):
        assert texts[line] == 1
        assert not any(box.title == line.partition(" ")[0] for box in diagram.boxes)
    assert [box.title for box in diagram.boxes if box.kind is Kind.SETTING] == ["settings"]
    (share,) = (box for box in diagram.boxes if box.title == "new_share1")
    assert "4 uses" in share.lines
    assert not any(arrow.tail == share.key and arrow.flow is not Flow.ORDER for arrow in diagram.arrows)


# Rows and columns.


@pytest.mark.parametrize("spec", [ViewSpec("module"), ViewSpec("tensor", "loss"), ViewSpec("tensor", phases=(Phase.UPDATE,))],
                         ids=["module", "focus", "update"])  # fmt: skip
def test_many_parameters_are_not_wider_than_a_page_can_show(spec: ViewSpec) -> None:
    _, drawing = drawn(many(60), spec)
    assert drawing.width < 3_100
    assert drawing.width < 3.2 * drawing.height


@st.composite
def graphs(draw: Any) -> Diagram:
    """Diagrams with fans, parts that are not connected, and clusters of the same name."""
    count = draw(st.integers(1, 40))
    boxes = tuple(Box(f"n{number}", Kind.FORWARD, "x" * draw(st.integers(1, 40))) for number in range(count))
    arrows = []
    for number in range(1, count):
        for tail in draw(st.lists(st.one_of(st.just(0), st.integers(0, number - 1)), max_size=2)):
            pair = (f"n{tail}", f"n{number}")
            is_backward = draw(st.booleans())
            arrows.append(Arrow(*(reversed(pair) if is_backward else pair), Flow.VALUE, is_backward=is_backward))
    cells = draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    members = [tuple(box.key for box, of in zip(boxes, cells, strict=True) if of == number) for number in range(3)]
    clusters = tuple(Cluster(f"cell#{number}", keys) for number, keys in enumerate(members))
    return Diagram(boxes, tuple(arrows), clusters)


@given(graphs(), st.booleans())
def test_arranging_adds_invisible_arrows_that_close_no_cycle(diagram: Diagram, is_sideways: bool) -> None:
    arranged = in_columns(in_order(diagram), is_sideways=is_sideways)
    assert arranged.boxes == diagram.boxes
    assert arranged.arrows[: len(diagram.arrows)] == diagram.arrows
    assert all(arrow.flow is Flow.ORDER for arrow in arranged.arrows[len(diagram.arrows) :])
    assert networkx.is_directed_acyclic_graph(networkx.DiGraph([ends(arrow) for arrow in arranged.arrows]))


def test_cells_that_lead_to_each_other_in_a_circle_are_not_ordered() -> None:
    boxes = tuple(Box(key, Kind.FORWARD, key) for key in ("a", "b", "c", "start"))
    arrows = tuple(Arrow(*pair, Flow.VALUE) for pair in (("start", "c"), ("c", "a"), ("a", "b")))
    cells = (Cluster("cell", ("a",)), Cluster("cell#2", ("b", "start")), Cluster("cell#3", ("c",)))
    assert in_order(Diagram(boxes, arrows, cells)).arrows == arrows
