"""Slides of several samples beside each other."""

from __future__ import annotations

import functools
import re
from typing import Any

import pytest

from support.drawn import Area
from support.slide_steps import STEPS, step_of
from support.slides import Text, assert_apart, drawn
from support.traces import first_step
from tracer.errors import UsageError
from tracer.i18n.language import CODES, language_of
from tracer.views.diagrams.theme import Style
from tracer.views.ideas.flow import flow_of
from tracer.views.noise import NOISE
from tracer.views.notation import number_text
from tracer.views.slide.slide import Slides, slide_of
from tracer.views.slide.structure.samples import sample_of

CHOSEN = (0, 2)


@functools.cache
def placed(name: str, language: str = "en") -> Slides:
    return slide_of(step_of(name), name, Style(tell=language_of(language)), CHOSEN)


WITH_SAMPLES = [name for name in STEPS if sample_of(flow_of(step_of(name)), ()).count > 2]


@pytest.mark.parametrize("language", CODES)
@pytest.mark.parametrize("name", WITH_SAMPLES)
def test_two_samples_can_be_read_beside_each_other(name: str, language: str) -> None:
    shown = drawn(placed(name, language).whole().svg)
    page = Area(0, 0, shown.width, shown.height)
    assert min(text.size for text in shown.texts) >= 14
    assert all(page.holds(each) for each in (*(text.area for text in shown.texts), *shown.panels.values()))
    assert_apart(shown)


@pytest.mark.parametrize("name", WITH_SAMPLES)
def test_numbers_are_those_of_the_sample_above_them(name: str) -> None:
    """Every number of a value with an axis of samples is the recorded one, and stands below the heading of its sample."""
    step, content = step_of(name), placed(name).content
    texts = drawn(placed(name).whole().svg).texts
    signals = {each.node for signal in (*content.signals, content.loss) for each in (signal.value, signal.gradient) if each}
    found: dict[int, list[tuple[int, Text]]] = {}
    for text in texts:
        if text.node is not None:
            value = step.nodes[text.node].value[text.index].item()
            assert text.text in (number_text(value, 3), NOISE)
            if text.node in signals and content.sample.of(step.nodes[text.node].shape):
                found.setdefault(text.node, []).append((text.index[content.sample.axis], text))
    assert found
    headings = [(int(match[1]), text) for text in texts if (match := re.fullmatch(r"(?:sample|row|column) (\d+)", text.text))]
    for numbers in found.values():
        assert {sample for sample, _ in numbers} == set(CHOSEN)
        assert len({sample for sample, text in numbers if text.area.top == numbers[0][1].area.top}) == len(CHOSEN)
        for sample, text in numbers:
            above = [(heading, each) for heading, each in headings if each.area.top < text.area.top and overlaps(each, text)]
            assert max(above, key=lambda pair: pair[1].area.top)[0] == sample, text


def overlaps(one: Text, other: Text) -> bool:
    return min(one.area.right, other.area.right) > max(one.area.left, other.area.left)


def test_the_heading_names_the_samples() -> None:
    assert ">samples 0, 2 of 10; the loss" in placed("fruit-pytorch").whole().svg
    assert ">rows 0, 2 of 4; the loss" in placed("attention").whole().svg
    svg = slide_of(step_of("fruit-pytorch"), "", Style(), [4, 4]).whole().svg
    assert ">sample 4 of 10; the loss" in svg


def test_values_without_samples_stand_once() -> None:
    step, texts = step_of("fruit-pytorch"), drawn(placed("fruit-pytorch").whole().svg).texts
    assert sum(text.node == step.loss_id for text in texts) == 1


def test_images_stand_beside_each_other() -> None:
    svg = placed("mnist").whole().svg
    assert svg.count("data-image") == 2
    left = [float(x) for x in re.findall(r'data-image="\d+"><rect x="([\d.]+)"', svg)]
    assert left[0] + 64 <= left[1]


def test_the_error_says_how_many_samples_fit() -> None:
    step = step_of("fruit-pytorch")
    with pytest.raises(UsageError, match=r"--sample 0,1,2,3,4,5,6,7: the slide of step 0 has room for \d beside") as caught:
        slide_of(step, "", Style(), range(8))
    most = int(re.findall(r"room for (\d)", str(caught.value))[0])
    assert most > 1
    assert_apart(drawn(slide_of(step, "", Style(), range(most)).whole().svg))
    with pytest.raises(UsageError, match=f"room for {most} beside"):
        slide_of(step, "", Style(), range(most + 1))


def test_samples_that_are_not_there_are_named() -> None:
    with pytest.raises(UsageError, match="--sample 12: step 0 has the samples 0 to 9"):
        slide_of(step_of("fruit-pytorch"), "", Style(), [0, 12])
    with pytest.raises(UsageError, match="--sample 0,1: the values of step 0 have no axis of samples"):
        slide_of(first_step("tensors"), "", Style(), [0, 1])


def test_a_notebook_shows_several_samples() -> None:
    step: Any = first_step("linear-regression")
    assert "samples 1, 3 of 50" in step.slide(sample=[1, 3])
    assert "sample 3 of 50" in step.slide(sample=3)
