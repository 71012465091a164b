"""Finding and loading scenario files."""

from __future__ import annotations

from pathlib import Path

import pytest

import tracer

SCENARIO_TEXT = '''"""My own line."""
import numpy as np
import beside
import tracer
from dataclasses import dataclass

@dataclass
class Shape:
    size: "int" = 3

scenario = tracer.Scenario(
    data=lambda: {"x": np.ones(Shape().size)}, parameters={"w": beside.START},
    model=lambda x, w: x * w, loss=lambda p: np.sum(p), optimizer=tracer.SGD(learning_rate=0.1), steps=2,
)
'''


def test_scenario_file_may_import_a_module_next_to_it(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SCENARIO_TEXT)
    (tmp_path / "beside.py").write_text("START = 2.0\n")
    scenario = tracer.load(tmp_path / "mine.py")
    assert (scenario.name, scenario.title) == ("mine", "My own line.")
    assert tracer.run(scenario).steps[0].loss == 6.0


def test_names_accept_hyphens_and_underscores() -> None:
    assert tracer.load("linear_regression").name == "linear-regression"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fruti", "there is no scenario 'fruti'; did you mean fruit"),
        ("nothing.py", "there is no file nothing.py"),
        ("./", "is a folder"),
        ("", "there is no scenario ''"),
    ],
)
def test_unknown_scenario_is_reported(name: str, message: str) -> None:
    with pytest.raises(tracer.UsageError, match=message):
        tracer.load(name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"x = 1\n", "defines no `scenario = "),
        (b"scenario = 3\n", "its `scenario` is int"),
        (b"\xff\xfe\x00\x80", "no Python text"),
        (b"x = '\x00'\n", "no Python text"),
    ],
)
def test_files_without_a_scenario_are_reported(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file.py"
    path.write_bytes(content)
    with pytest.raises(tracer.UsageError, match=message):
        tracer.load(path)


def test_other_file_types_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    with pytest.raises(tracer.UsageError, match="a Python file"):
        tracer.load(path)


def test_exception_in_a_scenario_file_propagates(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("x = (\n")
    with pytest.raises(SyntaxError):
        tracer.load(path)
    path.write_text("1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        tracer.load(path)
