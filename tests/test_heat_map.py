"""Heat maps of arrays with any contents."""

from __future__ import annotations

import re

import numpy as np
import pytest

from support.heat_maps import colours_of, pixels_of
from tracer.views.booklet.heat_map import MAX_CELLS, PIXELS, block_of, cells_of, colour_scale, has_bars, heat_map, image_index
from tracer.views.diagrams.theme import DARK, PRINT, THEMES, Style


def test_signs_have_colours_and_zero_is_the_background() -> None:
    negative, zero, positive = colours_of(np.array([-2.0, 0.0, 2.0]))[0].tolist()
    assert zero == [255, 255, 255]
    assert negative[2] > negative[0]
    assert positive[0] > positive[2]
    assert colours_of(np.array([0.0, 1.0]), DARK)[0, 0].tolist() == [0x14, 0x17, 0x1C]
    black = colours_of(np.array([-2.0, 0.0, 2.0, 1.0]), PRINT)[0].tolist()
    assert black[0] == black[2] == [0, 0, 0]
    assert 0 < black[3][0] < 255


def test_signs_differ_without_colours() -> None:
    """In every theme a negative number looks different from the positive one of its magnitude."""
    magnitudes = np.array([1.0, 0.75, 0.5, 0.3, 0.05])
    for theme in THEMES.values():
        negative, positive = pixels_of(-magnitudes, theme), pixels_of(magnitudes, theme)
        for cell in range(len(magnitudes)):
            columns = slice(cell * PIXELS, (cell + 1) * PIXELS)
            difference = np.abs(negative[:, columns].astype(int) - positive[:, columns]).max()
            assert difference > (70 if has_bars(theme) else 5)
    assert has_bars(PRINT)
    plain = pixels_of(np.array([0.0, 0.5, np.nan]), PRINT)
    colours = [len(np.unique(plain[:, at : at + PIXELS].reshape(-1, 3), axis=0)) for at in range(0, 3 * PIXELS, PIXELS)]
    assert colours == [1, 1, 2]  # a number that is not finite has a cross


@pytest.mark.parametrize("constant", [0.0, 1.0, -3.5, 1e300, 1e-300])
def test_constant_array_has_one_colour(constant: float) -> None:
    assert len(np.unique(colours_of(np.full((5, 7), constant)).reshape(-1, 3), axis=0)) == 1


def test_nonfinite_values_are_magenta_and_do_not_change_others() -> None:
    found = colours_of(np.array([[1.0, np.nan], [np.inf, -1.0]]))
    assert found[0, 1].tolist() == found[1, 0].tolist() == [255, 0, 160]
    assert (found[[0, 1], [0, 1]] == colours_of(np.array([[1.0, -1.0]]))[0]).all()
    assert (colours_of(np.full((2, 2), np.nan)) == [255, 0, 160]).all()
    assert (colours_of(np.array([1e308, 1e308] * 40))[0, 0] != [255, 255, 255]).any()  # an overflowing sum is not an error


@pytest.mark.parametrize(
    ("shape", "cells"),
    [((), (1, 1)), ((4,), (1, 4)), ((3, 2), (3, 2)), ((3, 2, 2), (3, 4)), ((40, 3), (32, 3)), ((1, 1000), (1, 32)),
     ((784, 256), (32, 32)), ((2, 3, 4, 5), (2, 32))],
)  # fmt: skip
def test_array_shape_sets_the_cells(shape: tuple[int, ...], cells: tuple[int, int]) -> None:
    assert colours_of(np.ones(shape)).shape[:2] == cells


@pytest.mark.parametrize("kind", ["bool", "int8", "uint64", "float32"])
def test_every_dtype_is_drawn(kind: str) -> None:
    assert colours_of(np.array([[0, 1], [1, 0]], dtype=kind)).shape == (2, 2, 3)


def test_cell_is_the_mean_of_its_block() -> None:
    value = np.arange(96.0).reshape(96, 1)
    assert cells_of(value)[:, 0].tolist() == [3 * row + 1 for row in range(32)]
    value = np.random.default_rng(0).normal(size=(100, 70))
    down, across = block_of(value.shape)
    assert down * MAX_CELLS >= 100
    assert across * MAX_CELLS >= 70
    assert abs(float(cells_of(np.full((100, 70), 2.5)).mean()) - 2.5) < 1e-12


def test_empty_array_has_no_picture() -> None:
    for shape in ((0,), (0, 3), (3, 0)):
        heat_map(np.zeros(shape), Style())


def test_scale_has_the_numbers_at_its_ends() -> None:
    texts = re.findall(r">([^<>]+)</text>", colour_scale(np.array([[-2.0, 0.5], [1.0, np.nan]]), Style()).svg)
    assert texts == ["-2", "2"]
    assert re.findall(r">([^<>]+)</text>", colour_scale(np.array([[0.0, 0.25]]), Style()).svg) == ["0", "0.25"]


@pytest.mark.parametrize(("shape", "index"), [((9, 28, 28), (0,)), ((2, 3, 8, 8), (0, 0)), ((28, 28), None), ((5, 28, 7), None)])
def test_images_are_the_last_two_axes(shape: tuple[int, ...], index: tuple[int, ...] | None) -> None:
    assert image_index(shape) == index
