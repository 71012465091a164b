"""Runs programs with a record, each in a process of its own: a line of JSON in for each run, its exit code out.

A run is a fork of this process, which has imported everything already. `Runs` starts it and asks it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True)
class Run:
    """What a program printed, and its exit code; negative for a signal."""

    output: str
    errors: str
    exit_code: int


def run_plain(program: Path, arguments: list[str], stdin: str) -> Run:
    """Run a program as it stands."""
    command = [sys.executable, program.name, *arguments]
    done = subprocess.run(command, cwd=program.parent, input=stdin, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    return Run(done.stdout, done.stderr, done.returncode)


class Runs:
    """Starts the process that runs programs with a record."""

    def __enter__(self) -> Runs:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def run(self, program: Path, arguments: list[str], stdin: str) -> Run:
        """Run a program with a record."""
        folder = program.parent
        (folder / "stdin").write_text(stdin)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(folder), program.name, arguments]) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return Run((folder / "stdout").read_text(), (folder / "stderr").read_text(), code)


def main() -> None:
    from tracer.programs.process.ending import end_process
    from tracer.programs.running import run_program

    while line := sys.stdin.readline():
        folder, name, arguments = json.loads(line)
        child = os.fork()
        if child == 0:
            os.chdir(folder)
            for number, (stream, flags) in enumerate(
                (("stdin", os.O_RDONLY), ("stdout", os.O_CREAT | os.O_WRONLY), ("stderr", os.O_CREAT | os.O_WRONLY))
            ):
                os.dup2(os.open(stream, flags), number)
            sys.stdin = open(0, closefd=False)  # noqa: SIM115
            end_process(run_program(Path(name), arguments, tells_end=True).ending)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
