"""What `tracer trace` says at its end: which file to open, and two commands to try."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from tracer.cli.files import OutputFolder
from tracer.cli.trace_files import OUTPUT
from tracer.graph.record import Trace
from tracer.i18n.language import Language
from tracer.views.explaining.next_commands import RunNames, next_two


def names_of(folder: OutputFolder, program: str, arguments: Sequence[str] = ()) -> RunNames:
    """What commands call a run that was written into a folder; `program` is what was run, with its arguments."""
    shown = folder.shown
    is_found_by_name = shown.parent == OUTPUT and not (folder.base / shown.name).exists()
    line = shlex.join([program, *(["--", *arguments] if arguments else [])]) if program else ""
    return RunNames(shown.name if is_found_by_name else str(shown), line)


def next_lines(trace: Trace, names: RunNames, files: Sequence[Path], tell: Language, *, is_finite: bool) -> Iterator[str]:
    """The file to open, the first of those that were written, and two commands that read the trace file."""
    if files:
        yield tell("open {path}, or try", path=files[0])
    for each in next_two(trace, names, is_finite=is_finite, tell=tell):
        yield f"  {each.line}"
