"""Golden files: reviewed pictures and logs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.close_texts import assert_close

GOLDEN = Path(__file__).parent.parent / "golden"

renewing = False
"""Whether to rewrite golden files: `pytest --renew-golden`."""


def assert_matches_golden(name: str, found: str) -> None:
    """Compare a text with its golden file, numbers up to rounding."""
    path = GOLDEN / name
    if renewing:
        path.write_text(found)
        pytest.skip(f"{name} was written anew: read the change with git diff")
    if not path.exists():
        pytest.fail(f"there is no golden file {name}: write it with pytest --renew-golden, and read it")
    assert_close(found, path.read_text(), name)


def assert_pictures_are_current(page: Path) -> None:
    """Compare the pictures of a tutorial, golden files, with those of the same name that its commands wrote here."""
    for name in re.findall(r"tests/golden/(tutorials/[\w-]+\.svg)", page.read_text()):
        assert_matches_golden(name, Path(Path(name).name).read_text())
