"""Colours of the themes: contrasts of WCAG 2.1, and differences that colour-blind readers see.

Text has a contrast of 4.5:1 on whatever it is written on (success criterion 1.4.3), borders, arrows and lines of 3:1 (1.4.11).
Clusters have no fill: what is in them is on the page.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from support.traces import first_step
from tracer.views.diagrams.dot import ALARM_TEXT, dot
from tracer.views.diagrams.theme import DARK, LIGHT, PRINT, THEMES, Flow, Kind, Style, Theme
from tracer.views.diagrams.zoom import ViewSpec, diagrams

TEXT, BORDER = 4.5, 3.0

# G. M. Machado, M. M. Oliveira, L. A. F. Fernandes: A Physiologically-based Model for Simulation of Color Vision Deficiency,
# IEEE Transactions on Visualization and Computer Graphics 15 (2009), 1291-1298: the matrices of severity 1.0, for linear RGB.
SIGHTS = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip

DIFFERENCE = 15.0
"""Minimum distance in CIE L*a*b* (1976) of colours that are told apart; 2.3 is just noticeable side by side."""

XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
"""Linear sRGB to CIE XYZ (IEC 61966-2-1)."""

WHITE = XYZ.sum(axis=1)

every_theme = pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    dark, bright = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (bright + 0.05) / (dark + 0.05)


def seen(colour: str, sight: str) -> np.ndarray:
    """The colour in L*a*b* as it is seen."""
    relative = XYZ @ np.clip(SIGHTS[sight] @ linear(colour), 0, 1) / WHITE
    x, y, z = np.where(relative > 216 / 24389, np.cbrt(relative), (24389 / 27 * relative + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def difference(one: str, other: str, sight: str) -> float:
    return float(np.linalg.norm(seen(one, sight) - seen(other, sight)))


def test_known_contrasts_and_differences() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert seen("#FF0000", "usual") == pytest.approx([53.24, 80.09, 67.20], abs=0.05)
    assert difference("#C00000", "#006000", "protanopia") < 0.5 * difference("#C00000", "#006000", "usual")
    for matrix in SIGHTS.values():
        assert matrix.sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-5)  # grey stays grey


@every_theme
def test_texts_can_be_read_on_every_box_and_on_the_page(theme: Theme) -> None:
    grounds = {"page": theme.background} | {kind.value: style.fill for kind, style in theme.boxes.items()}
    for name in ("text", "muted", "gradient", "update"):
        for ground, colour in grounds.items():
            assert contrast(getattr(theme, name), colour) >= TEXT, (name, ground)
    assert contrast(ALARM_TEXT, theme.not_finite) >= TEXT


@every_theme
def test_borders_can_be_seen_on_their_box_and_on_the_page(theme: Theme) -> None:
    for kind, style in theme.boxes.items():
        assert contrast(style.border, style.fill) >= BORDER, kind
        assert contrast(style.border, theme.background) >= BORDER, kind
    for name in ("frame", "highlight", "negative", "positive", "not_finite"):
        assert contrast(getattr(theme, name), theme.background) >= BORDER, name
    for colour in theme.curves:
        assert contrast(colour, theme.background) >= BORDER, colour


@every_theme
def test_arrows_can_be_seen_on_the_page_and_before_boxes(theme: Theme) -> None:
    for flow, line in theme.arrows.items():
        for ground in (theme.background, *(style.fill for style in theme.boxes.values())):
            assert flow is Flow.ORDER or contrast(line.colour, ground) >= BORDER, (flow, ground)


@every_theme
def test_rings_can_be_seen_around_numbers_that_are_not_finite(theme: Theme) -> None:
    for ground in (style.fill for style in theme.boxes.values()):
        assert contrast(theme.text, ground) >= BORDER


def test_clusters_have_no_fill() -> None:
    ((_, diagram),) = diagrams(first_step("fruit"), ViewSpec("tensor"), Style())
    assert diagram.clusters
    frames = [line for line in dot(diagram, Style()).splitlines() if 'style="rounded,dashed"' in line]
    assert frames
    assert not any("fill" in line or "bgcolor" in line for line in frames)


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_what_is_told_apart_by_colour_differs_for_every_sight(theme: Theme, sight: str) -> None:
    groups = {
        "numbers": {"value": theme.text, "gradient": theme.gradient, "new value": theme.update},
        "arrows": {flow.value: line.colour for flow, line in theme.arrows.items() if flow is not Flow.ORDER},
        "leaves": {kind.value: theme.boxes[kind].border for kind in (Kind.PARAMETER, Kind.DATA, Kind.LOSS)},
        "signs": {"negative": theme.negative, "positive": theme.positive},
    }
    for name, colours in groups.items():
        for (one, colour), (other, another) in itertools.combinations(colours.items(), 2):
            assert difference(colour, another, sight) >= DIFFERENCE, (name, one, other)


@pytest.mark.parametrize("sight", SIGHTS)
@every_theme
def test_kinds_of_boxes_differ_in_colour_or_in_their_lines(theme: Theme, sight: str) -> None:
    """By less than numbers, as boxes have titles. The plus of gradients is a circle in the colours of the backward pass."""
    for (kind, one), (other, another) in itertools.combinations(theme.boxes.items(), 2):
        if Kind.PLUS in (kind, other) or (one.width, one.style) != (another.width, another.style):
            continue
        fills, borders = difference(one.fill, another.fill, sight), difference(one.border, another.border, sight)
        assert max(fills, borders) >= 9, (kind, other)


def test_the_print_theme_needs_no_colour() -> None:
    assert len({line.style for flow, line in PRINT.arrows.items() if flow is not Flow.ORDER}) == 3
    assert {PRINT.text, PRINT.gradient, PRINT.update, PRINT.negative, PRINT.positive} == {"#000000"}
    assert len(PRINT.dashes) == len(set(PRINT.dashes)) == 8
    # On grey paper a number that is not finite is darker than any box, and black on it can be read.
    assert all(contrast(PRINT.not_finite, style.fill) >= 2.5 for style in PRINT.boxes.values())
