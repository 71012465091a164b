"""What `tracer --version --verbose` tells: versions, what draws diagrams, and the extras that are there or missing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

from tracer.store.format import SQLITE_VERSION
from tracer.version import VERSION

REQUIRED = ("numpy", "click", "graphviz", "networkx", "typst", "graphviz-pure", "joblib")
EXTRAS = {
    "torch": ("torch", ">=2.13,<2.14"),
    "parquet": ("pyarrow", ">=15"),
    "testing": ("hypothesis", ">=6.100"),
    "dask": ("distributed", ">=2024.5"),
}
"""The package that each extra installs, and the versions of it that are taken."""


def installed_lines() -> Iterator[str]:
    """One line for each: a name, and a version or how to install it."""
    rows = [
        ("tracer", f"{VERSION}, in {Path(__file__).parents[2]}"),
        ("Python", f"{platform.python_version()}, {platform.system()} {platform.machine()}"),
        ("SQLite", f"{SQLITE_VERSION}, which comes with Python; trace files are written with it"),
        *((name, _version(name) or f"missing: pip install {name}") for name in REQUIRED),
        ("dot", shutil.which("dot") or "not on PATH; only --engine system needs it"),
    ]
    for extra, (package, versions) in EXTRAS.items():
        rows.append((f"[{extra}]", _with_version(package) or f"not installed: pip install '{package}{versions}'"))
    width = max(len(name) for name, _ in rows)
    return (f"{name:{width}}  {text}" for name, text in rows)


def _version(package: str) -> str:
    """The version of a package; empty if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _with_version(package: str) -> str:
    return f"{package} {_version(package)}" if importlib.util.find_spec(package) is not None else ""
