"""Names of values: subscript targets, several results of one call, plain arrays that enter, programs without a file."""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.graph.record import Step
from tracer.recording.program_text import lines
from tracer.recording.program_text.instructions import variables_returned

PROGRAM = """import numpy as np, tracer
def layer(x, w):
    z = x @ w
    return z
def model(x, w, keep=np.ones(3)):
    first = second = layer(x, w)
    h = np.tanh(first) * keep
    return np.sum(h)
step = tracer.trace(model, np.ones((2, 3)), np.ones((3, 3)))
print([node.name for node in step.nodes if node.phase == "forward"])
print([str(node.source) + " " + node.source.text for node in step.nodes if node.name == "h"])
"""


def names(step: Step, phase: str = "forward") -> list[str]:
    return [node.name for node in step.nodes if node.phase == phase and node.name]


def test_values_assigned_to_elements_are_named_after_the_target() -> None:
    def run(x: Any, w: Any) -> Any:
        hs: dict[Any, Any] = {-1: x}
        for t in range(2):
            hs[t] = np.tanh(hs[t - 1] @ w)
        cache: dict[str, Any] = {}
        cache["out"] = hs[1] * 2
        return np.sum(cache["out"])

    step = tracer.trace(run, np.ones((2, 2)), np.eye(2))
    assert names(step) == ["hs[t]", "hs[t]#2", "cache['out']", "loss"]
    assert "dL/d(hs[t])" in names(step, "backward")
    assert step.gradient("hs[t]#2").shape == (2, 2)


def test_long_targets_give_no_name() -> None:
    def run(x: Any) -> Any:
        kept: dict[Any, Any] = {}
        a_rather_long_name_of_a_position = 0
        kept[a_rather_long_name_of_a_position, a_rather_long_name_of_a_position] = x * 2
        return np.sum(kept[0, 0])

    assert names(tracer.trace(run, np.ones(2))) == ["x", "loss"][1:]


def test_results_of_one_call_are_named_one_by_one() -> None:
    def halves(x: Any) -> Any:
        return np.split(x, 3)

    def run(x: Any) -> Any:
        q, k, v = np.split(x, 3)
        a, _, (c, d) = halves(x)
        return np.sum(q * k + v * a + c * d)

    step = tracer.trace(run, np.arange(6.0))
    assert [name for name in names(step) if name != "loss"] == ["q", "k", "v", "a", "_"]
    assert step.node("k").value.tolist() == [2, 3]
    assert step.gradient("v").tolist() == [0, 1]
    assert step.node("_").value.tolist() == [2, 3]


def test_plain_arrays_that_enter_are_named_after_their_variables() -> None:
    def run(x: Any) -> Any:
        mask = np.array([1.0, 0, 1])
        low, weights = np.zeros(3), np.arange(3.0)
        h = mask * x
        h = h + np.maximum(low, x) + x.dot(weights) + np.where(mask > 0, x, low)
        h += mask
        return np.sum(np.concatenate([h, weights]) * (mask > 0).sum())

    step = tracer.trace(run, np.ones(3))
    constants = [node for node in step.nodes if node.op == "constant" and node.phase == "forward" and node.name]
    entered = [(node.name, node.value.tolist()) for node in constants]
    one = [1.0, 0, 1]
    numbers = [0.0, 1, 2]
    assert entered == [
        ("mask", one), ("low", [0.0] * 3), ("weights", numbers), ("low#2", [0.0] * 3), ("mask#2", one), ("weights#2", numbers),
    ]  # fmt: skip
    assert step.node("h").source is not None


def test_writing_in_place_names_values_and_arrays() -> None:
    def run(x: Any) -> Any:
        hs = np.zeros((3, 2), like=x)
        mask = np.array([1.0, 0])
        for t in range(2):
            hs[t + 1] = np.tanh(hs[t] + x)
        hs *= mask
        return np.sum(hs)

    step = tracer.trace(run, np.ones(2))
    tracer_names = [name for name in names(step) if name != "loss"]
    assert tracer_names == ["hs", "hs[t + 1]", "hs#2", "hs[t + 1]#2", "hs#3", "mask", "hs#4"]
    assert step.node("hs#4").value[2, 1] == 0


def test_arrays_in_other_expressions_get_no_name() -> None:
    def run(x: Any) -> Any:
        table = np.ones((2, 3))
        return np.sum(x * table[0] + x * np.ones(3) + np.einsum("i,i->", x, table[1]))

    assert names(tracer.trace(run, np.ones(3))) == ["loss"]


def test_returned_names_of_a_tuple_are_those_of_the_variables() -> None:
    def parts(x: Any) -> Any:
        low = x * 2
        high = x * 3
        return low, high

    def run(x: Any) -> Any:
        a, b = parts(x)
        return np.sum(a * b)

    assert names(tracer.trace(run, np.ones(2))) == ["low", "high", "loss"]


EXPECTED = "['first', '', 'keep', 'h', 'loss']"


def python(*arguments: str, **options: Any) -> list[str]:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True, **options)
    return done.stdout.splitlines()


def test_names_under_python_c() -> None:
    assert python("-c", PROGRAM) == [EXPECTED, "['<string>:7 np.tanh(first) * keep']"]


def test_names_of_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "program"
    file.write_text(PROGRAM)
    with file.open() as opened:
        assert python("-", stdin=opened) == [EXPECTED, "['<stdin>:7 np.tanh(first) * keep']"]
    # A pipe cannot be read again: variables are those of the instructions, and there is no text.
    assert python("-", input=PROGRAM) == [EXPECTED.replace("keep", ""), "['<stdin>:7 ']"]


def run_text(text: str, filename: str) -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(compile(text, filename, "exec", dont_inherit=True), space)
    return space


def test_names_without_a_text_are_those_of_the_instructions() -> None:
    text = (
        "import numpy as np\n"
        "def f(x):\n    z = x * 2\n    return z\n"
        "def model(x):\n    a = b = f(x)\n    q, k = np.split(a, 2)\n    return np.sum(q * k)\n"
    )
    space = run_text(text, "<somewhere>")
    step = tracer.trace(space["model"], np.arange(4.0))
    assert names(step) == ["a", "q", "k", "loss"]
    assert [node.source.text for node in step.nodes if node.source] == [""] * len([node for node in step.nodes if node.source])


def test_instructions_name_locals_whichever_python_compiled_them() -> None:
    """Python 3.13 stores and loads two local variables in one instruction, 3.14 borrows what it loads."""
    several = "".join(f"    v{number} = {number}\n" for number in range(300))
    text = (
        "import numpy as np\n"
        "def same_line(x):\n    z = x * 2; return z\n"
        "def chained(x):\n    u = x * 2\n    v = u; return v\n"
        "def in_a_loop(x):\n    for w in (x,):\n        w = w * 2\n    return w\n"
        f"def long(x):\n{several}    p = x * 2\n    return p\n"
        "def model(x):\n"
        "    a = same_line(x)\n    chained(a)\n    in_a_loop(a)\n    long(a)\n"
        "    b, c = np.split(a, 2); d = e = b * c\n    return np.sum(d)\n"
    )
    space = run_text(text, "<somewhere>")
    assert names(tracer.trace(space["model"], np.arange(4.0))) == ["a", "u", "w", "p", "b", "c", "d", "loss"]
    returned = {name: variables_returned(space[name].__code__) for name in ("same_line", "chained", "in_a_loop", "long")}
    assert returned == {"same_line": {"z"}, "chained": {"v"}, "in_a_loop": {"w"}, "long": {"p"}}


def test_text_of_another_program_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    space = run_text("def model(x):\n    own = x * 2\n    return own.sum()\n", "<string>")
    other = "def model(x):\n    wrong = x * 3\n    return wrong.sum()\n"
    monkeypatch.setattr(sys, "orig_argv", ["python", "-c", other])
    assert lines.lines_of(space["model"].__code__) == []
    monkeypatch.setattr(sys, "orig_argv", ["python", "-c", "def model(x):\n    own = x * 2\n    return own.sum()\n"])
    assert len(lines.lines_of(space["model"].__code__)) == 3
    monkeypatch.setattr(sys, "orig_argv", ["python", "-c"])
    assert lines.lines_of(space["model"].__code__) == []


def timed(cells: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    shell = types.SimpleNamespace(history_manager=types.SimpleNamespace(input_hist_raw=cells), transform_cell=lambda cell: cell)
    module = types.ModuleType("IPython")
    module.get_ipython = lambda: shell  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", module)


def test_names_in_a_timed_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    body = "import numpy as np\ndef model(x):\n    mask = np.ones(2)\n    h = x * mask\n    return h.sum()\ny = 3\n"
    timed(["x = 1", f"%%time\n{body}y\n", "%%time\nx = 2\n", "%%timeit\nnot python\n"], monkeypatch)
    space = run_text(body, "<timed exec>")
    step = tracer.trace(space["model"], np.ones(2))
    assert names(step) == ["mask", "h", "loss"]
    assert str(step.node("h").source) == "<timed exec>:4"
    module = compile(body, "<timed exec>", "exec", dont_inherit=True)  # the cell without its last expression
    assert len(lines.lines_of(module)) == 7
    timed([], monkeypatch)
    assert lines.lines_of(space["model"].__code__) == []


@pytest.mark.parametrize("shell", [None, object()])
def test_a_notebook_of_another_kind_gives_no_text(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("IPython")
    module.get_ipython = lambda: shell  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", module)
    model: Callable[..., Any] = run_text("def model(x):\n    return x\n", "<timed exec>")["model"]
    assert lines.lines_of(model.__code__) == []
