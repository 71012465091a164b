"""Programs of other libraries than NumPy: which package records them. They run as they stand, without a change to their text."""

from __future__ import annotations

import ast
import importlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracer.analysis.adapters import TORCH
from tracer.analysis.adapters import Adapter as Computing
from tracer.analysis.adapters import adapter_of as computing_of
from tracer.errors import UsageError
from tracer.graph.record import Step


@dataclass(frozen=True, slots=True)
class Adapter:
    """A package that records the programs of a library.

    `computing` tells of its library, which has to be installed; `imports` are modules whose import tells of such a program.
    """

    name: str
    computing: Computing
    package: str
    imports: frozenset[str]

    def load(self, path: Path) -> Any:
        """The package that records. Raises UsageError if the library is not installed."""
        if not self.computing.is_installed:
            raise UsageError(f"{path.name} needs {self.name}, which is not installed here: {self.computing.install}")
        return importlib.import_module(self.package)


ADAPTERS = (
    Adapter(
        "PyTorch",
        TORCH,
        "tracer.torch",
        frozenset({"torch", "torchvision", "torchaudio", "torchmetrics", "lightning", "pytorch_lightning", "accelerate", "timm"}),
    ),
)
"""Every adapter; no other module names them."""


def adapter_of(path: Path) -> Adapter | None:
    """The adapter for a program, by what it and the modules beside it import; None for a program of NumPy."""
    trees = list(_trees(path.resolve(), set()))
    names = {name.partition(".")[0] for tree in trees for node in ast.walk(tree) for name in _imported(node)}
    if "keras" in names and _keras_backend(trees) == "torch":
        names.add("torch")
    return next((each for each in ADAPTERS if each.imports & names), None)


def adapter_of_steps(steps: Sequence[Step]) -> Adapter | None:
    """The adapter for recorded steps, by the names of their operations; None for those of NumPy."""
    computing = {computing_of(node.op) for step in steps[:1] for node in step.nodes}
    return next((each for each in ADAPTERS if each.computing in computing), None)


def _trees(path: Path, seen: set[Path]) -> Iterator[ast.Module]:
    """The syntax trees of a file and of the neighbours that it imports."""
    seen.add(path)
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return
    yield tree
    for name in [name for node in ast.walk(tree) for name in _imported(node)]:
        for beside in _beside(path.parent, name):
            if beside not in seen:
                yield from _trees(beside, seen)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    if isinstance(node, ast.ImportFrom):
        module = node.module or ""
        return [module, *(f"{module}.{each.name}".lstrip(".") for each in node.names)]
    return []


def _beside(folder: Path, name: str) -> Iterator[Path]:
    """The files of a module that is beside a program, with those of the packages it is in."""
    if not name:
        return
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        place = folder.joinpath(*parts[:end])
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file():
                yield file.resolve()


def _keras_backend(trees: Iterable[ast.Module]) -> str:
    """The backend that Keras will take: as the program sets it, else from the environment, else from its file of settings."""
    told = [value for tree in trees for node in ast.walk(tree) if (value := _set_backend(node))]
    if told or "KERAS_BACKEND" in os.environ:
        return told[0] if told else os.environ["KERAS_BACKEND"]
    home = os.environ.get("KERAS_HOME")
    try:
        settings = (Path(home) if home else Path.home() / ".keras").joinpath("keras.json").read_text()
    except (OSError, ValueError, RuntimeError):
        return ""
    named = re.search(r'"backend"\s*:\s*"(\w+)"', settings)
    return named[1] if named is not None else ""


def _set_backend(node: ast.AST) -> str:
    """The backend that a statement like `os.environ["KERAS_BACKEND"] = "torch"` sets, or a call like `setdefault` with both."""
    match node:
        case ast.Assign(targets=[ast.Subscript(slice=ast.Constant("KERAS_BACKEND"))], value=ast.Constant(str(name))):
            return name
        case ast.Call(args=[ast.Constant("KERAS_BACKEND"), ast.Constant(str(name))]):
            return name
    return ""
