"""Programs of every kind run under a record as they do under plain Python: what they print, warn of, and how they end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tracer.programs.running import run_program

FOLDER = Path(__file__).parent / "programs/running"

RECORDED = """
import sys
from pathlib import Path
from tracer.programs.running import run_program
ending = run_program(Path(sys.argv[1]), sys.argv[2:]).ending
sys.stdout.flush()
sys.exit(ending.exit_code)
"""

PROGRAMS = {
    "plots": [],
    "classes": [],
    "arguments": ["--epochs", "7", "--lr", "0.2", "--verbose"],
    "generators": [],
    "threads": [],
    "files": [],
    "frames": [],
    "reads_stdin": [],
    "exits": ["5"],
    "changes_folder": [],
    "forks": [],
    "every_number": [],
    "language_features": [],
    "library_functions": [],
    "processes": [],
    "shapes_and_lists": [],
    "warns": [],
}
"""By name, the arguments of a program."""

STDIN = "0.1\n1 2 3\n2 1 4\n0 1 1\n"


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_prints_the_same_with_a_record(name: str) -> None:
    if name == "frames":
        pytest.importorskip("pandas")
    program = [str(FOLDER / f"{name}.py"), *PROGRAMS[name]]
    plain = subprocess.run([sys.executable, *program], input=STDIN, capture_output=True, text=True)
    recorded = subprocess.run([sys.executable, "-c", RECORDED, *program], input=STDIN, capture_output=True, text=True)
    assert recorded.stdout == plain.stdout
    assert recorded.stderr == plain.stderr
    assert recorded.returncode == plain.returncode
    assert plain.stdout


def test_every_program_is_run() -> None:
    others = {"plotting_stub", "never_ends", "raises"}
    assert {path.stem for path in FOLDER.glob("*.py")} == set(PROGRAMS) | others


def test_a_program_that_never_ends_is_stopped() -> None:
    record = run_program(FOLDER / "never_ends.py", limit=2000)
    assert record.ending.was_stopped
    assert 2000 < len(record.entries) < 2100


def test_what_a_program_did_before_it_raised_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    record = run_program(FOLDER / "raises.py")
    assert isinstance(record.ending.error, ValueError)
    assert record.ending.exit_code == 1
    assert len(capsys.readouterr().out.splitlines()) == 5
    lines = {place.line for id in range(len(record.entries)) if (place := record.place(id))}
    assert {5, 12, 16} <= lines


def test_a_value_that_drops_out_of_the_record_is_known_to(tmp_path: Path) -> None:
    """With what it was computed from; a size or a seed makes nothing depend on it."""
    program = tmp_path / "program.py"
    program.write_text(
        "import numpy as np\n"
        "n = 3\n"
        "x = np.ones(n) * 0.5\n"
        "act = np.vectorize(lambda t: t * 2)\n"
        "y = act(x)\n"
        "z = y + np.random.default_rng(n).normal(size=n)\n"
    )
    record = run_program(program)
    assert [record.place(id).line for id in record.unknown] == [5]
    ((made, origins),) = record.unknown.items()
    assert [record.place(id).line for id in origins] == [3]
    assert any(made in record.inputs(id) for id in range(len(record.entries)))
