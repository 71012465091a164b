"""The examples that are PyTorch programs."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from support.examples import assert_learns_with_right_gradients
from tracer.training.bundled.examples import Example, examples


@pytest.mark.parametrize("example", [each for each in examples() if each.kind == "PyTorch"], ids=lambda example: example.name)
def test_example_learns_and_its_gradients_are_right(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_learns_with_right_gradients(example)
