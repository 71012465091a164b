"""Completion of names in bash, zsh and fish, asked for as the scripts of the shells do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recorded run."""
    folder = tmp_path_factory.mktemp("runs")
    arguments = ["trace", "fruit", "-q", "--steps", "1", "--format", "log"]
    subprocess.run([sys.executable, "-m", "tracer", *arguments], cwd=folder, check=True)
    return folder


def completed(folder: Path, *words: str, shell: str = "bash") -> list[str]:
    """What a shell offers for the last word."""
    given = {"COMP_WORDS": " ".join(["tracer", *words]), "COMP_CWORD": str(len(words)) if shell != "fish" else words[-1]}
    environment = {**os.environ, "_TRACER_COMPLETE": f"{shell}_complete", **given}
    command = [sys.executable, "-c", "from tracer.cli import main; main()"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    if shell == "zsh":  # three lines each: type, value, help
        return [value for kind, value in zip(lines[::3], lines[1::3]) if kind == "plain"]
    return [line.partition(",")[2].partition("\t")[0] for line in lines if line.startswith("plain,")]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scenarios_nodes_and_settings_are_completed(folder: Path, shell: str) -> None:
    assert completed(folder, "trace", "fru", shell=shell) == ["fruit", "fruit-keras", "fruit-pytorch", "fruit-sgd"]
    assert completed(folder, "show", "fruit", "dL/dW", shell=shell) == ["dL/dW2", "dL/dW1"]
    assert completed(folder, "trace", "fruit", "--set", "learn", shell=shell) == ["learning_rate=0.01"]


def test_other_places(folder: Path) -> None:
    assert completed(folder, "trace", "--example", "l") == ["logistic-regression", "lstm"]
    assert completed(folder, "check", "--example", "x") == ["xor"]
    assert completed(folder, "new", "--example", "at") == ["attention"]
    assert completed(folder, "log", "f") == ["fruit"]
    assert completed(folder, "log", "fruit", "--watch", "W1_") == ["W1_new"]
    assert completed(folder, "render", "fruit", "--focus", "logi") == ["logits"]
    assert completed(folder, "blame", "fruit", "--of", "b1_") == ["b1_new"]
    assert "shuffle=False" in completed(folder, "check", "fruit", "--set", "sh")
    assert completed(folder, "ver") == ["verify"]


def test_mistakes_complete_nothing(folder: Path) -> None:
    assert completed(folder, "show", "nowhere", "d") == []
    assert completed(folder, "trace", "nowhere", "--set", "l") == []
    (folder / "broken.sqlite").write_bytes(b"no trace file")
    assert completed(folder, "show", "broken.sqlite", "d") == []


def test_files_are_completed_by_the_shell(folder: Path) -> None:
    environment = {**os.environ, "_TRACER_COMPLETE": "bash_complete", "COMP_WORDS": "tracer trace ./mi", "COMP_CWORD": "2"}
    command = [sys.executable, "-c", "from tracer.cli import main; main()"]
    assert "file,./mi" in subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True).stdout


def test_the_script_of_every_shell_is_written() -> None:
    for shell in ("bash", "zsh", "fish"):
        environment = {**os.environ, "_TRACER_COMPLETE": f"{shell}_source"}
        command = [sys.executable, "-c", "from tracer.cli import main; main()"]
        assert "_TRACER_COMPLETE" in subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [(("trace", "fruit-s"), "fruit-sgd"), (("show", "fr"), "fruit"), (("log", "./o"), "files")],
)
def test_bash_offers_names(folder: Path, tmp_path: Path, typed: tuple[str, ...], offered: str) -> None:
    """The script of click keeps names only where no files are asked for."""
    # The script runs the command through `env`, so that a function of the shell would not be found.
    command = tmp_path / "tracer"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from tracer.cli import main; main()" "$@"\n')
    command.chmod(0o755)
    script = (
        'eval "$(_TRACER_COMPLETE=bash_source tracer)"; compopt() { echo files; }\n'
        f'COMP_WORDS=(tracer {" ".join(typed)}); COMP_CWORD={len(typed)}; _tracer_completion tracer; echo "${{COMPREPLY[*]}}"\n'
    )
    environment = {**os.environ, "PATH": os.pathsep.join([str(tmp_path), os.environ["PATH"]])}
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.split() == [offered]
