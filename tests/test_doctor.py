"""`tracer doctor`: each rule finds its fault where it is planted, with the numbers that say so, and nothing where it is not."""

from __future__ import annotations

import json
import re
import warnings
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

import tracer
from support.cli import run
from support.programs import traced
from support.traces import recorded
from tracer.analysis.doctor.classes import classified
from tracer.analysis.doctor.examining import RULES, examine
from tracer.analysis.doctor.findings import Diagnosis
from tracer.analysis.doctor.reading import Run
from tracer.graph.record import Trace
from tracer.i18n.language import CHINESE
from tracer.training.bundled import bundled_names
from tracer.views.text.doctor import doctor_data, doctor_lines

NETWORK = """\
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4))
labels = np.argmax(X @ rng.normal(size=(4, 3)), axis=1)
W1, b1 = rng.normal(size=(4, 6)) * 0.5, np.zeros(6)
W2, b2 = rng.normal(size=(6, 6)) * 0.5, np.zeros(6)
W3, b3 = rng.normal(size=(6, 3)) * 0.2, np.zeros(3)
rate = 0.1
for step in range(24):
    h1 = np.maximum(X @ W1 + b1, 0)
    h2 = np.tanh(h1 @ W2 + b2)
    logits = h2 @ W3 + b3
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(60), labels]))
    d = p.copy()
    d[np.arange(60), labels] -= 1
    d = d / 60
    d2 = d @ W3.T * (1 - h2 ** 2)
    d1 = d2 @ W2.T * (h1 > 0)
    W3 = W3 - rate * (h2.T @ d)
    b3 = b3 - rate * d.sum(axis=0)
    W2 = W2 - rate * (h1.T @ d2)
    b2 = b2 - rate * d2.sum(axis=0)
    W1 = W1 - rate * (X.T @ d1)
    b1 = b1 - rate * d1.sum(axis=0)
"""
"""A network that learns: nothing is wrong with it."""

LAST = "rng.normal(size=(6, 3)) * 0.2"

FAULTS: dict[str, tuple[list[tuple[str, str]], set[str]]] = {
    "learns": ([], set()),
    "rate is 0": ([("rate = 0.1", "rate = 0.0")], {"not_falling", "never_moves"}),
    "rate is too small": ([("rate = 0.1", "rate = 1e-9")], {"not_falling", "small_update"}),
    "inputs are not scaled": ([("X = rng.normal(size=(60, 4))", "X = rng.normal(size=(60, 4)) * 40")], {"unscaled"}),
    "most units are dead": ([("np.zeros(6)\nW2", "np.full(6, -20.0)\nW2")], {"dead"}),
    "tanh is saturated": ([("rng.normal(size=(6, 6)) * 0.5", "rng.normal(size=(6, 6)) * 60")], {"saturated"}),
    "starts far from guessing": ([("rng.normal(size=(6, 3)) * 0.2", "rng.normal(size=(6, 3)) * 20")], {"initial_loss"}),
    "a class is rare": ([("labels = np.argmax", "labels = (np.arange(60) < 3) + 0 * np.argmax")], {"imbalance"}),
    "second weights are 0": (
        [("rng.normal(size=(6, 3)) * 0.2", "np.zeros((6, 3))"), ("W3 = W3 -", "W3 = W3 - 0 *")],
        {"zero_gradient"},
    ),
    "gradients vanish": (
        [("rng.normal(size=(6, 3)) * 0.2", "rng.normal(size=(6, 3)) * 1e-6"), ("rate = 0.1", "rate = 1e-6")],
        {"vanishing"},
    ),
}
"""What is replaced, and the rules that find it."""


LINE = """\
import numpy as np
x = np.linspace(-1, 1, 20)
y = 3 * x + 0.5
w, b = np.full(2, 0.1), np.zeros(1)
for step in range(24):
    r = x * w[0] + x * w[1] + b - y
    loss = np.mean(r ** 2)
    w = w - RATE * np.array([2 * np.mean(r * x), 2 * np.mean(r * x)])
    b = b - RATE * 2 * np.mean(r)
"""
"""A line through points: full batches, and a learning rate to be chosen."""

LINES: dict[str, set[str]] = {"0.1": set(), "4.0": {"not_falling", "growing_gradient", "large_update"}}
"""By learning rate, what is found; above 1 the intercept diverges."""

SWINGING = """\
import numpy as np
x = np.linspace(-1, 1, 20)
w = np.full(2, 3.0)
for step in range(24):
    r = x * w[0] + x * w[1] - x
    loss = np.mean(np.abs(r))
    w = w - 0.9 * np.mean(np.sign(r) * x)
"""

NOT_A_NUMBER = """\
import numpy as np
w = np.array([1.0, 2.0])
for step in range(12):
    loss = np.sum(np.log(w - 0.5))
    w = w - 0.1 / (w - 0.5)
"""


def codes(found: Diagnosis) -> set[str]:
    return {finding.code for finding in found.findings}


@lru_cache
def planted(name: str, folder: Path) -> Trace:
    text = NETWORK
    for old, new in FAULTS[name][0]:
        assert old in text
        text = text.replace(old, new)
    return traced(folder, text)


@pytest.mark.parametrize("name", FAULTS)
def test_rule_finds_what_is_planted(name: str, tmp_path: Path) -> None:
    trace = planted(name, tmp_path)
    found = examine(trace)
    assert FAULTS[name][1] <= codes(found)
    assert FAULTS[name][1] or not found.findings
    for finding in found.findings:
        assert finding.numbers
        assert finding.code in {"not_falling", "oscillating"} or finding.node is not None
    lines = list(doctor_lines(trace, found))
    assert len(list(doctor_lines(trace, found, CHINESE))) <= len(lines)  # advice is not broken into lines


@pytest.mark.parametrize("rate", LINES)
def test_rate_of_a_line_through_points(rate: str, tmp_path: Path) -> None:
    assert codes(examine(traced(tmp_path, LINE.replace("RATE", rate)))) == LINES[rate]


def test_loss_that_goes_up_and_down(tmp_path: Path) -> None:
    found = examine(traced(tmp_path, SWINGING))
    assert "oscillating" in codes(found)
    (finding,) = [each for each in found.findings if each.code == "oscillating"]
    assert 5 <= finding.numbers["swings"] <= 22


@pytest.mark.filterwarnings("ignore:invalid value")
def test_first_number_that_is_not_finite(tmp_path: Path) -> None:
    found = examine(traced(tmp_path, NOT_A_NUMBER))
    assert "not_finite" in codes(found)


@pytest.mark.parametrize("name", bundled_names())
def test_bundled_scenarios_have_no_finding_but_what_is_true(name: str) -> None:
    found = examine(recorded(name))
    assert codes(found) == ({"unscaled"} if name == "linear-regression" else set())


BATCHES = """\
import numpy as np
rng = np.random.default_rng(5)
w = np.array([3.0, -2.0])
for step in range(40):
    x = rng.normal(size=(8, 2))
    r = x @ w - x @ np.array([1.0, 1.0]) + NOISE * rng.normal(size=8)
    loss = np.mean(r ** 2)
    w = w - RATE * 2 / 8 * x.T @ r
"""
"""Other data in each step."""


@pytest.mark.parametrize(
    ("rate", "noise", "found", "unseen"),
    [("0.05", "0.1", set(), set()), ("0.0", "1e3", set(), {"rule_not_falling"}), ("-0.0001", "0.0", None, {"rule_not_falling"})],
)
def test_loss_of_other_data_in_each_step(rate: str, noise: str, found: set[str] | None, unseen: set[str], tmp_path: Path) -> None:
    diagnosis = examine(traced(tmp_path, BATCHES.replace("RATE", rate).replace("NOISE", noise)))
    if found is not None:
        assert codes(diagnosis) - {"never_moves"} == found
    assert unseen <= {each.what.code for each in diagnosis.unseen}
    assert ("rule_not_falling" in {each.what.code for each in diagnosis.unseen}) is bool(unseen)


GIVEN = """\
import numpy as np
rng = np.random.RandomState(0)
X, y = rng.randn(6, 4), np.array([0, 1, 2, 0, 1, 2])
W, m, rate = rng.randn(4, 3) * 0.1, np.zeros((4, 3)), 0.1
for step in range(12):
    y = rng.permutation(y)
    n = len(y)
    p = np.exp(X @ W)
    p = p / p.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(n), y]))
    d = p.copy()
    d[np.arange(n), y] -= 1
    m = 0.9 * m + X.T @ d / n
    rate = rate * 0.9
    W = W - rate * m
"""


def test_data_are_the_same_by_what_they_are(tmp_path: Path) -> None:
    """Neither the numbers of nodes count, nor what only the update is made of, nor statistics: labels may have another order."""
    same = traced(tmp_path, GIVEN.replace("    y = rng.permutation(y)\n", ""))
    assert Run(same).has_same_data
    assert not Run(traced(tmp_path, GIVEN)).has_same_data
    assert "rule_oscillating" not in {each.what.code for each in examine(same).unseen}
    assert "rule_oscillating" in {each.what.code for each in examine(traced(tmp_path, GIVEN)).unseen}


def test_numbers_of_a_finding_are_those_of_the_record(tmp_path: Path) -> None:
    trace = planted("inputs are not scaled", tmp_path)
    (finding,) = [each for each in examine(trace).findings if each.code == "unscaled"]
    X = next(node for node in trace.steps[0].nodes if node.name == "X")
    assert finding.numbers["mean"] == pytest.approx(X.value.mean())
    assert finding.numbers["std"] == pytest.approx(X.value.std())


def test_labels_are_those_that_make_the_loss(tmp_path: Path) -> None:
    """With as many samples as classes, the numbers of the samples might be labels too."""
    text = NETWORK.replace("60", "3").replace("np.argmax(X @ rng.normal(size=(4, 3)), axis=1)", "np.array([2, 0, 0])")
    step = traced(tmp_path, text).steps[0]
    found = classified(step)
    assert found is not None
    assert list(found.labels) == [2, 0, 0]
    assert found.entropy == pytest.approx(step.loss)


def test_what_values_are_needed_for_is_said_where_they_are_missing(tmp_path: Path) -> None:
    trace = planted("learns", tmp_path)
    tracer.save(trace, tmp_path / "run.sqlite", values="summary")
    found = examine(tracer.open(tmp_path / "run.sqlite"))
    assert not found.findings
    assert {each.what.code for each in found.unseen} == {"rule_updates", "rule_dead", "rule_saturated", "rule_wrong_gradient"}


def test_statistics_are_enough_where_all_units_are_dead(tmp_path: Path) -> None:
    trace = planted("most units are dead", tmp_path)
    tracer.save(trace, tmp_path / "run.sqlite", values="summary")
    assert {"dead", "zero_gradient"} <= codes(examine(tracer.open(tmp_path / "run.sqlite")))


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    tracer.save(planted("learns", tmp_path), "good.sqlite")
    tracer.save(planted("rate is 0", tmp_path), "bad.sqlite")
    assert run("doctor", "good.sqlite") == 0
    assert f"nothing was found, as far as the {len(RULES)} rules could look" in capsys.readouterr().out
    assert run("doctor", "bad.sqlite") == 1
    told = capsys.readouterr().out
    assert "never_moves: W1 is updated and stays as it is in all 16 steps looked at" in told
    assert told.count("  advice ") == 2
    assert run("doctor", "bad.sqlite", "--json") == 1
    assert str(planted("rate is 0", tmp_path).doctor()) == told.rstrip("\n")
    data = json.loads(capsys.readouterr().out)
    assert [each["code"] for each in data["findings"]] == ["not_falling", *["never_moves"] * 6]
    assert data["findings"][1]["label"] == "W1"
    assert data == json.loads(json.dumps(doctor_data(tracer.open("bad.sqlite"), examine(tracer.open("bad.sqlite")))))


def test_verdict_on_hand_written_gradients_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("right.py").write_text(NETWORK)
    Path("wrong.py").write_text(NETWORK.replace("* (h1 > 0)", "* (1 - h1 ** 2)"))
    assert run("trace", "right.py") == run("trace", "wrong.py") == 0
    told = "the hand-written gradients are wrong, first in line 20: d1 = d2 @ W2.T * (1 - h1 ** 2)"
    assert capsys.readouterr().out.count(f"{told}\n") == 1
    assert run("doctor", "right") == 0
    assert (
        capsys.readouterr().out == f"right: 24 steps, 16 of them looked at closely\nnothing was found by the {len(RULES)} rules\n"
    )
    assert run("doctor", "wrong") == 1
    assert f"wrong_gradient: {told}\n  advice     tracer check" in capsys.readouterr().out
    assert run("doctor", "wrong", "--json") == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["fields"]["verdict"]["fields"]["line"] == 20


def test_thresholds_are_those_of_the_page() -> None:
    from tracer.analysis.doctor import activations, classes, gradients, inputs, losses, updates

    page = (Path(__file__).parent.parent / "docs/how-to/doctor.md").read_text()
    rows = re.findall(r"^\| `(\w+)\.(\w+)` \| ([^|]+?) \|", page, re.MULTILINE)
    modules = {"activations": activations, "classes": classes, "gradients": gradients}
    modules |= {"inputs": inputs, "losses": losses, "updates": updates}
    for module, name, value in rows:
        assert float(value) == getattr(modules[module], name), name
    named = {(module, name) for module, name, _ in rows}
    for module, found in modules.items():
        for name, value in vars(found).items():
            if name.isupper() and not name.startswith("_") and isinstance(value, (int, float)):
                assert (module, name) in named, name
    told = {name for line in page.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert {code for expected in FAULTS.values() for code in expected[1]} <= told
    assert np.isfinite([float(value) for _, _, value in rows]).all()


def test_numbers_that_overflow_are_looked_at_without_a_warning() -> None:
    trace = tracer.run(tracer.load("linear-regression"), steps=60, settings={"learning_rate": 1})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "not_finite" in codes(examine(trace))
