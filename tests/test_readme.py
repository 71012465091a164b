"""README says what is so: its commands are run, its outputs compared, its pictures made again."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import tracer
from close_texts import CloseOutput, assert_close, is_close
from reviewed import assert_as_reviewed
from tracer.cli.commands.trace import FORMATS
from tracer.ops.base import registry
from tracer.views.text.log import log_text

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def run(arguments: list[str], capfd: pytest.CaptureFixture[str], code: int = 0) -> str:
    """What a command prints that ends with that exit code."""
    from tracer.cli import main

    before = sys.argv
    sys.argv = arguments
    try:
        main()
    except SystemExit as end:
        assert (end.code or 0) == code
    finally:
        sys.argv = before
    return capfd.readouterr().out


def test_every_command_prints_what_readme_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    versions = re.compile(r"^# tracer .*$|(?<=/run=fruit-)\w+", re.MULTILINE)  # and the digest of a run, in which they are
    count = 0
    for language, block in re.findall(r"```(console|diff)\n(.*?)```", README, re.DOTALL):
        for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            printed = run(shlex.split(command), capfd, int(language == "diff" and command.startswith("tracer diff")))
            assert_close(versions.sub("", printed), versions.sub("", output), command)
            count += 1
    assert count >= 16
    check_query()


def check_query() -> None:
    """The query over the runs that the commands of README exported, and its answer."""
    (query,) = blocks("sql")
    found = duckdb.sql(query)
    table = README[README.index(query) :].split("\n\n")[1].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    assert rows[0] == found.columns
    for row, expected in zip(found.fetchall(), rows[2:], strict=True):
        assert_close("\n".join(map(str, row)), "\n".join(expected), query)


def test_the_scenarios_in_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = (block for block in blocks("python") if "Scenario(" in block)
    Path("mine.py").write_text(first)
    assert "20 steps, 2 parameters" in run(["tracer", "trace", "./mine.py"], capfd)
    assert Path("output/mine/steps.pdf").exists()
    Path("rings.py").write_text(second)
    out = run(["tracer", "trace", "./rings.py", "--format", "log"], capfd)
    assert re.search(r"^stopped after \d+ epochs: val_loss had not improved for 10 epochs in a row$", out, re.MULTILINE)
    assert re.search(r"^wrote output/rings/best.npz \(epoch \d+, val_accuracy (1|0\.9\d*)\)$", out, re.MULTILINE)


def test_the_digits_are_recognised_as_well_as_readme_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The run on the sample. The last digits depend on the machine's BLAS; the full set has to be fetched by hand."""
    monkeypatch.chdir(tmp_path)
    (session,) = blocks("session")
    command, *printed = session.splitlines()
    out = run(shlex.split(command.removeprefix("$ ")), capfd)
    found = [float(line.split()[-2]) for line in out.splitlines() if "test accuracy:" in line]
    shown = [float(line.split()[-2]) for line in printed[:5]]
    assert len(found) == 5
    assert abs(found[-1] - shown[-1]) < 2
    assert found[-1] > 88
    assert float(printed[-1].split()[-2]) > 97


def test_the_checks_in_readme_find_what_it_says(capfd: pytest.CaptureFixture[str]) -> None:
    """But for the errors, which are roundings of the machine."""
    (block,) = blocks("check")
    errors = r"\d\.\de-\d\d"
    for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
        found = run(shlex.split(command), capfd)
        assert re.sub(errors, "ERROR", found) == re.sub(errors, "ERROR", output), command
        assert all(float(error) < 1e-10 for error in re.findall(errors, found))


def test_the_tests_in_readme_pass(tmp_path: Path) -> None:
    (text,) = (block for block in blocks("python") if "def test_" in block)
    (tmp_path / "test_mine.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert re.search(rf"^{text.count('def test_')} passed", done.stdout, re.MULTILINE), done.stdout


def test_the_operation_in_readme_works() -> None:
    (text,) = (block for block in blocks("python") if "Elementwise" in block)
    subprocess.run([sys.executable, "-c", text], check=True, cwd=ROOT)


def test_the_session_in_readme() -> None:
    (text,) = (block for block in blocks("python") if ">>>" in block)
    test = doctest.DocTestParser().get_doctest(text, {}, "README.md", None, 0)
    assert doctest.DocTestRunner(CloseOutput()).run(test).failed == 0


def test_the_file_in_readme_is_written_and_opened(tmp_path: Path) -> None:
    (text,) = (block for block in blocks("python") if "tracer.save" in block)
    subprocess.run([sys.executable, "-c", text], check=True, cwd=tmp_path, capture_output=True)


def test_the_log_in_readme_is_the_log() -> None:
    log = log_text(tracer.run(tracer.load("fruit"), steps=1)).splitlines()
    (shown,) = blocks("text")
    assert all(any(is_close(line, each) for each in log) for line in shown.splitlines())


@pytest.mark.parametrize(("name", "zoom", "drawn"), [("linear-regression", "tensor", "step-0"), ("fruit", "module", "module")])
def test_the_pictures_in_readme_are_what_the_command_draws(
    name: str, zoom: str, drawn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run(["tracer", "trace", name, "-q", "--format", "log"], capfd)
    run(["tracer", "render", name, "-o", "x.svg", "--zoom", zoom], capfd)
    assert f"](tests/golden/{name}-{drawn}.svg)" in README
    assert_as_reviewed(f"{name}-{drawn}.svg", Path("x.svg").read_text())


def test_the_mermaid_in_readme_is_what_the_command_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run(["tracer", "trace", "linear-regression", "-q", "--format", "mmd", "--zoom", "module"], capfd)
    (shown,) = blocks("mermaid")
    assert_close(Path("output/linear-regression/step-0-module.mmd").read_text(), shown)


def test_ci_runs_the_test_command_of_readme() -> None:
    first, second = (block.strip() for block in blocks("sh"))
    assert second in (ROOT / ".ci/run").read_text()
    assert first.startswith("python3 -m venv .venv")


@pytest.mark.skipif("CI" not in os.environ, reason="installs from the package index: CI does it")
def test_the_first_command_of_readme_on_a_fresh_clone(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    subprocess.run(["bash", "-c", blocks("sh")[0]], cwd=clone, check=True, env=environment, capture_output=True)
    assert (clone / "output/fruit/steps.pdf").read_bytes().startswith(b"%PDF")
    assert (clone / "output/fruit/steps.log").exists()


def test_every_operation_and_option_is_in_readme() -> None:
    listed = README[README.index("Recorded with derivative rules") : README.index("Where a derivative does not exist")]
    words = set(re.findall(r"[a-z_0-9]+", listed.replace("abs", "absolute").replace("logical_and/or/not", "")))
    inner = {"take", "scatter", "stop_gradient", "positive", "logical_and", "logical_or", "logical_not"}
    comparing = {"greater", "greater_equal", "less", "less_equal", "equal", "not_equal"}
    assert {op.name for op in registry} - inner - comparing <= words
    from tracer.cli import command

    context = command.make_context("tracer", ["list"])
    verbs = [command.get_command(context, name) for name in command.list_commands(context)]
    parameters = [parameter for verb in verbs for parameter in verb.params]
    options = {name for parameter in parameters for name in parameter.opts if name.startswith("--")}
    short = {"--output": "-o", "--quiet": "-q", "--verbose": "-v"}
    assert all(f"`{short.get(option, option)}" in README for option in options)
    assert ",".join(FORMATS) in README


def test_the_floors_in_readme_are_those_under_test() -> None:
    from test_architecture import FLOORS

    picture = README[README.index("    cli/  ") : README.index("How it works, in the order")]
    for name in (name for floor in FLOORS for name in floor):
        # Of the command and the operations README names the folder, of views and rendering every file.
        word = name.rpartition(".")[2] if name.startswith(("views", "rendering", "checking", "testing.")) else name.split(".")[0]
        assert re.search(rf"\b{word}\b", picture), name
