"""What `tracer list` tells of the bundled scenarios, without running them.

The table is a file beside their data. It is of use as long as the scenarios and the data are those that it was made of; if one
of them was changed, all are loaded. A test compares it with the scenarios; `pytest --renew-golden` writes it anew.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from tracer.training.bundled import bundled_files, bundled_folder, bundled_names


class Facts(NamedTuple):
    """A scenario: its name and title, the number of steps, the largest one if it may stop early, and of parameters."""

    name: str
    title: str
    steps: int
    may_stop_early: bool
    parameters: int


def table_file() -> Path:
    """The file of the table."""
    return bundled_folder() / "data" / "facts.json"


def bundled_facts() -> list[Facts]:
    """The facts of all bundled scenarios, in the order of their names."""
    try:
        table = json.loads(table_file().read_text("utf-8"))
    except (OSError, ValueError):  # it was removed or damaged
        table = {}
    if table.get("made_of") != _checksum():
        table = computed_table()
    return [Facts(**each) for each in table["scenarios"]]


def computed_table() -> dict[str, Any]:
    """The content of the table, from the scenarios themselves."""
    from tracer.training.loading import load
    from tracer.training.runner import Training

    scenarios = []
    for name in bundled_names():
        training = Training(load(name))
        title = training.scenario.title
        facts = Facts(name, title, training.steps, training.may_stop_early, training.parameter_count)
        scenarios.append(facts._asdict())
    return {"made_of": _checksum(), "scenarios": scenarios}


def _checksum() -> int:
    """Of the texts of the scenarios, and of the names and sizes of their data files."""
    found = 0
    for path in bundled_files():
        found = zlib.crc32(path.name.encode() + path.read_bytes().replace(b"\r\n", b"\n"), found)
    for path in sorted((bundled_folder() / "data").iterdir()):
        if path.suffix in (".csv", ".npz"):
            found = zlib.crc32(f"{path.name} {path.stat().st_size}".encode(), found)
    return found
