"""NaN and infinite numbers stand out in every picture, by a colour and by a mark that needs none; and nothing else does."""

from __future__ import annotations

import functools
import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import tracer
from support.drawn import SVG, boxes_of
from support.heat_maps import pixels_of
from support.traces import first_step
from tracer.graph.losses import gradients_of
from tracer.graph.record import Node, Phase, Step
from tracer.i18n.language import CHINESE
from tracer.nn.layers import dense
from tracer.rendering.engine import find_engine
from tracer.training.bundled import bundled_names
from tracer.views.booklet.heat_map import PIXELS
from tracer.views.booklet.minimap import minimap_of
from tracer.views.diagrams.dot import ALARM_TEXT, dot
from tracer.views.diagrams.fallback import laid_out
from tracer.views.diagrams.mermaid import mermaid
from tracer.views.diagrams.modules import fold_repeats, modules_of
from tracer.views.diagrams.theme import LIGHT, THEMES, Style, Theme, theme_of
from tracer.views.diagrams.zoom import ViewSpec, diagrams, zooms
from tracer.views.slide.slide import slide_of


def model(x: Any, W: Any, b: Any, V: Any) -> Any:
    h = dense(x, W, b)
    p = np.log(h)
    return p @ V + np.sum(h, axis=1)


@functools.cache
def step_of(kind: str) -> Step:
    """A step whose logarithms are infinite and NaN, or one with a parameter that has a single NaN, or a finite one."""
    data = {"x": [[1.0, 2.0], [0.5, -1.0]], "y": [1.0, 2.0]}
    W = np.array([[0.5, -1.0], [0.25, 0.5]]) if kind == "logarithms" else np.array([[0.5, 2.0], [0.25, 0.1]])
    b = np.array([1.0, np.nan if kind == "parameter" else 2.0]) if kind != "logarithms" else np.zeros(2)
    scenario = tracer.Scenario(
        data=lambda: data, parameters={"W": W, "b": b, "V": np.array([1.0, 2.0])}, model=model,
        loss=lambda p, y: np.mean((p - y) ** 2), optimizer=tracer.SGD(learning_rate=0.1), steps=1,
    )  # fmt: skip
    with np.errstate(all="ignore"):
        return tracer.run(scenario).steps[0]


KINDS = ("logarithms", "parameter")


def is_bad(node: Node) -> bool:
    return not np.all(np.isfinite(node.value))


def drawn(step: Step, zoom: str, theme: str = "light") -> tuple[Any, str, Style]:
    style = Style(theme_of(theme)).with_default_direction("LR" if zoom == "scalar" else "")
    ((_, diagram),) = diagrams(step, ViewSpec(zoom), style)
    return diagram, laid_out(diagram, style, find_engine("pure").layout).svg, style


def marked(svg: str, theme: Theme) -> set[str]:
    """The keys of the boxes that have the colour, and a ring around it of the colour of text."""
    coloured, ringed = set(), set()
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        if group.get("class") == "node":
            key = group.get("id", "").partition("-")[2]
            for part in (*group.iter(f"{SVG}polygon"), *group.iter(f"{SVG}ellipse")):
                coloured |= {key} if part.get("fill", "").lower() == theme.not_finite.lower() else set()
                is_ring = part.get("stroke", "").lower() == theme.text.lower() and float(part.get("stroke-width", "1")) >= 1.5
                ringed |= {key} if is_ring else set()
    assert coloured <= ringed
    return coloured


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", KINDS)
def test_boxes_of_tensors_and_numbers_are_marked_as_recorded(kind: str, theme: str) -> None:
    step = step_of(kind)
    for zoom in ("tensor", "scalar"):
        _, svg, style = drawn(step, zoom, theme)
        expected, known = set(), set()
        for key in boxes_of(svg):
            if not re.fullmatch(r"n\d+(_\d+)*", key):
                continue
            id, *index = map(int, key[1:].split("_"))
            shown = [step.nodes[id], *(step.nodes[each] for each in gradients_of(step, id))]
            if zoom == "tensor" and id in step.updates:
                shown.append(step.nodes[step.updates[id]])
            known.add(key)
            numbers = (node.value[tuple(index)] if index else node.value for node in shown)
            expected |= {key} if any(not np.all(np.isfinite(each)) for each in numbers) else set()
        assert {key for key in marked(svg, style.theme) if key in known} == expected
        assert expected
        assert expected < known


@pytest.mark.parametrize("kind", KINDS)
def test_boxes_of_modules_count_values_and_gradients(kind: str) -> None:
    step = step_of(kind)
    diagram, svg, style = drawn(step, "module")
    texts = {key: [text.text for text in shape.texts] for key, shape in boxes_of(svg).items()}
    for module in fold_repeats(step, modules_of(step)):
        key = f"m{module.ids[0]}"
        values = [step.nodes[id].value for id in module.ids]
        gradients = [step.nodes[each].value for each in {each for id in module.ids for each in gradients_of(step, id)}]
        expected = []
        for arrays, word in ((values, "value"), (gradients, "gradient")):
            for test, what in ((np.isnan, "NaN"), (np.isinf, "infinite numbers")):
                count = sum(bool(np.any(test(each))) for each in arrays)
                expected += [f"{what} in {count} {word}{'' if count == 1 else 's'}"] if count else []
        assert [text for text in texts[key] if text.startswith(("NaN in", "infinite"))] == expected
        assert (key in marked(svg, style.theme)) == bool(expected)
    for node in step.parameters:
        shown = [node, step.nodes[step.gradients[node.id]], step.nodes[step.updates[node.id]]]
        assert (f"o{node.id}" in marked(svg, style.theme)) == any(map(is_bad, shown))
    assert any(box.is_alarming for box in diagram.boxes)


@pytest.mark.parametrize("kind", KINDS)
def test_phases_count_their_values(kind: str) -> None:
    step = step_of(kind)
    _, svg, style = drawn(step, "scenario")
    texts = {key: " ".join(text.text for text in shape.texts) for key, shape in boxes_of(svg).items()}
    for phase in Phase:
        count = sum(bool(np.any(np.isnan(node.value))) for node in step.nodes if node.phase is phase)
        assert (f"NaN in {count} value" in texts[phase.value]) == bool(count)
        assert (phase.value in marked(svg, style.theme)) == any(is_bad(node) for node in step.nodes if node.phase is phase)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("zoom", zooms())
def test_texts_of_diagrams_mark_the_same_boxes(zoom: str, kind: str) -> None:
    diagram, svg, style = drawn(step_of(kind), zoom)
    expected = {box.key for box in diagram.boxes if box.is_alarming}
    assert marked(svg, style.theme) == expected
    (listed,) = re.findall(r"class ([\w,]+) not_finite", mermaid(diagram, style))
    assert set(listed.split(",")) == expected
    assert f"fill:{LIGHT.not_finite},stroke:{LIGHT.text},color:{ALARM_TEXT},stroke-width:5px" in mermaid(diagram, style)
    assert dot(diagram, style).count(LIGHT.not_finite) >= len(expected)


@pytest.mark.parametrize("name", [*bundled_names(), "finite"])
def test_finite_steps_have_no_mark(name: str) -> None:
    step = step_of("finite") if name == "finite" else first_step(name)
    if any(not node.summary.is_finite for node in step.nodes):
        pytest.fail(f"{name} is not finite")
    for zoom in zooms():
        for _, diagram in diagrams(step, ViewSpec(zoom), Style(direction="LR")):
            assert not any(box.is_alarming for box in diagram.boxes)
            assert LIGHT.not_finite not in dot(diagram, Style())


def test_alarms_are_translated() -> None:
    ((_, diagram),) = diagrams(step_of("logarithms"), ViewSpec("module"), Style(tell=CHINESE))
    texts = [text for box in diagram.boxes for text in box.alarms]
    assert texts
    assert all(text.startswith(("NaN：", "无穷大：")) for text in texts)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_numbers_on_slides_have_a_ring(theme: Theme) -> None:
    svg = slide_of(step_of("logarithms"), "", Style(theme)).whole().svg
    ring = f'stroke="{theme.text}" stroke-width="1.5" fill="{theme.not_finite}"'
    ringed = re.findall(rf"<rect [^>]*{ring}/>\n<text [^>]*>([^<]*)<", svg)
    assert set(ringed) == {"nan", "-inf"}
    assert len(ringed) == len(re.findall(">(nan|-?inf)</text>", svg))


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_dots_of_the_small_map_have_a_ring(theme: Theme) -> None:
    step = step_of("logarithms")
    svg = minimap_of(step, find_engine("pure").layout, Style(theme)).drawing.svg
    dots = re.findall(r'<g id="[^"]*?n(\d+)" class="node">(.*?)</g>', svg, re.DOTALL)
    for id, body in dots:
        bad = is_bad(step.nodes[int(id)])
        assert (theme.not_finite.lower() in body) == bad
        assert body.count("<polygon") == (2 if bad else 1)
    assert any(is_bad(step.nodes[int(id)]) for id, _ in dots)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_cells_of_heat_maps_have_a_cross(theme: Theme) -> None:
    value = np.array([[1.0, -2.0, np.nan], [np.inf, -np.inf, 0.0]])
    pixels = pixels_of(value, theme).reshape(2, PIXELS, 3, PIXELS, 3).swapaxes(1, 2)
    for (row, column), number in np.ndenumerate(value):
        cell = pixels[row, column]
        is_cross = np.all(cell == 0, axis=-1)
        diagonal = np.eye(PIXELS, dtype=bool)[1:-1, 1:-1]
        assert np.all(is_cross[1:-1, 1:-1][diagonal | diagonal[::-1]]) == (not np.isfinite(number) or np.all(is_cross))
