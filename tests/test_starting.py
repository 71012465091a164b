"""What commands import and run before they answer: as little as the answer needs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support import golden
from tracer.training import bundled
from tracer.training.bundled import facts

ENGINE = ("tracer.ops", "tracer.recording", "tracer.nn", "tracer.graph.record", "tracer.store", "numpy", "sqlite3", "hashlib")


def imported_by(*arguments: str) -> set[str]:
    """The modules that a process has after a command."""
    program = "import sys; from tracer.cli import command; command.main(sys.argv[1:], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_list_and_help_import_no_engine() -> None:
    for arguments in (["list"], ["list", "--lang", "zh"], ["--help"]):
        assert not imported_by(*arguments) & set(ENGINE)


def test_table_of_facts_is_that_of_the_scenarios() -> None:
    computed = facts.computed_table()
    text = json.dumps(computed, indent=1, ensure_ascii=False) + "\n"
    if golden.renewing:
        facts.table_file().write_text(text)
        pytest.skip("the table of facts was written anew")
    assert facts.table_file().read_text() == text, "renew it: pytest --renew-golden tests/test_starting.py"
    assert [each._asdict() for each in facts.bundled_facts()] == computed["scenarios"]


def test_changed_scenarios_are_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "scenarios"
    shutil.copytree(bundled.bundled_folder(), folder, ignore=shutil.ignore_patterns("__pycache__", "mnist*"))
    program = folder / "linear_regression.py"
    for module in (bundled, facts):
        monkeypatch.setattr(module, "bundled_folder", lambda: folder)
    monkeypatch.setattr("tracer.training.loading.bundled_folder", lambda: folder)
    program.write_text(program.read_text().replace("steps=50", "steps=51"))
    found = {each.name: each for each in facts.bundled_facts()}
    assert found["linear-regression"].steps == 51
    assert "mnist" not in found
    facts.table_file().write_text("{")
    assert facts.bundled_facts() == list(found.values())
