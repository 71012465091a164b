"""The examples that are PyTorch programs."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

import tracer
from support.cli import run
from tracer.training.bundled.examples import Example, examples


@pytest.mark.parametrize("example", [each for each in examples() if each.kind == "PyTorch"], ids=lambda example: example.name)
def test_example_learns_and_its_gradients_are_right(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("trace", "--example", example.name, "-q", "--format", "log") == 0
    trace = tracer.open(Path("output") / example.path.stem / "trace.sqlite")
    assert trace.steps[-1].loss < 0.8 * trace.steps[0].loss
    assert run("check", str(example.path)) == 0
