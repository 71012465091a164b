"""Conventions of elementwise operations at kinks, jumps and poles, and functions that share an operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracer


def gradients(function: Callable[..., Any], *arrays: Any) -> list[list[float]]:
    step = tracer.trace(lambda *tensors: np.sum(function(*tensors)), *map(np.asarray, arrays))
    return [step.gradient(f"argument{position}").tolist() for position in range(len(arrays))]


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
@pytest.mark.parametrize(
    ("function", "arrays", "expected"),
    [
        (np.hypot, ([0.0, 3.0], [0.0, 4.0]), [[0, 0.6], [0, 0.8]]),
        (np.arctan2, ([0.0, 0.0], [0.0, -2.0]), [[0, -0.5], [0, 0]]),
        (np.fabs, ([-2.0, 0.0, 3.0],), [[-1, 0, 1]]),
        (np.copysign, ([-2.0, 0.0, 3.0], [-1.0, -1.0, -1.0]), [[1, 0, -1], [0, 0, 0]]),
        (np.heaviside, ([-2.0, 0.0, 3.0], [0.5, 0.5, 0.5]), [[0, 0, 0], [0, 1, 0]]),
        (np.remainder, ([7.0, -7.0, 6.0], [3.0, 3.0, 3.0]), [[1, 1, 1], [-2, 3, -2]]),
        (np.fmod, ([7.0, -7.0, 6.0], [3.0, 3.0, 3.0]), [[1, 1, 1], [-2, 2, -2]]),
        (np.fmax, ([1.0, 2.0, np.nan, 4.0], [1.0, 3.0, 3.0, np.nan]), [[0.5, 0, 0, 1], [0.5, 1, 1, 0]]),
        (np.fmin, ([1.0, 2.0, np.nan, 4.0], [1.0, 3.0, 3.0, np.nan]), [[0.5, 1, 0, 1], [0.5, 0, 1, 0]]),
        (np.nan_to_num, ([np.nan, 1.0, np.inf, -np.inf],), [[0, 1, 0, 0]]),
        (lambda x: np.nan_to_num(x, nan=3.0, posinf=1.0), ([np.nan, 1.0, np.inf],), [[0, 1, 0]]),
        (np.logaddexp, ([-np.inf, 0.0, 1e8], [0.0, -1e3, 1e8]), [[0, 1, 0.5], [1, 0, 0.5]]),
        (np.sinc, ([0.0, 1.0],), [[0, -1]]),
        (np.unwrap, ([0.0, 3.5, 7.0],), [[1, 1, 1]]),
        (np.cbrt, ([-8.0, 8.0],), [[1 / 12, 1 / 12]]),
        (lambda x, y: sum(np.divmod(x, y)), ([7.0, -7.0], [3.0, 3.0]), [[1, 1], [-2, 3]]),
        (lambda x, y: sum(divmod(x, y)), ([7.0, -7.0], [3.0, 3.0]), [[1, 1], [-2, 3]]),
        (lambda x: np.modf(x)[0] + 5 * np.modf(x)[1], ([-1.5, 2.25],), [[1, 1]]),
    ],
)
def test_documented_derivatives(function: Callable[..., Any], arrays: Any, expected: Any) -> None:
    np.testing.assert_allclose(gradients(function, *arrays), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("one", "other"),
    [(np.deg2rad, np.radians), (np.rad2deg, np.degrees), (np.remainder, np.mod), (np.round, np.around), (np.conj, np.conjugate)],
)
def test_names_of_one_function_record_one_operation(one: Callable[..., Any], other: Callable[..., Any]) -> None:
    arguments = ([2.0],) if one is np.remainder else ()
    steps = [
        tracer.trace(lambda x, function=function: np.sum(x * function(x, *arguments)), np.array([1.25, -7.5]))
        for function in (one, other)
    ]
    assert steps[0].nodes[2].op == steps[1].nodes[2].op
    assert steps[0].gradient("x").tobytes() == steps[1].gradient("x").tobytes()


@pytest.mark.parametrize("x", [1e-9, 1e-4, 0.3, 0.6, 0.7, 1.0, 1.3, 5.5, 100.25])
def test_derivatives_of_sinc_have_all_digits(x: float) -> None:
    """Against the integral of (pi t)**n cos(pi x t + n pi / 2) over t from 0 to 1."""
    from tracer.ops.families.elementwise.trigonometry import sinc_derivative

    points, weights = np.polynomial.legendre.leggauss(400)
    t, weights = (points + 1) / 2, weights / 2
    for order in range(5):
        expected = np.sum(weights * (np.pi * t) ** order * np.cos(np.pi * x * t + order * np.pi / 2))
        np.testing.assert_allclose(sinc_derivative(np.array(x), order), expected, rtol=1e-11, atol=1e-13 * np.pi**order)
