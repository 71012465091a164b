"""The wheel and the source distribution, built from a clean copy of the project."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SHIPPED = (
    "tracer", "scenarios", "docs", "tests", ".ci", ".github", "setup.cfg", "pyproject.toml", "MANIFEST.in", "noxfile.py",
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", ".readthedocs.yaml",
)  # fmt: skip


def built(kind: str, folder: Path) -> Path:
    """The `wheel` or `sdist`, built in a folder from a clean copy of the files under version control or new."""
    source, made = folder / "source", folder / kind
    for name in SHIPPED:
        place = ROOT / name
        if place.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", ".hypothesis", "*.sqlite-*")
            shutil.copytree(place, source / name, ignore=ignored, dirs_exist_ok=True)
        elif place.is_file():
            source.mkdir(parents=True, exist_ok=True)
            shutil.copy(place, source / name)
    command = [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(made), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    return next(made.glob("steptracer-*"))
