"""Linear regression by hand, as a lesson has it: plain numbers in loops, with a fault in one line, in one of two gradients.

The line is told, or it is said that it cannot be; no other line, and never that the program is right.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

from tracer.programs.gradients.checking import check_program
from tracer.programs.gradients.report import BackpropReport, Verdict
from tracer.programs.gradients.statements.trying import with_tried_repairs
from tracer.programs.running import run_program

REGRESSION = """\
import random

def run():
    random.seed(7)
    data = [[float(random.randint(1, 20)), float(random.randint(1, 20))] for _ in range(6)]
    w, b = runner(0, 0, data, 0.0005, 16)
    print("After 16 iterations w = {}, b = {}, error = {}".format(w, b, calculate_MSE(w, b, data)))

def calculate_MSE(w, b, points):
    total_error = 0
    for i in range(len(points)):
        x = points[i][0]
        y = points[i][1]
        total_error += (y - (w * x + b)) ** 2
    MSE = total_error / len(points)
    return MSE

def step_gradient(index, w_current, b_current, points, learning_rate):
    b_gradient = 0
    w_gradient = 0
    N = len(points)
    for i in range(len(points)):
        x = points[i][0]
        y = points[i][1]
        w_gradient += (2 / N) * x * ((w_current * x + b_current) - y)
        b_gradient += (2 / N) * ((w_current * x + b_current) - y)
    w_new = w_current - (learning_rate * w_gradient)
    b_new = b_current - (learning_rate * b_gradient)
    if index % 4 == 0:
        print("{}: w = {}, b = {}, error = {}".format(index, w_new, b_new, calculate_MSE(w_new, b_new, points)))
    return [w_new, b_new]

def runner(w_start, b_start, points, learning_rate, num_iterations):
    w_end = w_start
    b_end = b_start
    for i in range(1, num_iterations + 1):
        w_end, b_end = step_gradient(i, w_end, b_end, points, learning_rate)
    return [w_end, b_end]

run()
"""

W = "        w_gradient += (2 / N) * x * ((w_current * x + b_current) - y)\n"
B = "        b_gradient += (2 / N) * ((w_current * x + b_current) - y)\n"
UPDATE_W = "    w_new = w_current - (learning_rate * w_gradient)\n"
UPDATE_B = "    b_new = b_current - (learning_rate * b_gradient)\n"
AGAIN = "    for i in range(len(points)):\n        x = points[i][0]\n        y = points[i][1]\n"

SIGN = W.replace("(2 / N)", "-(2 / N)")
RESIDUAL = B.replace("((w_current * x + b_current) - y)", "(y - (w_current * x + b_current))")

FAULTS: dict[str, list[tuple[str, str]]] = {
    "sign of a gradient": [(W, SIGN)],
    "sign of a residual": [(B, RESIDUAL)],
    "sign of an update": [(UPDATE_B, UPDATE_B.replace("-", "+"))],
    "2 missing": [(W, W.replace("(2 / N)", "(1 / N)"))],
    "sum for mean": [(B, B.replace("(2 / N)", "2"))],
    "sum for mean, and it diverges": [("0.0005, 16)", "0.003, 16)"), (W, W.replace("(2 / N)", "2"))],
    "target for input": [(W, W.replace("* x *", "* y *"))],
    "input too often": [(B, B.replace("(2 / N) *", "(2 / N) * x *"))],
    "gradient of the other": [(UPDATE_B, UPDATE_B.replace("b_gradient", "w_gradient"))],
    "other column": [(W, W.replace("w_gradient", "x = points[i][1]; w_gradient"))],
    "changed weight": [(B, ""), (UPDATE_W, UPDATE_W + AGAIN + B.replace("w_current", "w_new"))],
}
"""What is replaced; the last new line is the wrong one."""

TOLD = FAULTS.keys() - {"other column", "changed weight"}
"""Those of which the line is told."""


REPAIRS = {
    "sign of a gradient": [W.strip()],
    "sign of a residual": [B.strip()],
    "sign of an update": [UPDATE_B.strip()],
    "2 missing": [W.strip()],
    "sum for mean": ["b_gradient += 2 * ((w_current * x + b_current) - y) / len(points)"],
    "sum for mean, and it diverges": ["w_gradient += 2 * x * ((w_current * x + b_current) - y) / len(points)"],
    "gradient of the other": [UPDATE_B.strip()],
}
"""The statements that are offered."""


def checked(path: Path, text: str) -> BackpropReport:
    def check(text: str) -> BackpropReport:
        with contextlib.redirect_stdout(io.StringIO()):
            return check_program(run_program(path, text=text))

    path.write_text(text)
    return with_tried_repairs(check(text), text, check)


def test_program_of_the_lesson_is_right(tmp_path: Path) -> None:
    report = checked(tmp_path / "train.py", REGRESSION)
    assert (report.verdict, report.scale.factor) == (Verdict.RIGHT, 1)
    assert report.loss is not None
    assert report.loss.name == "MSE"


def with_fault(name: str) -> tuple[str, int]:
    """The program with a fault, and its line."""
    text = REGRESSION
    for old, new in FAULTS[name]:
        assert old in text
        text = text.replace(old, new)
    return text, text[: text.index(FAULTS[name][-1][1]) + len(FAULTS[name][-1][1])].count("\n")


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_told_with_its_line_or_cannot_be(name: str, tmp_path: Path) -> None:
    text, line = with_fault(name)
    report = checked(tmp_path / "train.py", text)
    if name in TOLD:
        assert (report.verdict, report.lines) == (Verdict.WRONG, [line])
    else:
        assert report.verdict is Verdict.UNKNOWN
    statements = [fault.repair.statement for fault in report.faults if fault.repair and fault.repair.statement]
    assert statements == REPAIRS.get(name, [])


def test_program_with_pandas_is_right(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    text = REGRESSION.replace("import random\n", "import random\nimport pandas as pd\n")
    text = text.replace("    w, b = runner", "    data = pd.DataFrame(data)\n    w, b = runner")
    text = text.replace("points[i][0]", "points.iloc[i, 0]").replace("points[i][1]", "points.iloc[i, 1]")
    assert checked(tmp_path / "train.py", text).verdict is Verdict.RIGHT
