"""Finds and opens the trace file that an argument refers to. Errors in it are one line."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tracer.arguments import readable
from tracer.errors import TraceFileError, TracerError, UsageError, close_names
from tracer.graph.record import Step, Trace
from tracer.graph.structures.garbage_collection import while_most_objects_stay
from tracer.store.format import has_header
from tracer.training.bundled import SHORT_NAMES, bundled_names, is_named_like_bundled

OUTPUT = Path("output")
SUFFIX = ".sqlite"


def find_file(name: str) -> Path:
    """A trace file, given by its path, its folder, or the name of a scenario, which finds its newest file under output/.

    Raises UsageError if there is none.
    """
    if not name:
        raise UsageError("the name of a trace file is empty")
    path = Path(name)
    if path.is_dir():
        found = _newest(path.glob(f"*{SUFFIX}"))
        if found:
            return found[0]
        if path.name != name:
            raise UsageError(f"there is no trace file in the folder {name!r}")
    elif path.exists() and path.suffix != ".py":
        return path
    recorded = _newest(OUTPUT.glob(f"**/*{SUFFIX}"))
    for names in (_names_of(path), _names_of_example(name)):
        if (file := next((file for file in recorded if names and _is_of(file, names)), None)) is not None:
            return file
    if path.is_dir():
        raise UsageError(f"there is no trace file in the folder {name!r}, and none of that name under {OUTPUT}/")
    if ("/" in name and path.suffix != ".py") or path.suffix == SUFFIX:
        raise UsageError(f"there is no file {name!r}")
    known = sorted(each.parent.name for each in OUTPUT.glob(f"*/*{SUFFIX}"))
    what = _what_writes(name)
    hint = f": run `tracer trace {what}` first" if what else close_names(name, known)
    raise UsageError(f"there is no trace file of {name!r} under {OUTPUT}/{hint}")


def program_named(name: str) -> str:
    """The Python file of this name, with or without its ending; empty if there is none.

    >>> program_named("a run")
    ''
    """
    return next((file for file in (name, f"{name}.py") if file.endswith(".py") and Path(file).is_file()), "")


def _what_writes(name: str) -> str:
    """What `tracer trace` runs to write a run of this name; empty if it is the name of nothing."""
    scenario = Path(name).name.removesuffix(".py")
    if scenario in (*SHORT_NAMES, *bundled_names()):
        return name if name.endswith(".py") and is_named_like_bundled(Path(name)) else scenario
    if file := program_named(name):
        return shlex.quote(file)
    return f"--example {name}" if _names_of_example(name) else ""


def _names_of_example(name: str) -> set[str]:
    """The name under which the run of an example is found; empty if none is called this."""
    from tracer.training.bundled.examples import example_files  # most runs are found without

    file = example_files().get(name.replace("_", "-"))
    return set() if file is None else {file.stem}


def is_record(name: str) -> bool:
    """Whether an argument that may be a scenario is a trace file, a folder of one, or the name of a recorded program."""
    path = Path(name)
    if not name or path.suffix == ".py" or name in (*SHORT_NAMES, *bundled_names()):
        return False
    if path.is_file() or (path.is_dir() and any(path.glob(f"*{SUFFIX}"))):
        return True
    return path.name == name and any((OUTPUT / name).glob(f"*{SUFFIX}"))


def refuse_other_files(name: str) -> None:
    """Raise TraceFileError for a file that is not checked: as far as its start tells, neither Python nor a trace file."""
    path = Path(name)
    if path.is_file() and not has_header(path):
        raise TraceFileError(f"{name} is neither a Python file (.py) nor a trace file of `tracer trace`")


def _newest(files: Iterable[Path]) -> list[Path]:
    return sorted((file for file in files if file.is_file()), key=lambda file: file.stat().st_mtime, reverse=True)


def _names_of(path: Path) -> set[str]:
    """The names under which the runs of a scenario are found, given by its name or by its file."""
    stem = path.name.removesuffix(".py")
    if path.suffix == ".py" and is_named_like_bundled(path):
        return {path.name}
    return {stem, SHORT_NAMES.get(stem, stem), *(short for short, full in SHORT_NAMES.items() if full == stem)}


def _is_of(file: Path, names: set[str]) -> bool:
    """Whether a file is a run of this scenario, by its folder or by its contents."""
    if names & set(file.parent.relative_to(OUTPUT).parts):
        return True
    try:
        return _read(file).scenario in {readable(name) for name in names}
    except TracerError:
        return False


def _read(path: Path) -> Trace:
    from tracer.store.reading import read  # check and the completion of names need nothing of it

    return read(path)


@contextmanager
def reading(name: str) -> Iterator[Trace]:
    """Open a trace. Raises TraceFileError for any content that cannot be read or shown."""
    path = find_file(name)
    try:
        with while_most_objects_stay():
            yield _read(path)
    except (TracerError, OSError, click.ClickException, click.exceptions.Exit):
        raise
    except MemoryError:
        raise TraceFileError(f"{path} asks for more memory than there is") from None
    except Exception as error:
        # A forged file may be consistent and still make no sense.
        message = f"{path} holds what cannot be shown ({type(error).__name__}: {error})"
        raise TraceFileError(f"{message}; if tracer wrote it, that is a fault of tracer") from error


def step_of(trace: Trace, index: int | None) -> Step:
    """The step with this index, by default the first. Raises UsageError if it was not recorded."""
    try:
        return trace.step(index if index is not None else trace.steps[0].index)
    except KeyError as error:
        raise UsageError(str(error.args[0])) from None
    except IndexError:
        raise UsageError("the file has no steps") from None
