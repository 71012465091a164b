"""Programs with hand-written backpropagation, as people write them: what they print is the same with a record."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tracer.programs.running import run_program

FOLDER = Path(__file__).parent / "programs/backprop"
TRUTH = {case["program"]: case for case in map(json.loads, (FOLDER / "truth.jsonl").read_text().splitlines())}
"""By file name: the verdict; the lines at which the program goes wrong, any of which is a right answer; the kind of fault."""


def test_every_program_has_a_verdict() -> None:
    assert sorted(TRUTH) == sorted(path.name for path in FOLDER.glob("*.py"))
    for case in TRUTH.values():
        assert (case["verdict"] == "wrong") == bool(case["lines"]), case


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_what_a_program_prints_is_the_same_with_a_record(name: str) -> None:
    plain = subprocess.run([sys.executable, FOLDER / name], capture_output=True, text=True, check=True)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        record = run_program(FOLDER / name)
    assert record.ending.error is None
    assert printed.getvalue() == plain.stdout
    assert all(isinstance(record.values[id], float) for id in record.unknown)  # numbers that are rounded
    assert not record.changed_outside
