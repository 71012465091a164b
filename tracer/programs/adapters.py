"""Programs of other libraries than NumPy: which package records them. They run as they stand, without a change to their text."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracer.errors import UsageError


@dataclass(frozen=True, slots=True)
class Adapter:
    """A package that records the programs of a library.

    `library` is the module that has to be installed, `imports` are modules whose import tells of such a program, `install` is
    what installs the library, `prefix` begins the names of its operations.
    """

    name: str
    library: str
    package: str
    install: str
    prefix: str
    imports: frozenset[str]

    def load(self, path: Path) -> Any:
        """The package that records. Raises UsageError if the library is not installed."""
        if not is_installed(self.library):
            raise UsageError(f"{path.name} needs {self.name}, which is not installed here: {self.install}")
        return importlib.import_module(self.package)


ADAPTERS = (
    Adapter(
        "PyTorch",
        "torch",
        "tracer.torch",
        "pip install 'steptracer[torch]'",
        "aten.",
        frozenset({"torch", "torchvision", "torchaudio", "torchmetrics", "lightning", "pytorch_lightning", "accelerate", "timm"}),
    ),
)
"""Every adapter; no other module names them."""


def adapter_of(path: Path) -> Adapter | None:
    """The adapter for a program, by what it and the modules beside it import; None for a program of NumPy."""
    names = set(_imports(path.resolve(), set()))
    if "keras" in names and _keras_backend() == "torch":
        names.add("torch")
    return next((each for each in ADAPTERS if each.imports & names), None)


def is_installed(library: str) -> bool:
    """Whether a module can be imported."""
    try:
        return library in sys.modules or importlib.util.find_spec(library) is not None
    except (ImportError, ValueError):
        return False


def _imports(path: Path, seen: set[Path]) -> Iterator[str]:
    """The modules that a file imports, by the first part of their names, also those that its neighbours import."""
    seen.add(path)
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return
    for node in ast.walk(tree):
        for name in _imported(node):
            yield name.partition(".")[0]
            for beside in _beside(path.parent, name):
                if beside not in seen:
                    yield from _imports(beside, seen)


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


def _keras_backend() -> str:
    return os.environ.get("KERAS_BACKEND", "")
