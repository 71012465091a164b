"""What is said of hand-written gradients: as text in both languages, and as plain data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from support.programs import report_of
from tracer.i18n.language import CHINESE
from tracer.i18n.message import Message
from tracer.programs.gradients.report import BackpropReport, Fault, Measure, Repair, Replacement, Scale, Verdict, as_data
from tracer.programs.gradients.statements.trying import with_tried_repairs
from tracer.views.text.backprop import backprop_lines

PROGRAM = """\
import numpy as np
rng = np.random.RandomState(3)
X, T = rng.rand(5, 3, 1), rng.rand(5, 2, 1)
V, U, c = rng.randn(4, 3), rng.randn(2, 4), np.zeros((2, 1))
for epoch in range(3):
    for x, t in zip(X, T):
        h = np.tanh(V @ x)
        o = U @ h + c
        cost = np.sum((o - t) ** 2)
        d_o = 2 * (o - t)
        d_h = U.T @ d_o * (1 - h ** 2)
        U -= 0.1 * d_o @ h.T
        c -= 0.1 * d_o
        V -= 0.1 * d_h @ x.T
"""


def edited(*edits: tuple[str, str]) -> str:
    text = PROGRAM
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text


def moved_behind(line: str, other: str) -> str:
    """The program with a line moved behind another one."""
    lines = PROGRAM.splitlines()
    lines.remove(line)
    lines.insert(lines.index(other) + 1, line)
    return "\n".join(lines) + "\n"


STALE = moved_behind("        d_h = U.T @ d_o * (1 - h ** 2)", "        U -= 0.1 * d_o @ h.T")


def test_right_program(tmp_path: Path) -> None:
    report = report_of(tmp_path, PROGRAM)
    assert (report.verdict, report.line, report.lines, report.scale) == (Verdict.RIGHT, None, [], Scale())
    data = as_data(report)
    assert data == {
        "verdict": "right",
        "line": None,
        "lines": [],
        "reason": "",
        "repair": None,
        "parameters": [
            {"name": "U", "line": 12, "verdict": "follows"},
            {"name": "c", "line": 13, "verdict": "follows"},
            {"name": "V", "line": 14, "verdict": "follows"},
        ],
        "updates": 42,
        "not_judged": {"not_finite": 0, "left": 0, "use_of_gradient": []},
        "kind": "program",
    }


def test_weight_that_was_already_changed(tmp_path: Path) -> None:
    report = report_of(tmp_path, STALE)
    lines = list(backprop_lines(report))
    assert lines[0].startswith("loss `cost`, line 9, 3 parameters; ")
    assert lines[1:] == [
        "  U  follows its gradient",
        "  c  follows its gradient",
        "  V  does not follow its gradient",
        "First wrong step: line 12",
        "    d_h = U.T @ d_o * (1 - h ** 2)",
        "  d_o (line 10) is right: dL/d(o)",
        "  Checked: U was already changed on line 11; with the value that it had before, this line is right.",
    ]
    chinese = list(backprop_lines(report, CHINESE))
    assert len(chinese) == len(lines)
    assert chinese[4] == "第一个错误的步骤：第 12 行"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("(1 - h ** 2)", "(1 - h)", 11),
        ("U.T @ d_o * (1 - h ** 2)", "U.T @ d_o", 14),
        ("d_h @ x.T", "d_h @ (x.T + 1)", 14),
        ("c -= 0.1 * d_o", "c += 0.1 * d_o", 13),
        ("c -= 0.1 * d_o", "c -= 0.1 * d_o / len(X)", 13),
        ("0.1 * d_o @ h.T", "0.1 * (d_o * 2 * (o - t)) @ h.T", 12),
    ],
)
def test_line_of_a_fault(tmp_path: Path, old: str, new: str, line: int) -> None:
    report = report_of(tmp_path, edited((old, new)))
    assert (report.verdict, report.line) == (Verdict.WRONG, line)


def test_factor_of_all_gradients_is_a_note(tmp_path: Path) -> None:
    report = report_of(tmp_path, edited(("d_o = 2 * (o - t)", "d_o = o - t")))
    assert report.verdict is Verdict.RIGHT
    assert report.scale.factor == pytest.approx(0.5)
    assert list(backprop_lines(report))[-1] == "All gradients are 0.5 times the true ones: a common factor is not an error."


def test_other_loss(tmp_path: Path) -> None:
    report = report_of(tmp_path, edited(("np.sum((o - t) ** 2)", "np.sum(np.abs(o - t))")))
    assert report.verdict is Verdict.OTHER_LOSS
    assert list(backprop_lines(report))[-1].startswith("Every update follows the gradient of another loss: squared error")


def test_loss_by_name(tmp_path: Path) -> None:
    text = edited(("cost = ", "how_far = "))
    assert report_of(tmp_path, text, loss="how_far").verdict is Verdict.RIGHT
    assert report_of(tmp_path, text, loss="nothing").verdict is Verdict.UNKNOWN


SINGLE = """\
import numpy as np
rng = np.random.default_rng(0)
X, y = rng.normal(size=(8, 3)), rng.normal(size=8)
X = X - X.mean(axis=0)
w = np.zeros(3)
e = X @ w - y
loss = np.mean(e ** 2)
grad = 2 * X.T @ e / 8
w = w - 0.1 * grad
print(np.mean((X @ w - y) ** 2))
"""
LOOKED_FOR = "it is a new value of a variable that the loss is computed from, as by w = w - rate * gradient"


@pytest.mark.parametrize("update", ["w = w - 0.1 * grad", "w -= 0.1 * grad", "w[:] = w - 0.1 * grad"])
def test_the_only_pass_is_an_update(tmp_path: Path, update: str) -> None:
    report = report_of(tmp_path, SINGLE.replace("w = w - 0.1 * grad", update))
    assert list(backprop_lines(report)) == [
        "loss `loss`, line 7, 1 parameter; 1 update",
        "  w  follows its gradient",
        "Every update follows the gradient.",
    ]


def test_only_pass_that_is_wrong(tmp_path: Path) -> None:
    report = report_of(tmp_path, SINGLE.replace("w - 0.1", "w + 0.1"))
    assert (report.verdict, report.line) == (Verdict.WRONG, 9)


@pytest.mark.parametrize(
    ("text", "loss", "reason"),
    [
        ("import numpy as np\nprint(np.ones(3) * 2)\n", None, f"no update of a parameter was found in train.py: {LOOKED_FOR}"),
        (SINGLE.replace("w = w - 0.1 * grad", ""), None, f"no update of a parameter was found in train.py: {LOOKED_FOR}"),
        (
            SINGLE.replace("w = w - 0.1", "w_new = w - 0.1"),
            None,
            "no update of a parameter was found in train.py: w_new (line 9) is computed from w, and no recorded operation uses"
            " it; assigned to w, it is an update",
        ),
        (SINGLE, "losss", "no recorded value of train.py is named losss; did you mean loss?"),
        (SINGLE, "q", "no recorded value of train.py is named q: --loss takes the name of the variable that is the loss"),
        (SINGLE, "e", "e (line 6 of train.py) is no single floating-point number, as a loss is"),
        (PROGRAM + "fit = np.sum(T ** 2)\n", "fit", "fit (line 15 of train.py) is not computed from a value that is updated"),
    ],
)
def test_why_nothing_was_found(tmp_path: Path, text: str, loss: str | None, reason: str) -> None:
    report = report_of(tmp_path, text, loss=loss)
    assert list(backprop_lines(report)) == [f"This cannot be told: {reason}"]
    assert as_data(report)["reason"] == reason
    assert next(backprop_lines(report, CHINESE)).startswith("不能判断")


def test_no_other_statement_is_tried_after_an_interruption() -> None:
    measure, tried = Measure("loss", 1), []
    faults = tuple(
        Fault(
            line,
            "a = 0",
            Message("backprop_wrong"),
            proposals=(Replacement(line, line, "a = 1"), Replacement(line, line, "a = 2")),
        )
        for line in (1, 2)
    )
    wrong = BackpropReport(Verdict.WRONG, measure, faults=faults)
    assert with_tried_repairs(wrong, "a = 0\na = 0\n", tried.append) == wrong
    assert tried == ["a = 1\na = 0\n"]


@pytest.mark.parametrize("is_right", [False, True])
def test_statement_with_which_a_program_is_not_right_is_not_shown(is_right: bool) -> None:
    measure = Measure("loss", 1)
    proposals = (Replacement(2, 2, "a = 1"), Replacement(2, 2, "a = 2"))
    fault = Fault(2, "a = 0", Message("backprop_wrong"), parameters=("a",), proposals=proposals)
    wrong = BackpropReport(Verdict.WRONG, measure, faults=(fault,))
    tried = []

    def check(text: str) -> BackpropReport:
        tried.append(text)
        if "a = 1" in text:
            return BackpropReport(Verdict.OTHER_LOSS, measure)
        return BackpropReport(Verdict.RIGHT, measure) if is_right and "a = 2" in text else wrong

    (found,) = with_tried_repairs(wrong, "x = 1\na = 0\n", check).faults
    assert tried == ["x = 1\na = 1\n", "x = 1\na = 2\n"]
    assert (found.repair.statement if found.repair else None) == ("a = 2" if is_right else None)


@pytest.mark.parametrize(
    ("code", "is_kept"), [("backprop_without", False), ("backprop_other_value", False), ("backprop_stale", True)]
)
def test_words_are_not_shown_if_the_statement_that_they_make_is_wrong(code: str, is_kept: bool) -> None:
    """They may hold in one pass of a loop only: `without dhnext` in the last step of time."""
    repair = Repair(Message(code, {"text": "b", "name": "a", "other": "b", "line": 1}))
    fault = Fault(1, "dh = a + b", Message("backprop_wrong"), repair=repair, proposals=(Replacement(1, 1, "dh = a"),))
    report = BackpropReport(Verdict.WRONG, Measure("loss", 1), faults=(fault,))
    tried = with_tried_repairs(report, "dh = a + b\n", lambda text: report)
    assert (tried.faults[0].repair is not None) is is_kept
    untried = with_tried_repairs(replace(report, faults=(replace(fault, proposals=()),)), "dh = a + b\n", lambda text: report)
    assert untried.faults[0].repair == repair


def test_a_fault_that_an_earlier_repair_mends_is_left_out() -> None:
    first = Fault(1, "dh = a + b", Message("backprop_wrong"), proposals=(Replacement(1, 1, "dh = a"),))
    second = Fault(2, "dw = x * dh", Message("backprop_wrong"), proposals=(Replacement(2, 2, "dw = 2 * x * dh"),))
    wrong = BackpropReport(Verdict.WRONG, Measure("loss", 3), faults=(first, second))
    right = replace(wrong, verdict=Verdict.RIGHT, faults=())
    tried = with_tried_repairs(wrong, "dh = a + b\ndw = x * dh\n", lambda text: right if text.startswith("dh = a\n") else wrong)
    assert [(each.line, each.repair is not None) for each in tried.faults] == [(1, True)]
    neither = with_tried_repairs(wrong, "dh = a + b\ndw = x * dh\n", lambda text: wrong)
    assert [each.line for each in neither.faults] == [1, 2]
