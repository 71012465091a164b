"""The zooms: scenario, module, tensor and focus; folding, and errors that suggest alternatives."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import networkx
import numpy as np
import pytest

import tracer
from support.calls import calls_in
from support.traces import first_step
from tracer.graph.record import Phase, Source, Step
from tracer.nn.layers import dense, relu, softmax
from tracer.training.bundled import bundled_names
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.modules import MAX_MODULES, fold_repeats, modules_of
from tracer.views.diagrams.scalars.graph import ScalarView
from tracer.views.diagrams.scalars.neighbourhood import before
from tracer.views.diagrams.theme import Flow, Kind, Style
from tracer.views.diagrams.zoom import ViewSpec, diagrams
from tracer.views.diagrams.zooms.scalar import in_memory
from tracer.views.notation import Labels, shape_text
from tracer.views.worked import MAX_TERMS

MAX_OTHER_BOXES = 10
"""Maximum number of boxes for data and optimizers in addition to modules."""


def drawn(step: Step, spec: ViewSpec) -> Diagram:
    ((_, diagram),) = diagrams(step, spec, Style())
    return diagram


def deep(count: int) -> Step:
    """A model of `count` equal layers."""
    names = [name for number in range(count) for name in (f"W{number}", f"b{number}")]
    lines = "".join(f"    x = relu(dense(x, W{number}, b{number}))\n" for number in range(count))
    scope: dict[str, Any] = {"dense": dense, "relu": relu}
    exec(f"def model(x, {', '.join(names)}):\n{lines}    return x", scope)
    parameters = {name: np.eye(2) * 0.9 if name[0] == "W" else np.full(2, 0.01) for name in names}
    scenario = tracer.Scenario(
        data=lambda: {"x": [[1.0, 2.0], [3.0, 4.0]]}, parameters=parameters, model=scope["model"],
        loss=lambda p: (p * p).sum(), optimizer=tracer.SGD(learning_rate=0.01), steps=1,
    )  # fmt: skip
    return tracer.run(scenario).steps[0]


def chain(length: int) -> Step:
    def function(x: Any) -> Any:
        for _ in range(length):
            x = np.tanh(x) * 1.1
        return x

    return tracer.trace(function, 0.5)


def layered(count: int) -> Step:
    def function(x: Any) -> Any:
        for _ in range(count):
            x = softmax(x) + x
        return np.sum(x)

    return tracer.trace(function, [0.5, 1.0])


def alternating(count: int) -> Step:
    """Layers that all differ, so that none can be folded."""

    def function(x: Any) -> Any:
        for number in range(count):
            x = softmax(np.concatenate([x, [1.0]])) if number % 7 else relu(x) * 0.5
        return np.sum(x)

    return tracer.trace(function, [0.5, 1.0])


# Scenario.


@pytest.mark.parametrize("name", bundled_names())
def test_every_phase_is_a_box_with_its_data_flow(name: str) -> None:
    step = first_step(name)
    diagram = drawn(step, ViewSpec("scenario"))
    phases = [phase.value for phase in Phase if any(node.phase is phase for node in step.nodes)]
    assert [box.key for box in diagram.boxes] == phases
    assert len(phases) == (5 if step.updates else 4)
    labels = Labels(step.nodes)
    flows: dict[tuple[str, str], set[int]] = {}
    for node in step.nodes:
        for operand in node.operands:
            flows.setdefault((step.nodes[operand].phase.value, node.phase.value), set()).add(operand)
    flows = {ends: ids for ends, ids in flows.items() if ends[0] != ends[1]}
    arrows = {(arrow.tail, arrow.head): arrow for arrow in diagram.arrows if arrow.flow is not Flow.ORDER}
    back = arrows.pop(("update", "init"), None)
    assert set(arrows) == set(flows)
    for ends, arrow in arrows.items():
        texts = {f"{labels[id]} {shape_text(step.nodes[id].shape)}".removesuffix(" ()") for id in flows[ends]}
        named = [text for text in arrow.label if not re.fullmatch(r"and \d+ more", text)]
        more = sum(int(text.split()[1]) for text in arrow.label if text not in named)
        assert len(named) + more == len(flows[ends])
        assert all(text in texts or "..." in text for text in named)
    assert (back is not None) == bool(step.updates)
    if back:
        assert back.label[0] == "new values:"
        assert back.label[1].startswith(f"{step.parameters[0].name}_new")


# Modules.


def test_modules_without_a_name_are_called_by_their_idea() -> None:
    boxes = [box for box in drawn(first_step("mnist"), ViewSpec("module")).boxes if box.key[0] == "m"]
    assert [box.title for box in boxes] == ["dense", "relu", "dense", "relu#2", "dense", "one hot", "mean squared error"]
    assert "images @ w1 + b1" in boxes[0].lines
    (linear, _) = [box for box in drawn(first_step("linear-regression"), ViewSpec("module")).boxes if box.key[0] == "m"]
    assert linear.title == "linear"


@pytest.mark.parametrize("name", ["fruit", "fruit-pytorch", "mnist", "linear-regression"])
def test_expressions_at_modules_are_not_cut(name: str) -> None:
    diagram = drawn(first_step(name), ViewSpec("module"))
    texts = [
        text for lines in (*(box.lines for box in diagram.boxes), *(arrow.label for arrow in diagram.arrows)) for text in lines
    ]
    assert texts
    assert not [text for text in texts if "..." in text.removeprefix("...")]


def test_arrows_between_modules_are_labelled_with_shapes() -> None:
    diagram = drawn(first_step("fruit"), ViewSpec("module"))
    title = {box.key: box.title for box in diagram.boxes}
    found = {(title[arrow.tail], title[arrow.head], arrow.flow): arrow.label for arrow in diagram.arrows}
    assert found["x", "dense", Flow.VALUE] == ("(10,2)",)
    assert found["dense", "dense#2", Flow.VALUE] == ("h1 (10,4)",)
    assert found["dense#2", "dense", Flow.GRADIENT] == ("dL/dh1 (10,4)",)
    assert found["dense", "Adam/W1", Flow.GRADIENT] == ("dL/dW1 (2,4)",)
    updates = [box for box in diagram.boxes if box.kind is Kind.UPDATE]
    assert [box.lines for box in updates] == [(f"{name} -> {name}_new",) for name in ("W1", "b1", "W2", "b2")]


def test_gradients_of_expressions_are_in_parentheses() -> None:
    labels = [text for arrow in drawn(deep(2), ViewSpec("module")).arrows if arrow.flow is Flow.GRADIENT for text in arrow.label]
    assert "dL/d(x @ W0 + b0) (2,2)" in labels


def operations_in(diagram: Diagram) -> int:
    """The number of operations stated in the boxes of modules."""
    return sum(int(box.note.split()[0].replace(",", "")) for box in diagram.boxes if box.key[0] == "m")


def test_equal_layers_are_folded_with_a_count() -> None:
    step = deep(12)
    diagram = drawn(step, ViewSpec("module"))
    operations = [node for node in step.nodes if node.phase in (Phase.FORWARD, Phase.LOSS) and not node.is_leaf]
    assert operations_in(diagram) == len(operations) == 38
    (fold,) = (box for box in diagram.boxes if box.title == "folded")
    assert diagram.hidden == int(fold.note.split()[0]) == 30
    assert fold.lines[:4] == ("dense x 10", "relu x 10", "dense#2 ... relu#11", "60 parameters")
    assert {"and 15 more"} == {line for line in fold.lines if line.startswith("and")}
    optimized = [box.lines for box in diagram.boxes if box.kind is Kind.UPDATE]
    assert [lines[0] for lines in optimized] == ["2 parameter arrays", "20 parameter arrays", "2 parameter arrays"]
    assert not drawn(deep(3), ViewSpec("module")).hidden


def test_every_operation_is_in_one_module() -> None:
    for step in (*map(first_step, bundled_names()), deep(12), layered(50), alternating(500)):
        operations = [node.id for node in step.nodes if node.phase in (Phase.FORWARD, Phase.LOSS) and not node.is_leaf]
        assert [id for module in modules_of(step) for id in module.ids] == operations
        folded = fold_repeats(step, modules_of(step))
        assert [id for module in folded for id in module.ids] == operations
        assert len(folded) <= MAX_MODULES + 1


def test_repetition_without_a_scope_is_labelled() -> None:
    diagram = drawn(layered(50), ViewSpec("module"))
    (fold,) = (box for box in diagram.boxes if box.title == "folded")
    assert "softmax#2 ... without a scope" in fold.lines


@pytest.mark.parametrize("step_of", [lambda: chain(2500), lambda: layered(800), lambda: alternating(900)])
def test_steps_of_five_thousand_operations_are_drawn_in_few_boxes(step_of: Callable[[], Step]) -> None:
    step = step_of()
    diagram = drawn(step, ViewSpec("module"))
    assert len(diagram.boxes) <= MAX_MODULES + MAX_OTHER_BOXES == 130
    operations = [node for node in step.nodes if node.phase in (Phase.FORWARD, Phase.LOSS) and not node.is_leaf]
    assert operations_in(diagram) == len(operations) >= 3_000


@pytest.mark.parametrize(("step_of", "count"), [(chain, 400), (layered, 130), (alternating, 150)])
def test_time_is_linear_in_the_number_of_operations(step_of: Callable[[int], Step], count: int) -> None:
    few, many = (calls_in(partial(drawn, step, ViewSpec("module"))) for step in (step_of(count), step_of(4 * count)))
    assert many < 5 * few  # quadratic: 16 times as many


# Focus.


def uses(step: Step) -> networkx.DiGraph:
    graph = networkx.DiGraph()
    graph.add_nodes_from(node.id for node in step.nodes)
    graph.add_edges_from((operand, node.id) for node in step.nodes for operand in node.operands)
    return graph


@pytest.mark.parametrize("name", ["fruit", "linear-regression", "mnist"])
def test_focus_shows_what_a_value_depends_on(name: str) -> None:
    step = first_step(name)
    graph, labels = uses(step), Labels(step.nodes)
    for node in step.nodes[:: max(1, len(step.nodes) // 12)]:
        for downstream, found in ((False, networkx.ancestors), (True, networkx.descendants)):
            diagram = drawn(step, ViewSpec("tensor", f"#{node.id}", downstream))
            boxes = {int(box.key[1:]) for box in diagram.boxes if re.fullmatch(r"n\d+", box.key)}
            wanted = found(graph, node.id) | {node.id}
            settings = [line.partition(" = ")[0] for box in diagram.boxes if box.key == "settings" for line in box.lines]
            once = {node.id for node in step.nodes if node.op == "hyperparameter" and labels[node.id] in settings}
            derived = {node.id for node in step.nodes if node.id in wanted and only_of(step, node.id, once)}
            boxes |= once
            # Other inputs of dependent nodes are drawn in full if they are leaves, otherwise as small boxes.
            leaves = {operand for id in wanted for operand in step.nodes[id].operands if step.nodes[operand].is_leaf}
            assert wanted <= boxes <= wanted | (leaves if downstream else set()), labels[node.id]
            inside = {(int(arrow.tail[1:]), int(arrow.head[1:])) for arrow in diagram.arrows
                      if arrow.flow is not Flow.ORDER and re.fullmatch(r"n\d+n\d+", arrow.tail + arrow.head)}  # fmt: skip
            expected = {edge for edge in graph.subgraph(wanted).edges if edge[0] not in once}
            assert {edge for edge in inside if edge[0] in wanted} <= expected
            assert all(tail in derived for tail, _ in expected - inside)


def only_of(step: Step, id: int, leaves: set[int]) -> bool:
    """Whether a value is computed from these leaves and constants alone."""
    node = step.nodes[id]
    return id in leaves or (
        (node.op == "constant" or not node.is_leaf) and all(only_of(step, operand, leaves) for operand in node.operands)
    )


def test_focus_on_an_element_uses_the_scalar_zoom() -> None:
    step = first_step("fruit")
    diagram = drawn(step, ViewSpec(focus="dL/dW1[0,2]"))
    source = ScalarView(in_memory(step), Labels(step.nodes), MAX_TERMS)
    found = before(source, [(step.node("dL/dW1").id, (0, 2))])
    titles = {box.title.replace("\n", " ") for box in diagram.boxes}
    assert {source.labels.element(*each) for each in found.drawn} < titles
    assert {"x[3,0]", "dL/dlogits[3,1]"} < titles
    down = drawn(step, ViewSpec(focus="W2[3,1]", downstream=True, depth=99))
    assert {"W2[3,1]", "loss", "W2_new[3,1]"} <= {box.title for box in down.boxes}
    assert ViewSpec(focus="h1").zoom_of(step) == "tensor"


def test_default_zoom_depends_on_the_size_of_the_step() -> None:
    assert ViewSpec().zoom_of(first_step("fruit")) == "tensor"
    assert ViewSpec().zoom_of(chain(2500)) == "tensor"  # a loop, which is folded
    unlike = tuple(replace(node, source=Source("chain.py", node.id, "x")) for node in chain(2500).nodes)
    assert ViewSpec().zoom_of(replace(chain(2500), nodes=unlike)) == "module"
    assert ViewSpec(phases=(Phase.FORWARD,)).zoom_of(chain(2500)) == "tensor"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "spec", "message"),
    [
        ("mnist", ViewSpec("scalar", "dL/dw1"), "more than 3,000 numbers go into dL/dw1"),
        ("mnist", ViewSpec("scalar", "w1[0,0]", True), "there are too many numbers behind w1 to look through"),
        ("fruit", ViewSpec("module", "loss"), "--focus chooses among tensors or numbers: it goes with --zoom tensor or scalar"),
        ("fruit", ViewSpec("scenario", "loss"), "not scenario"),
        ("fruit", ViewSpec("module", phases=(Phase.LOSS,)), "--phase chooses among tensors or numbers"),
        ("fruit", ViewSpec("tensor", "loss", phases=(Phase.LOSS,)), "leave --phase out"),
        ("fruit", ViewSpec(downstream=True), "--focus-down takes the name of a node or an element"),
        ("fruit", ViewSpec("tensor", "lss"), "step 0 has no node 'lss'; did you mean loss?"),
        ("fruit", ViewSpec(focus="W11[0,0]"), "step 0 has no node 'W11'; did you mean"),
        ("fruit", ViewSpec(focus="W1[2,0]"), "W1 has the shape (2,4): there is no element [2,0]"),
        ("fruit", ViewSpec(focus="W1[0]"), "W1 has the shape (2,4): there is no element [0]"),
        ("fruit", ViewSpec(focus="#999"), "step 0 has no node '#999'"),
    ],
)  # fmt: skip
def test_undrawable_pictures_are_refused(name: str, spec: ViewSpec, message: str) -> None:
    with pytest.raises(tracer.UsageError, match=re.escape(message)):
        list(diagrams(first_step(name), spec, Style()))
