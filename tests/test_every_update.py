"""What `tracer check` says of every update: of later ones too, and of those that are no multiples of the gradient."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.cli import run
from support.programs import report_of
from tracer.programs.gradients.report import BackpropReport, Following, Verdict

PROGRAM = """\
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(20, 3))
y = X @ np.array([1.0, -2.0, 4.0])
w, v, s, b, rate = np.zeros(3), np.zeros(3), np.zeros(3), 0.0, 0.01
for step in range(30):
    e = X @ w + b - y
    loss = np.mean(e ** 2)
    g = 2 * X.T @ e / len(X)
    {change}
    b = b - rate * 2 * e.mean()
"""


def checked(folder: Path, change: str) -> BackpropReport:
    """The report on the program with this update of `w`."""
    return report_of(folder, PROGRAM.format(change=change.replace("\n", "\n    ")))


@pytest.mark.parametrize(
    "change",
    [
        "g[0] = -g[0]\nw = w - 0.01 * g",
        "w = w - 0.01 * g * np.array([1.0, -1.0, 1.0])",
        "w = w - 0.01 * np.abs(g)",
        "g = np.where(np.arange(3) == 2, -3 * g, g)\nw = w - 0.01 * g",
    ],
)
def test_elements_that_go_uphill_are_not_right(tmp_path: Path, change: str) -> None:
    report = checked(tmp_path, change)
    assert report.verdict in (Verdict.WRONG, Verdict.UNKNOWN)
    assert report.verdict is Verdict.WRONG or (report.reason is not None and report.reason.code == "backprop_turned")
    assert {each.name: each.following for each in report.parameters}["b"] is Following.FOLLOWS


@pytest.mark.parametrize(
    "change",
    [
        "v = 0.9 * v + g\nw = w - 0.01 * v",
        "s = 0.9 * s + 0.1 * g ** 2\nw = w - 0.01 * g / (np.sqrt(s) + 1e-8)",
        "w = w - 0.01 * np.clip(g, -0.2, 0.2)",
        "w = w - 0.01 * (g + 0.1 * w)",
        "w = w - 0.01 * g * np.array([1.0, 3.0, 0.0])",
    ],
)
def test_what_an_update_makes_of_the_gradient_is_said_to_be_not_judged(tmp_path: Path, change: str) -> None:
    report = checked(tmp_path, change)
    assert report.verdict is Verdict.RIGHT
    assert report.unjudged == ("w",)
    assert (
        "Every update is made of the gradient.\nNot judged: how momentum, Adam, clipping or the like use the gradient of w."
        in str(report)
    )


def test_multiples_of_the_gradient_are_all_judged(tmp_path: Path) -> None:
    report = checked(tmp_path, "rate = 0.01 / (1 + step)\nw = w - rate * g")
    assert (report.verdict, report.updates, report.not_finite, report.left, report.unjudged) == (Verdict.RIGHT, 58, 0, 0, ())
    assert str(report).endswith("Every update follows the gradient.")


MADE_OF_IT = ["g * np.array([1.0, 1.0, 3.0])", "0 * g", "g + 0.01"]
"""No multiples, which may be meant: they are not judged if they are in many steps."""

WRONG = ["-g", "7 * g[::-1]", "np.array([1.0, -5.0, 2.0])", *MADE_OF_IT]


@given(start=st.integers(5, 27), count=st.integers(1, 30), wrong=st.sampled_from(WRONG))
def test_updates_that_depart_in_some_steps_are_counted(
    start: int, count: int, wrong: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    steps = range(start, min(start + count, 29))  # the last update is used by nothing
    report = checked(tmp_path_factory.mktemp("late"), f"w = w - 0.01 * (({wrong}) if step in {steps!r} else g)")
    assert report.verdict is not Verdict.RIGHT or (wrong in MADE_OF_IT and report.unjudged == ("w",))
    if report.reason is not None and report.reason.code == "backprop_departs_sometimes":
        assert report.reason.fields == {"name": "w", "first": start + 1, "count": len(steps), "updates": 29}


def test_updates_with_nan_are_not_judged(tmp_path: Path) -> None:
    report = checked(tmp_path, "w = w - 0.01 * g + (np.nan if step > 20 else 0)")
    assert report.verdict is Verdict.RIGHT
    assert report.not_finite > 0
    told = str(report)
    assert "Every update that was judged follows the gradient." in told
    assert f"Not judged: {report.not_finite} updates with numbers that are NaN or infinite." in told


def test_a_parameter_that_cannot_be_told_is_left_out_of_the_sentence(tmp_path: Path) -> None:
    report = checked(tmp_path, "w = w - 0.01 * g * 0")
    assert "Every update follows the gradient." not in str(report)


def test_a_program_that_fails_is_reported_beside_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("fails.py").write_text(PROGRAM.format(change="w = w - 0.01 * g\n    assert step < 9"))
    assert run("check", "fails.py") == 3
    printed = capsys.readouterr()
    assert "Every update follows the gradient." in printed.out
    assert printed.err == "tracer: fails.py raised AssertionError in line 11\n"
    assert run("check", "fails.py", "--json") == 3
    assert json.loads(capsys.readouterr().out)["verdict"] == "right"
    Path("stopped.py").write_text(PROGRAM.format(change="w = w - 0.01 * g\n    if step == 9: raise KeyboardInterrupt"))
    assert run("check", "stopped.py") == 130
    assert "stopped.py was interrupted in line 11" in capsys.readouterr().err
