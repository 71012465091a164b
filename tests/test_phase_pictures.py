"""Pictures of phases: every operation is a box, every use an arrow, large steps are folded, long texts truncated."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import tracer
from support.drawn import SVG, assert_readable, boxes_of
from support.golden import assert_matches_golden
from support.traces import first_step
from tracer.graph.record import Phase, Source, Step
from tracer.nn.layers import relu, softmax
from tracer.rendering.document import png
from tracer.rendering.engine import find_engine
from tracer.training.bundled import bundled_names
from tracer.views.diagrams.combined import combined, forward_nodes
from tracer.views.diagrams.diagram import Box, Diagram
from tracer.views.diagrams.dot import dot
from tracer.views.diagrams.folding import Fold, Part, folded, ids_of
from tracer.views.diagrams.operations import MAX_NODES, operations, phase_diagrams, phase_nodes
from tracer.views.diagrams.theme import PRINT, Flow, Style
from tracer.views.diagrams.zoom import ViewSpec, diagrams, zooms
from tracer.views.local_rules import local_rules
from tracer.views.notation import Labels, number_text

PHASES = tuple(Phase)[1:]


def diagram_of(step: Step, parts: Sequence[Part]) -> Diagram:
    return operations(step, parts, Labels(step.nodes), Style())


def svg_of(diagram: Diagram, style: Style | None = None) -> str:
    return find_engine("pure").layout(dot(diagram, style or Style())).svg


@pytest.mark.parametrize("name", bundled_names())
def test_every_operation_is_a_box_and_every_use_an_arrow(name: str) -> None:
    step = first_step(name)
    labels = Labels(step.nodes)
    for phase, diagram in phase_diagrams(step, Style(), PHASES):
        boxes = {box.key: box for box in diagram.boxes}
        for node in step.nodes:
            if node.phase is phase:
                assert f"n{node.id}" in boxes
                into = [arrow for arrow in diagram.arrows if arrow.head == f"n{node.id}" and arrow.flow is not Flow.ORDER]
                tails = Counter(int(re.sub(r"^n|^r(\d+)_.*", r"\1", arrow.tail)) for arrow in into)
                # What has no arrow is a setting, or computed from settings alone: it stands once.
                once = Counter(node.operands) - tails
                assert not tails - Counter(node.operands)
                assert all(stands_once(step, id, labels, boxes) and labels[id] in labels.formula(node) for id in once)
        assert diagram.hidden == 0
        assert_readable(svg_of(diagram), len(diagram.boxes))


def stands_once(step: Step, id: int, labels: Labels, boxes: dict[str, Box]) -> bool:
    """Whether a value is in the box of the settings, or computed from settings alone and counted in its own box."""
    if step.nodes[id].op == "hyperparameter":
        return f"{labels[id]} = {number_text(step.nodes[id].value.item())}" in boxes["settings"].lines
    leaves, pending = set(), [id]
    while pending:
        node = step.nodes[pending.pop()]
        leaves |= {node.op} if node.is_leaf else set()
        pending += node.operands
    uses = sum(node.operands.count(id) for node in step.nodes)
    return leaves <= {"hyperparameter", "constant"} and f"{uses} uses" in boxes[f"n{id}"].lines


def test_value_used_twice_has_two_arrows() -> None:
    step = tracer.trace(lambda x: x * x, 2.0)
    for diagram in (diagram_of(step, phase_nodes(step, Phase.FORWARD)), combined_of(step)):
        assert Counter((arrow.tail, arrow.head) for arrow in diagram.arrows)["n0", "n1"] == 2
    assert dot(combined_of(step), Style()).count("n0:left_below:s -> n1:left_above:n [") == 2


def combined_of(step: Step, most: int = MAX_NODES) -> Diagram:
    labels = Labels(step.nodes)
    return combined(step, folded(step, forward_nodes(step), most), labels, local_rules(step, labels), Style())


def chain(length: int) -> Step:
    def function(x: Any) -> Any:
        for _ in range(length):
            x = np.tanh(x) * 1.1
        return x

    return tracer.trace(function, 0.5)


def irregular(length: int) -> Step:
    """A chain in which no operation occurs again on the same line of code."""
    step = chain(length)
    nodes = (replace(node, source=Source("chain.py", node.id, "x")) for node in step.nodes)
    return replace(step, nodes=tuple(nodes))


def scoped(count: int) -> Step:
    """Layers of which none is like another."""
    step = layered(count)
    nodes = (replace(node, source=Source("layers.py", node.id, "x")) for node in step.nodes)
    return replace(step, nodes=tuple(nodes))


def layered(count: int) -> Step:
    def function(x: Any) -> Any:
        for _ in range(count):
            x = softmax(x) + x
        return np.sum(x)

    return tracer.trace(function, [0.5, 1.0])


def test_large_steps_are_folded_to_300_boxes() -> None:
    for step in (irregular(1000), scoped(100)):
        ids = phase_nodes(step, Phase.FORWARD)
        parts = folded(step, ids, MAX_NODES)
        assert len(parts) <= MAX_NODES
        assert sorted(id for part in parts for id in ids_of(part)) == list(ids)
        hidden = sum(len(part.ids) for part in parts if isinstance(part, Fold))
        largest = max(len(part.ids) for part in parts if isinstance(part, Fold))
        for diagram in (diagram_of(step, parts), combined_of(step)):
            assert diagram.hidden == hidden > 0
            assert (f"{largest:,} operations, folded",) in {box.lines for box in diagram.boxes}
    step = scoped(100)
    assert any(part.label.startswith("softmax") for part in folded(step, phase_nodes(step, Phase.FORWARD), 300)
               if isinstance(part, Fold))  # fmt: skip


def test_folds_have_no_cycles() -> None:
    def even(x: Any) -> Any:
        return np.tanh(x) * 1.5

    def function(x: Any) -> Any:
        first, second = x, x
        for _ in range(20):
            first = even(second) + 1
            second = even(first) + 1
        return first

    step = tracer.trace(function, 0.5)
    merged = replace(step, nodes=tuple(replace(node, scope="even" if node.scope else "") for node in step.nodes))
    parts = folded(merged, phase_nodes(merged, Phase.FORWARD), 30)
    place = {id: position for position, part in enumerate(parts) for id in ids_of(part)}
    for part in parts:
        for id in ids_of(part):
            assert all(place.get(operand, -1) <= place[id] for operand in merged.nodes[id].operands)


def test_node_with_many_inputs_from_other_phases() -> None:
    step = tracer.trace(lambda x: np.sum(np.stack([x * k for k in range(50)]) * 1.0), [1.0, 2.0])
    stack = next(node for node in step.nodes if node.op == "stack")
    labels = Labels(step.nodes)
    for diagram in (diagram_of(step, [stack.id]), combined(step, [stack.id], labels, local_rules(step, labels), Style())):
        assert ("and 42 more",) in {box.lines for box in diagram.boxes}
        assert find_engine("pure").layout(dot(diagram, Style())).width < 2_500


def test_wide_values_are_above_their_gradients() -> None:
    """Side by side, two 4 x 4 arrays with ten characters per number would be wider than half a page."""
    step = tracer.trace(lambda x: np.sum(np.exp(x) * 1.0), np.random.default_rng(0).normal(0, 1e-5, (4, 4)))
    assert find_engine("pure").layout(dot(diagram_of(step, [step.nodes[1].id]), Style())).width < 330


def test_equals_sign_is_not_alone_on_a_line() -> None:
    def function(x: Any) -> Any:
        a_variable_of_so_many_letters = np.exp(x)
        y = np.tanh(a_variable_of_so_many_letters)
        return np.sum(y)

    step = tracer.trace(function, [1.0])
    texts = [text.text for box in boxes_of(svg_of(diagram_of(step, [step.node("y").id]))).values() for text in box.texts]
    assert any(text.startswith("= tanh(") for text in texts)
    assert "=" not in texts


def test_long_formulas_are_truncated_after_four_lines() -> None:
    step = tracer.trace(lambda x: np.sum(np.concatenate([x] * 60)), [1.0])
    box = boxes_of(svg_of(diagram_of(step, [1])))["n1"]
    assert len(box.texts) <= 4 + 4 + 2 + 1  # title, formula, value and gradient with their captions, shape
    assert "..." in {text.text for text in box.texts}


HOSTILE = ('#panic("no")', '"];', "<script>alert(1)</script>", "\\", "\\N", "a" * 10_000, "$x$ *b* _i_ @ref", "名字" * 20,
           "tab\there", "{x}", "&amp;", "&#1;", "one\ntwo", "\x1b[31m", "]]>", "n1", "</FONT></TD>")  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_verbatim(name: str) -> None:
    step = tracer.trace(lambda x: np.sum(x * 2), [1.0, 2.0])
    nodes = tuple(replace(node, name=name if node.id == 0 else node.name, scope=name) for node in step.nodes)
    hostile = replace(step, nodes=nodes)
    for zoom in zooms():
        for _, diagram in diagrams(hostile, ViewSpec(zoom), Style()):
            drawing = find_engine("pure").layout(dot(diagram, Style()))
            assert drawing.width < 2_000
            tags = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(drawing.svg).iter()}
            assert tags <= {"svg", "g", "title", "polygon", "polyline", "path", "text", "ellipse"}
            assert_readable(drawing.svg, len(diagram.boxes))
    for _, diagram in phase_diagrams(hostile, Style(), PHASES):
        ElementTree.fromstring(svg_of(diagram))


def small() -> Step:
    """A network of two inputs, two hidden values and an output."""

    def model(x: Any, W1: Any, W2: Any) -> Any:
        h = relu(x @ W1)
        return h @ W2

    step = tracer.trace(model, [1.0, 2.0], [[0.5, -1.0], [0.25, 1.0]], [1.0, -2.0])
    return replace(step, nodes=tuple(replace(node, source=None) for node in step.nodes))  # line numbers of this file change


@pytest.mark.parametrize("zoom", [zoom for zoom in zooms() if zoom != "scalar"])
def test_dot_matches_golden_file(zoom: str) -> None:
    style = Style(PRINT) if zoom == "module" else Style()
    ((_, diagram),) = diagrams(first_step("linear-regression"), ViewSpec(zoom), style)
    assert_matches_golden(f"linear-regression-{zoom}.dot", dot(diagram, style))


def test_dot_of_scalars_matches_golden_file() -> None:
    style = Style(direction="LR")
    ((_, diagram),) = diagrams(small(), ViewSpec("scalar", "loss"), style)
    assert_matches_golden("small-scalar.dot", dot(diagram, style))
    assert all(path.stat().st_size < 16 * 1024 for path in (Path(__file__).parent / "golden").glob("*.dot"))


def test_png() -> None:
    step = first_step("linear-regression")
    ((_, diagram),) = diagrams(step, ViewSpec(), Style())
    drawing = find_engine("pure").layout(dot(diagram, Style()))
    content = png(drawing)
    assert content.startswith(b"\x89PNG")
    assert content == png(drawing)
    wide = int.from_bytes(content[16:20], "big")
    assert wide == pytest.approx(2 * drawing.width, abs=2)
    huge = int.from_bytes(png(replace(drawing, width=13_000.0, height=100.0))[16:20], "big")
    assert huge <= 12_001


def test_engine_is_found_or_the_error_suggests_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(tracer.UsageError, match="there is no engine 'dott'"):
        find_engine("dott")
    assert find_engine("pure").command.endswith("graphviz-pure")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_engine("auto").command.endswith("graphviz-pure")
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    for name in ("auto", "pure", "system"):
        with pytest.raises(tracer.UsageError, match="pip install graphviz-pure"):
            find_engine(name)
    dot_command = tmp_path / "dot"
    dot_command.write_text("#!/bin/sh\necho 'syntax error' >&2\nexit 1\n")
    dot_command.chmod(0o755)
    assert find_engine("auto").command == str(dot_command)
    with pytest.raises(tracer.UsageError, match="dot failed: syntax error"):
        find_engine("system").layout("digraph {}")
