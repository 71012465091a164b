"""What a trace says of its origin: the versions of packages, and the source of the program."""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np

from tracer.version import VERSION


def source_text(path: Path | None) -> str:
    """The source of a program's file; empty if it has none, or if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace") if path is not None else ""
    except OSError:
        return ""


def versions() -> dict[str, str]:
    """The versions of tracer, NumPy and Python."""
    return {"tracer": VERSION, "numpy": np.__version__, "python": platform.python_version()}
