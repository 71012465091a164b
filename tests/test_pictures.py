"""What pictures look like: nothing overflows its box, nothing overlaps, everything is large enough, in every theme and language.

With a folder in TRACER_SHEETS every picture is also written there, to be looked at.
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


def sight_of(name: str, zoom: str) -> ViewSpec:
    """Where a step has more numbers than a picture can show, what goes into its loss."""
    return ViewSpec("tensor", "loss") if (name, zoom) == ("mnist", "scalar") else ViewSpec(zoom)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("zoom", zooms())
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
