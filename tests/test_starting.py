"""What commands import and run before they answer: as little as the answer needs."""

from __future__ import annotations

import importlib
import json
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import wrap

import pytest

import tracer
import tracer.ops
from support import golden
from tracer.ops import registry
from tracer.ops.families import contents
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


def operations_by_module() -> dict[str, list[str]]:
    """The names of operations and of the functions that they implement."""
    for module in pkgutil.walk_packages(tracer.ops.__path__, "tracer.ops."):
        importlib.import_module(module.name)  # also one that the table lacks
    words: dict[str, list[str]] = {}
    for op in registry:
        if op.__module__.startswith("tracer.ops."):  # other tests register more
            words.setdefault(op.__module__, []).extend([op.name, *(function.__name__ for function in op.functions)])
    return words


def test_table_of_operations_is_complete() -> None:
    """With an older NumPy it may have names that are missing there."""
    words = operations_by_module()
    if golden.renewing:
        path = Path(contents.__file__)
        head = path.read_text().partition('CONTENTS = """')[0]
        rows = [(each, row) for each in sorted(words) for row in wrap(" ".join(dict.fromkeys(words[each])), 120 - len(each))]
        table = "".join(f"{module} {row}\n" for module, row in rows)
        path.write_text(f'{head}CONTENTS = """\\\n{table}"""\n')
        pytest.skip("the table of operations was written anew")
    listed = {(module, name) for module, *names in map(str.split, contents.CONTENTS.splitlines()) for name in names}
    missing = {(module, name) for module, names in words.items() for name in names} - listed
    assert not missing, "renew it: pytest --renew-golden tests/test_starting.py"
    assert {module for module, _ in listed} == set(words)


def test_operation_of_a_user_stays_when_the_one_of_the_package_is_imported() -> None:
    program = """
import numpy as np, tracer
from tracer.ops import REAL, Elementwise, registry
class Arctan(Elementwise):
    implements = np.arctan
    formula = "own({x})"
    domain = (REAL,)
    @staticmethod
    def gradient_x(g, out, x):
        return g / (1 + x * x)
assert registry.implementing(np.arcsin).__module__.startswith("tracer.ops.")
assert registry.named("arctan") is registry.implementing(np.arctan) is Arctan
assert [op for op in registry if op.name == "arctan"] == [Arctan]
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_log_imports_the_operations_of_its_run_only(tmp_path: Path) -> None:
    file = tmp_path / "run.sqlite"
    tracer.save(tracer.run(tracer.load("fruit"), steps=1), file)
    for arguments in (["log", str(file)], ["show", str(file), "W1"]):
        found = imported_by(*arguments)
        assert "numpy" in found
        assert not {each for each in found if each.startswith(("tracer.ops.families.fourier", "tracer.ops.families.linalg."))}
