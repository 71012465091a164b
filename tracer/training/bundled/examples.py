"""The examples: scenarios and programs that show one idea each, in the folder `gallery` of the bundled scenarios."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

from tracer.errors import UsageError, close_names
from tracer.training.bundled import bundled_folder, bundled_names


class Example(NamedTuple):
    """An example: its name, how it is written (`scenario`, `NumPy` or `PyTorch`), and what it shows."""

    name: str
    kind: str
    title: str
    path: Path


def example_files() -> dict[str, Path]:
    """The files of the examples by name, sorted."""
    files = (bundled_folder() / "gallery").glob("*.py")
    return {path.stem.replace("_", "-"): path for path in sorted(files) if not path.stem.startswith("_")}


def examples() -> list[Example]:
    """All examples. Their files are read, not run."""
    return [Example(name, *_described(path), path) for name, path in example_files().items()]


def example_file(name: str) -> Path:
    """The file of an example. Raises UsageError if there is none of this name.

    >>> example_file("attention").name
    'attention.py'
    """
    files = example_files()
    wanted = name.replace("_", "-")
    if wanted not in files:
        if wanted in bundled_names():
            raise UsageError(f"{name} is a scenario, not an example: tracer trace {name}")
        raise UsageError(f"there is no example {name!r}{close_names(wanted, list(files))}")
    return files[wanted]


def _described(path: Path) -> tuple[str, str]:
    tree = ast.parse(path.read_text("utf-8"))
    imported = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)}
    kind = "PyTorch" if "torch" in imported else "scenario" if "tracer" in imported else "NumPy"
    return kind, (ast.get_docstring(tree) or "").partition("\n")[0]
