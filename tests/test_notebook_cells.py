"""`%%trace` in a notebook, and `tracer.testing.assert_backprop`."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.testing import assert_backprop

pytestmark = pytest.mark.numbers

CELL = """\
for i in range(4):
    out = X @ W
    loss = np.mean((out - Y) ** 2)
    dW = X.T @ (2 * (out - Y) / 3)
    W -= 0.5 * dW
W.sum()
"""


class Shell:
    """What `%%trace` uses of IPython's shell."""

    def __init__(self, **names: Any) -> None:
        self.user_ns: dict[str, Any] = {"np": np, **names}
        self.execution_count = 7
        self.published: list[dict[str, str]] = []
        self.display_pub = SimpleNamespace(publish=self.published.append)
        self.magics: dict[str, Any] = {}

    def transform_cell(self, cell: str) -> str:
        return cell

    def register_magic_function(self, function: Any, magic_kind: str, magic_name: str) -> None:
        assert magic_kind == "cell"
        self.magics[magic_name] = function


def shell_with_magic(**names: Any) -> Shell:
    shell = Shell(**names)
    tracer.load_ipython_extension(shell)
    return shell


def values() -> dict[str, Any]:
    return {"X": np.eye(3), "Y": np.ones(3), "W": np.zeros(3)}


def test_cell_is_recorded_in_the_namespace_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    given = values()
    shell = shell_with_magic(**given, parts={"rate": [0.5]}, flag=True)
    shell.magics["trace"]("run", CELL)
    trace = shell.user_ns["run"]
    tracer.validate(trace)
    assert (trace.scenario, len(trace.steps), trace.source) == ("notebook", 4, CELL)
    assert [step.loss for step in trace.steps[:2]] == pytest.approx([1.0, 4 / 9])
    assert str(trace.steps[0].node("loss").source) == "Cell 7:4"
    found, shown = shell.published
    assert found["text/plain"].splitlines()[0].split() == ["loss", "loss,", "line", "4"]
    assert shown["text/plain"] == repr(trace) and "<svg" in shown["image/svg+xml"]
    assert "2.407" in capsys.readouterr().out  # the value of the last line
    # What the cell leaves is what it leaves without a record.
    plain = values()
    exec(CELL, {"np": np, **plain})
    assert shell.user_ns["W"] is given["W"] and given["W"].tobytes() == plain["W"].tobytes()
    assert type(shell.user_ns["loss"]) is np.float64 and type(shell.user_ns["dW"]) is np.ndarray
    assert type(shell.user_ns["parts"]["rate"][0]) is float and shell.user_ns["flag"] is True


def test_cell_that_raises_shows_what_was_recorded_before() -> None:
    shell = shell_with_magic(**values())
    with pytest.raises(ZeroDivisionError) as raised:
        shell.magics["trace"]("run", CELL + "1 / 0\n")
    assert raised.traceback[-1].path == Path("Cell 7") or str(raised.traceback[-1].path).endswith("Cell 7")
    assert len(shell.user_ns["run"].steps) == 4 and len(shell.published) == 2


def test_parameter_that_an_earlier_cell_made_may_be_a_number() -> None:
    shell = shell_with_magic(w=0, xs=[1.0, 2.0], ys=[2.0, 4.0])
    shell.magics["trace"](
        "run --loss J",
        "for i in range(3):\n    J = grad = 0\n    for x, y in zip(xs, ys):\n        J += (w * x - y) ** 2\n"
        "        grad += 2 * (w * x - y) * x\n    w -= 0.05 * grad\n",
    )
    assert shell.user_ns["run"].steps[0].loss == 20
    assert type(shell.user_ns["w"]) is float and type(shell.user_ns["xs"][0]) is float


def test_cell_without_a_loop_or_with_other_options_is_one_line() -> None:
    pytest.importorskip("IPython")
    from IPython.core.error import UsageError

    shell = shell_with_magic()
    with pytest.raises(UsageError, match="no update of a parameter was found"):
        shell.magics["trace"]("", "z = 1\n")
    assert shell.user_ns["z"] == 1
    with pytest.raises(UsageError, match="takes a variable"):
        shell.magics["trace"]("one two", "z = 2\n")


def test_in_a_real_shell() -> None:
    pytest.importorskip("IPython")
    program = textwrap.dedent("""
        import json
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        shell.run_cell("%load_ext tracer").raise_error()
        shell.run_cell("import numpy as np\\nX, Y, W = np.eye(3), np.ones(3), np.zeros(3)").raise_error()
        shell.run_cell("%%trace run\\n" + CELL).raise_error()
        shell.run_cell("import tracer\\nloop = tracer.record()\\nV = loop.parameters(V=W)\\n"
                       "with loop.step():\\n    loss = (V**2).sum()\\n    loss.backward()\\n    V -= 0.1 * V.grad\\nloop.log()")
        loop, run = shell.user_ns["loop"].trace, shell.user_ns["run"]
        print(json.dumps([len(run.steps), str(run.steps[0].node("loss").source), len(loop.steps), loop.scenario,
                          [step.node("loss").source.line for step in loop.steps]]))
    """)
    done = subprocess.run([sys.executable, "-c", f"CELL = {CELL!r}\n{program}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    steps, source, loop_steps, scenario, lines = json.loads(done.stdout.splitlines()[-1])
    assert (steps, loop_steps, lines) == (4, 1, [5]) and source.startswith("Cell ") and scenario in ("notebook", "session")
    assert "== step 0 ==" in done.stdout and "\\n" not in done.stdout  # the log is shown as it is


RIGHT = """
import numpy as np
X, y = np.array([[1.0], [2.0]]), np.array([[2.0], [4.0]])
w = np.zeros((1, 1))
for i in range(5):
    error = X @ w - y
    loss = np.mean(error ** 2)
    dw = X.T @ (2 * error / 2)
    w = w - 0.1 * dw
"""


def test_assert_backprop_of_a_program(tmp_path: Path) -> None:
    program = tmp_path / "train.py"
    program.write_text(RIGHT)
    assert str(assert_backprop(program).verdict) == "right"
    program.write_text(RIGHT.replace("dw = X.T @ (2 * error / 2)", "dw = -X.T @ (2 * error / 2)"))
    with pytest.raises(AssertionError, match=r"train.py is wrong in line \d+") as raised:
        assert_backprop(str(program))
    assert "loss `loss`, line 7" in str(raised.value)
    program.write_text("1 / 0\n")
    with pytest.raises(tracer.ScenarioError, match=r"ended before its first update: train\.py:1: 1 / 0: ZeroDivisionError"):
        assert_backprop(program)
    program.write_text(f"{RIGHT}    assert i < 4\n")
    with pytest.raises(tracer.ScenarioError, match=r"did not run to its end: train\.py:10: .*AssertionError"):
        assert_backprop(program)
    program.write_text("print(1)\n")
    with pytest.raises(tracer.UsageError, match="cannot be checked"):
        assert_backprop(program)
    with pytest.raises(tracer.UsageError, match="there is no program"):
        assert_backprop(tmp_path / "none.py")
    with pytest.raises(tracer.UsageError, match="a function that trains is needed"):
        assert_backprop(3)  # type: ignore[arg-type]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def train(derivative: Any) -> None:
    draw = np.random.default_rng(0)
    x, y, w = draw.normal(size=(8, 3)), draw.integers(0, 2, (8, 1)).astype(float), draw.normal(size=(3, 1))
    for _ in range(5):
        p = sigmoid(x @ w)
        loss = np.mean((p - y) ** 2)
        assert loss >= 0
        delta = 2 * (p - y) / len(y) * derivative(p)
        w -= 0.5 * x.T @ delta


def test_assert_backprop_of_a_function() -> None:
    def right() -> None:
        train(lambda p: p * (1 - p))

    def wrong() -> None:
        train(lambda p: 1 - p)

    assert_backprop(right)
    with pytest.raises(AssertionError, match="wrong is wrong in line"):
        assert_backprop(wrong, loss="loss")
