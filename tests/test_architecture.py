"""Import contracts and the layout of the repository."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import tracer

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tracer"


@functools.cache
def trees() -> dict[str, ast.Module]:
    return {name: ast.parse(path.read_text()) for name, path in modules().items()}


def modules() -> dict[str, Path]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _is_lazy_lookup(statement: ast.stmt) -> bool:
    """Whether a statement of a module makes its names on access."""
    return isinstance(statement, ast.FunctionDef) and statement.name == "__getattr__"


def test_import_contracts_hold() -> None:
    """Run import-linter with the contracts in setup.cfg."""
    assert lint_imports(config_filename=str(ROOT / "setup.cfg"), no_cache=True) == 0


def test_number_of_root_modules_and_files_per_folder_is_limited() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 7
    for folder in {path.parent for path in PACKAGE.rglob("*.py")}:
        assert len(list(folder.glob("*.py"))) <= 16, folder
        assert sum(len(path.read_text().splitlines()) for path in folder.glob("*.py")) <= 2500, folder


def test_no_module_shadows_the_standard_library() -> None:
    """The exception is `trace`, because a command's module is named after the command."""
    names = {path.stem for path in PACKAGE.rglob("*.py")} | {path.name for path in PACKAGE.rglob("*") if path.is_dir()}
    commands = {path.stem for path in (PACKAGE / "cli/commands").glob("*.py")}
    assert names & (sys.stdlib_module_names - {"__main__"}) <= commands & {"trace"}


def test_test_modules_do_not_import_each_other() -> None:
    for path in (ROOT / "tests").rglob("*.py"):
        imported = re.findall(r"^(?:from|import) (\w+)", path.read_text(), re.MULTILINE)
        assert not [name for name in imported if name.startswith("test_") or name in ("conftest", "tests")], path


def test_views_write_no_files() -> None:
    for path in (PACKAGE / "views").rglob("*.py"):
        assert "open(" not in path.read_text(), path


@pytest.mark.parametrize(
    ("word", "home"),
    [
        ("subprocess", "rendering"),
        ("click", "cli"),
        ("typst", "rendering"),
        ("sqlite3", "store"),
        ("pyarrow", "views.export.tables"),
    ],
)
def test_restricted_word_is_used_in_one_place_only(word: str, home: str) -> None:
    users = set()
    for name, tree in trees().items():
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(each.split(".")[0] == word for each in names):
                users.add(name)
    assert users
    assert all(name == home or name.startswith(f"{home}.") for name in users), users


def test_only_the_command_prints() -> None:
    for name, tree in trees().items():
        calls = [node.func.id for node in ast.walk(tree)
                 if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]  # fmt: skip
        assert "print" not in calls, name


def test_no_file_has_a_meaningless_name() -> None:
    assert not {path.stem for path in PACKAGE.rglob("*.py")} & {"utils", "helpers", "common", "misc", "core"}


def test_scenarios_import_numpy_and_tracer_only() -> None:
    for path in (ROOT / "scenarios").glob("*.py"):
        tree = ast.parse(path.read_text())
        names = {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {(node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert names <= {"numpy", "tracer", "pathlib"}, path.name
        assert len(path.read_text().splitlines()) <= 80, path.name


def test_public_names() -> None:
    assert set(tracer.__all__) == {name for name in tracer.__all__ if hasattr(tracer, name)}
    promised = {"load", "run", "trace", "validate", "Scenario", "SGD", "Adam", "Tensor", "Op", "Trace", "Step", "Node"}
    assert promised <= set(tracer.__all__)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, tracer; print(sorted({'typst', 'graphviz', 'networkx', 'click', 'hypothesis', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
    code = "from tracer.views import worked; print(worked.operation_named('matmul') is not None)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "True"  # the registry loads the operations on first use
    code = "import sys, tracer, tracer.cli; print('numpy' in sys.modules)\n"
    code += "from tracer.graph.record import Step; print(Step is tracer.Step)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["False", "True"]
    assert dir(tracer)[:2] == ["Adagrad", "Adam"]
    code = "import sys, tracer.cli.commands.show; print({'tracer.training.runner', 'tracer.nn.optimizers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "set()"  # what reads a file needs no training


def test_public_functions_and_classes_have_docstrings() -> None:
    for name, path in modules().items():
        tree = ast.parse(path.read_text())
        assert ast.get_docstring(tree), name
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                has = ast.get_docstring(node) or (isinstance(node, ast.FunctionDef) and node.decorator_list)
                assert has, f"{name}.{node.name}"


def test_few_modules_import_json() -> None:
    users = set()
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import) and any(alias.name == "json" for alias in node.names):
                users.add(name)
    on_its_own = {"rendering.positions", "training.bundled.facts"}  # what Graphviz writes; without NumPy
    assert users == {"graph.plain_values", "store.plain_json"} | on_its_own


@pytest.mark.parametrize("name", sorted(name for name, tree in trees().items() if any(map(_is_lazy_lookup, tree.body))))
def test_doctests_of_modules_that_make_names_on_access_pass_alone(name: str) -> None:
    """A name that another test made is in the module afterwards: examples must not depend on that."""
    module = f"tracer.{name}".rstrip(".")
    code = f"import doctest, importlib\nmodule = importlib.import_module({module!r})\n"
    code += "assert not doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE).failed"
    subprocess.run([sys.executable, "-c", code], check=True)
