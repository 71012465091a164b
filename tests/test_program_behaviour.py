"""Programs do with a record what they do without one: what they print, warn and raise, and their exit code.

The programs are the parts of `programs/behaviour/*.txt`, each after a line `#-- name`; `beside` are the modules next to them.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.recorded_runs import Runs, run_plain

FOLDER = Path(__file__).parent / "programs/behaviour"
STDIN = "Ada\n21\nline\nlast one\nmore\n"
ARGUMENTS = {"system: arguments": ["--lr", "0.5", "x"]}
NEEDS = {"system: pandas": "pandas", "modules: scipy": "scipy"}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="runs are forks")


def _programs() -> Iterator[tuple[str, str]]:
    for path in sorted(FOLDER.glob("*.txt")):
        for part in path.read_text().split("#-- ")[1:]:
            name, _, text = part.partition("\n")
            yield f"{path.stem}: {name}", text


PROGRAMS = dict(_programs())


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    with Runs() as started:
        yield started


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_does_the_same_with_a_record(name: str, tmp_path: Path, runs: Runs) -> None:
    if name in NEEDS and importlib.util.find_spec(NEEDS[name]) is None:
        pytest.skip(f"{NEEDS[name]} is not installed")
    shutil.copytree(FOLDER / "beside", tmp_path, dirs_exist_ok=True)
    program = tmp_path / "program.py"
    program.write_text(PROGRAMS[name])
    arguments = ARGUMENTS.get(name, [])
    plain, recorded = run_plain(program, arguments, STDIN), runs.run(program, arguments, STDIN)
    assert recorded == plain
