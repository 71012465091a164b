"""Which trace file is meant, and reading it: whatever a file holds, what is wrong with it is one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tracer.errors import TraceFileError, TracerError, UsageError, close_names
from tracer.graph import Step, Trace
from tracer.store.reading import read

OUTPUT = Path("output")
SUFFIX = ".sqlite"


def find_file(name: str) -> Path:
    """A trace file: by its path, by the folder it is in, or by a scenario's name, the newest under output/NAME.

    Raises UsageError where there is none.
    """
    path = Path(name)
    if path.is_file() and path.suffix != ".py":
        return path
    folder = path if path.is_dir() else OUTPUT / path.name.removesuffix(".py")
    found = sorted(folder.glob(f"**/*{SUFFIX}"), key=lambda file: file.stat().st_mtime) if folder.is_dir() else []
    if found:
        return found[-1]
    if path.is_dir() or "/" in name or name.endswith(SUFFIX):
        raise UsageError(f"there is no trace file {name}" + (" in that folder" if path.is_dir() else ""))
    known = sorted(each.parent.name for each in OUTPUT.glob(f"*/*{SUFFIX}"))
    hint = close_names(name, known) if known else f"; `tracer trace {name}` writes one"
    raise UsageError(f"there is no trace file of {name!r} under {OUTPUT}/{hint}")


@contextmanager
def reading(name: str) -> Iterator[Trace]:
    """The trace that is meant, while it is read. Raises TraceFileError for whatever a file holds that is no trace."""
    path = find_file(name)
    try:
        yield read(path)
    except (TracerError, OSError, click.ClickException, click.exceptions.Exit):
        raise
    except MemoryError:
        raise TraceFileError(f"{path} asks for more memory than there is") from None
    except Exception as error:
        # A file from elsewhere may be consistent and still make no sense; one of our own should not.
        said = f"{path} holds what cannot be shown ({type(error).__name__}: {error})"
        raise TraceFileError(f"{said}; if tracer wrote it, that is a fault of tracer") from error


def step_of(trace: Trace, index: int | None) -> Step:
    """The step of that index, by default the first. Raises UsageError where it is not on record."""
    try:
        return trace.step(index if index is not None else trace.steps[0].index)
    except KeyError as error:
        raise UsageError(str(error.args[0])) from None
    except IndexError:
        raise UsageError("the file has no steps") from None
