"""The examples and `tracer new`: they run, learn and have right gradients. Those of PyTorch are run in tests/live."""

from __future__ import annotations

from pathlib import Path

import pytest

import tracer
from support.cli import run
from support.examples import assert_learns_with_right_gradients
from tracer.training.bundled.examples import Example, example_file, examples

WITHOUT_PYTORCH = [each for each in examples() if each.kind != "PyTorch"]


def test_each_is_a_file_of_a_screen_that_says_what_it_shows() -> None:
    assert len(examples()) == 12
    assert sum(each.kind == "PyTorch" for each in examples()) == 2
    for each in examples():
        assert each.title.endswith("."), each.name
        assert len(each.path.read_text().splitlines()) <= 60, each.name


@pytest.mark.parametrize("example", WITHOUT_PYTORCH, ids=lambda example: example.name)
def test_example_learns_and_its_gradients_are_right(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_learns_with_right_gradients(example)


def test_list_shows_examples_if_asked(capsys: pytest.CaptureFixture[str]) -> None:
    run("list")
    short = capsys.readouterr().out
    run("list", "--all")
    listed = capsys.readouterr().out
    assert listed.startswith(short)
    assert [line.split()[0] for line in listed.splitlines()[-12:]] == [each.name for each in examples()]


def test_new_file_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("new", "mine.py") == 0
    assert capsys.readouterr().out == "wrote mine.py\nrun it with\n  tracer trace ./mine.py\n"
    assert run("trace", "./mine.py", "-q", "--format", "log") == 0
    assert run("check", "./mine.py") == 0
    assert run("new", "sub.py", "--example", "attention") == 0
    assert Path("sub.py").read_text() == example_file("attention").read_text()


@pytest.mark.parametrize("name", ["softmax-regression", "xor"])
def test_check_takes_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A scenario, and a program."""
    assert run("check", "--example", name) == 0
    found = capsys.readouterr().out
    assert run("check", str(example_file(name))) == 0
    assert found == capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("new", "mine.py"), "mine.py is there already: another name is needed"),
        (("new", "x.txt"), "'x.txt' is no name of a Python file: tracer new x.py"),
        (("new", "nowhere/x.py"), "nowhere/x.py cannot be written: No such file or directory"),
        (("new", "x.py", "--example", "atention"), "there is no example 'atention'; did you mean attention?"),
        (("trace", "--example", "fruit-sgd"), "fruit-sgd is a scenario, not an example: tracer trace fruit-sgd"),
        (
            ("trace", "attention"),
            "attention is an example, not a scenario: `tracer trace --example attention`"
            " runs it, `tracer check --example attention` checks it",
        ),
        (("trace", "--example", "xor", "fruit"), "--example xor is run by itself: fruit is not needed"),
        (("check", "--example", "fruit-sgd"), "fruit-sgd is a scenario, not an example: tracer trace fruit-sgd"),
        (("check", "--example", "xor", "fruit"), "--example xor is checked by itself: fruit is not needed"),
        (("check",), "what is to be checked? a scenario of `tracer list`, a Python file, or --example NAME"),
        (("trace",), "what is to be run? a scenario of `tracer list`, a Python file, or --example NAME"),
        (("-v",), "-v goes with --version, or after a command that takes it (see tracer --help)"),
    ],
)
def test_mistakes_are_one_line(
    arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text("kept = 1\n")
    assert run(*arguments) == 2
    assert capsys.readouterr().err == f"tracer: {message}\n"
    assert Path("mine.py").read_text() == "kept = 1\n"
    assert not Path("x.py").exists()


def test_first_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert "tracer trace train.py" in capsys.readouterr().out
    assert run("--version") == 0
    assert capsys.readouterr().out == f"tracer, version {tracer.__version__}\n"


def test_verbose_version_says_what_is_there_and_how_to_get_the_rest(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    find = __import__("importlib.util").util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *rest: None if name == "torch" else find(name, *rest))
    monkeypatch.setenv("PATH", "/nowhere")
    assert run("--version", "-v") == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()[1:])
    assert lines["[torch]"] == "not installed: pip install 'torch>=2.13,<2.14'"
    assert lines["dot"].startswith("not on PATH")
    assert lines["SQLite"].startswith(__import__("sqlite3").sqlite_version)
    assert lines["numpy"] == __import__("numpy").__version__
