"""Reads the MNIST digits: an .npz file with x_train, y_train, x_test, y_test, or a folder with the four idx files.

Everything is validated: magic numbers, sizes, equal counts of labels and images, labels from 0 to 9. Nothing is unpickled.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np

from tracer.data.archives import read_arrays
from tracer.errors import UsageError

FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
_RANK_BY_MAGIC = {2051: 3, 2049: 1}
"""The rank of the array by the magic number of an idx file of bytes."""


def read_digits(path: str | Path) -> dict[str, np.ndarray]:
    """Read x_train, y_train, x_test and y_test: uint8 images [n, 28, 28], integer labels [n].

    Raises UsageError if files are missing or damaged, or have another shape, dtype or range.
    """
    path = Path(path)
    if path.is_dir():
        arrays = {name: _read_idx(_find_idx(path, stem)) for name, stem in FILES.items()}
    elif not path.exists():
        raise UsageError(f"there is no data file {path}")
    elif path.name.endswith((".npz",)):
        arrays = read_arrays(path, FILES)
    elif any(part in path.name for part in ("idx3", "idx1", "ubyte")):
        arrays = {name: _read_idx(_find_idx(path.parent, stem)) for name, stem in FILES.items()}
    else:
        raise UsageError(f"{path} is no data file of digits: an .npz file or the folder of the four idx files is needed")
    for part in ("train", "test"):
        _validate(path, part, arrays[f"x_{part}"], arrays[f"y_{part}"])
    return arrays


def _find_idx(folder: Path, stem: str) -> Path:
    for name in (stem, f"{stem}.gz", stem.replace("-idx", ".idx"), stem.replace("-idx", ".idx") + ".gz"):
        if (folder / name).is_file():
            return folder / name
    raise UsageError(f"{folder} holds no {stem} and no {stem}.gz")


def _read_idx(path: Path) -> np.ndarray:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    if len(content) < 4:
        raise UsageError(f"{path} is cut short: it has {len(content)} bytes")
    magic = struct.unpack(">I", content[:4])[0]
    if magic not in _RANK_BY_MAGIC:
        raise UsageError(f"{path} is no idx file of bytes: its magic number is {magic}, not 2051 (images) or 2049 (labels)")
    start = 4 + 4 * _RANK_BY_MAGIC[magic]
    if len(content) < start:
        raise UsageError(f"{path} is cut short: it has {len(content)} bytes")
    shape = struct.unpack(f">{_RANK_BY_MAGIC[magic]}I", content[4:start])
    expected = start + int(np.prod(shape, dtype=object))
    if len(content) != expected:
        kind = "cut short" if len(content) < expected else "too long"
        raise UsageError(f"{path} is {kind}: {len(content)} bytes where its header asks for {expected}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _validate(path: Path, part: str, images: np.ndarray, labels: np.ndarray) -> None:
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
        raise UsageError(f"{path}: x_{part} must be bytes [n, 28, 28], it is {images.dtype} {list(images.shape)}")
    if labels.ndim != 1 or labels.dtype.kind not in "ui":
        raise UsageError(f"{path}: y_{part} must be whole numbers [n], it is {labels.dtype} {list(labels.shape)}")
    if len(images) != len(labels) or not len(images):
        least = "" if len(images) else ": at least one is needed"
        raise UsageError(f"{path}: {len(images)} {part} images with {len(labels)} labels{least}")
    if labels.min() < 0 or labels.max() > 9:
        raise UsageError(f"{path}: y_{part} must hold labels from 0 to 9, it holds {labels.min()} to {labels.max()}")
