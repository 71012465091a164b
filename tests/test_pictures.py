"""The geometry of pictures: no overflow, no overlap, no small text, in every zoom and language.

If TRACER_SHEETS is set to a folder, every picture is also written there for review.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.drawn import assert_readable
from support.traces import first_step
from tracer.i18n.language import LANGUAGES, language_of
from tracer.rendering.document import png
from tracer.rendering.engine import find_engine
from tracer.training.loading import bundled_names
from tracer.views.diagrams.dot import dot
from tracer.views.diagrams.theme import THEMES, Style, theme_of
from tracer.views.diagrams.zoom import ViewSpec, diagrams, zooms

SHEETS = os.environ.get("TRACER_SHEETS", "")


def spec_of(name: str, zoom: str) -> ViewSpec:
    """The zoom; for a step with too many numbers for a picture, focused on the loss."""
    return ViewSpec("tensor", "loss") if (name, zoom) == ("mnist", "scalar") else ViewSpec(zoom)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("zoom", zooms())
@pytest.mark.parametrize("name", bundled_names())
def test_nothing_overflows_or_overlaps(name: str, zoom: str, language: str) -> None:
    engine = find_engine("pure")
    for theme in THEMES:
        style = Style(theme_of(theme), language_of(language), "LR" if spec_of(name, zoom).zoom == "scalar" else "")
        ((_, diagram),) = diagrams(first_step(name), spec_of(name, zoom), style)
        drawing = engine.layout(dot(diagram, style))
        if SHEETS:
            path = Path(SHEETS) / f"{name}-{zoom}-{theme}-{language}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(drawing, background=style.theme.background))
        assert_readable(drawing.svg, len(diagram.boxes))
