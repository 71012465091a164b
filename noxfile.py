"""Commands for contributors: `nox -s quick` while you work, `nox` before you submit.

Sessions run in the current environment, set up once with `pip install -e '.[dev]'`; with `--force-venv-backend venv`, each
creates its own.
"""

from __future__ import annotations

import re
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "test"]

QUICK = [
    "tracer/graph",
    "tracer/ops",
    "tracer/recording",
    "tests/test_architecture.py",
    "tests/test_backward_plan.py",
    "tests/test_cli.py",
    "tests/test_formulas.py",
    "tests/test_layers_losses.py",
    "tests/test_log.py",
    "tests/test_ops.py",
    "tests/test_readme.py",
    "tests/test_recording.py",
    "tests/test_scenario.py",
    "tests/test_training.py",
    "tests/test_zooms.py",
    "tests/test_gradients.py::test_every_operation_with_a_derivative_is_tested",
    "tests/test_language.py::test_views_have_no_untranslated_text",
    "tests/test_language.py::test_every_message_is_a_literal_with_a_translation",
    "tests/test_docs.py::test_architecture_page_lists_every_module",
]
"""The code and tests that most mistakes break first, and the tests that report a forgotten step of a recipe."""

OF_PYTHON = ["tests/test_names_from_code.py", "tests/test_without_rule.py", "tests/test_writing.py"]
"""Tests of what is read from instructions and reference counts, which each version of Python has of its own."""

PYTHONS = re.findall(r"Python :: (3\.\d+)", (Path(__file__).parent / "setup.cfg").read_text())


def install(session: nox.Session, extra: str) -> None:
    """Install the project with an extra if the session has its own environment."""
    if session.virtualenv.venv_backend != "none":
        session.install("-e", f".[{extra}]")


@nox.session
def quick(session: nox.Session) -> None:
    """Ruff and the tests that fail first for most mistakes: under a minute on two cores."""
    install(session, "dev")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("pytest", "-m", "not slow", *QUICK, *session.posargs, env={"TRACER_PROFILE": "quick"})


@nox.session(python=PYTHONS, venv_backend="venv", reuse_venv=True)
def pythons(session: nox.Session) -> None:
    """The quick tests under each version of Python in setup.cfg that is on PATH, in an environment of its own."""
    session.install("-e", ".[test]")
    session.run("pytest", "-m", "not slow", *(session.posargs or (*QUICK, *OF_PYTHON)), env={"TRACER_PROFILE": "quick"})


@nox.session
def test(session: nox.Session) -> None:
    """The whole test suite, in parallel."""
    install(session, "test")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format and import contracts."""
    install(session, "test")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """Type checks, strict for the package and lenient for the tests."""
    install(session, "test")
    session.run("mypy")
    session.run("mypy", "--config-file", "tests/mypy.ini", "tests")


@nox.session
def scripts(session: nox.Session) -> None:
    """Check the types in the comments of the player's scripts, with the TypeScript in Deno."""
    install(session, "scripts")
    files = sorted(map(str, Path("tracer/views/player/static").glob("*.js")))
    session.run("deno", "check", "--quiet", "--no-lock", "--config", ".ci/deno.json", *files)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site of the documentation into build/site; a warning is an error. `tests/test_docs.py` runs its commands."""
    install(session, "docs")
    session.run("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", "build/site", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure the cost of recording and of the trace file, compared with the installed libraries."""
    install(session, "bench")
    session.run("python", "tests/benchmarks/recording.py", *session.posargs)
    session.run("python", "tests/benchmarks/fresh.py", *session.posargs)
    session.run("python", "tests/benchmarks/trace_file.py")
    session.run("python", "tests/benchmarks/questions.py", *session.posargs)
    session.run("python", "tests/benchmarks/commands.py", *session.posargs)
    session.run("python", "tests/benchmarks/programs.py", *session.posargs)
    session.run("python", "tests/benchmarks/torch_cost.py", *session.posargs)


@nox.session
def peers(session: nox.Session) -> None:
    """Count which functions that autograd, MyGrad and jax.numpy differentiate are differentiated here."""
    install(session, "bench")
    session.run("python", "tests/benchmarks/peers.py", *session.posargs)
