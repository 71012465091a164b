"""A factor that all gradients of a program have: the same mathematics has the same verdict, however the update is written."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from support.programs import report_of, traced
from tracer.graph.own_gradients import agreement_in
from tracer.i18n.language import CHINESE
from tracer.programs.gradients.report import BackpropReport, Scale, Verdict
from tracer.views.own_gradients import change_of
from tracer.views.text.backprop import backprop_lines

ROWS, RATE = 16, 0.01
PROGRAM = """\
import numpy as np
rng = np.random.default_rng(0)
X, y = rng.normal(size=(16, 3)), rng.normal(size=16)
w, v, n, lr = np.zeros(3), np.zeros(3), 16, 0.01
def gradient_of(w):
    return X.T @ (X @ w - y) * 2 / n
for step in range(6):
    err = X @ w - y
    loss = np.mean(err ** 2)
    {update}
"""

FACTORS = ("{rate}", "2")
PRODUCTS = [
    " * ".join(order[:place]) + (" * " if place else "") + "X.T @ (" + " * ".join(("err", *order[place:])) + ") / " + number
    for order in permutations(FACTORS)
    for place in range(3)
    for number in ("16", "n")
]
"""The learning rate first, last, before and behind the product, and the division at the end."""

WRITTEN = [
    *(form.format(product) for form in ("w = w - {}", "w -= {}", "w = w + -({})") for product in PRODUCTS),
    "w = w - {rate} * (X.T @ err * 2 / n)",
    "w = w - {rate} * (2 / 16) * X.T @ err",
    "w = w - {rate} * 2 / 16 * (X.T @ err)",
    "w = w - X.T @ err * (2 / n) * {rate}",
    "w = w - 2 * {rate} / n * (err @ X)",
    "w -= {rate} * gradient_of(w)",
    "grad = X.T @ err * 2 / n; w -= {rate} * grad",
    "grad = X.T @ err\n    w -= {rate} * grad * 2 / n",
    "grad = X.T @ err\n    w -= {rate} * 2 / 16 * grad",
    "grad = X.T @ err\n    grad /= n\n    w -= {rate} * 2 * grad",
    "grad = 2 * X.T @ err\n    move = {rate} * grad / n\n    w -= move",
    "size = {rate} * 2 / n\n    w -= size * (X.T @ err)",
    "d = 2 * err / n\n    w -= {rate} * X.T @ d",
    "d = {rate} * err\n    w -= X.T @ d * 2 / n",
]
SPELLINGS = [update.replace("{rate}", rate) for update in WRITTEN for rate in ("0.01", "lr")]

OPTIMIZERS = [
    "v = 0.9 * v - lr * grad\n    w = w + v",
    "v = 0.9 * v + 0.1 * grad\n    w = w - lr * v",
    "v = 0.9 * v + (1 - 0.9) * grad\n    w -= lr * v",
    "v = 0.9 * v + grad ** 2\n    w -= lr * grad / (np.sqrt(v) + 1e-8)",
]


def checked(folder: Path, update: str) -> BackpropReport:
    return report_of(folder, PROGRAM.replace("{update}", update))


@pytest.mark.parametrize("update", SPELLINGS)
def test_right_gradient_has_no_factor(tmp_path: Path, update: str) -> None:
    report = checked(tmp_path, update)
    assert report.verdict is Verdict.RIGHT
    assert report.scale in (Scale(), Scale(rate=pytest.approx(RATE)))


@pytest.mark.parametrize("update", SPELLINGS)
def test_step_compares_what_the_check_compares(tmp_path: Path, update: str) -> None:
    """What a log and a picture call the gradient is the true one, a variable, or what is added to the parameter."""
    step = traced(tmp_path, PROGRAM.replace("{update}", update)).steps[0]
    (w,) = (node.id for node in step.parameters)
    found = agreement_in(step, w)
    assert found is not None
    own = step.nodes[step.own_gradients[w]]
    assert found.is_same or own.name or (change_of(step, w) and abs(found.factor or 0) == pytest.approx(RATE))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(("gradient", "factor"), [("2 * X.T @ err / n", 1), ("2 * X.T @ err", ROWS), ("X.T @ err / n", 0.5)])
def test_numbers_of_an_optimizer_are_not_of_the_gradient(tmp_path: Path, optimizer: str, gradient: str, factor: float) -> None:
    report = checked(tmp_path, f"grad = {gradient}\n    {optimizer}")
    assert report.verdict is Verdict.RIGHT
    assert report.scale.factor in (1, pytest.approx(factor))
    assert report.scale.averaged in (0, ROWS if factor == ROWS else 0)
    assert not report.scale.is_step or "v" not in optimizer.split("=")[0]


@pytest.mark.parametrize(
    "update",
    [
        "grad = 2 * X.T @ err\n    w = w - lr * grad",
        "grad = 2 * X.T @ err\n    w = w - 0.01 * grad",
        "w = w - lr * 2 * X.T @ err",
        "w -= lr * (X.T @ (2 * err))",
        "d = 2 * err\n    w -= 0.01 * (X.T @ d)",
    ],
)
def test_mean_that_is_missing_in_the_gradient(tmp_path: Path, update: str) -> None:
    report = checked(tmp_path, update)
    assert report.scale == Scale(pytest.approx(ROWS), averaged=ROWS, line=9, is_step=True)
    assert list(backprop_lines(report))[-2:] == [
        "All gradients are 16 times the true ones: they are without the 1/16 of the mean on line 9.",
        "This acts as a 16 times larger learning rate.",
    ]
    assert list(backprop_lines(report, CHINESE))[-1] == "这相当于学习率放大到 16 倍。"


@pytest.mark.parametrize("update", ["w -= lr * 16 * X.T @ err * 2 / n", "grad = X.T @ err * 32 / n\n    w -= lr * grad"])
def test_other_factor_of_the_same_size_is_no_missing_mean(tmp_path: Path, update: str) -> None:
    report = checked(tmp_path, update)
    assert report.scale == Scale(pytest.approx(ROWS), is_step=True)
    assert list(backprop_lines(report))[-1] == "All gradients are 16 times the true ones: a common factor is not an error."


def test_size_of_the_whole_update_is_told(tmp_path: Path) -> None:
    lines = list(backprop_lines(checked(tmp_path, "w = w - 0.01 * X.T @ err * 2 / n")))
    assert lines[-1] == "Every update subtracts 0.01 times the gradient."
