"""The house: who may import whom, and what may stand where. README draws the same picture."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tracer

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tracer"

FLOORS = [
    ["errors", "typesetting", "initializers", "summary", "arithmetic", "checking.nudging", "chinese"],
    ["language", "graph", "arguments", "archives", "tables", "monitoring", "report"],
    ["expression", "checking.findings"],
    ["op"],
    ["ops.comparisons", "ops.elementwise", "ops.indexing", "ops.linear_algebra", "ops.reductions", "ops.shaping"],
    ["ops"],
    ["source"],
    ["entries", "schedules", "metrics"],
    ["tensor", "naming", "optimizers", "printouts", "repetition"],
    ["autodiff", "layers", "digits", "recorded"],
    ["recorder", "losses", "scenario"],
    ["loading", "functions", "replay", "parting", "verification"],
    ["scalars"],
    ["store.layout", "store.plain", "store.keeping", "store.format"],
    ["store.rows", "store.structure"],
    ["store.reading"],
    ["store.writing"],
    ["training.batches", "training.settings", "training.preparation"],
    ["training.measuring", "training.updating"],
    ["training.run"],
    ["training"],
    ["checking.evaluation", "checking.magnitudes"],
    ["checking.differences"],
    ["checking.oracle"],
    ["checking.comparing"],
    ["checking.rules"],
    ["checking.derivatives"],
    ["checking.gradients"],
    ["checking.functions", "checking.operations"],
    ["checking.scenarios"],
    ["checking.exhaustive"],
    ["views.noise"],
    ["views.drawing", "views.palette", "views.notation", "views.folding"],
    ["views.sketch", "views.arithmetic", "views.grids", "views.curve", "views.finiteness", "views.formulas", "views.heat_map"],
    ["views.local_rules", "views.plot", "views.selection", "views.minimap", "views.movement", "views.pages"],
    ["views.boxes", "views.dot", "views.mermaid", "views.modules", "views.overview", "views.cover", "views.guide"],
    ["views.framing", "views.scalars", "views.fitting", "views.operation_page"],
    ["views.operations", "views.combined", "views.slides"],
    ["views.log", "views.checks", "views.events", "views.parting", "views.verdict", "views.zoom"],
    ["views.booklet", "views.detail", "views.table"],
    ["views.blame"],
    ["testing.examples", "testing.strategies"],
    ["testing.assertions", "testing.random_programs"],
    ["testing"],
    ["rendering.svg"],
    ["rendering.engine", "rendering.document"],
    ["rendering.glyphs"],
    ["notebook"],
    ["cli.verbs", "cli.files", "cli.interruption", "cli.opening", "cli.options", "cli.output", "cli.progress", "cli.reporting"],
    ["cli.wishes"],
    ["cli.pictures", "cli.running"],
    ["cli.blaming", "cli.checking", "cli.comparing", "cli.exporting", "cli.listing"],
    ["cli.logging", "cli.rendering", "cli.showing", "cli.tracing", "cli.verifying"],
    ["cli"],
]
"""From the ground up: a module imports only from floors below its own."""

KNOCKS = {("graph", "notebook")}
"""Imports that run upwards, when somebody asks: a notebook asks a record to show itself, and pictures are made upstairs."""

FACES = {"", "store", "views", "rendering", "checking", "__main__", "scenarios"}
"""Packages that only hand names on, or hold none."""


def modules() -> dict[str, Path]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(path: Path) -> set[str]:
    """The modules of this package that a file imports, anywhere in it."""
    tree = ast.parse(path.read_text())
    found: set[str] = set()
    names = modules()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "tracer":
            base = node.module.partition(".")[2]
            for alias in node.names:
                inner = f"{base}.{alias.name}".strip(".")
                found.add(inner if inner in names else base)
        elif isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[2] for alias in node.names if alias.name.split(".")[0] == "tracer"}
    return found


def test_every_module_has_its_floor() -> None:
    placed = [name for floor in FLOORS for name in floor]
    assert len(placed) == len(set(placed))
    assert set(modules()) - FACES == set(placed)


def test_imports_run_downwards() -> None:
    floor_of = {name: number for number, floor in enumerate(FLOORS) for name in floor}
    for name, path in modules().items():
        if name in FACES:
            continue
        for imported in imports_of(path):
            assert imported in floor_of, f"{name} imports {imported or 'the package itself'}"
            if (name, imported) not in KNOCKS:
                assert floor_of[imported] < floor_of[name], f"{name} imports {imported}, which stands above or beside it"


def test_views_read_and_do_not_compute_or_write() -> None:
    computing = {"tensor", "recorder", "autodiff", "functions", "scenario", "layers", "losses"}
    computing |= {name for name in modules() if name.startswith("training")} | {"optimizers", "loading"}
    for name, path in modules().items():
        if name.startswith("views"):
            assert not imports_of(path) & computing, name
            assert "open(" not in path.read_text(), name


@pytest.mark.parametrize(("word", "home"),
    [("subprocess", "rendering"), ("click", "cli"), ("typst", "rendering"), ("sqlite3", "store"), ("pyarrow", "views.table")],
)
def test_what_is_used_in_one_place_only(word: str, home: str) -> None:
    users = set()
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(each.split(".")[0] == word for each in names):
                users.add(name)
    assert users
    assert all(name == home or name.startswith(f"{home}.") for name in users), users


def test_nothing_prints_outside_the_command() -> None:
    for name, path in modules().items():
        calls = [node.func.id for node in ast.walk(ast.parse(path.read_text()))
                 if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]  # fmt: skip
        assert "print" not in calls, name


def test_no_file_is_called_after_nothing() -> None:
    assert not {path.stem for path in PACKAGE.rglob("*.py")} & {"utils", "helpers", "common", "misc", "core"}


def test_scenarios_import_numpy_and_tracer_only() -> None:
    for path in (ROOT / "scenarios").glob("*.py"):
        tree = ast.parse(path.read_text())
        names = {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {(node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert names <= {"numpy", "tracer", "pathlib"}, path.name
        assert len(path.read_text().splitlines()) <= 80, path.name


def test_the_public_names() -> None:
    assert set(tracer.__all__) == {name for name in tracer.__all__ if hasattr(tracer, name)}
    promised = {"load", "run", "trace", "validate", "Scenario", "SGD", "Adam", "Tensor", "Op", "Trace", "Step", "Node"}
    assert promised <= set(tracer.__all__)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, tracer; print(sorted({'typst', 'graphviz', 'networkx', 'click', 'hypothesis'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
    code = "from tracer.views import arithmetic; print(arithmetic.registry.named('matmul') is not None)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "True"  # who looks operations up has them, whatever was read before
    code = "import sys, tracer, tracer.cli; print('numpy' in sys.modules, tracer.graph.Step is tracer.Step, dir(tracer)[:2])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["False", "True", "['Adam',", "'Checkpoint']"]


def test_public_functions_and_classes_have_docstrings() -> None:
    for name, path in modules().items():
        tree = ast.parse(path.read_text())
        assert ast.get_docstring(tree), name
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                has = ast.get_docstring(node) or (isinstance(node, ast.FunctionDef) and node.decorator_list)
                assert has, f"{name}.{node.name}"
