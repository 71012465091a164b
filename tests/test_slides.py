"""Slides: sizes, places, numbers and arrows, in every theme and language; ideas; series."""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from support.drawn import Area
from support.golden import assert_matches_golden
from support.programs import IN_THE_LOSS, traced
from support.slide_steps import STEPS, numbers, squared, step_of, trained
from support.slides import assert_apart, crosses, drawn
from support.traces import first_step
from tracer.errors import UsageError
from tracer.graph.losses import passes
from tracer.graph.record import Step
from tracer.i18n.language import CODES, language_of
from tracer.nn.layers import relu, sigmoid, softmax
from tracer.nn.losses import cross_entropy
from tracer.views.diagrams.theme import THEMES, Flow, Kind, Style, Theme, theme_of
from tracer.views.gradient_terms import gradient_terms
from tracer.views.ideas.titles import title_text
from tracer.views.noise import NOISE
from tracer.views.notation import number_text
from tracer.views.slide.drawing.marks import Role
from tracer.views.slide.drawing.markup import colour_of
from tracer.views.slide.slide import Slides, slide_of
from tracer.views.slide.structure.folds import MAX_BOXES
from tracer.views.slide.structure.samples import WHOLE


def slides(name: str, theme: str = "light", language: str = "en") -> Slides:
    """The slide of a step; places are the same in all themes."""
    return replace(placed(name, language), style=Style(theme_of(theme), language_of(language)))


@functools.cache
def placed(name: str, language: str) -> Slides:
    return slide_of(step_of(name), name, Style(tell=language_of(language)))


# Places.


@pytest.mark.parametrize("language", CODES)
@pytest.mark.parametrize("name", STEPS)
def test_everything_can_be_read(name: str, language: str) -> None:
    for theme in THEMES:
        shown = drawn(slides(name, theme, language).whole().svg)
        assert shown.width / shown.height == pytest.approx(16 / 9)
        assert min(text.size for text in shown.texts) >= 14
        page = Area(0, 0, shown.width, shown.height)
        assert all(page.holds(each) for each in (*(text.area for text in shown.texts), *shown.panels.values()))
        assert_apart(shown)


def test_a_line_through_an_area_is_found() -> None:
    area = Area(10, 10, 20, 20)
    assert crosses(Area(0, 15, 30, 15), area)
    assert crosses(Area(15, 0, 15, 12), area)
    assert not crosses(Area(0, 10, 30, 10), area)
    assert not crosses(Area(0, 15, 10, 15), area)


@pytest.mark.parametrize("name", STEPS)
def test_numbers_are_aligned_on_the_point(name: str) -> None:
    """Numbers below each other, such as those of one value, have their points at the same place."""
    content, shown = slides(name).content, drawn(slides(name).whole().svg)
    for signal in content.signals:
        if signal.tail < 0 or sum(other.tail == signal.tail for other in content.signals) > 1:
            continue
        gradients = [other.gradient.node for other in content.signals if other.gradient]
        ids = {signal.node} | (
            {signal.gradient.node} if signal.gradient and gradients.count(signal.gradient.node) == 1 else set()
        )
        found = [text for text in shown.texts if text.node in ids and "." in text.text]
        points = {round(text.area.left + 0.602 * text.size * text.text.index("."), 0) for text in found}
        assert max(points, default=0) - min(points, default=0) <= 1, signal.name
    for parameter in content.parameters:
        for node in {number.node for row in parameter.rows for number in (row.value, row.gradient, row.new) if number}:
            found = [text for text in shown.texts if text.node == node and "." in text.text]
            points = {text.area.left + 0.602 * text.size * text.text.index(".") for text in found}
            assert max(points, default=0) - min(points, default=0) <= 1, parameter.name


# What is shown is what was recorded.


@pytest.mark.parametrize("name", STEPS)
def test_every_number_is_the_recorded_one(name: str) -> None:
    step, content = step_of(name), slides(name).content
    found = [text for text in drawn(slides(name).whole().svg).texts if text.node is not None]
    assert found
    for text in found:
        assert text.node is not None
        number = step.nodes[text.node].value[text.index].item()
        assert text.text in (number_text(number, 3), NOISE)
        assert text.text != NOISE or abs(number) < 1e-6
    for signal in content.signals:
        for each in signal.value.numbers:
            has_sample = content.sample.of(step.nodes[signal.node].shape)
            assert not has_sample or each.index[content.sample.axis] == content.sample.index


@pytest.mark.parametrize("name", STEPS)
def test_every_arrow_is_in_the_record(name: str) -> None:
    """Values flow where an operation uses them, gradients where a term flowed back, and nothing is left out."""
    step = passes(step_of(name))[0]
    content, theme = slides(name).content, theme_of("light")
    home = {id: f"b{number}" for number, box in enumerate(content.boxes) for id in box.ids}
    users = {(operand, home[node.id]) for node in step.nodes if node.id in home for operand in all_operands(step, node.id)}
    returning = {(term.value, home[term.user]) for term in gradient_terms(step) if term.user in home}
    shown = drawn(slides(name).whole().svg)
    values = {(wire.tail, wire.head) for wire in shown.wires if wire.colour == theme.arrows[Flow.VALUE].colour}
    gradients = {(wire.head, wire.tail) for wire in shown.wires if wire.colour == theme.arrows[Flow.GRADIENT].colour}
    keys = {signal.node: home.get(signal.node, "") for signal in content.signals}
    for tail, head in values:
        if tail.startswith("b") and head.startswith("b"):
            assert any(home.get(value) == tail and user == head for value, user in users), (tail, head)
        if tail.startswith("d"):
            assert (int(tail[1:].partition("-")[0]), head) in users
    for tail, head in gradients:
        if tail.startswith("b") and head.startswith("b"):
            assert any(home.get(value) == tail and user == head for value, user in returning), (tail, head)
        if tail.startswith("d"):
            assert (int(tail[1:].partition("-")[0]), head) in returning
    for value, user in users:
        if value in keys and user != keys[value]:
            tails = {keys[value]} | {key for key in shown.panels if key.startswith(f"d{value}-")} | {f"m{user[1:]}"}
            assert any((tail, user) in values for tail in tails), (value, user)
            assert any((tail, user) in gradients for tail in tails) == ((value, user) in returning), (value, user)


def all_operands(step: Step, id: int) -> set[int]:
    """The inputs of an operation, and of what only shows or moves them."""
    found, pending = set(), list(step.nodes[id].operands)
    while pending:
        operand = pending.pop()
        found.add(operand)
        if operand not in step.gradients:
            pending += step.nodes[operand].operands
    return found


@pytest.mark.parametrize("name", STEPS)
def test_a_slide_has_few_boxes_that_hold_every_operation_once(name: str) -> None:
    step, boxes = step_of(name), slides(name).content.boxes
    assert 0 < len(boxes) <= MAX_BOXES
    ids = [id for box in boxes for id in box.ids]
    assert len(ids) == len(set(ids))
    assert step.loss_id in ids
    seen: set[int] = set()
    for box in boxes:  # values only flow to the right
        before = {operand for id in box.ids for operand in step.nodes[id].operands if operand in ids}
        assert before <= seen | set(box.ids)
        seen |= set(box.ids)


def test_rules_of_parameters_and_values() -> None:
    content = slides("fruit-pytorch").content
    assert [(box.title, box.formula) for box in content.boxes[:2]] == [("dense", "x @ W1 + b1"), ("dense", "h1 @ W2 + b2")]
    assert content.boxes[1].rules[0].text == "g @ W2.T"
    assert {parameter.name: parameter.rule for parameter in content.parameters} == {
        "W1": "x.T @ g", "b1": "sum(g, axis=0)", "W2": "h1.T @ g", "b2": "sum(g, axis=0)",
    }  # fmt: skip
    assert content.update[:2] == ("Adam", "learning_rate 0.01")


def test_cells_of_a_loop_stand_in_their_order_and_parameters_once() -> None:
    content = slides("recurrent").content
    assert [box.title for box in content.boxes[:5]] == ["dense, tanh"] * 5
    assert [(parameter.name, parameter.uses) for parameter in content.parameters] == [("Wx", 5), ("Wh", 5), ("b", 5), ("Wo", 1)]
    assert "x5" in [text.text for text in drawn(slides("recurrent").whole().svg).texts]


def test_values_that_the_loss_does_not_use_are_named() -> None:
    assert {signal.name: signal.elsewhere for signal in slides("fruit-keras").content.signals}["logits"] == ("probabilities",)


@pytest.mark.parametrize("name", STEPS)
def test_a_value_that_is_used_in_the_next_row_says_where(name: str) -> None:
    content, shown = slides(name).content, drawn(slides(name).whole().svg)
    middles = [round(area.top + area.bottom) for key, area in shown.panels.items() if re.fullmatch(r"b\d+", key)]
    rows = [abs(middle - middles[0]) > 4 for middle in middles]
    expected = {
        (signal.tail, content.boxes[head].title)
        for signal in content.signals
        for head in signal.heads
        if signal.tail >= 0 and rows[head] and not rows[signal.tail] and not rows[signal.tail + 1]
    }
    said = [text.text.removeprefix("\N{DOWNWARDS ARROW} ") for text in shown.texts if text.text.startswith("\N{DOWNWARDS ARROW}")]
    assert sorted(said) == sorted(title for _, title in expected)
    assert said or name not in ("residual", "lstm1")


def test_the_legend_counts_the_numbers_of_parameters() -> None:
    texts = [text.text for text in drawn(slides("fruit-pytorch").whole().svg).texts]
    assert f"parameter ({2 * 4 + 4 + 4 * 2 + 2} numbers in all)" in texts


def test_titles_of_operations_are_translated_one_by_one() -> None:
    assert title_text("relu, max pool2d", language_of("zh")) == "relu, 最大池化"


def test_many_values_at_one_box_are_counted() -> None:
    names = [f"x{number}" for number in range(40)]
    source = f"def model(w, {', '.join(names)}):\n    return {' + '.join(f'np.sum(w * {name})' for name in names)}"
    scope: dict[str, Any] = {"np": np}
    exec(source, scope)
    data = {name: numbers(3, seed=seed) for seed, name in enumerate(names)}
    step = trained(scope["model"], lambda p: p * p, {"w": numbers(3)}, data)
    svg = slide_of(step, "", Style()).whole().svg
    assert re.search(r">and \d+ more<", svg)
    assert_apart(drawn(svg))


def test_many_equal_layers_are_one_box_and_their_parameters_are_counted() -> None:
    names = [f"W{number}" for number in range(30)]
    scope: dict[str, Any] = {"np": np}
    lines = "\n".join(f"    x = np.tanh(x @ {name})" for name in names)
    exec(f"def model(x, {', '.join(names)}):\n{lines}\n    return x", scope)
    step = trained(scope["model"], lambda p: np.sum(p * p), {name: numbers(2, 2) for name in names}, {"x": numbers(3, 2)})
    shown = slide_of(step, "", Style())
    assert [(box.title, box.repeats) for box in shown.content.boxes] == [("linear, tanh", 30), ("loss", 1)]
    svg = shown.whole().svg
    counted = re.search(r">more parameters: (\d+)<", svg)
    assert counted is not None
    cards = {name for name in names if f">{name}[0,0]<" in svg or f">{name} (2,2)<" in svg}
    assert len(cards) + int(counted[1]) == 30
    assert_apart(drawn(svg))


def test_a_step_without_values_is_drawn_with_names_and_shapes(tmp_path: Any) -> None:
    tracer.save(first_step("fruit-pytorch"), tmp_path / "t.sqlite", values="summary")
    svg = slide_of(tracer.open(tmp_path / "t.sqlite").steps[0], "", Style()).whole().svg
    assert "not kept" in svg
    assert "h1 @ W2 + b2" in svg


def test_data_that_are_an_image_are_drawn_as_one() -> None:
    step, svg = step_of("mnist"), slides("mnist").whole().svg
    (found,) = re.findall(r'<g data-image="(\d+)">(.*?)</g>', svg, re.DOTALL)
    pixels = step.nodes[int(found[0])].value[0]
    paths = dict(re.findall(r'<path d="([^"]*)" fill="#111111" fill-opacity="([^"]*)"/>', found[1]))
    shown = {float(opacity): path.count("z") for path, opacity in paths.items()}
    levels = np.rint((pixels - pixels.min()) / np.ptp(pixels) * 8) / 8
    assert shown == {level: int(np.sum(levels == level)) for level in np.unique(levels) if level}
    assert not any("data-image" in slides(name).whole().svg for name in STEPS if name != "mnist")


@pytest.mark.parametrize("name", STEPS)
def test_a_card_says_how_many_elements_are_shown(name: str) -> None:
    parameters, texts = slides(name).content.parameters, [text.text for text in drawn(slides(name).whole().svg).texts]
    counts = {f"{len(each.rows)} of {len(each.rows) + each.more}" for each in parameters if each.more}
    for parameter in parameters:
        assert len(parameter.rows) + parameter.more == step_of(name).nodes[parameter.node].size
    assert all(count in texts for count in counts) or "some elements" in texts
    assert ("some elements" in texts) <= bool(counts)


def test_cards_of_parameters_with_long_names_say_that_elements_are_some() -> None:
    names = [f"layers{number}_attention_projection" for number in range(8)]
    scope: dict[str, Any] = {"np": np}
    exec(f"def model(x, {', '.join(names)}):\n    return {' + '.join(f'np.tanh(x @ {name})' for name in names)}", scope)
    step = trained(scope["model"], squared, {name: numbers(40, 30) for name in names}, {"x": numbers(4, 40), "y": numbers(4, 30)})
    shown = drawn(slide_of(step, "", Style()).whole().svg)
    assert "some elements" in [text.text for text in shown.texts]
    assert_apart(shown)


def test_settings_of_the_optimizer_stand_in_full() -> None:
    texts = [text.text for text in drawn(slides("fruit").whole().svg).texts]
    said = " ".join(texts[:4])  # the heading
    assert "..." not in said
    for setting in slides("fruit").content.update:
        assert setting in said


# Samples.


def test_another_sample_is_shown() -> None:
    step = first_step("fruit-pytorch")
    (h1,) = [signal for signal in slide_of(step, "", Style(), [7]).content.signals if signal.name == "h1"]
    assert [number.index for number in h1.value.numbers] == [(7, column) for column in range(4)]
    with pytest.raises(UsageError, match="--sample 10: step 0 has the samples 0 to 9"):
        slide_of(step, "", Style(), [10])
    with pytest.raises(UsageError, match="no axis of samples"):
        slide_of(first_step("tensors"), "", Style(), [1])


def test_samples_may_be_columns() -> None:
    sample = slides("columns").content.sample
    assert (sample.count, sample.axis) == (5, -1)


def test_features_are_no_samples() -> None:
    step = trained(lambda x, w: np.sum(w * x), lambda p, y: (p - y) ** 2, {"w": numbers(3)}, {"x": numbers(3, seed=1), "y": 1.0})
    assert slide_of(step, "", Style()).content.sample == WHOLE
    step = trained(
        lambda x, w: np.sum(w @ x), lambda p, y: (p - y) ** 2, {"w": numbers(2, 3)}, {"x": numbers(3, seed=1), "y": 1.0}
    )
    assert slide_of(step, "", Style()).content.sample == WHOLE


def test_rows_that_are_combined_are_not_called_samples() -> None:
    assert not slides("attention").content.sample.is_independent
    assert "row 0 of 4" in slides("attention").whole().svg
    assert "sample 0 of 10" in slides("fruit-pytorch").whole().svg


# What stands out.


def test_numbers_that_are_not_finite_stand_out() -> None:
    step = trained(
        lambda x, w: np.log(x @ w),
        lambda p: np.sum(p),
        {"w": np.array([[1.0], [1.0]])},
        {"x": np.array([[-1.0, 1.0], [1.0, 1.0]])},
    )
    for theme in THEMES.values():
        svg = slide_of(step, "", Style(theme)).whole().svg
        assert re.search(
            rf'<rect [^>]*fill="{theme.not_finite}"/>\n<text [^>]*font-weight="bold" fill="#000000"[^>]*>-inf</text>', svg
        )
        assert_apart(drawn(svg))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_contrasts_are_those_of_wcag_aa(theme: Theme) -> None:
    fills = {
        Role.TEXT: [Kind.DATA, Kind.FORWARD, Kind.LOSS, Kind.PARAMETER, Kind.ELSEWHERE], Role.MUTED: [Kind.PARAMETER, Kind.DATA],
        Role.GRADIENT: [Kind.FORWARD, Kind.LOSS, Kind.PARAMETER], Role.UPDATE: [Kind.PARAMETER],
    }  # fmt: skip
    for role, kinds in fills.items():
        for fill in (theme.background, *(theme.boxes[kind].fill for kind in kinds)):
            assert contrast(colour_of(role, theme), fill) >= 4.5, (role, fill)
    assert contrast("#000000", theme.not_finite) >= 4.5
    for kind in (Kind.DATA, Kind.FORWARD, Kind.LOSS, Kind.PARAMETER, Kind.ELSEWHERE):
        assert contrast(theme.boxes[kind].border, theme.background) >= 3, kind
    for flow in (Flow.VALUE, Flow.GRADIENT):
        assert contrast(theme.arrows[flow].colour, theme.background) >= 3, flow


# Series.


@pytest.mark.parametrize("name", ["fruit-pytorch", "recurrent"])
def test_a_series_grows_in_place(name: str) -> None:
    frames = [set(each.svg.splitlines()[2:]) for each in slides(name).series()]
    assert all(before < after for before, after in itertools.pairwise(frames))
    assert frames[-1] == set(slides(name).whole().svg.splitlines()[2:])
    boxes = len(slides(name).content.boxes)
    assert len(frames) == 2 * boxes + 3
    theme = theme_of("light")
    shows = [any(theme.gradient in line for line in frame if "data-node" in line) for frame in frames]
    assert shows.index(True) == boxes + 1  # after the whole forward pass comes the gradient of the loss
    new = [any(theme.update in line for line in frame) for frame in frames]
    assert new.index(True) == len(frames) - 1


def test_a_series_plays_and_is_whole_without_motion() -> None:
    svg = slides("fruit-pytorch").animated().svg
    assert "prefers-reduced-motion:reduce" in svg
    assert "opacity=" not in svg  # a reader without animations shows everything
    assert [text.text for text in drawn(svg).texts] == [text.text for text in drawn(slides("fruit-pytorch").whole().svg).texts]


def test_the_same_step_gives_the_same_bytes() -> None:
    one, other = (slide_of(first_step("linear-regression"), "", Style(theme_of("dark"))).animated().svg for _ in range(2))
    assert (
        one
        == other
        == replace(slide_of(first_step("linear-regression"), "", Style()), style=Style(theme_of("dark"))).animated().svg
    )


# Ideas.


def titles(function: Any, loss: Any, *arrays: Any) -> list[str]:
    x, w, *y = arrays
    data = {"x": x, **({"y": y[0]} if y else {})}
    return [box.title for box in slide_of(trained(function, loss, {"w": w}, data), "", Style()).content.boxes]


X, W = numbers(6, 3), numbers(3, 2, seed=1)


@pytest.mark.parametrize(
    ("activation", "title"),
    [
        (lambda z: 1 / (1 + np.exp(-z)), "sigmoid"), (sigmoid, "sigmoid"), (lambda z: np.maximum(z, 0), "relu"),
        (lambda z: z * (z > 0), "relu"), (lambda z: np.where(z > 0, z, 0), "relu"), (relu, "relu"), (np.tanh, "tanh"),
        (lambda z: np.exp(z) / np.sum(np.exp(z), axis=-1, keepdims=True), "softmax"), (softmax, "softmax"),
    ],
)  # fmt: skip
def test_activations_are_recognised_however_they_are_written(activation: Any, title: str) -> None:
    found = titles(lambda x, w: activation(x @ w), lambda p: np.sum(p * p), X, W)
    assert title in ", ".join(found).split(", ")


@pytest.mark.parametrize(
    "activation", [lambda z: 1 / (1 + np.exp(z)), lambda z: np.maximum(z, 0.1), lambda z: 1.01 * np.tanh(z), lambda z: np.exp(z)]
)
def test_functions_that_only_look_like_activations_are_not(activation: Any) -> None:
    found = ", ".join(titles(lambda x, w: activation(x @ w), lambda p: np.sum(p * p), X, W)).split(", ")
    assert not {"sigmoid", "relu", "softmax"} & set(found)


LABELS, TARGETS = np.array([0, 1, 1, 0, 1, 0]), numbers(6, 2, seed=2)


@pytest.mark.parametrize(
    ("loss", "y", "title"),
    [
        (lambda p, y: np.mean((y - p) ** 2), TARGETS, "mean squared error"),
        (lambda p, y: 0.5 * np.sum((p - y) * (p - y)), TARGETS, "squared error"),
        (lambda p, y: np.sum(np.square(p - y)) / len(y), TARGETS, "squared error"),
        (lambda p, y: np.mean(np.abs(p - y)), TARGETS, "mean absolute error"),
        (lambda p, y: cross_entropy(p, y), LABELS, "softmax, cross entropy"),
        (lambda p, y: -np.mean((p - np.log(np.sum(np.exp(p), axis=1, keepdims=True)))[np.arange(6), y]), LABELS,
         "softmax, cross entropy"),
    ],
)  # fmt: skip
def test_losses_are_recognised_however_they_are_written(loss: Any, y: Any, title: str) -> None:
    assert titles(lambda x, w: x @ w, loss, X, W, y)[-1] == title


def test_a_loss_with_another_factor_is_not_called_mean() -> None:
    assert titles(lambda x, w: x @ w, lambda p, y: 3 * np.mean((y - p) ** 2), X, W, TARGETS)[-1] == "loss"


def test_the_slide_of_fruit_is_as_reviewed() -> None:
    assert_matches_golden("fruit-slide.svg", slide_of(first_step("fruit-pytorch"), "fruit", Style()).whole().svg)


# Rules and formulas, computed.

FUNCTIONS = {
    **{name: getattr(np, name) for name in ("exp", "log", "sum", "mean", "square", "sqrt", "tanh", "reshape", "where", "sign")},
    "max": np.maximum, "softmax": lambda x: np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True),
    "relu": lambda x: np.maximum(x, 0),
}  # fmt: skip


def computed(text: str, step: Step, **values: np.ndarray) -> np.ndarray | None:
    """The value of a formula with the names of a step; None if it has others."""
    names: dict[str, Any] = {f"v{id}": step.nodes[id].value for id in range(len(step.nodes))}
    for node in sorted(step.nodes, key=lambda node: -len(node.name)):
        if node.name and node.gradient_of is None:
            text = re.sub(rf"(?<![\w#.]){re.escape(node.name)}(?![\w#(])", f"v{node.id}", text)
    try:
        return np.asarray(eval(text, {**FUNCTIONS, **names, **values}))
    except (NameError, SyntaxError):
        return None


@pytest.mark.parametrize("name", ["fruit-pytorch", "linear-regression", "mnist", "recurrent", "residual", "attention"])
def test_rules_and_formulas_give_the_recorded_numbers(name: str) -> None:
    step, content = step_of(name), slides(name).content
    count = 0
    for box in content.boxes:
        exits = [signal for signal in (*content.signals, content.loss) if signal.node in box.ids]
        gradient = step.gradients.get(exits[0].node)
        pairs = [(rule.text, rule.contribution) for rule in box.rules]
        pairs += [
            (each.rule, step.gradients[each.node])
            for each in content.parameters
            if each.rule and each.boxes[0] == at(content, box)
        ]
        found = [(computed(text, step, g=step.nodes[gradient].value), id) for text, id in pairs if text and gradient is not None]
        if len(exits) == 1 and "\n" not in box.formula and box.formula:
            found.append((computed(box.formula, step), exits[0].node))
        for value, id in found:
            if value is not None:
                count += 1
                np.testing.assert_allclose(
                    np.broadcast_to(value, step.nodes[id].shape), step.nodes[id].value, rtol=1e-4, atol=1e-7
                )
    assert count >= 4


def at(content: Any, box: Any) -> int:
    return int(content.boxes.index(box))


def test_own_gradient_that_is_not_the_true_one_is_beside_it(tmp_path: Path) -> None:
    """The new value comes of it."""
    step = traced(tmp_path, IN_THE_LOSS).steps[0]
    (own,) = step.own_gradients.values()
    svg = slide_of(step, "", Style()).whole().svg
    assert "own gradient, differs" in svg
    assert number_text(step.nodes[own].value[0, 0], 3) in [text.text for text in drawn(svg).texts]
    right = traced(tmp_path, IN_THE_LOSS.replace(" + 0.1 * W", "")).steps[0]
    assert "own gradient" not in slide_of(right, "", Style()).whole().svg
