"""What can be read in the pictures of all zooms, measured from their SVG; slides are measured in tests/test_slides.py.

The ordinary tests draw a selection in which every two of scenario, zoom, theme and language meet; the slow one draws them all.
If TRACER_SHEETS is set to a folder, every picture is also written there for review.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.drawn import boxes_of
from support.geometry import Measured, measured
from support.traces import first_step
from tracer.graph.record import Phase
from tracer.i18n.language import CODES, language_of
from tracer.rendering.document import png
from tracer.rendering.engine import find_engine
from tracer.training.bundled import bundled_names
from tracer.views.diagrams.fallback import laid_out
from tracer.views.diagrams.theme import THEMES, Style, theme_of
from tracer.views.diagrams.zoom import ViewSpec, diagrams, zooms

SHEETS = os.environ.get("TRACER_SHEETS", "")


@dataclass(frozen=True)
class Bounds:
    """How long a picture may be in relation to its other side, and how many texts may lie on a border or an arrow."""

    elongation: float
    on_borders: int = 0
    under_arrows: int = 0


BOUNDS = {
    "scenario": Bounds(2), "module": Bounds(4), "scalar": Bounds(3),
    # Graphviz places a label beside the middle of its arrow, and knows of no border of a cluster there; and it leads arrows into
    # a cluster through the place of its caption.
    "tensor": Bounds(3, on_borders=5, under_arrows=6),
}  # fmt: skip

CASES = list(itertools.product(bundled_names(), zooms(), THEMES, CODES))


def selection() -> list[tuple[str, str, str, str]]:
    """A scenario and a zoom with one theme and language each, so that every two values of different kinds meet."""
    themes, languages = list(THEMES), list(CODES)
    return [
        (name, zoom, themes[(row + column) % len(themes)], languages[(row + column // 2 + row // 3) % len(languages)])
        for row, name in enumerate(bundled_names())
        for column, zoom in enumerate(zooms())
    ]


def drawn(name: str, spec: ViewSpec, theme: str = "light", language: str = "en") -> Measured:
    step = first_step(name)
    style = Style(theme_of(theme), language_of(language)).with_default_direction("LR" if spec.zoom_of(step) == "scalar" else "")
    ((_, diagram),) = diagrams(step, spec, style)
    drawing = laid_out(diagram, style, find_engine("pure").layout)
    if SHEETS:
        path = Path(SHEETS) / f"{name}-{spec.zoom}-{theme}-{language}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(drawing, background=style.theme.background))
    assert len(boxes_of(drawing.svg)) == len(diagram.boxes)
    return measured(drawing.svg)


def assert_within(found: Measured, bounds: Bounds) -> None:
    assert found.smallest >= 9
    assert found.elongation <= bounds.elongation
    assert found.overflowing == found.overlapping == found.labels_on_labels == found.labels_on_boxes == ()
    assert found.arrows_through_boxes == ()
    assert len(found.labels_on_borders) <= bounds.on_borders, found.labels_on_borders
    assert len(found.arrows_through_texts) <= bounds.under_arrows, found.arrows_through_texts


def test_every_two_meet_in_the_selection() -> None:
    for one, other in itertools.combinations(range(4), 2):
        assert {(case[one], case[other]) for case in selection()} == {(case[one], case[other]) for case in CASES}


@pytest.mark.parametrize(("name", "zoom", "theme", "language"), selection())
def test_pictures_can_be_read(name: str, zoom: str, theme: str, language: str) -> None:
    assert_within(drawn(name, ViewSpec(zoom), theme, language), BOUNDS[zoom])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "zoom", "theme", "language"), [case for case in CASES if case not in selection()])
def test_all_pictures_can_be_read(name: str, zoom: str, theme: str, language: str) -> None:
    assert_within(drawn(name, ViewSpec(zoom), theme, language), BOUNDS[zoom])


@pytest.mark.parametrize(
    ("name", "spec", "elongation"),
    [("fruit-keras", ViewSpec("tensor", phases=(Phase.BACKWARD,)), 3.5), ("fruit-sgd", ViewSpec("tensor", "loss"), 3),
     ("fruit-keras", ViewSpec("tensor", phases=(Phase.UPDATE,)), 1.5), ("fruit-pytorch", ViewSpec("", "dL/dW1[0,2]"), 2.5),
     # Six updates that have nothing in common, in rows.
     ("mnist", ViewSpec("tensor", phases=(Phase.UPDATE,)), 2)],
)  # fmt: skip
def test_parts_of_pictures_can_be_read(name: str, spec: ViewSpec, elongation: float) -> None:
    assert_within(drawn(name, spec), Bounds(elongation, 5, 6))


PICTURE = """<svg width="200pt" height="100pt" xmlns="http://www.w3.org/2000/svg">
<g id="t-cluster_0" class="cluster"><polygon points="0,0 90,0 90,90 0,90"/></g>
<g id="t-a" class="node"><polygon points="10,10 40,10 40,40 10,40"/></g>
<g id="t-b" class="node"><polygon points="{b}"/><text x="152" y="25" text-anchor="start" font-size="{size}">{text}</text></g>
<g id="t-c" class="node"><polygon points="{c}"/></g>
<g id="t-a--b" class="edge"><path d="M40,20C80,20 100,20 150,20"/>
<text x="{x}" y="{y}" text-anchor="start" font-size="9">rule</text></g></svg>"""
FINE = {"b": "150,10 190,10 190,40 150,40", "c": "60,50 80,50 80,80 60,80", "size": 9, "text": "x", "x": 110, "y": 60}


@pytest.mark.parametrize(
    ("fault", "changed"),
    [("overflowing", {"text": "far too long"}), ("overlapping", {"c": "30,30 60,30 60,60 30,60"}),
     ("labels_on_boxes", {"x": 160, "y": 35}), ("labels_on_borders", {"x": 80}),
     ("arrows_through_boxes", {"c": "60,10 80,10 80,40 60,40"}), ("arrows_through_texts", {"y": 23})],
)  # fmt: skip
def test_faults_are_found(fault: str, changed: dict[str, object]) -> None:
    faults = ("overflowing", "overlapping", "labels_on_labels", "labels_on_boxes", "labels_on_borders", "arrows_through_boxes",
              "arrows_through_texts")  # fmt: skip
    fine = measured(PICTURE.format(**FINE))
    assert not any(getattr(fine, each) for each in faults)
    assert (fine.smallest, fine.elongation, fine.arrows) == (9, 2, 1)
    found = measured(PICTURE.format(**FINE | changed))
    assert getattr(found, fault)
    assert measured(PICTURE.format(**FINE | {"size": 6})).smallest == 6
