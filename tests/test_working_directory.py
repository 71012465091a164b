"""Paths: a scenario that changes the current folder, names that are no UTF-8, other locales, and which file a name finds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tracer
from support.cli import SCENARIO_TEXT, run
from tracer.training.loading import folder_name

WANDERING = """import os
from pathlib import Path
import numpy as np
from tracer import SGD, Adam, Checkpoint, Scenario

def wander(name):
    os.makedirs(name, exist_ok=True)
    os.chdir(name)

wander("elsewhere")

def data(path=None):
    x = np.loadtxt(path) if path else np.arange(3.0)
    wander("data")
    return {"x": x}

def model(x, w):
    wander("model")
    return x * w

scenario = Scenario(data=data, parameters={"w": 1.0}, model=model, loss=lambda p: np.mean(p**2),
                    optimizer=SGD(learning_rate=0.01), steps=2, checkpoint=Checkpoint(monitor="loss", mode="min"))
"""
"""A scenario that changes the current folder when it is loaded, and in data and model."""

LATIN_1 = os.fsdecode(b"na\xefve")
"""A file name in Latin-1."""

C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files_in(folder: Path) -> list[str]:
    """The files in a folder by their relative paths."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


COMMANDS = """import os, sys
from tracer.cli import main
for arguments in "\\0".join(sys.argv[1:]).split("\\0--then\\0"):
    sys.argv = ["tracer", *arguments.split("\\0")]
    try:
        main()
    except SystemExit as end:
        code = end.code or 0
    else:
        code = 0
    print(f"\\0{code}", end="\\0", flush=True)
    print(end="\\0", flush=True, file=sys.stderr)
"""
"""Runs several commands one after the other; what each printed ends with NUL."""


def commands(*several: list[str], **environment: str) -> list[tuple[int, str, str]]:
    """The exit codes and outputs of commands in a process with this environment."""
    arguments = [word for each in several for word in ("--then", *each)][1:]
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, *arguments], capture_output=True, env={**os.environ, **environment}, check=False
    )
    out, err = (stream.decode(errors="replace").split("\0") for stream in (done.stdout, done.stderr))
    assert len(out) == 2 * len(several) + 1, done.stderr.decode(errors="replace")
    return [(int(code), text, error) for text, code, error in zip(out[::2], out[1::2], err, strict=False)]


# A scenario that changes the current folder.


def test_output_does_not_follow_a_change_of_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(WANDERING)
    Path("points.txt").write_text("1\n2\n")
    assert run("trace", "mine.py", "--data", "points.txt", "--format", "pdf,log,svg") == 0
    os.chdir(folder)
    names = ["best.npz", "step-0.svg", "step-1.svg", "steps.log", "steps.pdf", "trace.sqlite"]
    assert files_in(folder / "output" / "mine") == names
    assert files_in(folder) == sorted(["mine.py", "points.txt", *(f"output/mine/{name}" for name in names)])
    out = capsys.readouterr().out
    assert "saving model to output/mine/best.npz" in out
    for name in names:
        assert f"wrote output/mine/{name}" in out
    assert tracer.open("output/mine/trace.sqlite").steps[0].node("x").value.tolist() == [1, 2]


def test_output_folder_and_checkpoint_are_those_of_the_start(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(WANDERING)
    assert run("trace", "mine.py", "-o", "one", "-q", "--format", "log") == 0
    os.chdir(folder)
    assert run("trace", "mine.py", "--parameters", "one/best.npz", "-o", "two", "--format", "log") == 0
    os.chdir(folder)
    assert files_in(folder / "two") == ["best.npz", "steps.log", "trace.sqlite"]
    assert "continued one/best.npz after 2 steps" in capsys.readouterr().out
    assert run("trace", "mine.py", "--parameters", "one/best.npz", "-o", "one", "--format", "log") == 2
    assert "this run starts from one/best.npz and would write over it" in capsys.readouterr().err


def test_check_of_a_scenario_that_changes_the_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(WANDERING)
    Path("points.txt").write_text("1\n2\n")
    assert run("check", "mine.py", "--data", "points.txt", "--examples", "2") == 0
    assert "right" in capsys.readouterr().out


def test_data_of_a_run_in_python_are_those_of_its_start(folder: Path) -> None:
    text = WANDERING.replace("    x = np.loadtxt(path)", "    wander('first')\n    x = np.loadtxt(path)")
    Path("mine.py").write_text(text)
    scenario = tracer.load("mine.py")
    os.chdir(folder)
    Path("points.txt").write_text("1\n2\n")
    assert tracer.run(scenario, data="points.txt").steps[0].node("x").value.tolist() == [1, 2]


def test_error_names_the_path_as_it_was_given(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(WANDERING)
    (folder / "out" / "trace.sqlite.part").mkdir(parents=True)
    assert run("trace", "mine.py", "-o", "out", "-q") == 2
    assert capsys.readouterr().err.startswith("tracer: cannot write out/trace.sqlite: ")


# Names.


@pytest.mark.slow
@pytest.mark.parametrize("environment", [{}, C_LOCALE], ids=["locale of the tests", "LC_ALL=C"])
@pytest.mark.parametrize("stem", [LATIN_1, "naïve"], ids=["Latin-1", "UTF-8"])
def test_every_command_takes_a_file_of_any_name(stem: str, environment: dict[str, str], folder: Path) -> None:
    # Written as bytes: the locale of this process may be another.
    name = os.fsencode(f"{stem}.py")
    with open(name, "w") as file:  # noqa: PTH123
        file.write(SCENARIO_TEXT.format(model="pass"))
    traced = ["trace", os.fsdecode(name), "--format", "pdf,log,svg,png,dot,mmd"]
    reading = (["log"], ["show", "w"], ["verify"], ["blame"], ["render", "-o", "x.svg"], ["export", "-o", "x.json"])
    read = [[verb, given, *rest] for verb, *rest in reading for given in (stem, f"{stem}.py")]
    (code, out, err), *found = commands(traced, *read, ["check", f"{stem}.py"], **environment)
    assert (code, err) == (0, "")
    assert out.count("wrote output/") == 11
    shown = "naïve" if stem == "naïve" else "na\ufffdve"
    log = os.path.join(b"output", os.fsencode(stem), b"steps.log")  # noqa: PTH118
    with open(log, encoding="utf-8") as file:  # noqa: PTH123
        text = file.read()
    assert text.startswith(f"# {shown}\n")
    assert f"{shown}.py:8" in text
    assert [(code, err) for code, _, err in found] == [(0, "")] * 13


@pytest.mark.parametrize("environment", [{}, C_LOCALE], ids=["locale of the tests", "LC_ALL=C"])
def test_unknown_name_of_any_bytes_is_one_line(environment: dict[str, str]) -> None:
    names = (LATIN_1, f"{LATIN_1}.py", "naïve", "名.py")
    for code, out, err in commands(*([verb, name] for verb in ("trace", "log", "check") for name in names), **environment):
        assert (code, out) == (2, "")
        assert err.startswith("tracer: there is no ")
        assert err.count("\n") == 1


def test_source_in_a_record_does_not_depend_on_the_locale(folder: Path) -> None:
    text = SCENARIO_TEXT.format(model="pass") + "# 学习\n"
    Path("mine.py").write_text(text, encoding="utf-8")
    assert commands(["trace", "mine.py", "-q", "--format", "log"], **C_LOCALE) == [(0, "", "")]
    assert tracer.open("output/mine/trace.sqlite").source == text


# Which folder and file a name stands for.


def test_own_file_named_like_a_bundled_scenario_has_its_own_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("fruit.py").write_text(SCENARIO_TEXT.format(model="pass"))
    assert run("log", "fruit.py") == 2
    assert "there is no trace file of 'fruit.py' under output/: run `tracer trace fruit.py` first" in capsys.readouterr().err
    assert run("trace", "fruit", "-q", "--format", "log") == 0
    bundled = {path.name: path.read_bytes() for path in (folder / "output" / "fruit").iterdir()}
    assert run("log", "fruit.py") == 2
    assert run("trace", "./fruit.py", "--format", "log") == 0
    assert "wrote output/fruit.py/steps.log" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in (folder / "output" / "fruit").iterdir()} == bundled
    for name, heading in {"fruit": "# fruit: Apples", "fruit.py": "# fruit.py\n", "./fruit.py": "# fruit.py\n"}.items():
        assert run("log", name) == 0
        assert capsys.readouterr().out.startswith(heading)


@pytest.mark.parametrize("name", ["mnist", "fruit_pytorch", "linear-regression", "other"])
def test_names_of_scenarios_in_files(name: str, folder: Path) -> None:
    Path(f"{name}.py").write_text(SCENARIO_TEXT.format(model="pass"))
    scenario = tracer.load(f"{name}.py")
    assert scenario.name == folder_name(scenario) == ("other" if name == "other" else f"{name}.py")
    assert tracer.load(Path(tracer.load("fruit").path or "")).name == "fruit_pytorch"


def test_folder_without_traces_does_not_hide_the_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(SCENARIO_TEXT.format(model="pass"))
    Path("mine").mkdir()
    assert run("log", "mine") == 2
    assert "there is no trace file in the folder 'mine', and none of that name under output/" in capsys.readouterr().err
    assert run("trace", "mine.py", "-q", "--format", "log") == 0
    assert run("log", "mine") == 0
    capsys.readouterr()
    assert run("log", "./mine") == 2
    assert "there is no trace file in the folder './mine'" in capsys.readouterr().err
    (folder / "output" / "mine" / "trace.sqlite").rename(folder / "mine" / "x.sqlite")
    assert run("log", "mine") == 0


# Ctrl-C while the command is imported.


@pytest.mark.slow
def test_interruption_while_modules_are_imported_is_one_line(folder: Path) -> None:
    """From the moment that the entry point runs; before that Python itself is starting."""
    begin = (
        "import os, signal, sys, threading, time; from tracer.__main__ import main\n"
        "sys.argv = ['tracer', 'trace', 'fruit', '-q']\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)"  # which tests that run in the background do not have
    )
    for delay in (0.005, 0.02, 0.05, 0.1, 0.15, 0.2):
        code = f"{begin}\ndef kill():\n    begun.wait(); time.sleep({delay}); os.kill(os.getpid(), signal.SIGINT)\n"
        code += "begun = threading.Event()\nthreading.Thread(target=kill).start()\nbegun.set(); main()\n"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stdout) == (130, ""), (delay, done.stderr)
        assert done.stderr.startswith("tracer: interrupted")
        assert done.stderr.count("\n") == 1, (delay, done.stderr)


@pytest.mark.parametrize("module", ["click", "numpy.lib", "tracer.cli.run"])
def test_interruption_of_an_import_is_one_line(module: str) -> None:
    """Also in the middle of NumPy, which cannot be imported a second time."""
    code = (
        "import sys, builtins\nreal = builtins.__import__\n"
        "def interrupting(name, *rest, **options):\n"
        f"    if name.startswith({module!r}):\n"
        "        raise KeyboardInterrupt\n"
        "    return real(name, *rest, **options)\n"
        "builtins.__import__ = interrupting\n"
        "from tracer.__main__ import main\nsys.argv = ['tracer', 'trace', 'fruit']\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "tracer: interrupted\n")
