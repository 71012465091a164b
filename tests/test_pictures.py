"""What pictures look like: nothing overflows its box, nothing overlaps, everything is large enough, in every theme and language.

With a folder in TRACER_SHEETS every picture is also written there, to be looked at.
"""

from __future__ import annotations

import functools
import itertools
import os
from pathlib import Path

import pytest

import tracer
from measured import arrows_of, boxes_of, sizes_of
from tracer.graph.record import Step
from tracer.i18n.language import LANGUAGES, language_of
from tracer.rendering.document import png
from tracer.rendering.engine import find_engine
from tracer.training.loading import bundled_names
from tracer.views.diagrams.dot import CAPTIONS, NUMBERS, dot
from tracer.views.diagrams.theme import THEMES, Style, theme_of
from tracer.views.diagrams.zoom import ZOOMS, ViewSpec, diagrams

SHEETS = os.environ.get("TRACER_SHEETS", "")


@functools.cache
def first_step(name: str) -> Step:
    return tracer.run(tracer.load(name), steps=1).steps[0]


def sight_of(name: str, zoom: str) -> ViewSpec:
    """Where a step has more numbers than a picture can show, what goes into its loss."""
    return ViewSpec("tensor", "loss") if (name, zoom) == ("mnist", "scalar") else ViewSpec(zoom)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("zoom", ZOOMS)
@pytest.mark.parametrize("name", bundled_names())
def test_nothing_overflows_or_overlaps(name: str, zoom: str, language: str) -> None:
    engine = find_engine("pure")
    for theme in THEMES:
        style = Style(theme_of(theme), language_of(language), "LR" if sight_of(name, zoom).zoom == "scalar" else "")
        ((_, diagram),) = diagrams(first_step(name), sight_of(name, zoom), style)
        drawing = engine.layout(dot(diagram, style))
        if SHEETS:
            path = Path(SHEETS) / f"{name}-{zoom}-{theme}-{language}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(drawing, background=style.theme.background))
        assert_readable(drawing.svg, len(diagram.boxes))


def assert_readable(svg: str, count: int) -> None:
    """Every text lies within its box, no boxes overlap, no label lies on a box, no type is too small."""
    boxes = boxes_of(svg)
    assert len(boxes) == count
    assert min(sizes_of(svg)) >= min(NUMBERS, CAPTIONS) == 9
    for box in boxes.values():
        for text in box.texts:
            assert box.outline.holds(text.area, 0.5), (box, text)
    for one, other in itertools.combinations(boxes.values(), 2):
        assert one.outline.overlap(other.outline) == 0, (one, other)
    labels = [text for arrow in arrows_of(svg) for text in arrow.texts]
    for text in labels:
        for box in boxes.values():
            assert box.outline.overlap(text.area) == 0, (text, box)
    for one, other in itertools.combinations(labels, 2):
        assert one.area.overlap(other.area) < 0.5, (one, other)
