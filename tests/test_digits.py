"""Reading MNIST: every format and every kind of invalid file."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.data.idx import FILES, read_digits


def arrays(count: int = 4) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        name: rng.integers(0, 256, (count, 28, 28), np.uint8) if name[0] == "x" else rng.integers(0, 10, count, np.uint8)
        for name in FILES
    }


def idx(array: np.ndarray) -> bytes:
    magic = 2051 if array.ndim == 3 else 2049
    return struct.pack(f">I{array.ndim}I", magic, *array.shape) + array.tobytes()


def folder(path: Path, *, zipped: bool = False, **changes: bytes) -> Path:
    for name, array in arrays().items():
        content = changes.get(name, idx(array))
        place = path / (FILES[name] + (".gz" if zipped else ""))
        place.write_bytes(gzip.compress(content) if zipped else content)
    return path


@pytest.mark.parametrize("zipped", [False, True])
def test_idx_files(tmp_path: Path, zipped: bool) -> None:
    found = read_digits(folder(tmp_path, zipped=zipped))
    for name, array in arrays().items():
        np.testing.assert_array_equal(found[name], array)
    one = next(tmp_path.iterdir())
    np.testing.assert_array_equal(read_digits(one)["x_test"], arrays()["x_test"])


def test_npz_file_and_a_run_from_it(tmp_path: Path) -> None:
    np.savez(tmp_path / "digits.npz", **arrays())
    trace = tracer.run(tracer.load("mnist"), data=tmp_path / "digits.npz", steps=1)
    assert trace.steps[0].node("x").shape == (4, 28, 28)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_train": b""}, "train-images-idx3-ubyte is cut short: it has 0 bytes"),
        ({"x_train": b"\0\0\x08\x03\0\0"}, "is cut short: it has 6 bytes"),
        ({"x_train": idx(arrays()["x_train"])[:-5]}, "is cut short: 3147 bytes where its header asks for 3152"),
        ({"x_train": idx(arrays()["x_train"]) + b"x"}, "is too long"),
        ({"x_train": b"\0\0\x0d\x03" + b"\0" * 12}, "its magic number is 3331, not 2051"),
        ({"x_train": idx(arrays()["y_train"])}, r"x_train must be bytes \[n, 28, 28\], it is uint8 \[4\]"),
        ({"y_train": idx(arrays(3)["y_train"])}, "4 train images with 3 labels"),
        ({"y_test": idx(np.array([1, 2, 3, 77], np.uint8))}, "labels from 0 to 9, it holds 1 to 77"),
        ({"x_train": struct.pack(">4I", 2051, 2**31, 2**31, 2**31)}, "is cut short"),
    ],
)
def test_damaged_idx_files_are_reported(tmp_path: Path, changes: dict[str, bytes], message: str) -> None:
    with pytest.raises(tracer.UsageError, match=message):
        read_digits(folder(tmp_path, **changes))


def test_truncated_and_missing_gz_files(tmp_path: Path) -> None:
    folder(tmp_path, zipped=True)
    path = tmp_path / (FILES["x_test"] + ".gz")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(tracer.UsageError, match="cannot be read"):
        read_digits(tmp_path)
    path.unlink()
    with pytest.raises(tracer.UsageError, match=r"holds no t10k-images-idx3-ubyte and no t10k-images-idx3-ubyte\.gz"):
        read_digits(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all", None])
def test_damaged_npz_files_are_reported(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "digits.npz"
    np.savez(path, **arrays())
    path.write_bytes(path.read_bytes()[:2000] if content is None else content)
    with pytest.raises(tracer.UsageError, match=r"is no \.npz file of named arrays, or it is cut short"):
        read_digits(path)


def test_npz_with_other_arrays(tmp_path: Path) -> None:
    path = tmp_path / "digits.npz"
    content: dict[str, Any] = {"x_train": arrays()["x_train"]}
    np.savez(path, **content)
    with pytest.raises(tracer.UsageError, match="has no array y_train; it has x_train"):
        read_digits(path)
    np.savez(path, **arrays(), notes=np.array([{}], dtype=object))
    assert len(read_digits(path)["y_train"]) == 4  # unused arrays are not read
    np.savez(path, **{**arrays(), "y_train": np.array([{}], dtype=object)})
    with pytest.raises(tracer.UsageError, match=r"is damaged: the array 'y_train' cannot be read"):
        read_digits(path)


def test_path_without_data_is_reported(tmp_path: Path) -> None:
    with pytest.raises(tracer.UsageError, match="there is no data file"):
        read_digits(tmp_path / "nothing.npz")
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(tracer.UsageError, match="is no data file of digits"):
        read_digits(tmp_path / "notes.txt")
