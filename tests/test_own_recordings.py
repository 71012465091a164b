"""Programs that open a recording themselves, under `tracer trace` and `tracer check`: they are stopped there, and told so."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

import tracer
from support.cli import run
from support.programs import REGRESSION

RECORD = """\
import numpy as np
import tracer
x, y = np.array([1.0, 2.0]), np.array([2.0, 4.0])
with tracer.record("mine.sqlite") as run:
    w = run.parameters(w=np.array(0.0))
    for _ in range(3):
        with run.step():
            loss = np.mean((w * x - y) ** 2)
            loss.backward()
            w -= 0.1 * w.grad
run.save("after.sqlite")
"""

FUNCTION = """\
import numpy as np
import tracer
step = tracer.trace(lambda x: np.sum(x * x), np.ones(3))
step.render("after.svg")
"""

SCENARIO = """\
import tracer
trace = tracer.run(tracer.load("linear-regression"), steps=2)
tracer.save(trace, "after.sqlite")
"""

HELPER = "import recording_helper\nrecording_helper.go()\n"

OWN = [(RECORD, 4, "record"), (FUNCTION, 3, "trace"), (SCENARIO, 2, "run"), (HELPER, 2, "trace")]
"""Programs, the line at which they open a recording, and the function that does."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("recording_helper.py").write_text("def go():\n" + textwrap.indent(FUNCTION, "    "))


@pytest.mark.parametrize("command", ["trace", "check"])
@pytest.mark.parametrize(("text", "line", "function"), OWN, ids=["record", "trace", "run", "helper"])
def test_a_program_is_stopped_where_it_opens_a_recording(
    command: str, text: str, line: int, function: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing of the recording is written, neither by the program nor by the command; no traceback is printed."""
    Path("my own.py").write_text(text)
    assert run(command, "my own.py") == 2
    place, instead = f"line {line}, tracer.{function}()", "run `python 'my own.py'`, or leave that call out"
    assert capsys.readouterr() == ("", f"tracer: my own.py makes a recording of its own ({place}): {instead}\n")
    assert sorted(path.name for path in Path().iterdir() if path.name != "__pycache__") == ["my own.py", "recording_helper.py"]


def test_a_program_that_trains_besides_may_record_after_it(capsys: pytest.CaptureFixture[str]) -> None:
    Path("train.py").write_text(f"{REGRESSION}{FUNCTION}assert step.loss == 3\n")
    assert run("trace", "train.py", "-q", "--format", "log") == 0
    assert len(tracer.open("output/train/trace.sqlite").steps) == 4
    assert run("check", "train.py") == 0
    assert Path("after.svg").exists()


def test_a_check_of_gradients_is_no_recording() -> None:
    check = "from tracer.testing import assert_gradients\nassert_gradients(lambda w: np.sum(w * w), [np.ones(2)])\n"
    Path("train.py").write_text(REGRESSION.replace("import numpy as np\n", f"import numpy as np\n{check}"))
    assert run("check", "train.py") == 0


def test_folders_that_nothing_was_written_into_are_removed() -> None:
    """Only those that the command made."""
    Path("train.py").write_text("raise OSError\n")
    Path("kept").mkdir()
    assert run("trace", "train.py", "-o", "kept/new/folder") == 3
    assert list(Path("kept").iterdir()) == []
    assert run("trace", "train.py", "-o", "kept") == 3
    assert Path("kept").exists()
