"""Named arrays in .npz files: read without unpickling anything, written with the same bytes every time."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tracer.errors import UsageError


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name. Raises UsageError with what is wrong."""
    path = Path(path)
    if not path.exists():
        raise UsageError(f"there is no file {path}")
    try:
        loaded = np.load(path, allow_pickle=False)
        if not isinstance(loaded, np.lib.npyio.NpzFile):
            raise UsageError(f"{path} holds one array without a name: an .npz file of named arrays is needed")
        with loaded as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, KeyError, AttributeError, MemoryError) as error:
        reason = f"{error}".partition("\n")[0].rstrip(".") or type(error).__name__
        raise UsageError(f"{path} is damaged or no .npz file: {reason}") from None


def array_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Named arrays as the content of an .npz file.

    >>> array_bytes({"w": np.zeros(2)}) == array_bytes({"w": np.zeros(2)})
    True
    """
    content = io.BytesIO()
    named: dict[str, np.ndarray] = dict(arrays)
    np.savez(content, allow_pickle=False, **named)
    return content.getvalue()
