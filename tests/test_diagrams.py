"""Diagrams and the booklet: what is in them, that nothing overflows or overlaps, and that bytes repeat."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pypdf
import pytest

import tracer
from reviewed import assert_as_reviewed
from tracer.graph import Phase
from tracer.loading import bundled_names
from tracer.rendering.document import pdf, png
from tracer.rendering.engine import find_engine
from tracer.views.booklet import SMALLEST_SCALE, booklet, diagrams_of
from tracer.views.boxes import CAPTIONS, NUMBERS
from tracer.views.diagram import MOST_NODES, diagram, phase_diagrams, phase_nodes
from tracer.views.folding import Fold, folded, ids_of
from tracer.views.notation import Labels

SVG = "{http://www.w3.org/2000/svg}"
MONO_WIDTH = 0.602
"""Width of a character of DejaVu Sans Mono, as a share of its size."""


def shown(name: str, **arguments: Any) -> tracer.Trace:
    """A run as the booklet shows it: the first and the last step."""
    trace = tracer.run(tracer.load(name), **arguments)
    return replace(trace, steps=(trace.steps[0], trace.steps[-1]))


def boxes_of(svg: str) -> dict[str, tuple[tuple[float, float, float, float], list[tuple[float, float, str]]]]:
    """The outline of every node of a drawing, and its texts as left end, right end and text."""
    found = {}
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        if group.get("class") != "node":
            continue
        xs, ys, texts = [], [], []
        for shape in group.iter():
            numbers = shape.get("points") or shape.get("d") or ""
            if shape.tag in (f"{SVG}polygon", f"{SVG}path", f"{SVG}polyline"):
                values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
                xs += values[0::2]
                ys += values[1::2]
            if shape.tag == f"{SVG}text" and "Mono" in (shape.get("font-family") or ""):
                left, text = float(shape.get("x", "0")), (shape.text or "").replace("\xa0", " ")
                assert shape.get("text-anchor") == "start"
                texts.append((left, left + MONO_WIDTH * float(shape.get("font-size", "0")) * len(text.rstrip()), text))
        title = group.find(f"{SVG}title")
        assert title is not None and title.text
        found[title.text] = (min(xs), min(ys), max(xs), max(ys)), texts
    return found


@pytest.mark.parametrize("name", bundled_names())
def test_nothing_overflows_its_box_and_nothing_overlaps(name: str) -> None:
    layout = find_engine().layout
    checked = 0
    for step in shown(name).steps:
        for _, pictures in diagrams_of(step, Labels(step.nodes), layout):
            for picture in pictures:
                boxes = boxes_of(picture.drawing.svg)
                for title, ((left, _, right, _), texts) in boxes.items():
                    for start, end, text in texts:
                        checked += 1
                        assert start >= left - 0.1, (title, text)
                        assert end <= right + 0.1, (title, text)
                outlines = [outline for outline, _ in boxes.values()]
                for position, (left, top, right, bottom) in enumerate(outlines):
                    for other in outlines[position + 1 :]:
                        assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
    assert checked > 50


@pytest.mark.parametrize("name", bundled_names())
def test_every_page_is_readable_in_print(name: str) -> None:
    assert min(NUMBERS, CAPTIONS) * SMALLEST_SCALE >= 6
    for step in shown(name).steps:
        for _, pictures in diagrams_of(step, Labels(step.nodes), find_engine().layout):
            assert all(picture.scale >= SMALLEST_SCALE for picture in pictures)


@pytest.mark.parametrize("name", bundled_names())
def test_every_operation_is_drawn_and_every_use_is_an_arrow(name: str) -> None:
    step = tracer.run(tracer.load(name), steps=1).steps[0]
    for phase, drawn in phase_diagrams(step):
        nodes = [node for node in step.nodes if node.phase.value == phase]
        for node in nodes:
            assert drawn.dot.count(f"\tn{node.id} [") + drawn.dot.count(f"\tn{node.id} [label") >= 1
            arrows = re.findall(rf"(?:n|r)\d+(?:_\d+_\d+)? -> n{node.id} ", drawn.dot)
            assert len(arrows) == len(node.operands)
        assert drawn.hidden == 0


def test_a_value_used_twice_has_two_arrows() -> None:
    step = tracer.trace(lambda x: x * x, 2.0)
    drawn = diagram(step, phase_nodes(step, Phase.FORWARD), Labels(step.nodes))
    assert drawn.dot.count("n0 -> n1") == 2


def test_golden_dot() -> None:
    step = tracer.run(tracer.load("linear-regression"), steps=1).steps[0]
    assert_as_reviewed("linear-regression-forward.dot", dict(phase_diagrams(step))["forward"].dot)


@pytest.mark.parametrize("name", bundled_names())
def test_the_booklet(name: str) -> None:
    trace = shown(name)
    document = booklet(trace, find_engine().layout)
    content = pdf(document)
    assert content == pdf(booklet(shown(name), find_engine().layout))
    reader = pypdf.PdfReader(io.BytesIO(content))
    texts = [page.extract_text() for page in reader.pages]
    assert len(texts) == document.count("#page(") + document.count("#page[")
    cover = texts[0]
    assert trace.title.split()[0] in cover
    for node in trace.steps[0].parameters:
        assert node.name in cover
    assert f"{sum(node.value.size for node in trace.steps[0].parameters):,}" in cover
    phases = ("forward", "loss", "backward", *(["update"] if trace.steps[0].updates else []))
    assert {f"Step {step.index}: {phase}" for step in trace.steps for phase in phases} <= {
        line for text in texts for line in text.splitlines()
    }
    sizes = {(round(float(page.mediabox.width)), round(float(page.mediabox.height))) for page in reader.pages}
    assert sizes <= {(595, 842), (842, 595)}


def test_the_cover_says_why_a_run_stopped() -> None:
    trace = tracer.run(tracer.load("fruit-sgd"), settings={"shuffle": False})
    cover = pypdf.PdfReader(io.BytesIO(pdf(booklet(replace(trace, steps=trace.steps[:1]), find_engine().layout)))).pages[0]
    assert "Stopped after 7 epochs: loss had not improved by 0.001 for 5 epochs in a row." in cover.extract_text()


def test_one_step_is_shown_once() -> None:
    trace = tracer.run(tracer.load("linear-regression"), steps=1)
    document = booklet(trace, find_engine().layout)
    assert document.count('"Step 0: forward"') == 1


HOSTILE = (
    '#panic("no")',
    '"];',
    "<script>alert(1)</script>",
    "\\",
    "a" * 10_000,
    "$x$ *b* _i_ @ref",
    "名字",
    "tab\there",
    "{x}",
    "&amp;",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_as_they_are(name: str) -> None:
    step = tracer.trace(lambda x: np.sum(x * 2), [1.0, 2.0])
    nodes = tuple(replace(node, name=name if node.id == 0 else node.name, scope=name) for node in step.nodes)
    hostile = replace(step, nodes=nodes, metrics={"step": 0, "epoch": 0, "loss": step.loss})
    trace = tracer.Trace(name[:200], name[:200], 0, "float64", {name[:50]: name[:50]}, {}, (hostile,), (hostile.metrics,))
    content = pdf(booklet(trace, find_engine().layout))
    assert content.startswith(b"%PDF")
    for _, drawn in phase_diagrams(hostile):
        drawing = find_engine().layout(drawn.dot)
        assert drawing.width < 2_000
        ElementTree.fromstring(drawing.svg)
        assert "<script>" not in drawing.svg


def chain(length: int) -> tracer.Step:
    def function(x):
        for _ in range(length):
            x = np.tanh(x) * 1.1
        return x

    return tracer.trace(function, 0.5)


def layered(count: int) -> tracer.Step:
    from tracer.layers import softmax

    def function(x):
        for _ in range(count):
            x = softmax(x) + x
        return np.sum(x)

    return tracer.trace(function, [0.5, 1.0])


def test_large_steps_are_folded_to_300_boxes_and_say_so() -> None:
    for step in (chain(1000), layered(100)):
        ids = phase_nodes(step, Phase.FORWARD)
        parts = folded(step, ids, MOST_NODES)
        assert len(parts) <= MOST_NODES
        assert sorted(id for part in parts for id in ids_of(part)) == list(ids)
        drawn = diagram(step, parts, Labels(step.nodes))
        hidden = sum(len(part.ids) for part in parts if isinstance(part, Fold))
        assert drawn.hidden == hidden > 0
        assert f"{max(len(part.ids) for part in parts if isinstance(part, Fold))}&#160;operations,&#160;folded" in drawn.dot
    assert any(part.what.startswith("softmax") for part in folded(layered(100), phase_nodes(layered(100), Phase.FORWARD), 300)
               if isinstance(part, Fold))  # fmt: skip


def test_folds_never_feed_each_other_in_a_circle() -> None:
    def even(x):
        return np.tanh(x) * 1.5

    def function(x):
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


def test_a_node_with_many_inputs_from_elsewhere() -> None:
    step = tracer.trace(lambda x: np.sum(np.stack([x * k for k in range(50)]) * 1.0), [1.0, 2.0])
    stack = next(node for node in step.nodes if node.op == "stack")
    drawn = diagram(step, [stack.id], Labels(step.nodes))
    assert "and&#160;42&#160;more" in drawn.dot
    assert find_engine().layout(drawn.dot).width < 2_500


def test_wide_values_stand_above_their_gradients() -> None:
    """Side by side two 4 x 4 arrays of ten characters a number would be wider than half a page."""
    step = tracer.trace(lambda x: np.sum(np.exp(x) * 1.0), np.random.default_rng(0).normal(0, 1e-5, (4, 4)))
    assert find_engine().layout(diagram(step, [step.nodes[1].id], Labels(step.nodes)).dot).width < 330


def test_an_equals_sign_never_stands_alone() -> None:
    def function(x):
        a_variable_of_so_many_letters = np.exp(x)
        y = np.tanh(a_variable_of_so_many_letters)
        return np.sum(y)

    step = tracer.trace(function, [1.0])
    drawing = find_engine().layout(diagram(step, [step.node("y").id], Labels(step.nodes)).dot)
    texts = [text for _, texts in boxes_of(drawing.svg).values() for _, _, text in texts]
    assert any(text.startswith("= tanh(") for text in texts)


def test_long_formulas_are_cut_after_four_lines() -> None:
    def function(x):
        return np.sum(np.concatenate([x] * 60))

    step = tracer.trace(function, [1.0])
    drawing = find_engine().layout(diagram(step, [1], Labels(step.nodes)).dot)
    (lines,) = (texts for title, (_, texts) in boxes_of(drawing.svg).items() if title == "n1")
    assert len(lines) <= 4 + 4 + 2
    assert any(text == "..." for _, _, text in lines)


def test_forty_parameters_fill_their_pages() -> None:
    names = [f"w{number}" for number in range(40)]
    body = " + ".join(f"x * {name}" for name in names)
    scope: dict[str, Any] = {}
    exec(f"def model(x, {', '.join(names)}): return {body}", scope)
    scenario = tracer.Scenario(
        data=lambda: {"x": [1.0, 2.0, 3.0]}, parameters={name: [0.1, 0.2, 0.3] for name in names}, model=scope["model"],
        loss=lambda p: (p * p).sum(), optimizer=tracer.SGD(learning_rate=0.01), steps=1,
    )  # fmt: skip
    document = booklet(tracer.run(scenario), find_engine().layout)
    assert document.count("#page(") < 40  # 120 forward, 120 backward operations, and a table of 40 parameters


def test_the_cover_says_where_a_run_stopped_being_finite() -> None:
    document = booklet(shown("linear-regression"), find_engine().layout, "NaN or infinite from 40.09 loss on")
    assert '"NaN or infinite from 40.09 loss on"' in document


def test_png() -> None:
    step = tracer.run(tracer.load("linear-regression"), steps=1).steps[0]
    drawing = find_engine().layout(dict(phase_diagrams(step))["forward"].dot)
    content = png(drawing)
    assert content.startswith(b"\x89PNG")
    assert content == png(drawing)
    wide = int.from_bytes(content[16:20], "big")
    assert wide == pytest.approx(2 * drawing.width, abs=2)
    huge = int.from_bytes(png(replace(drawing, width=13_000.0, height=100.0))[16:20], "big")
    assert huge <= 12_001


def test_engines_are_found_or_the_way_to_one_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(tracer.UsageError, match="there is no engine 'dott'"):
        find_engine("dott")
    assert find_engine("pure").command.endswith("graphviz-pure")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_engine("auto").command.endswith("graphviz-pure")
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    for name in ("auto", "pure", "system"):
        with pytest.raises(tracer.UsageError, match="pip install graphviz-pure"):
            find_engine(name)
    dot = tmp_path / "dot"
    dot.write_text("#!/bin/sh\necho 'syntax error' >&2\nexit 1\n")
    dot.chmod(0o755)
    assert find_engine("auto").command == str(dot)
    with pytest.raises(tracer.UsageError, match="dot failed: syntax error"):
        find_engine("system").layout("digraph {}")
