"""The scenarios that come with the project: their files and names. It imports nothing that takes time."""

from __future__ import annotations

from pathlib import Path

SHORT_NAMES = {"fruit": "fruit-pytorch"}
"""Aliases of bundled scenarios."""

_PACKAGE = Path(__file__).parents[2]


def bundled_folder() -> Path:
    """The folder of the bundled scenarios: inside the installed package, or beside it in a checkout."""
    inside = _PACKAGE / "scenarios"
    return inside if inside.is_dir() else _PACKAGE.parent / "scenarios"


def bundled_files() -> list[Path]:
    """The files of the bundled scenarios, in the order of their names."""
    return sorted(path for path in bundled_folder().glob("*.py") if not path.stem.startswith("_"))


def bundled_names() -> list[str]:
    """The names of the bundled scenarios, sorted."""
    return sorted(path.stem.replace("_", "-") for path in bundled_files())


def is_path(name_or_path: str | Path) -> bool:
    """True if a scenario is given by the path of its file, not by name.

    >>> is_path("fruit"), is_path("./mine.py"), is_path(Path("mine"))
    (False, True, True)
    """
    text = str(name_or_path)
    return text.endswith(".py") or "/" in text or "\\" in text or isinstance(name_or_path, Path)


def is_named_like_bundled(path: Path) -> bool:
    """Whether a user's own file has the name of a bundled scenario."""
    taken = (*SHORT_NAMES, *bundled_names())
    return path.stem.replace("_", "-") in taken and path.resolve().parent != bundled_folder().resolve()
