"""Forces files to the disk, so that a power failure does not lose them.

SQLite does not do it (`synchronous = OFF`): its syncs of every commit would take longer than most steps.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from pathlib import Path

SYNC_INTERVAL = 10.0
"""Seconds from one sync of a growing file to the next, at least."""


class SyncedFile:
    """A growing file that is synced from time to time; `path` is where it is.

    It stays open until `close`: closing any descriptor of a database releases the locks that this process holds on it.
    """

    def __init__(self, path: Path) -> None:
        self._folder = path.parent
        self._descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
        self._last = time.monotonic()

    def sync_if_due(self) -> None:
        """Sync if the last time is long enough ago."""
        if time.monotonic() - self._last >= SYNC_INTERVAL:
            self.sync()

    def sync(self) -> None:
        """Wait until the file and its name are on disk. Raises OSError if the disk fails."""
        sync_descriptor(self._descriptor)
        sync_folder(self._folder)
        self._last = time.monotonic()

    def close(self) -> None:
        """Close the descriptor; the database is closed before."""
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


def sync_descriptor(descriptor: int) -> None:
    """Wait until the content of an open file is on disk."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that cannot
            raise


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        sync_descriptor(descriptor)
    finally:
        os.close(descriptor)
