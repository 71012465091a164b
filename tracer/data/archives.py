"""Named arrays in .npz files: read without unpickling, written reproducibly (same arrays, same bytes)."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import IO

import numpy as np

from tracer.arguments import native
from tracer.errors import UsageError


def read_arrays(path: str | Path, needed: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """Read the arrays of an .npz file by name: all of them, or only those in `needed`.

    Raises UsageError if the file is missing, damaged or no .npz file, or if it lacks a needed array.
    """
    path = Path(path)
    if not path.exists():
        raise UsageError(f"there is no file {path}")
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name the .npz file")
    if not zipfile.is_zipfile(path):
        raise UsageError(f"{path} is no .npz file of named arrays, or it is cut short")
    try:
        with np.load(path, allow_pickle=False) as archive:
            present = list(archive.files)
            missing = [name for name in needed or () if name not in present]
            arrays = {name: _read_array(archive, name) for name in needed or present} if not missing else {}
    except _READ_ERRORS as error:
        raise UsageError(f"{path} is damaged: {_reason(error)}") from None
    if missing:
        raise UsageError(f"{path} has no array {missing[0]}; it has {', '.join(present) or 'none'}")
    return arrays


_READ_ERRORS = (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, KeyError, AttributeError, MemoryError)
"""What NumPy and zipfile raise for damaged files."""


def _read_array(archive: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    try:
        array = archive[name]
    except _READ_ERRORS as error:
        raise ValueError(f"the array {name!r} cannot be read: {_reason(error)}") from None
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{name!r} in it is no array")
    return native(array)


def _reason(error: Exception) -> str:
    """NumPy's message, without its advice to allow pickles."""
    text = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
    return "it holds Python objects, and these are not read" if "allow_pickle" in text else text


def array_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Serialize named arrays as an .npz file.

    >>> array_bytes({"w": np.zeros(2)}) == array_bytes({"w": np.zeros(2)})
    True
    """
    content = io.BytesIO()
    write_arrays(content, arrays.items())
    return content.getvalue()


def write_arrays(file: IO[bytes], arrays: Iterable[tuple[str, np.ndarray]]) -> None:
    """Write an .npz file one array at a time."""
    # Not np.savez, whose own argument names (`file`) cannot be names of arrays.
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays:
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)
