"""`tracer trace` and `tracer check` of programs as they stand."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import tracer
from support.cli import SCENARIO_TEXT, run
from support.programs import MOMENTUM, REGRESSION, WRONG, trace_of_program


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "train.py"
    path.write_text(REGRESSION)
    return path


def test_program_is_run_and_written(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trace", "train.py", "--format", "log,pdf") == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in told[:4]] == ["0", "1", "2", "3"], "what the program prints"
    assert told[4:7] == [
        "loss        loss, line 10",
        "parameters  W (2,); updated in line 12",
        "steps       4 steps, passes of the loop in line 8",
    ]
    log = f"wrote output/train/steps.log ({_lines('train')} lines)"
    assert told[-6:-3] == ["wrote output/train/trace.sqlite (4 steps)", log, "wrote output/train/steps.pdf"]
    next_commands = ["  tracer check train.py", "  tracer show train 'dL/dW[0]'"]
    assert told[-3:] == ["open output/train/steps.pdf, or try", *next_commands]
    assert (program.parent / "output/train/steps.pdf").read_bytes().startswith(b"%PDF")
    trace = tracer.open("output/train/trace.sqlite")
    assert len(trace.steps) == 4
    assert str(trace.verdict).startswith("every update follows the gradient")


def test_verdict_names_the_line_that_is_wrong(program: Path) -> None:
    program.write_text(WRONG)
    assert run("trace", "train.py", "-q", "--format", "log") == 0
    verdict = tracer.open("output/train/trace.sqlite").verdict
    assert verdict is not None and verdict.code == "program_check_wrong"
    assert WRONG.splitlines()[int(str(verdict.fields["line"])) - 1].strip() == verdict.fields["statement"]


def _lines(name: str) -> int:
    return len((Path("output") / name / "steps.log").read_text().splitlines())


@pytest.mark.parametrize(
    "arguments", [["log"], ["verify"], ["show", "dW"], ["show", "dL/dW"], ["blame"], ["log", "--json"], ["show", "W", "--json"]]
)
def test_commands_read_the_trace_of_a_program(program: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trace", "train.py", "-q", "--format", "log") == 0
    command, *rest = arguments
    assert run(command, "output/train/trace.sqlite", *rest) == 0
    assert run("diff", "output/train/trace.sqlite", "output/train/trace.sqlite") == 0


def test_arguments_of_the_program_follow_two_dashes(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program.write_text("import sys\nprint(sys.argv)\n" + REGRESSION)
    assert run("trace", "train.py", "-q", "--format", "log", "--", "--epochs", "3") == 0
    assert capsys.readouterr().out.splitlines()[0].endswith("train.py', '--epochs', '3']")


def test_chosen_steps_are_kept(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trace", "train.py", "--format", "log", "--record", "0,2-3") == 0
    assert re.search(r"^steps +3 steps, passes of the loop in line \d+$", capsys.readouterr().out, re.MULTILINE)
    assert [step.index for step in tracer.open("output/train/trace.sqlite").steps] == [0, 2, 3]


def test_chosen_steps_that_are_not_there_are_an_error(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trace", "train.py", "--format", "log", "--record", "70") == 2
    assert "none of the steps 70 was found" in capsys.readouterr().err


def test_steps_far_apart_have_their_numbers(program: Path) -> None:
    program.write_text(REGRESSION.replace("range(4)", "range(200)"))
    assert run("trace", "train.py", "-q", "--format", "log", "--record", "0,120-121,199") == 0
    every = trace_of_program(program)
    kept = tracer.open("output/train/trace.sqlite")
    assert [step.index for step in kept.steps] == [0, 120, 121, 199]
    for step in kept.steps:
        assert step.loss == every.steps[step.index].loss
        assert step.updated("W").tobytes() == every.steps[step.index].updated("W").tobytes()


def test_interrupted_program_keeps_what_it_did(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program.write_text(REGRESSION + "    if epoch == 2:\n        raise KeyboardInterrupt\n")
    assert run("trace", "train.py", "-q", "--format", "log") == 130
    assert capsys.readouterr().err.endswith("tracer: train.py was interrupted in line 15\n")
    assert len(tracer.open("output/train/trace.sqlite").steps) == 3


def test_record_ends_with_its_budget_and_the_program_goes_on(
    program: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracer.cli.programs.tracing.MAX_OPERATIONS", 300)
    program.write_text(REGRESSION.replace("range(4)", "range(200)"))
    assert run("trace", "train.py", "--format", "log") == 0
    told = capsys.readouterr().out
    assert "\n199 " in told
    assert "recorded are the first 300 operations; --record chooses the steps that are kept" in told
    assert 10 < len(tracer.open("output/train/trace.sqlite").steps) < 60


def test_first_steps_are_kept(program: Path) -> None:
    assert run("trace", "train.py", "-q", "--format", "log", "--steps", "2") == 0
    assert [step.index for step in tracer.open("output/train/trace.sqlite").steps] == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trace", "train.py", "--seed", "3"], "--seed is for scenarios: train.py is a program, and runs as it stands"),
        (
            ["trace", "train.py", "--set", "learning_rate=1"],
            "--set is for scenarios: train.py is a program, and runs as it stands",
        ),
        (["trace", "train.py", "--parameters", "a.npz"], "--parameters is for scenarios: train.py is a program"),
        (["check", "train.py", "--second-order"], "--second-order is for scenarios: train.py is a program"),
        (["trace", "fruit", "--record", "0"], "--record is for programs: fruit is a scenario"),
        (["check", "fruit", "--loss", "e"], "--loss is for programs: fruit is a scenario"),
        (["trace", "fruit", "--", "x"], "a scenario takes no arguments, this is 'x'"),
        (["trace", "train.py", "--record", "5-2"], "--record"),
        (["trace", "train.py", "--loss", "nothing", "-q"], "no recorded value of train.py is named nothing: --loss takes"),
    ],
)
def test_wrong_use_is_one_line(program: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith("tracer: ")
    assert message in told
    assert told.count("\n") == 1


def test_program_that_trains_nothing_is_told_so(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program.write_text("import numpy as np\nprint(np.ones(3).sum())\n")
    assert run("trace", "train.py") == 2
    assert "no update of a parameter was found in train.py: " in capsys.readouterr().err


def test_single_pass_is_one_step(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program.write_text("import numpy as np\nw = np.ones(3)\nloss = np.sum(w ** 2)\nw = w - 0.1 * 2 * w\n")
    assert run("trace", "train.py", "--format", "log") == 0
    assert "steps       1 step\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "kind"), [("w = (1\n", "the program"), ("scenario = tracer.Scenario(\n", "the scenario's file")]
)
def test_file_that_python_cannot_read(program: Path, text: str, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    program.write_text(text)
    assert run("trace", "train.py") == 3
    assert capsys.readouterr().err.startswith(f"tracer: {kind} cannot be read by Python:\n")


def test_other_packages_are_left_alone_when_the_record_ends(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some objects warn as soon as they are asked for anything, as in torch.distributed, and some modules are loaded then."""
    asked = []

    class Lazy(ModuleType):
        def __getattribute__(self, name: str) -> object:
            asked.append(name)
            return super().__getattribute__(name)

    held = [Lazy("deprecated")]
    monkeypatch.setitem(sys.modules, "later", Lazy("later"))
    monkeypatch.setattr("tracer.cli.programs.tracing.MAX_OPERATIONS", 20)
    assert run("trace", "train.py", "-q", "--format", "log") == 0
    assert held
    assert not asked


def test_program_that_raises_keeps_what_it_did(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program.write_text(REGRESSION + "    if epoch == 2:\n        raise ValueError('enough')\n")
    assert run("trace", "train.py", "--format", "log") == 3
    told = capsys.readouterr()
    assert told.err.splitlines() == [
        "Traceback (most recent call last):",
        f'  File "{program}", line 15, in <module>',
        "    raise ValueError('enough')",
        "ValueError: enough",
        "tracer: train.py raised ValueError in line 15",
    ]
    assert len(tracer.open("output/train/trace.sqlite").steps) == 3


@pytest.mark.parametrize(("options", "code"), [((), 3), (("--exit-code",), 7)])
def test_exit_code_of_the_program(program: Path, options: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    program.write_text(REGRESSION + "import sys\nsys.exit(7)\n")
    assert run("trace", "train.py", "-q", "--format", "log", *options) == code
    assert "tracer: train.py ended with exit code 7" in capsys.readouterr().err


def test_statement_that_repairs_a_program_is_told(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program.write_text("print('once', flush=True)\n" + WRONG)
    assert run("check", "train.py") == 1
    told = capsys.readouterr().out.splitlines()
    assert told[-1] == "    dW1 = X.T @ (d_h * (1 - h ** 2))"
    assert "once" not in told
    assert run("check", "train.py", "--json") == 1
    assert json.loads(capsys.readouterr().out)["repair"] == "dW1 = X.T @ (d_h * (1 - h ** 2))"
    assert "h ** 2" not in program.read_text()


def test_file_that_defines_a_scenario_is_one(program: Path) -> None:
    program.write_text(SCENARIO_TEXT.format(model="pass"))
    assert run("trace", "train.py", "-q", "--format", "log", "--seed", "1") == 0


def test_right_program_passes_the_check(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "train.py") == 0
    told = capsys.readouterr().out
    assert "follows its gradient" in told
    assert "0 " not in told.splitlines()[0][:2], "what the program prints is discarded"


def test_wrong_line_is_named(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program.write_text(WRONG)
    assert run("check", "train.py", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["line"], found["kind"]) == ("wrong", 12, "program")
    assert set(found) == {"verdict", "line", "lines", "reason", "repair", "parameters", "updates", "not_judged", "kind"}
    assert {each["name"]: each["verdict"] for each in found["parameters"]} == {"W1": "does not follow", "W2": "follows"}


def test_check_that_cannot_tell_has_an_exit_code_of_its_own(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program.write_text("import numpy as np\nprint(np.ones(3).sum())\n")
    assert run("check", "train.py", "--json") == 5
    assert json.loads(capsys.readouterr().out)["verdict"] == "cannot tell"


FAILED_ASSERTION = "assert (1, 2) == 3" if sys.version_info[:2] == (3, 12) else "(1, 2) == 3"
"""Python 3.12 says of a failed assertion only the whole statement."""

FAILURES = [
    ("raise OSError('no such data')", "train.py:2: raise OSError('no such data'): OSError: no such data"),
    ("assert (1, 2) == 3", f"train.py:2: {FAILED_ASSERTION}: AssertionError"),
    ("import numpy\nx = 'é', numpy.linalg.inv(numpy.zeros((2, 2)))",
     "train.py:3: numpy.linalg.inv(numpy.zeros((2, 2))): LinAlgError: Singular matrix"),
    ("import numpy\nW = numpy.ones((2, 3))\nh = W @ W + 1", "train.py:4: W @ W: ValueError: matmul: "),
    ("import broken_helper\nprint(broken_helper.loss(2))", "broken_helper.py:2: x / 0: ZeroDivisionError: division by zero"),
    ("import sys; sys.exit(4)", "train.py:2: sys.exit(4): it left with exit code 4"),
    ("value = max(\n    1,\n    None)", "train.py:2: max(: TypeError: "),
]  # fmt: skip
"""Programs that fail before an update, and what is said of them."""


@pytest.mark.parametrize(("text", "said"), FAILURES)
def test_check_of_a_program_that_fails_names_the_place(
    text: str, said: str, program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line: the innermost line of the user's, the expression, and the exception; not the line of a library."""
    Path("broken_helper.py").write_text("def loss(x):\n    return x / 0\n")
    program.write_text(f"print('begins')\n{text}\n")
    assert run("check", "train.py") == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"tracer: train.py ended before its first update: {said}")
    assert told.err.count("\n") == 1


def test_check_of_some_steps(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program.write_text(MOMENTUM)
    assert run("check", "train.py", "--steps", "3", "--loss", "J") == 0


def test_notes_are_translated(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program.write_text(MOMENTUM)
    assert run("trace", "train.py", "--format", "log", "--lang", "zh") == 0
    assert "损失" in capsys.readouterr().out
    assert "程序在这一步中没有计算它" in Path("output/train/steps.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["linear-regression", "train.py"])
def test_the_page_of_a_run_plays_all_its_steps(program: Path, name: str) -> None:
    given = program.name if name.endswith(".py") else name
    assert run("trace", given, "--format", "html", "-q", "-o", "out") == 0
    assert run("render", "out/trace.sqlite", "-o", "page.html") == 0
    assert Path("out/player.html").read_bytes() == Path("page.html").read_bytes()


def test_the_page_of_a_run_without_a_file_plays_the_first_and_the_last_step(program: Path) -> None:
    assert run("trace", str(program), "--format", "html", "--values", "none", "-q", "-o", "out") == 0
    assert Path("out/player.html").read_text().count('"hasValues": true') == 2


def test_check_of_a_record_names_what_is_checked(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file beside it, if it is there; a scenario by its name."""
    assert run("trace", "train.py", "-q", "--format", "log") == 0
    assert run("trace", "linear-regression", "-q", "--format", "log", "--steps", "1") == 0
    capsys.readouterr()
    said = "is the record of a program or scenario of NumPy: check that itself,"
    for name, what in (("train", "train.py"), ("output/train", "train.py"), ("output/linear-regression", "linear-regression")):
        assert run("check", name) == 2
        assert capsys.readouterr().err == f"tracer: {name} {said} `tracer check {what}`\n"
    program.unlink()
    assert run("check", "train") == 2
    assert capsys.readouterr().err == f"tracer: train {said} `tracer check FILE.py`\n"


@pytest.mark.parametrize("content", ["", "<p>no program</p>"])
def test_files_that_are_no_program_are_told_what_is_taken(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("soft.html").write_text(content)
    assert run("check", "soft.html") == 4
    assert capsys.readouterr().err == ("tracer: soft.html is neither a Python file (.py) nor a trace file of `tracer trace`\n")
    for name in ("soft.html", "./soft.html"):
        assert run("trace", name) == 2
        said = "soft.html is neither a program nor a scenario: a Python file (.py) is needed"
        assert capsys.readouterr().err == f"tracer: {said}\n"
