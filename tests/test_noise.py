"""Rounding noise, and nothing else, is written as `~0`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.graph.record import Step, Trace
from tracer.graph.summary import Summary, summary_of
from tracer.ops.elementwise import Elementwise
from tracer.views.booklet.operation_page import full_lines
from tracer.views.diagrams.theme import Style
from tracer.views.grids import content_lines, grid_lines
from tracer.views.noise import NOISE, Noise
from tracer.views.notation import content_text
from tracer.views.text.detail import element_lines, node_lines
from tracer.views.text.log import log_text

RNG = np.random.default_rng(0)
TENTH = np.array([0.1, 0.2, -0.3])
"""Their sum is a rounding error: 0.1 + 0.2 is not 0.3."""


def noise_of_result(function: Any, *arrays: Any) -> tuple[np.ndarray, np.ndarray]:
    """The value of the last operation before the loss, and which of its elements are noise."""
    step = tracer.trace(lambda *inputs: np.sum(function(*inputs) * 1.0), *arrays)
    users = [node for node in step.nodes if node.op == "multiply" and node.phase.value in ("forward", "loss")]
    node = step.nodes[users[-1].operands[0]]
    mask = Noise(step.nodes).of(node)
    return node.value, np.zeros(node.shape, bool) if mask is None else mask


class Summarised:
    """A value stored as a summary."""

    is_kept = False

    def __init__(self, summary: Summary) -> None:
        self.summary = summary

    def load(self) -> np.ndarray:
        raise AssertionError("it was not kept")


def cancelling(*shape: int) -> np.ndarray:
    """Numbers and their negatives alternating along the last axis."""
    half = RNG.normal(size=shape)
    return np.concatenate((half, -half), axis=-1)


@pytest.mark.parametrize(
    ("function", "arrays"),
    [
        (lambda x: np.sum(x), (TENTH,)),
        (lambda x: np.sum(x, axis=1), (np.stack((TENTH, TENTH[::-1])),)),
        (lambda x: np.mean(x, axis=0, keepdims=True), (np.stack((TENTH, TENTH), axis=1),)),
        (lambda x, y: x + y, (np.array([0.1 + 0.2]), np.array([-0.3]))),
        (lambda x, y: x - y, (np.array([[0.1 + 0.2]]), np.array([0.3]))),
        (lambda x, y: x @ y, (np.stack((TENTH, TENTH)), np.ones((3, 2)))),
        (lambda x, y: x @ y, (TENTH, np.ones(3))),
        (lambda x, y: np.dot(x, y), (TENTH, np.ones(3))),
        (lambda x, y: np.dot(x, y), (np.stack((TENTH, TENTH)), np.ones((2, 3, 2)))),
        (lambda x, y: np.einsum("ij,jk->ik", x, y), (np.stack((TENTH, TENTH)), np.ones((3, 2)))),
        (lambda x: np.einsum("ij->i", x), (np.stack((TENTH, TENTH)),)),
        (lambda x: np.var(x, axis=1), (np.full((2, 3), 0.1),)),
        (lambda x: np.std(x), (np.full(3, 0.1),)),
    ],
)
def test_cancelling_sums_are_noise(function: Any, arrays: tuple[np.ndarray, ...]) -> None:
    value, noise = noise_of_result(function, *arrays)
    assert value.any(), "the sum is exactly zero: nothing is tested"
    assert noise[value != 0].all()
    assert not noise[value == 0].any()


@pytest.mark.parametrize(
    ("function", "arrays"),
    [
        (lambda x: np.sum(x), (np.array([0.1, 0.2, -0.3 + 1e-14]),)),
        (lambda x: np.mean(x), (np.array([1e-300, 2e-300]),)),
        (lambda x, y: x + y, (np.array([1.0]), np.array([-1.0 + 1e-15]))),
        (lambda x, y: x * y, (np.array([1e-20]), np.array([1.0]))),
        (lambda x, y: x @ y, (np.array([[1e-20, 0.0], [1e10, 1e10]]), np.eye(2))),
        (lambda x, y: np.einsum("i,i->", x, y), (np.array([1e-20, 0.0]), np.array([1.0, 1e20]))),
        (lambda x: np.std(x), (np.array([1.0, 1.0 + 1e-13]),)),
        (lambda x: x[0] + x[1], (np.array([np.inf, 1e-300]),)),
    ],
)
def test_small_numbers_are_not_noise(function: Any, arrays: tuple[np.ndarray, ...]) -> None:
    """Each element is compared with its own terms, not with the largest of the array."""
    value, noise = noise_of_result(function, *arrays)
    assert value.any()
    assert not noise.any()


def test_cancelling_scattered_gradients_are_noise() -> None:
    """The gradient of an element that is indexed several times is a sum."""

    def function(x: Any) -> Any:
        return np.sum(x[np.array([0, 0, 0, 1])] * np.array([0.1, 0.2, -0.3, 1e-20]))

    step = tracer.trace(function, np.ones(2))
    node = step.nodes[step.gradients[0]]
    assert node.op == "scatter"
    assert 0 < abs(node.value[0]) < 1e-16
    assert list(Noise(step.nodes).of(node)) == [True, False]


def test_single_precision_has_a_larger_noise_bound() -> None:
    value, noise = noise_of_result(lambda x: np.sum(x, axis=1), cancelling(3, 7).astype(np.float32) + np.float32(1e-4) * 0)
    assert noise[value != 0].all()
    # Converted to double precision, the sum of the same numbers is exact.
    value, noise = noise_of_result(lambda x, y: x - y, np.array([1.0]), np.array([1.0 + 2**-24]))
    assert value.any()
    assert not noise.any()


def test_single_element_agrees_with_the_whole_array() -> None:
    """In an array too large to check as a whole, an element is checked by itself."""
    rows = np.stack([TENTH, [0.1, 0.2, 0.3], [1e-20, 0.0, 0.0]])
    step = tracer.trace(lambda x: np.sum(np.sum(x, axis=1) * 1.0), np.tile(rows, (40, 1)))
    node = next(node for node in step.nodes if node.op == "sum")
    noise = Noise(step.nodes)
    assert node.size > 64
    mask = noise.of(node)
    assert mask is not None
    assert [noise.at(node, (at,)) for at in range(6)] == [True, False, False] * 2 == list(mask[:6])


@pytest.fixture(scope="module")
def step() -> Step:
    def function(x: Any, w: Any) -> Any:
        total = np.sum(x * w, axis=1)
        return np.sum(total * total + w[0])

    return tracer.trace(function, np.stack((TENTH, TENTH + 1.0)), np.ones(3))


def test_every_view_shows_noise(step: Step) -> None:
    trace = Trace("cancelling", "", 0, "float64", {}, {}, (step,))
    node = next(node for node in step.nodes if node.op == "sum")
    assert content_text(node, Noise(step.nodes)) == f"[{NOISE} 3]"
    assert content_lines(node, Noise(step.nodes)) == [f"{NOISE} 3"]
    log = log_text(trace)
    assert re.search(rf"^ +\[{NOISE} 3\]\n +\S.*\[0\] = 0\.1 \+ 0\.2 - 0\.3 = {NOISE}$", log, re.MULTILINE)
    assert any(f"value      {NOISE} 3" in line for line in node_lines(trace, step, node))
    assert any(line.endswith(f"= {NOISE}") for line in element_lines(step, node, (0,)))
    assert full_lines(node, Noise(step.nodes), Style()) == [f"{NOISE} 3"]


def test_numbers_without_known_terms_are_kept(step: Step) -> None:
    node = next(node for node in step.nodes if node.op == "sum")
    number = f"{node.value[0]:.4g}"
    assert content_text(node, Noise()) == f"[{number} 3]"
    unknown = replace(node, op="no_longer_there")
    nodes = [unknown if each is node else each for each in step.nodes]
    assert content_text(unknown, Noise(nodes)) == f"[{number} 3]"
    # An operation that was redefined under its name.
    other = replace(node, parameters={"axes": "other"})
    assert content_text(other, Noise([other if each is node else each for each in step.nodes])) == f"[{number} 3]"
    # The inputs were not kept.
    without = [replace(each, content=Summarised(each.summary)) if each.id in node.operands else each for each in step.nodes]
    assert content_text(node, Noise(without)) == f"[{number} 3]"


def test_user_defined_operation() -> None:
    class Midpoint(Elementwise):
        """The mean of two numbers."""

        formula = "midpoint({x}, {y})"

        @staticmethod
        def value(x: Any, y: Any) -> Any:
            return (x + y) / 2

        @staticmethod
        def gradient_x(g: Any, out: Any, x: Any, y: Any) -> Any:
            return g / 2

        @classmethod
        def rounding(cls, index: Any, inputs: Any, parameters: Any, unit: float) -> float | None:
            return unit * max(abs(x[index]) for x in inputs)

    assert Midpoint.adds
    value, noise = noise_of_result(lambda x, y: Midpoint.apply(x, y), np.array([0.1 + 0.2, 1.0]), np.array([-0.3, 2.0]))
    assert value[0] != 0
    assert list(noise) == [True, False]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_statistics_show_noise(dtype: str) -> None:
    values = cancelling(4, 5).astype(dtype)
    summary = summary_of(RNG.permutation(values.ravel()))
    assert summary.is_noise(summary.mean, dtype) or summary.mean == 0
    assert not summary.is_noise(summary.std, dtype)
    constant = summary_of(np.full(1000, 0.1, dtype=dtype))
    assert constant.is_noise(constant.std, dtype) or constant.std == 0
    assert not constant.is_noise(constant.mean, dtype)
    assert not summary_of(np.array([1.0, -1.0 + 1e-5], dtype)).is_noise(5e-6, dtype)


def test_statistics_of_whole_numbers_are_exact() -> None:
    value = np.array([10**9] * 500 + [-(10**9)] * 499 + [1 - 10**9])
    summary = summary_of(value)
    assert summary.mean == 1e-3
    assert not summary.is_noise(summary.mean, "int64")
    assert grid_lines(value)[-1].startswith("mean 0.001 ")


def test_quick_bound_does_not_change_the_result() -> None:
    """It only avoids work: without it, the same elements are noise."""
    rng = np.random.default_rng(7)
    for _ in range(200):
        scale = 10.0 ** rng.integers(-12, 12)
        x, y = rng.integers(-3, 4, (2, 5)) * 0.1 * scale, rng.integers(-3, 4, (5, 2)) * 0.7
        functions = (
            lambda x, y: x @ y,
            lambda x, y: np.einsum("ij,jk->k", x, y),
            lambda x, y: np.var(x, axis=0),
            lambda x, y: x + y.T,
            lambda x, y: np.sum(x) - np.sum(x[:, ::-1]),
        )
        for function in functions:
            step = tracer.trace(lambda x, y: np.sum(function(x, y) * 1.0), x, y)  # noqa: B023
            quick, slow = Noise(step.nodes), Noise(step.nodes)
            slow._largest_sum = lambda node: np.inf  # type: ignore[method-assign]
            for node in step.nodes:
                one, other = quick.of(node), slow.of(node)
                assert (one is None) == (other is None)
                assert one is None or np.array_equal(one, other)
