"""Golden files: pictures and logs that were reviewed as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from close_texts import assert_close

GOLDEN = Path(__file__).parent / "golden"


def assert_as_reviewed(name: str, found: str) -> None:
    """Hold a text against its golden file, numbers but for rounding.

    To write one anew, delete the file, run the test twice, and read the change.
    """
    path = GOLDEN / name
    if not path.exists():
        path.write_text(found)
        pytest.fail(f"{name} was not there and has been written: read it")
    assert_close(found, path.read_text(), name)
