"""Slides whose arrows are as wide as the norm of what they carry."""

from __future__ import annotations

import functools
import math
from pathlib import Path

import numpy as np
import pytest

import tracer
from support.slide_steps import STEPS, numbers, squared, step_of, trained
from support.slides import Drawn, Wire, assert_apart, drawn
from tracer.graph.record import Step
from tracer.i18n.language import CODES, language_of
from tracer.nn.attention import attention
from tracer.views.diagrams.theme import Flow, Style, theme_of
from tracer.views.slide.slide import Slides, slide_of

THIN, THICK = 0.8, 4.6


@functools.cache
def placed(name: str, language: str = "en") -> Slides:
    return slide_of(step_of(name), name, Style(tell=language_of(language)), has_weights=True)


def bounds(shown: Drawn) -> tuple[float, float]:
    """What the legend says of the thinnest and the thickest arrow."""
    texts = [text.text for text in shown.texts]
    low, high = (next(text for text in texts if text.endswith(f" or {end}")).split()[0] for end in ("less", "more"))
    return float(low), float(high)


def width_of(norm: float, shown: Drawn) -> float:
    low, high = bounds(shown)
    return THIN + (THICK - THIN) * min(max((math.log(norm) - math.log(low)) / (math.log(high) - math.log(low)), 0.0), 1.0)


def wires(shown: Drawn, tail: str, head: str) -> list[Wire]:
    return [wire for wire in shown.wires if (wire.tail, wire.head) == (tail, head)]


def norm(step: Step, name: str) -> float:
    (node,) = [node for node in step.nodes if node.name == name]
    return float(np.linalg.norm(node.value))


@pytest.mark.parametrize("language", CODES)
@pytest.mark.parametrize("name", STEPS)
def test_wide_arrows_touch_nothing(name: str, language: str) -> None:
    shown = drawn(placed(name, language).whole().svg)
    assert min(text.size for text in shown.texts) >= 14
    assert all(text.area.right <= shown.width for text in shown.texts)
    assert_apart(shown)
    widths = [wire.width for wire in shown.wires]
    assert THIN <= min(widths) < max(widths) <= THICK


def test_arrows_are_as_wide_as_the_norm_of_values_and_gradients() -> None:
    step, shown = step_of("fruit-pytorch"), drawn(placed("fruit-pytorch").whole().svg)
    for tail, head, name in (("b0", "b1", "h1"), ("b1", "b2", "logits"), ("b2", "", "loss")):
        (value,), (gradient,) = wires(shown, tail, head), wires(shown, head, tail)
        assert value.width == pytest.approx(width_of(norm(step, name), shown), abs=0.06)
        assert gradient.width == pytest.approx(width_of(norm(step, f"dL/d{name}"), shown), abs=0.06)
    (value,), (gradient,) = wires(shown, "p0", "b0"), wires(shown, "b0", "p0")
    both = math.hypot(norm(step, "W1"), norm(step, "b1"))
    assert value.width == pytest.approx(width_of(both, shown), abs=0.06)
    both = math.hypot(norm(step, "dL/dW1"), norm(step, "dL/db1"))
    assert gradient.width == pytest.approx(width_of(both, shown), abs=0.06)


def test_a_gradient_arrow_carries_what_comes_back_through_its_box() -> None:
    """`h` is used twice; the gradient of a sum passes on unchanged what arrives."""
    step = trained(
        lambda x, w, v: np.tanh((h := x @ w) @ v) + h, squared, {"w": numbers(3, 2), "v": numbers(2, 2)},
        {"x": numbers(4, 3), "y": numbers(4, 2)},
    )  # fmt: skip
    (h,) = [node for node in step.nodes if node.name == "h"]
    shown = drawn(slide_of(step, "", Style(), has_weights=True).whole().svg)
    colour = theme_of("light").arrows[Flow.GRADIENT].colour
    back = {wire.tail: wire.width for wire in shown.wires if wire.colour == colour and wire.head in ("b0", f"d{h.id}-3")}
    total = step.nodes[step.gradients[h.id]]
    arriving = step.nodes[step.gradients[max(node.id for node in step.nodes if node.op == "add" and h.id in node.inputs)]]
    assert back == {
        "b1": pytest.approx(width_of(float(np.linalg.norm(total.value - arriving.value)), shown), abs=0.06),
        "b3": pytest.approx(width_of(float(np.linalg.norm(arriving.value)), shown), abs=0.06),
    }


def test_an_arrow_of_unknown_size_is_dotted(tmp_path: Path) -> None:
    """What comes back through a box with several uses is added up from the values of a file that has them."""
    step = trained(
        lambda x, w: attention((h := x @ w), h, h) + h, squared, {"w": numbers(3, 4)}, {"x": numbers(8, 3), "y": numbers(8, 4)}
    )
    shown = slide_of(step, "", Style(), has_weights=True)
    assert "dotted" not in shown.whole().svg
    (h,) = [node for node in step.nodes if node.name == "h"]
    outside = next(box for box in shown.content.boxes if box.title == "+")
    arriving = step.nodes[step.gradients[outside.ids[-1]]]
    (inside,) = [wire for wire in drawn(shown.whole().svg).wires if (wire.tail, wire.head) == ("b1", "b0")]
    through = float(np.linalg.norm(step.nodes[step.gradients[h.id]].value - arriving.value))
    assert inside.width == pytest.approx(width_of(through, drawn(shown.whole().svg)), abs=0.06)
    tracer.save(step, tmp_path / "t.sqlite", values="summary")
    svg = slide_of(tracer.open(tmp_path / "t.sqlite").steps[0], "", Style(), has_weights=True).whole().svg
    assert svg.count(">dotted: not kept<") == svg.count('stroke-dasharray="2 3"') == 1


def test_frames_of_a_series_have_the_same_widths() -> None:
    *_, last = placed("fruit-pytorch").series()
    assert last.svg.splitlines()[2:] == placed("fruit-pytorch").whole().svg.splitlines()[2:]
