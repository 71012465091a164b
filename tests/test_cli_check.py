"""`tracer check` on the command line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.cli import SCENARIO_TEXT, run
from support.own_operations import restore_registry

BROKEN = '''"""A scenario whose own operation has a wrong rule."""
import numpy as np
from tracer import Scenario
from tracer.ops import REAL, Elementwise

class Growth(Elementwise):
    implements = np.arcsinh
    formula = "growth({x})"
    domain = (REAL,)

    @staticmethod
    def gradient_x(g, out, x):
        return g / np.sqrt(x * x + 1) * FACTOR

def model(x, w):
    h = x @ w
    return np.arcsinh(h)

scenario = Scenario(data=lambda: {"x": np.arange(6.0).reshape(3, 2)}, parameters={"w": [0.1, 0.2]},
                    model=model, loss=lambda prediction: np.mean(prediction ** 2))
'''


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs in an empty folder of its own, and leaves no operation behind."""
    restore_registry(monkeypatch)
    monkeypatch.chdir(tmp_path)


def test_wrong_rule_is_named_and_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken.py").write_text(BROKEN.replace("FACTOR", "1.001"))
    assert run("check", "./broken.py") == 1
    out = capsys.readouterr().out
    assert re.search(r"^w +\(2,\) +differences in growth +2 +1.0e-03 +WRONG$", out, re.MULTILINE)
    assert "wrong: 1 of 1 gradient, 1 of 4 rules" in out
    number = r"-?[\d.]+"
    wrong = rf"^the gradient with respect to w is {number} at \[1\], expected {number} by differences in growth$"
    assert re.search(wrong, out, re.MULTILINE)
    assert "node 3, prediction (broken.py:17: np.arcsinh(h)): the rule of growth for its input h is wrong: it is" in out
    assert not Path("output").exists()


def test_correct_rule_exits_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    Path("fine.py").write_text(BROKEN.replace("FACTOR", "1.0"))
    assert run("check", "./fine.py", "--second-order", "--seed", "3", "--examples", "5") == 0
    out = capsys.readouterr().out
    assert "w, 2nd order" in out
    assert "at 5 sets of parameters" in out


def test_first_failing_example_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken.py").write_text(BROKEN.replace("FACTOR", "np.where(x > 1.6, 1.01, 1.0)"))
    assert run("check", "./broken.py", "--examples", "30") == 1
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("wrong:"))
    found = re.search(r"first at set (\d+) of 30 \(again with the same --seed and --examples (\d+)\)", line)
    assert found is not None
    assert 1 < int(found[1]) == int(found[2])
    assert run("check", "./broken.py", "--examples", found[1]) == 1
    assert run("check", "./broken.py", "--examples", str(int(found[1]) - 1)) == 0


def test_output_of_the_scenario_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(SCENARIO_TEXT.format(model="print('in the model')"))
    assert run("check", "./mine.py", "--json") == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["passed"]
    assert "in the model" in output.err


def test_json_has_the_contents_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken.py").write_text(BROKEN.replace("FACTOR", "1.001"))
    assert run("check", "./broken.py", "--second-order", "--json", "--examples", "4") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["passed"], found["examples"], found["scenario"]) == (False, 1, "./broken.py")
    assert [(each["name"], each["order"], each["passed"]) for each in found["comparisons"]] == [("w", 1, False), ("w", 2, False)]
    assert found["comparisons"][0]["worst"]["index"] == [1]
    (fault,) = found["faults"]
    assert fault["source"] == {"file": "broken.py", "line": 17, "text": "np.arcsinh(h)"}
    assert run("check", "fruit", "--json") == 0
    assert json.loads(capsys.readouterr().out)["passed"]


def test_exhaustive_check_with_processes(capsys: pytest.CaptureFixture[str]) -> None:
    Path("fine.py").write_text(BROKEN.replace("FACTOR", "1.0"))
    assert run("check", "./fine.py", "--exhaustive", "--jobs", "2") == 0
    assert re.search(r"^w +\(2,\) +differences in growth +2 ", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize(("arguments", "code", "message"), [
    (["check"], 2, "what is to be checked? a scenario of `tracer list`, a Python file, or --example NAME"),
    (["check", "fruits"], 2, "there is no scenario 'fruits'; did you mean fruit"),
    (["check", "./none.py"], 2, "there is no file ./none.py"),
    (["check", "fruit", "--examples", "0"], 2, "--examples takes a whole number from 1 on, this is '0'"),
    (["check", "fruit", "--jobs", "many"], 2, "--jobs takes a whole number from 1 on, this is 'many'"),
    (["check", "fruit", "--jobs", "2"], 2, "--jobs and --backend share out the work of --exhaustive: give that too"),
    (["check", "fruit", "--exhaustive", "--examples", "2"], 2, "--exhaustive checks one set of parameters"),
    (["check", "fruit", "--exhaustive", "--backend", "nonsense"], 2, "the backend 'nonsense' cannot be used"),
    (["check", "fruit", "--dtype", "float16"], 2, "dtype must be float32 or float64, this is 'float16'"),
    (["check", "fruit", "--set", "rate=1"], 2, "has no setting 'rate'"),
    (["check", "fruit", "--seed", "-1"], 2, "--seed takes a whole number from 0 on"),
])  # fmt: skip
def test_usage_error_is_one_line(arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == code
    output = capsys.readouterr()
    assert output.out == ""
    assert len(output.err.splitlines()) == 1
    assert message in output.err


@pytest.mark.parametrize(("model", "code", "message"), [
    ("h = h * np.random.default_rng().normal()", 2, "the scenario mine is not deterministic"),
    ("h = h * w.value[0]", 2, "this computes with numbers that were taken out of the record"),
    ("h = np.log(h - 100)", 2, "the loss is nan, there is no derivative to check: it is not finite because of node"),
    ("h = np.spacing(h)", 3, "np.spacing has no derivative rule"),
    ("h = h / {}['x']", 3, "KeyError: 'x'"),
])  # fmt: skip
def test_scenarios_that_cannot_be_checked_are_reported(
    model: str, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine.py").write_text(SCENARIO_TEXT.format(model=model))
    assert run("check", "./mine.py") == code
    output = capsys.readouterr()
    assert output.out == ""
    assert message in output.err
    assert "tracer/" not in output.err


def test_closed_pipe_is_not_an_error() -> None:
    command = f"{sys.executable} -m tracer check fruit --json | head -1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("{\n", "", 0)
