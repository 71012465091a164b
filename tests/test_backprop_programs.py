"""Programs with hand-written backpropagation, as people write them: a record changes nothing, and the wrong line is told.

`programs/backprop` has programs that are right, and programs with one fault each. `programs/unusual` has programs whose updates
are no plain gradient descent, or no training at all: none of them is wrong.
"""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import warnings
from functools import lru_cache
from pathlib import Path

import pytest

from tracer.programs.gradients.checking import check_program
from tracer.programs.gradients.report import BackpropReport, Replacement, Verdict
from tracer.programs.gradients.statements.source_text import with_statement
from tracer.programs.gradients.statements.trying import with_tried_repairs
from tracer.programs.record import ProgramRecord
from tracer.programs.running import run_program

FOLDER = Path(__file__).parent / "programs/backprop"
UNUSUAL = Path(__file__).parent / "programs/unusual"
TRUTH = {case["program"]: case for case in map(json.loads, (FOLDER / "truth.jsonl").read_text().splitlines())}
"""By file name: the verdict; the lines at which the program goes wrong, any of which is a right answer; the kind of fault."""

RIGHT = sorted(name for name, case in TRUTH.items() if case["verdict"] != "wrong")
FAULTS = sorted(name for name, case in TRUTH.items() if case["verdict"] == "wrong")
TOLD = 24
"""How many of the faults are told with a right line."""

REPAIRED = 13
"""How many of them are told with a statement that repairs them."""


@lru_cache
def run(path: Path, text: str | None = None) -> tuple[ProgramRecord, str]:
    """The record of a program, and what it printed; with `text`, of that in place of what is in the file."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run_program(path, text=text), printed.getvalue()


@lru_cache
def checked(path: Path) -> BackpropReport:
    return check_program(run(path)[0])


@lru_cache
def repaired(path: Path) -> BackpropReport:
    """What is found, with the statements that repair it."""
    return with_tried_repairs(checked(path), path.read_text(), lambda text: check_program(run(path, text)[0]))


def test_every_program_has_a_verdict() -> None:
    assert sorted(TRUTH) == sorted(path.name for path in FOLDER.glob("*.py"))
    for case in TRUTH.values():
        assert (case["verdict"] == "wrong") == bool(case["lines"]), case


@pytest.mark.parametrize("path", [*sorted(FOLDER.glob("*.py")), *sorted(UNUSUAL.glob("*.py"))], ids=lambda path: path.stem)
def test_what_a_program_prints_is_the_same_with_a_record(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "pandas" in path.stem:
        pytest.importorskip("pandas")
    plain = io.StringIO()
    monkeypatch.setattr("sys.argv", [str(path)])
    with contextlib.redirect_stdout(plain), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runpy.run_path(str(path), run_name="__main__")
    record, printed = run(path)
    assert record.ending.error is None
    assert printed == plain.getvalue()
    assert not record.changed_outside
    if path.parent == FOLDER:
        assert all(isinstance(record.values[id], float) for id in record.unknown)  # numbers that are rounded


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_program_is_not_accused(name: str) -> None:
    report = checked(FOLDER / name)
    assert report.verdict is not Verdict.WRONG, report.faults


@pytest.mark.parametrize("path", sorted(UNUSUAL.glob("*.py")), ids=lambda path: path.stem)
def test_a_program_with_unusual_updates_is_not_accused(path: Path) -> None:
    if "pandas" in path.stem:
        pytest.importorskip("pandas")
    report = checked(path)
    assert report.verdict is not Verdict.WRONG, report.faults


def test_most_faults_are_told_with_their_line() -> None:
    told = []
    for name in FAULTS:
        report, case = checked(FOLDER / name), TRUTH[name]
        if report.verdict is Verdict.WRONG and report.line in case["lines"]:
            told.append(name)
        print(f"{name:55} {report.verdict:25} line {report.line} of {case['lines']}  {case['kind']}")
    assert len(told) >= TOLD, sorted(set(FAULTS) - set(told))


def test_most_faults_are_told_with_a_statement_that_repairs_them() -> None:
    faults = {name: repaired(FOLDER / name).faults for name in FAULTS}
    told = [name for name, found in faults.items() if found and all(each.repair and each.repair.statement for each in found)]
    assert len(told) >= REPAIRED, sorted(set(FAULTS) - set(told))
    assert not any(each.repair.statement for name in FAULTS for each in checked(FOLDER / name).faults if each.repair)


@pytest.mark.parametrize("name", FAULTS)
def test_a_program_with_the_repairs_that_are_shown_is_right(name: str, tmp_path: Path) -> None:
    text, faults = (FOLDER / name).read_text(), repaired(FOLDER / name).faults
    for fault in faults:
        if fault.repair is not None and fault.repair.statement:
            text = with_statement(text, Replacement(*fault.repair.lines, fault.repair.statement))
    if all(fault.repair is not None and fault.repair.statement for fault in faults):
        edited = tmp_path / name
        edited.write_text(text)
        assert check_program(run(edited)[0]).verdict is Verdict.RIGHT


SOFTMAX = """\
import numpy as np
rng = np.random.RandomState(0)
x, labels = rng.rand(6, 4), np.array([0, 1, 2, 0, 1, 2])
t = np.eye(3)[labels]
def softmax(z):
    return np.exp(z) / {total}
w, b = rng.rand(4, 3) - 0.5, np.zeros((1, 3))
for i in range(20):
    a = softmax(x @ w + b)
    loss = -np.sum(t * np.log(a)) / 6
    d = (a - t) / 6
    w, b = w - 0.1 * x.T @ d, b - 0.1 * d.sum(axis=0, keepdims=True)
"""


@pytest.mark.parametrize(
    ("total", "repaired"),
    [
        ("sum(np.exp(z))", "np.sum(np.exp(z), axis=1, keepdims=True)"),
        ("np.exp(z).sum(axis=0)", "np.exp(z).sum(axis=1, keepdims=True)"),
        ("np.exp(z).sum(0)", "np.exp(z).sum(1, keepdims=True)"),
        ("np.sum(np.exp(z), 0)", "np.sum(np.exp(z), 1, keepdims=True)"),
    ],
)
def test_softmax_over_the_other_axis_is_repaired(total: str, repaired: str, tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text(SOFTMAX.format(total=total))
    found = with_tried_repairs(check_program(run(path)[0]), path.read_text(), lambda text: check_program(run(path, text)[0]))
    assert found.lines == [6]
    assert found.faults[0].repair is not None
    assert found.faults[0].repair.statement == f"return np.exp(z) / {repaired}"
    path.write_text(SOFTMAX.format(total=repaired))
    run.cache_clear()
    assert check_program(run(path)[0]).verdict is Verdict.RIGHT
