"""Parameters that no update changes: a fault where their gradient is computed, a remark where it is not, nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.programs import report_of
from tracer.i18n.language import CHINESE
from tracer.programs.gradients.places.never_updated import belongs
from tracer.programs.gradients.places.unused import is_gradient_of
from tracer.programs.gradients.report import BackpropReport, Verdict, as_data
from tracer.views.text.backprop import backprop_lines

SCRIPT = """\
import numpy as np
rng = np.random.default_rng(1)
X, y = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
W1, b1 = rng.normal(size=(3, 4)), np.full(4, 0.1)
W2, b2 = rng.normal(size=(4, 2)), np.zeros(2)
for epoch in range(12):
    h = np.tanh(X @ W1 + b1)
    out = h @ W2 + b2
    loss = np.mean((out - y) ** 2)
    d = 2 * (out - y) / out.size
    dW2, db2 = h.T @ d, d.sum(axis=0)
    dh = d @ W2.T * (1 - h ** 2)
    dX = dh @ W1.T
    dW1 = X.T @ dh
    db1 = dh.sum(axis=0)
    W1 -= 0.1 * dW1
    b1 -= 0.1 * db1
    W2 -= 0.1 * dW2
    b2 -= 0.1 * db2
"""

LAYERS = """\
import numpy as np
rng = np.random.default_rng(2)
class Dense:
    def __init__(self, n, m):
        self.W, self.b = rng.normal(size=(n, m)) * 0.5, np.zeros(m)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, d):
        self.dW = self.x.T @ d
        self.db = d.sum(axis=0)
        return d @ self.W.T
    def step(self, rate):
        self.W = self.W - rate * self.dW
        self.b = self.b - rate * self.db
X, y = rng.normal(size=(7, 3)), rng.normal(size=(7, 1))
layers = [Dense(3, 4), Dense(4, 1)]
for epoch in range(10):
    z = layers[0].forward(X)
    out = layers[1].forward(np.tanh(z))
    loss = np.mean((out - y) ** 2)
    d = layers[1].backward(2 * (out - y) / len(X))
    layers[0].backward(d * (1 - np.tanh(z) ** 2))
    for layer in layers:
        layer.step(0.1)
"""

NUMBERS = """\
xs, ys = [1.0, 2.0, 3.0, 5.0], [2.0, 2.5, 4.0, 7.0]
w, b = 0.0, 0.0
for epoch in range(12):
    mse = 0.0
    w_gradient = b_gradient = 0.0
    for x, y in zip(xs, ys):
        mse += (w * x + b - y) ** 2 / len(xs)
        w_gradient += 2 / len(xs) * x * (w * x + b - y)
        b_gradient += 2 / len(xs) * (w * x + b - y)
    w = w - 0.01 * w_gradient
    b = b - 0.01 * b_gradient
"""


def without(text: str, *lines: str) -> str:
    for line in lines:
        assert line in text
        text = text.replace(line, "pass")
    return text


def still(report: BackpropReport) -> list[str]:
    return [each["name"] for each in as_data(report)["parameters"] if each["verdict"] == "not updated"]


@pytest.mark.parametrize("text", [SCRIPT, LAYERS, NUMBERS])
def test_program_that_updates_everything_is_right(text: str, tmp_path: Path) -> None:
    report = report_of(tmp_path, text)
    assert report.verdict is Verdict.RIGHT
    assert not still(report)


@pytest.mark.parametrize(
    ("text", "line", "names", "at"),
    [
        (SCRIPT, "b1 -= 0.1 * db1", ["b1"], 15),
        (SCRIPT, "b2 -= 0.1 * db2", ["b2"], 11),
        (SCRIPT, "W1 -= 0.1 * dW1", ["W1"], 14),
        (SCRIPT, "W2 -= 0.1 * dW2", ["W2"], 11),
        (NUMBERS, "b = b - 0.01 * b_gradient", ["b"], 9),
        (NUMBERS, "w = w - 0.01 * w_gradient", ["w"], 8),
        (LAYERS, "self.b = self.b - rate * self.db", ["b #1", "b #2"], 11),
    ],
)
def test_parameter_whose_gradient_is_computed_and_not_used(
    text: str, line: str, names: list[str], at: int, tmp_path: Path
) -> None:
    report = report_of(tmp_path, without(text, line))
    assert (report.verdict, report.line, still(report)) == (Verdict.WRONG, at, names)
    told = list(backprop_lines(report))
    assert f"First wrong step: line {at}" in told
    verb = "is" if len(names) == 1 else "are"
    assert any(each.startswith(f"  {', '.join(names)} {verb} never updated: ") for each in told)
    assert len(list(backprop_lines(report, CHINESE))) == len(told)


@pytest.mark.parametrize("lines", [("b1 -= 0.1 * db1", "db1 = dh.sum(axis=0)"), ("W1 -= 0.1 * dW1", "dW1 = X.T @ dh")])
def test_parameter_without_a_gradient_is_a_remark(lines: tuple[str, ...], tmp_path: Path) -> None:
    report = report_of(tmp_path, without(SCRIPT, *lines))
    assert (report.verdict, still(report), report.faults) == (Verdict.RIGHT, [lines[0][:2]], ())


def test_parameters_that_are_frozen_on_purpose_are_a_remark(tmp_path: Path) -> None:
    report = report_of(tmp_path, without(SCRIPT, "W1 -= 0.1 * dW1") + "# the first layer is frozen\n")
    assert (report.verdict, still(report)) == (Verdict.RIGHT, ["W1"])


def test_update_that_is_switched_off_is_a_remark(tmp_path: Path) -> None:
    text = "USES_BIAS = False\n" + SCRIPT.replace("    b1 -= 0.1 * db1", "    if USES_BIAS:\n        b1 -= 0.1 * db1")
    report = report_of(tmp_path, text)
    assert (report.verdict, still(report)) == (Verdict.RIGHT, ["b1"])
    assert "  b1  is not updated; its gradient is computed" in list(backprop_lines(report))


def test_layer_that_is_left_out_as_a_whole_is_a_remark(tmp_path: Path) -> None:
    report = report_of(tmp_path, without(SCRIPT, "W1 -= 0.1 * dW1", "b1 -= 0.1 * db1"))
    assert (report.verdict, still(report)) == (Verdict.RIGHT, ["W1", "b1"])
    report = report_of(tmp_path, LAYERS.replace("for layer in layers:", "for layer in layers[1:]:"))
    assert (report.verdict, len(still(report))) == (Verdict.RIGHT, 2)


def test_counter_that_is_not_on_record_leaves_nothing_open(tmp_path: Path) -> None:
    text = without(SCRIPT, "b1 -= 0.1 * db1").replace("range(12):", "range(1000):").replace("loss = ", "count += 1; loss = ")
    report = report_of(tmp_path, "count = 0\n" + text, limit=600)
    assert (report.verdict, still(report)) == (Verdict.WRONG, ["b1"])


def test_parameter_that_may_be_updated_later_is_not_told(tmp_path: Path) -> None:
    later = SCRIPT.replace("    b1 -= 0.1 * db1", "    if epoch > 900:\n        b1 -= 0.1 * db1").replace(
        "range(12)", "range(1000)"
    )
    report = report_of(tmp_path, later, limit=600)
    assert (report.verdict, still(report)) == (Verdict.RIGHT, [])


def test_other_fault_is_told_first(tmp_path: Path) -> None:
    text = without(SCRIPT, "b1 -= 0.1 * db1").replace("dW2, db2 = h.T @ d, d.sum(axis=0)", "dW2, db2 = h.T @ d, d.mean(axis=0)")
    report = report_of(tmp_path, text)
    assert report.lines == [11, 15]


def test_what_is_not_a_parameter_does_not_belong() -> None:
    assert not any(belongs(name, other) for name in ("X", "x1", "lam", "n", "eps", "y", "mask") for other in ("W1", "b1", "w"))
    assert not any(is_gradient_of("norm", name) or is_gradient_of("", name) for name in ("W1", "b1", "w"))
