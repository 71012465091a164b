"""What is printed does not depend on the order of sets of strings, which Python draws anew in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAMS = sorted((Path(__file__).parent / "programs/backprop").glob("fault-*.py"))[::5]
CHECK_ALL = """
import sys
from tracer.cli import main
for sys.argv in (["tracer", "check", path] for path in sys.argv[1:]):
    try:
        main()
    except SystemExit:
        pass
"""


def printed(seed: int) -> str:
    command = [sys.executable, "-c", CHECK_ALL, *map(str, PROGRAMS)]
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def test_reports_are_the_same_in_every_process() -> None:
    first = printed(1)
    assert first.count("First wrong step") > len(PROGRAMS) / 2
    assert [printed(seed) for seed in (2, 6)] == [first, first]
