"""Atomic file writing: files are written next to their destination and moved into place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tracer.errors import UsageError
from tracer.store.durability import sync_descriptor, sync_folder


class OutputFolder:
    """The folder a run writes into. Created and checked for write access before the run starts.

    `base` is the folder that a relative path starts from: the current one, unless it was noted before the user's code ran, which
    may change it. `shown` is the path as it was given, for messages.
    """

    def __init__(self, shown: Path, base: Path | None = None) -> None:
        self.shown = shown
        self.base = base or Path.cwd()
        self.path = path = self.base / shown
        if path.exists() and not path.is_dir():
            raise UsageError(f"cannot write into {shown}: it is a file, not a folder")
        self._made = [each for each in (path, *path.parents) if not each.exists()]
        trial = path / ".tracer-trial"
        try:
            path.mkdir(parents=True, exist_ok=True)
            trial.write_bytes(b"")
            trial.unlink()
        except OSError as error:
            raise UsageError(f"cannot write into {shown}: {_reason(error)}") from None

    @contextlib.contextmanager
    def kept_if_used(self) -> Iterator[None]:
        """Afterwards, the folder and those above it are removed if they were made for this run, and nothing was written."""
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                for each in self._made:
                    each.rmdir()

    def write(self, name: str, content: bytes) -> Path:
        """Write a whole file; an existing one is replaced only when the new one is complete."""
        with self.streaming(name) as file:
            file.write(content)
        return self.shown / name

    @contextlib.contextmanager
    def streaming(self, name: str) -> Iterator[IO[bytes]]:
        """A file to write into; it gets its name on success and is removed on failure."""
        target, part = self.path / name, self.path / f"{name}.part"
        try:
            with part.open("wb") as file:
                yield file
                file.flush()
                sync_descriptor(file.fileno())
            part.replace(target)
            sync_folder(self.path)
        except BaseException as error:
            with contextlib.suppress(OSError):
                part.unlink()
            if isinstance(error, OSError):
                raise UsageError(f"cannot write {self.shown / name}: {_reason(error)}") from None
            raise

    def growing(self, name: str) -> GrowingFile:
        """A text file that is written incrementally."""
        return GrowingFile(self.path / name, self.shown / name)


class GrowingFile:
    """A text file named `NAME.part` until it is finished; every write is flushed. `shown` is its path for messages."""

    def __init__(self, path: Path, shown: Path | None = None) -> None:
        self.path = path
        self.shown = shown or path
        self.part = path.with_name(f"{path.name}.part")
        self.lines = 0
        self.has_failed = False
        # The end of each write, stored before it happens: an interruption may cut it short.
        self._ends: list[int] = []
        try:
            self._file: IO[bytes] = self.part.open("wb")
        except OSError as error:
            raise UsageError(f"cannot write {self.shown}.part: {_reason(error)}") from None

    def write(self, text: str) -> None:
        """Append text."""
        content = text.encode()
        self._ends.append((self._ends[-1] if self._ends else 0) + len(content))
        try:
            self._file.write(content)
            self._file.flush()
        except OSError as error:
            self.has_failed = True
            with contextlib.suppress(OSError):
                self._file.close()
            raise UsageError(
                f"cannot write {self.shown}: {_reason(error)}; what was written so far is in {self.part.name}"
            ) from None
        self.lines += text.count("\n")

    def complete_writes(self) -> int:
        """How many writes are entirely on disk."""
        self._file.flush()
        size = self._file.tell()
        return sum(end <= size for end in self._ends)

    def discard(self) -> None:
        """Remove the unfinished file; that of an earlier run is kept."""
        with contextlib.suppress(OSError):
            self._file.close()
            self.part.unlink()

    def finish(self) -> Path:
        """Move the complete file to its final name."""
        try:
            self._file.flush()
            sync_descriptor(self._file.fileno())
            self._file.close()
            self.part.replace(self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise UsageError(f"cannot write {self.shown}: {_reason(error)}") from None
        return self.shown


def absolute(path: str | None, base: Path) -> str | None:
    """A path that was given, from a folder that was noted before the user's code ran."""
    return str(base / path) if path else path


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
