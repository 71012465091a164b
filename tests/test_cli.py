"""The command line: files, output and exit codes."""

from __future__ import annotations

import math
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from support.cli import SCENARIO_TEXT, run
from support.traces import recorded
from tracer.cli.files import OutputFolder
from tracer.cli.progress import Progress
from tracer.data.idx import FILES
from tracer.errors import UsageError
from tracer.training.bundled import bundled_names


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test runs in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_list_prints_the_scenarios(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.match(r"NAME +STEPS +PARAMETERS$", lines[0])
    assert [line.split()[0] for line in lines[1:]] == [
        "fruit-keras", "fruit-pytorch", "fruit-sgd", "linear-regression", "mnist", "tensors",
    ]  # fmt: skip
    assert re.search(r"^fruit-pytorch \(fruit\) +6 +22  Apples and oranges", "\n".join(lines), re.MULTILINE)
    assert re.search(r"^fruit-sgd +up to 10,000 +3  Apples and oranges", "\n".join(lines), re.MULTILINE)
    assert re.search(r"^mnist +35 +235,146  Handwritten digits", "\n".join(lines), re.MULTILINE)


@pytest.mark.parametrize("name", ["fruit", *bundled_names()])
def test_trace_writes_a_pdf_and_a_log(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trace", name) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert f"wrote output/{name}/steps.log" in out
    assert f"wrote output/{name}/steps.pdf" in out
    assert re.search(r"^loss \d", out, re.MULTILINE)
    kept = ["best.npz"] if name == "fruit-keras" else []
    assert sorted(path.name for path in Path("output", name).iterdir()) == [*kept, "steps.log", "steps.pdf", "trace.sqlite"]
    assert Path("output", name, "steps.pdf").read_bytes().startswith(b"%PDF")


def test_all_options_can_be_combined(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["trace", "mnist", "--steps", "3", "--seed", "1", "--set", "learning_rate=0.05", "-o", "somewhere"]
    assert run(*arguments, "--format", "pdf,log,svg,png,dot,mmd", "--dtype", "float64") == 0
    names = {path.name for path in Path("somewhere").iterdir()}
    pictures = {f"step-{step}.{kind}" for step in (0, 2) for kind in ("svg", "png", "dot", "mmd")}
    assert names == {"steps.pdf", "steps.log", "trace.sqlite"} | pictures
    text = Path("somewhere/steps.log").read_text()
    assert "seed=1 dtype=float64 optimizer=SGD learning_rate=0.05" in text
    assert capsys.readouterr().out.count("wrote ") == len(names)


@pytest.mark.slow
def test_same_command_gives_the_same_bytes() -> None:
    for folder in ("one", "two"):
        assert run("trace", "fruit", "-q", "--format", "pdf,log,svg,png,dot,mmd") == 0
        Path("output/fruit").rename(folder)
    for path in Path("one").iterdir():
        assert path.read_bytes() == (Path("two") / path.name).read_bytes(), path.name


def test_quiet_and_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trace", "fruit", "-q", "--format", "log") == 0
    assert capsys.readouterr() == ("", "")
    assert run("trace", "fruit", "-v", "--format", "log") == 0
    assert len(re.findall(r"^step \d  loss ", capsys.readouterr().out, re.MULTILINE)) == 6


def test_scenario_file_can_be_run(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(SCENARIO_TEXT.format(model="pass"))
    assert run("trace", "./mine.py") == 0
    assert Path("output/mine/steps.pdf").exists()
    assert "mine.py:8" in Path("output/mine/steps.log").read_text()
    assert not Path("__pycache__").exists()


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["trace", "-h"], ["list", "-h"]):
        assert run(*arguments) == 0
        out = capsys.readouterr().out
        assert re.search(r"Examples?:\n +tracer \w+", out)
        assert out.index("Example") < out.index("Options")
    assert run("--version") == 0
    assert re.fullmatch(r"tracer, version \d+\.\d+\.\d+\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trace", "fruti"], "there is no scenario 'fruti'; did you mean fruit?"),
        (["trace", "no.py"], "there is no file no.py"),
        (["trace", "fruit", "--set", "learning_rat=1"], "fruit has no setting 'learning_rat'; did you mean learning_rate?"),
        (["trace", "fruit", "--set", "learning_rate"], "--set takes NAME=VALUE"),
        (["trace", "fruit", "--set", "learning_rate=abc"], "takes a finite number, this is 'abc'"),
        (["trace", "fruit", "--steps", "none"], "--steps takes a whole number from 1 on"),
        (["trace", "fruit", "--steps", "0"], "--steps takes a whole number from 1 on"),
        (["trace", "fruit", "--seed", "-1"], "--seed takes a whole number from 0 on"),
        (["trace", "fruit", "--format", "pfd"], "there is no format 'pfd'; did you mean pdf?"),
        (["trace", "fruit", "--format", ","], "--format takes one or more of"),
        (["trace", "fruit", "--dtype", "float16"], "dtype must be float32 or float64"),
        (["trace", "fruit", "--data", "x.npz"], "fruit makes its own data"),
        (["trace", "mnist", "--data", "x.npz"], "there is no data file x.npz"),
        (["trace", "fruit", "-o", "file"], "cannot write into file: it is a file, not a folder"),
        (["trace", "fruit", "-o", "/proc/nowhere"], "cannot write into /proc/nowhere"),
        (["trace", "fruit", "--nope"], "there is no option --nope"),
        (["trace", "fruit", "--engine", "dott"], "is not one of"),
        (["trace"], "what is to be run?"),
        (["draw"], "there is no command 'draw'"),
    ],
)
def test_usage_error_is_one_line_and_exit_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").write_text("")
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.startswith("tracer: ")
    assert err.count("\n") == 1
    assert not Path("output").exists()


def idx(count: int, magic: int = 2051, *, labels: bool = False) -> bytes:
    """The content of an idx file of `count` blank images or labels."""
    shape = (count,) if labels else (count, 28, 28)
    return np.array([2049 if labels else magic, *shape], ">u4").tobytes() + bytes(math.prod(shape))


def digits(folder: Path, **changes: bytes | None) -> None:
    """Write the four idx files of three images each; a value of None omits a file."""
    folder.mkdir()
    contents = {name: idx(3, labels=name.startswith("y")) for name in FILES}
    for name, content in {**contents, **changes}.items():
        if content is not None:
            (folder / FILES[name]).write_bytes(content)


BAD_INPUT: dict[str, tuple[list[str], str]] = {
    "text": (["linear-regression", "--data", "text.csv"], "text.csv, line 3, column 2 is 'many': a finite number is needed"),
    "a missing column": (["linear-regression", "--data", "narrow.csv"], "narrow.csv, line 1 has 1 column, 2 are needed"),
    "a single row": (["linear-regression", "--data", "short.csv"], "short.csv has 1 row of numbers, at least 2 are needed"),
    "no table": (["linear-regression", "--data", "none.csv"], "the table none.csv cannot be read: No such file"),
    "cut short": (["mnist", "--data", "cut"], "cut/train-images-idx3-ubyte is cut short: 2268 bytes where its header asks for"),
    "wrong magic": (["mnist", "--data", "magic"], "magic/t10k-images-idx3-ubyte is no idx file of bytes: its magic number is 7"),
    "labels alone": (["mnist", "--data", "labels"], "labels holds no train-images-idx3-ubyte and no train-images-idx3-ubyte.gz"),
    "more labels": (["mnist", "--data", "more"], "more: 3 train images with 4 labels"),
    "another model": (["mnist", "--parameters", "fruit.npz"], "fruit.npz is no checkpoint of mnist: it has no parameter 'w1'"),
    "other shapes": (["fruit", "--parameters", "wide.npz"], "wide.npz: the parameter 'W1' has shape (2, 4), the given"),
    "no checkpoint": (["fruit", "--parameters", "text.csv"], "text.csv is no .npz file of named arrays, or it is cut short"),
    "no file": (["fruit", "--parameters", "none.npz"], "there is no file none.npz"),
}


@pytest.mark.parametrize("kind", BAD_INPUT)
def test_invalid_input_is_one_line_and_overwrites_nothing(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, message = BAD_INPUT[kind]
    Path("text.csv").write_text("x,y\n1,2\n3,many\n")
    Path("narrow.csv").write_text("1\n2\n")
    Path("short.csv").write_text("x,y\n1,2\n")
    digits(Path("cut"), x_train=idx(3)[:-100])
    digits(Path("magic"), x_test=idx(3, magic=7))
    digits(Path("labels"), x_train=None, x_test=None)
    digits(Path("more"), y_train=idx(4, labels=True))
    weights = {"W1": np.zeros((2, 4)), "b1": np.zeros(4), "W2": np.zeros((4, 2)), "b2": np.zeros(2)}
    np.savez("fruit.npz", **weights)
    np.savez("wide.npz", **(weights | {"W1": np.zeros((2, 9))}))
    earlier = {name: f"an earlier {name}" for name in ("steps.log", "steps.pdf", "best.npz")}
    Path("output", arguments[0]).mkdir(parents=True)
    for name, text in earlier.items():
        Path("output", arguments[0], name).write_text(text)
    assert run("trace", *arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tracer: ")
    assert message in err
    assert err.count("\n") == 1
    assert {path.name: path.read_text() for path in Path("output", arguments[0]).iterdir()} == earlier


def test_checkpoint_is_written_and_read_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trace", "fruit-keras", "--format", "log") == 0
    out = capsys.readouterr().out
    assert "Epoch 1: val_accuracy improved from -inf to 0.50000, saving model to output/fruit-keras/best.npz" in out
    assert out.count("val_accuracy did not improve from 0.50000") == 5
    assert re.search(r"^wrote output/fruit-keras/best.npz \(epoch 1, val_accuracy 0.5\)$", out, re.MULTILINE)
    kept = np.load("output/fruit-keras/best.npz", allow_pickle=False)
    expected = recorded("fruit-keras", 1).steps[0]
    for name in ("W1", "b1", "W2", "b2"):
        assert kept[name].tobytes() == expected.updated(name).tobytes()
    command = ["trace", "fruit-keras", "--parameters", "output/fruit-keras/best.npz", "-o", "continued", "-q"]
    assert run(*command, "--format", "log") == 0
    assert Path("continued/best.npz").exists()
    assert capsys.readouterr().out == ""
    assert "W1" in Path("continued/steps.log").read_text()


def test_only_a_better_checkpoint_replaces_the_starting_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trace", "fruit-keras", "-q", "--format", "log") == 0
    start = Path("output/fruit-keras/best.npz").read_bytes()
    command = ["trace", "fruit-keras", "--parameters", "output/fruit-keras/best.npz", "--format", "log"]
    assert run(*command, "--steps", "3") == 0
    out = capsys.readouterr().out
    assert out.count("val_accuracy did not improve from 0.50000") == 3
    assert "no epoch bettered val_accuracy: output/fruit-keras/best.npz was not written" in out
    assert Path("output/fruit-keras/best.npz").read_bytes() == start
    assert run(*command, "--set", "epochs=20") == 0
    assert "Epoch 8: val_accuracy improved from 0.50000 to 1.00000, saving model to" in capsys.readouterr().out
    assert Path("output/fruit-keras/best.npz").read_bytes() != start


def test_checkpoint_that_cannot_be_compared_is_not_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint = 'steps=3, checkpoint=tracer.Checkpoint(monitor="loss", mode="min")'
    Path("mine.py").write_text("import tracer\n" + SCENARIO_TEXT.format(model="pass").replace("steps=3", checkpoint))
    assert run("trace", "mine.py", "-q") == 0
    log = Path("output/mine/steps.log").read_text()
    assert run("trace", "mine.py", "--parameters", "output/mine/best.npz") == 2
    assert "starts from output/mine/best.npz and would write over it: choose another folder with -o" in capsys.readouterr().err
    assert Path("output/mine/steps.log").read_text() == log
    assert run("trace", "mine.py", "--parameters", "output/mine/best.npz", "-o", "next", "-q") == 0


def test_error_in_a_scenario_file_names_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(SCENARIO_TEXT.format(model="pass").replace("steps=3", "batch_size=2.0"))
    assert run("trace", "mine.py") == 2
    err = capsys.readouterr().err
    assert re.fullmatch(r"tracer: mine\.py:\d+: Scenario: batch_size takes a whole number from 1 on, this is 2\.0\n", err)


def test_points_from_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("points.csv").write_text("hours;score\n1;2\n2;4\n3;6\n")
    assert run("trace", "linear-regression", "--data", "points.csv", "--format", "log", "--set", "learning_rate=0.1") == 0
    out = capsys.readouterr().out
    assert out.startswith("Starting gradient descent at w = 0.0, b = 0.0, error = 18.66")
    assert re.search(r"After 50 iterations w = (1\.9|2\.0)", out)


def test_early_stopping_is_reported_on_the_terminal_and_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trace", "fruit-sgd", "--format", "log", "--set", "shuffle=false") == 0
    why = "stopped after 7 epochs: loss had not improved by 0.001 for 5 epochs in a row"
    out = capsys.readouterr().out
    assert f"\n{why}\n" in out
    assert "\n70 steps, 3 parameters" in out
    assert Path("output/fruit-sgd/steps.log").read_text().endswith(f"; {why}\n")


@pytest.mark.parametrize(
    ("model", "code", "message"),
    [
        ("x[0] = 1.0", 3, r"tracer: mine\.py:9: x\[0\].*: x is data, .*x = x\.copy\(\).*last recorded node was 0\.6 h"),
        ("h = np.spacing(h)", 3, r"tracer: .*np\.spacing has no derivative rule.*its call at mine\.py:9: np\.spacing\(h\)"),
        ("h = 3.0", 2, r"tracer: the loss of mine depends on none of its parameters: w, b"),
        ("return x + w", 2, r"tracer: the loss of mine returned shape \(3, 2\)"),
        ("raise StopIteration('over')", 3, r"(?s)mine\.py\", line 9, in model.*StopIteration: over"),
        ("import click; raise click.UsageError('own')", 3, r"(?s)mine\.py\", line 9, in model.*own"),
        ("import tracer; raise tracer.UsageError('own')", 3, r"(?s)mine\.py\", line 9, in model.*own"),
        ("w += 1", 3, r"tracer: mine\.py:9: w \+= 1: w is a parameter.*w = w\.copy\(\)"),
        ("return nothing", 3, r"(?s)Traceback.*mine\.py\", line 9, in model\n    return nothing.*NameError.*node was 0\.6 h"),
        ("h @ np.ones((7, 7))", 3, r"(?s)mine\.py\", line 9.*ValueError.*operation matmul on shapes \(3,\), \(7, 7\)"),
    ],
)
def test_errors_in_user_code(model: str, code: int, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = SCENARIO_TEXT.format(model=model)
    if code == 2 and "x + w" in model:
        text = text.replace("return np.mean((p - y) ** 2)", "return p")
    Path("mine.py").write_text(text)
    Path("output/mine").mkdir(parents=True)
    Path("output/mine/steps.log").write_text("an earlier run\n")
    assert run("trace", "mine.py") == code
    out, err = capsys.readouterr()
    assert out == ""
    assert re.search(message, err)
    assert "site-packages" not in err
    assert "/tracer/" not in err
    assert [path.name for path in Path("output/mine").iterdir()] == ["steps.log"]
    assert Path("output/mine/steps.log").read_text() == "an earlier run\n"


def test_syntax_error_in_a_scenario_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text("x = (\n")
    assert run("trace", "mine.py") == 3
    assert "SyntaxError" in capsys.readouterr().err


def test_scenario_that_calls_sys_exit(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text("import sys\nimport tracer\nsys.exit(0)\nscenario = tracer.Scenario()\n")
    assert run("trace", "mine.py") == 3
    assert capsys.readouterr().err == "tracer: mine.py:3: the scenario's own code ended the program with sys.exit(0)\n"


def test_infinite_recursion_is_reported_briefly(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(SCENARIO_TEXT.format(model="return model(x, w, b)"))
    assert run("trace", "mine.py") == 3
    err = capsys.readouterr().err
    assert "RecursionError" in err
    assert err.count("\n") < 30


def test_closed_pipe_is_not_an_error() -> None:
    root = Path(__file__).parent.parent
    command = f"{shlex.quote(sys.executable)} -m tracer trace fruit -v --format log | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(root)}, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_steps_before_an_exception_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(SCENARIO_TEXT.format(model="if w.value[0] < -1: raise RuntimeError('enough')"))
    assert run("trace", "mine.py") == 3
    assert re.search(r"\d of 3 steps are whole, in output/mine/steps.log", capsys.readouterr().err)
    assert Path("output/mine/steps.log").read_text().splitlines()[-1].startswith("== stopped by RuntimeError ==")


def test_overflow_is_reported_with_its_origin(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trace", "linear-regression", "--set", "learning_rate=1", "--steps", "60") == 0
    assert re.search(r"NaN or infinite from 40:09 loss \(linear_regression\.py:\d+\) on", capsys.readouterr().out)


def test_interrupted_run_keeps_complete_steps(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tracer", "trace", "linear-regression", "--steps", "1000000"]
    root = Path(__file__).parent.parent
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(root)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # background jobs of a shell ignore SIGINT
    )  # fmt: skip
    part = tmp_path / "output/linear-regression/steps.log.part"
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size > 100_000) and time.monotonic() < deadline:
        time.sleep(0.05)
    try:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    note = r"\d+ of 1000000 steps are whole, in \S+steps\.log and \S+trace\.sqlite"
    assert re.fullmatch(rf"tracer: interrupted \({note}\)", err.strip())
    text = (tmp_path / "output/linear-regression/steps.log").read_text()
    last = text.splitlines()[-1]
    assert re.fullmatch(r"== interrupted ==  \d+ of 1000000 steps are whole", last)
    assert text.count("== step ") == int(last.split()[3])
    assert not part.exists()


def test_incomplete_writes_are_not_counted(tmp_path: Path) -> None:
    file = OutputFolder(tmp_path).growing("steps.log")
    file.write("heading\n")
    file.write("step 0\n")

    def interrupted(content: bytes) -> int:
        raise KeyboardInterrupt

    intact = file._file
    file._file = type("Interrupted", (), {"write": staticmethod(interrupted), "flush": intact.flush, "tell": intact.tell})()
    with pytest.raises(KeyboardInterrupt):
        file.write("step 1\n")
    assert file.complete_writes() == 2


def full_disk(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Make every file fail after this many bytes."""
    import tracer.cli.files as files

    class Full:
        def __init__(self, file: object) -> None:
            self.file, self.written = file, 0

        def write(self, content: bytes) -> None:
            self.written += len(content)
            if self.written > after:
                raise OSError(28, "No space left on device")
            self.file.write(content)  # type: ignore[attr-defined]

        def flush(self) -> None:
            self.file.flush()  # type: ignore[attr-defined]

        def close(self) -> None:
            self.file.close()  # type: ignore[attr-defined]

    original = files.GrowingFile.__init__

    def wrapped(self: files.GrowingFile, path: Path, shown: Path | None = None) -> None:
        original(self, path, shown)
        self._file = Full(self._file)  # type: ignore[assignment]

    monkeypatch.setattr(files.GrowingFile, "__init__", wrapped)


def test_full_disk_is_one_line_and_keeps_the_part_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("trace", "fruit", "-q", "--format", "log", "--steps", "1") == 0
    earlier = Path("output/fruit/steps.log").read_text()
    full_disk(monkeypatch, 40_000)
    assert run("trace", "fruit") == 2
    err = capsys.readouterr().err
    assert err == (
        "tracer: cannot write output/fruit/steps.log: No space left on device;"
        " what was written so far is in steps.log.part (2 of 6 steps are whole, in output/fruit/trace.sqlite)\n"
    )
    assert Path("output/fruit/steps.log").read_text() == earlier
    assert Path("output/fruit/steps.log.part").read_text().count("== step ") >= 1


def test_failed_write_leaves_no_partial_file(tmp_path: Path) -> None:
    folder = OutputFolder(tmp_path / "out")
    folder.write("a.pdf", b"whole")

    with pytest.raises(UsageError, match=r"cannot write .*a\.pdf: No space left on device"), folder.streaming("a.pdf") as file:
        file.write(b"half of it")
        raise OSError(28, "No space left on device")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.pdf"]
    assert (tmp_path / "out/a.pdf").read_bytes() == b"whole"


def test_missing_engine_is_reported_before_the_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert run("trace", "fruit", "--engine", "system") == 2
    assert "there is no dot to lay out diagrams: install one with: pip install graphviz-pure" in capsys.readouterr().err
    assert not Path("output").exists()
    assert run("trace", "fruit", "-q", "--engine", "system", "--format", "log,dot") == 0


def test_progress_is_shown_on_a_terminal_after_a_second(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([0.0, 0.5, 1.5, 2.0, 2.5, 3.0] + [4.0] * 50)
    monkeypatch.setattr("tracer.cli.progress.time.monotonic", lambda: next(clock))
    with Progress(5, "fruit", quiet=False) as progress:
        progress.step()
        progress.step()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Progress(3, "fruit", quiet=False) as progress:
        for _ in range(3):
            progress.step()
        progress.clear_line()
    err = capsys.readouterr().err
    assert "fruit" in err
    assert "\r\x1b[K" in err
    with Progress(3, "fruit", quiet=True) as progress:
        progress.clear_line()
        progress.step()
    assert capsys.readouterr().err == ""
