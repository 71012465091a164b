"""A registered user-defined theme applies to every view."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tracer
from support.cli import run
from support.heat_maps import colours_of
from tracer.graph.record import Step
from tracer.rendering.engine import find_engine
from tracer.views.booklet.booklet import booklet
from tracer.views.booklet.line_chart import line_chart
from tracer.views.booklet.minimap import minimap_of
from tracer.views.diagrams.dot import dot
from tracer.views.diagrams.mermaid import mermaid
from tracer.views.diagrams.theme import LIGHT, THEMES, BoxStyle, Kind, Style, Theme
from tracer.views.diagrams.zoom import ViewSpec, diagrams, zooms
from tracer.views.parameter_history import histories_of

SEPIA = replace(
    LIGHT, name="sepia", background="#F4ECD8", text="#5B4636", curves=("#123456", "#654321"), dashes=("7 1",),
    negative="#010203", positive="#040506", not_finite="#070809", boxes={kind: BoxStyle("#ABCDEF", "#FEDCBA") for kind in Kind},
)  # fmt: skip


@pytest.fixture
def sepia(monkeypatch: pytest.MonkeyPatch) -> Iterator[Theme]:
    monkeypatch.setitem(THEMES, SEPIA.name, SEPIA)
    yield SEPIA


def first_step() -> Step:
    return tracer.run(tracer.load("linear-regression"), steps=1).steps[0]


def colours_in_diagrams(zoom: str, style: Style) -> Iterator[set[str]]:
    """The colours of each diagram of a step, as DOT and as Mermaid."""
    for _, diagram in diagrams(first_step(), ViewSpec(zoom), style):
        for text in (dot(diagram, style), mermaid(diagram, style)):
            yield set(re.findall("#[0-9A-F]{6}", text))


@pytest.mark.parametrize("zoom", ["scenario", "module", "tensor", "scalar"])
def test_theme_applies_to_diagrams(sepia: Theme, zoom: str) -> None:
    for colours in colours_in_diagrams(zoom, Style(sepia)):
        assert {"#ABCDEF", "#FEDCBA", "#5B4636"} <= colours


@pytest.mark.parametrize("zoom", zooms())
def test_no_zoom_uses_colours_of_another_theme(sepia: Theme, zoom: str) -> None:
    for colours in colours_in_diagrams(zoom, Style(sepia)):
        assert not colours & {paint.fill for paint in LIGHT.boxes.values()} - {"#FFFFFF"}


def test_theme_applies_to_charts_and_heat_maps(sepia: Theme) -> None:
    svg = line_chart([("a", [0.0, 1.0]), ("b", [1.0, 0.0])], [0, 1], Style(sepia)).svg
    assert set(re.findall('<polyline [^>]* stroke="([^"]*)"', svg)) == {"#123456", "#654321"}
    assert svg.count('stroke-dasharray="7 1"') == 2
    colours = colours_of(np.array([-2.0, 0.0, 2.0, np.nan]), sepia)[0].tolist()
    assert colours == [[1, 2, 3], [0xF4, 0xEC, 0xD8], [4, 5, 6], [7, 8, 9]]


def test_theme_applies_to_the_booklet(sepia: Theme) -> None:
    trace = tracer.run(tracer.load("linear-regression"), steps=2)
    document = booklet(trace, find_engine("pure").layout, Style(sepia), histories=histories_of(trace))
    assert {"#F4ECD8", "#5B4636", "#123456"} <= set(re.findall("#[0-9A-F]{6}", document))


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_rings_of_the_small_map_stand_out(theme: Theme) -> None:
    step, style = first_step(), Style(theme)
    minimap = minimap_of(step, find_engine("pure").layout, style)
    fills = set(re.findall('<polygon fill="(#[0-9a-f]{6})"', minimap.drawing.svg))
    assert fills
    assert theme.highlight.lower() not in fills
    source = minimap.typst(step.loss_id, step.nodes[step.loss_id].operands, style)
    rings = re.findall(r'stroke: ([\d.]+)pt \+ rgb\("(#\w+)"\)', source)
    assert len(rings) == 2 * (1 + len(set(step.nodes[step.loss_id].operands)))
    for (wide, gap), (narrow, ring) in zip(rings[::2], rings[1::2]):
        assert (gap, ring) == (theme.background, theme.highlight)
        assert float(wide) > float(narrow)


def test_registered_theme_is_an_option_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("trace", "fruit", "--steps", "1", "-q", "--format", "dot", "--theme", "sepia") == 2
    monkeypatch.setitem(THEMES, SEPIA.name, SEPIA)
    assert run("trace", "fruit", "--steps", "1", "-q", "--format", "dot", "--theme", "sepia") == 0
    assert run("render", "fruit", "-o", "x.svg", "--theme", "sepia") == 0
    assert "#f4ecd8" in Path("x.svg").read_text()
    assert run("render", "fruit", "-o", "x.svg", "--theme", "pink") == 2
    assert "'pink' is not one of 'light', 'dark', 'print', 'sepia'" in capsys.readouterr().err
