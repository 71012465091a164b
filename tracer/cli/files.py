"""Atomic file writing: files are written beside their destination and moved into place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tracer.errors import UsageError


class OutputFolder:
    """The folder a run writes into. Made, and tried, before the run begins."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.exists() and not path.is_dir():
            raise UsageError(f"cannot write into {path}: it is a file, not a folder")
        trial = path / ".tracer-trial"
        try:
            path.mkdir(parents=True, exist_ok=True)
            trial.write_bytes(b"")
            trial.unlink()
        except OSError as error:
            raise UsageError(f"cannot write into {path}: {_reason(error)}") from None

    def write(self, name: str, content: bytes) -> Path:
        """Write a whole file; an earlier one of that name stays as it is until the new one is complete."""
        with self.streaming(name) as file:
            file.write(content)
        return self.path / name

    @contextlib.contextmanager
    def streaming(self, name: str) -> Iterator[IO[bytes]]:
        """A file to write into; it takes its name when it is complete, and is taken back where it does not get so far."""
        place, part = self.path / name, self.path / f"{name}.part"
        try:
            with part.open("wb") as file:
                yield file
            part.replace(place)
        except BaseException as error:
            with contextlib.suppress(OSError):
                part.unlink()
            if isinstance(error, OSError):
                raise UsageError(f"cannot write {place}: {_reason(error)}") from None
            raise

    def growing(self, name: str) -> GrowingFile:
        """A text file that is written piece by piece."""
        return GrowingFile(self.path / name)


class GrowingFile:
    """A text file under the name `NAME.part` until it is ended; every piece is on disk before the next is made."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.part = place.with_name(f"{place.name}.part")
        self.lines = 0
        self.is_broken = False
        # Where each piece ends, noted before it is written: an interruption may come in the middle.
        self._ends: list[int] = []
        try:
            self._file: IO[bytes] = self.part.open("wb")
        except OSError as error:
            raise UsageError(f"cannot write {self.part}: {_reason(error)}") from None

    def write(self, text: str) -> None:
        """Append a piece."""
        content = text.encode()
        self._ends.append((self._ends[-1] if self._ends else 0) + len(content))
        try:
            self._file.write(content)
            self._file.flush()
        except OSError as error:
            self.is_broken = True
            with contextlib.suppress(OSError):
                self._file.close()
            raise UsageError(
                f"cannot write {self.place}: {_reason(error)}; what was written so far is in {self.part.name}"
            ) from None
        self.lines += text.count("\n")

    def whole_pieces(self) -> int:
        """How many pieces are on disk from their first to their last byte."""
        self._file.flush()
        size = self._file.tell()
        return sum(end <= size for end in self._ends)

    def discard(self) -> None:
        """Take back what was written; a file of an earlier run stays as it is."""
        with contextlib.suppress(OSError):
            self._file.close()
            self.part.unlink()

    def end(self) -> Path:
        """Give the file its name: from now on it is taken for whole."""
        try:
            self._file.close()
            self.part.replace(self.place)
        except OSError as error:
            raise UsageError(f"cannot write {self.place}: {_reason(error)}") from None
        return self.place


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
