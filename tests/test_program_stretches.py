"""How much of a program is recorded: a budget, chosen steps; and what the program has when the record has ended."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracer.programs.process.budget import Budget
from tracer.programs.process.stretches import Loop, Stretches
from tracer.programs.record import ProgramRecord
from tracer.programs.running import run_program

PROGRAM = """\
import sys
from collections import deque
from dataclasses import dataclass
import numpy as np


@dataclass
class Model:
    W: np.ndarray
    bias: float = 0.0

    def forward(self, x):
        return np.tanh(x @ self.W) + self.bias


def train(steps):
    model, history = Model(np.ones((3, 1))), deque(maxlen=3)
    x, lost = np.eye(3), [np.zeros(1)]
    rate = 0.1

    def update(gradient):
        model.W -= rate * gradient

    for step in range(steps):
        out = model.forward(x)
        for row in out:
            lost[0] = lost[0] + row
        update(x.T @ out)
        model.bias -= 0.1 * out.mean()
        history.append(out)
        frames[step] = out
    sys.modules["left"] = (model, x, lost, history, update, rate)
    return model.W


frames = {}
print(train(20).sum())
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


def run(path: Path, capsys: pytest.CaptureFixture[str], **options: Any) -> tuple[ProgramRecord, str, tuple[Any, ...]]:
    record = run_program(path, **options)
    assert record.ending.error is None
    return record, capsys.readouterr().out, sys.modules.pop("left")  # type: ignore[return-value]


def passes_of(record: ProgramRecord, name: str) -> int:
    return sum(not isinstance(entry[0], str) and entry[0].name == name for entry in record.entries)


def test_program_goes_on_when_the_budget_is_used_up(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole, expected, _ = run(program, capsys)
    record, printed, _ = run(program, capsys, budget=Budget(nodes=150))
    assert printed == expected
    assert record.used_up == "nodes"
    assert 150 < len(record.entries) < 250 < len(whole.entries)
    assert whole.used_up == ""


def test_budget_of_bytes(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record, _, _ = run(program, capsys, budget=Budget(bytes=2000))
    assert record.used_up == "bytes"
    assert sum(np.asarray(value).nbytes for value in record.values) < 10_000


def test_program_has_plain_values_after_its_record(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, (model, x, lost, history, update, rate) = run(program, capsys, budget=Budget(nodes=100))
    assert type(model.W) is type(x) is type(lost[0]) is np.ndarray
    assert type(model.bias) is np.float64
    assert type(rate) is float
    assert {type(each) for each in history} == {np.ndarray}
    assert type(update.__closure__[0].cell_contents) is not None
    assert all(not hasattr(each, "tensor") for each in (model.W, x, rate))


def test_chosen_steps_are_recorded(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, expected, _ = run(program, capsys)
    line = PROGRAM[: PROGRAM.index("for step in")].count("\n") + 1
    asked: list[int] = []

    def find_loop(record: Any) -> Loop | None:
        asked.append(len(record.recorder.entries))
        return Loop(line) if len(asked) > 1 else None

    record, printed, (model, *_) = run(program, capsys, stretches=Stretches([0, 9, 12, 13], find_loop))
    assert printed == expected
    assert asked[1] >= 2 * asked[0]
    before = sum(found < asked[1] for loop, found in record.passes if loop == line)
    assert passes_of(record, "tanh") == before + 5  # 8 and 11 too, the passes before
    assert sum(loop == line for loop, _ in record.passes) == 15  # the last one ends the record
    assert not record.changed_outside
    assert not record.unknown
    assert type(model.W) is np.ndarray


def test_interrupted_program_keeps_its_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "program.py"
    path.write_text(
        "import numpy as np\nx = np.ones(2)\nwhile True:\n    x = x * 2\n    if x[0] > 100: raise KeyboardInterrupt\n"
    )
    record = run_program(path, tells_end=True)
    assert (record.ending.exit_code, type(record.ending.error)) == (130, KeyboardInterrupt)
    assert passes_of(record, "multiply") == 7
    assert capsys.readouterr().err.splitlines()[-1] == "KeyboardInterrupt"


def test_process_is_as_before(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(
        "import os, sys, io, signal, warnings, atexit\nimport numpy as np\nimport beside\n"
        "os.chdir('/')\nsys.stdout = io.StringIO()\nsys.argv.append('x')\nsys.path.append('nowhere')\nnp.seterr(all='raise')\n"
        "np.set_printoptions(precision=1)\nwarnings.simplefilter('error')\nsys.setrecursionlimit(5000)\nsys.excepthook = None\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\natexit.register(print, 'bye')\n"
    )
    (tmp_path / "beside.py").write_text("x = 1\n")

    def state() -> list[Any]:
        import atexit
        import os
        import signal
        import warnings

        return [
            Path.cwd(), sys.stdout, sys.argv, list(sys.path), np.geterr(), np.get_printoptions(), list(warnings.filters),
            sys.getrecursionlimit(), sys.excepthook, signal.getsignal(signal.SIGINT), sys.modules["__main__"],
            "beside" in sys.modules, atexit.register, os.getpid(),
        ]  # fmt: skip

    before = state()
    assert run_program(path).ending.error is None
    assert state() == before


def test_frames_of_this_package_are_no_calls_of_the_program(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text("import numpy as np\nx = np.ones(3)\n\ndef half(v):\n    return v * 0.5\n\ny = list(map(half, x))\n")
    record = run_program(path)
    product = next(id for id, entry in enumerate(record.entries) if not isinstance(entry[0], str) and entry[0].name == "multiply")
    place = record.place(product)
    assert place is not None
    assert (place.line, place.code.co_name) == (5, "half")
    assert place.caller is not None
    assert (place.caller.line, place.caller.code.co_name, place.caller.caller) == (7, "<module>", None)
