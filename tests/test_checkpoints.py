"""Checkpoints: written on improvement, read back bit for bit, and refused if they belong to another model."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from tracer import Checkpoint
from tracer.data.archives import array_bytes, read_arrays


def parameters() -> dict[str, np.ndarray]:
    return {"W1": np.full((2, 4), 0.1), "b1": np.zeros(4), "W2": np.full((4, 2), 0.2), "b2": np.zeros(2)}


def file_of(tmp_path: Path, arrays: dict[str, Any], name: str = "best.npz") -> Path:
    np.savez(tmp_path / name, **arrays)
    return tmp_path / name


def test_run_starts_from_a_checkpoint(tmp_path: Path) -> None:
    first = tracer.run(tracer.load("fruit-keras"), steps=3)
    last = {node.name: first.steps[-1].updated(node.name) for node in first.steps[0].parameters}
    path = tmp_path / "last.npz"
    path.write_bytes(array_bytes(last))
    again = tracer.run(tracer.load("fruit-keras"), steps=1, parameters=path)
    for name, value in last.items():
        assert again.steps[0].node(name).value.tobytes() == value.tobytes()
        assert again.steps[0].node(name).dtype == "float32"


def test_equal_arrays_give_equal_bytes() -> None:
    assert array_bytes(parameters()) == array_bytes(parameters())
    read = np.load(io.BytesIO(array_bytes(parameters())), allow_pickle=False)
    assert sorted(read.files) == sorted(parameters())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"W2": None}, "is no checkpoint of fruit: it has no parameter 'W2'; it holds W1, b1, b2"),
        ({"W1": None, "b1": None, "W2": None, "b2": None}, "it has no parameter 'W1'; it is empty"),
        ({"w3": np.zeros(3)}, "best.npz: fruit has no parameter 'w3'"),
        ({"W1": np.zeros((4, 2))}, r"best.npz: the parameter 'W1' has shape \(2, 4\), the given value \(4, 2\)"),
        ({"b1": np.array(["a"] * 4)}, "best.npz: the parameter 'b1' of fruit is not numeric: its dtype is <U1"),
        ({"b1": np.zeros(4) * 1j}, "best.npz: the parameter 'b1' of fruit is not numeric: its dtype is complex128"),
        ({"b1": np.array([object()] * 4)}, "best.npz is damaged: the array 'b1' cannot be read: it holds Python objects"),
    ],
)
def test_checkpoint_of_another_model_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    arrays = {name: value for name, value in {**parameters(), **changes}.items() if value is not None}
    with pytest.raises(tracer.UsageError, match=message) as caught:
        tracer.run(tracer.load("fruit"), parameters=file_of(tmp_path, arrays))
    assert "\n" not in str(caught.value)


class Bomb:
    """Raises when it is unpickled."""

    def __reduce__(self) -> Any:
        return exec, ("raise SystemExit('unpickled')",)


def damaged(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / "best.npz"
    content = array_bytes(parameters())
    if kind == "cut short":
        path.write_bytes(content[: len(content) // 2])
    elif kind == "one array":
        np.save(tmp_path / "one.npy", np.zeros(3))
        (tmp_path / "one.npy").rename(path)
    elif kind == "pickle":
        path.write_bytes(pickle.dumps(Bomb()))
    elif kind == "pickle inside":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("W1.npy", b"\x93NUMPY\x01\x00" + pickle.dumps(Bomb()))
    elif kind == "too large":
        head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999,), }"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("W1.npy", b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head)
    elif kind == "not arrays":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("notes.txt", "hello")
    elif kind == "text":
        path.write_text("W1 = 3\n")
    elif kind == "empty":
        path.write_bytes(b"")
    return path


@pytest.mark.parametrize(
    "kind", ["cut short", "one array", "pickle", "pickle inside", "too large", "not arrays", "text", "empty"]
)
def test_damaged_file_is_reported_in_one_line(tmp_path: Path, kind: str) -> None:
    with pytest.raises(tracer.UsageError, match=r"best\.npz") as caught:
        tracer.run(tracer.load("fruit"), parameters=damaged(tmp_path, kind))
    assert "\n" not in str(caught.value)


def test_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(tracer.UsageError, match=r"there is no file .*no\.npz"):
        read_arrays(tmp_path / "no.npz")
    with pytest.raises(tracer.UsageError, match=r"is a folder: name the \.npz file"):
        read_arrays(tmp_path)


def test_parameters_may_have_the_names_of_archive_members(tmp_path: Path) -> None:
    arrays = {"file": np.arange(3.0), "allow_pickle": np.ones(2), "self": np.zeros(())}
    path = tmp_path / "best.npz"
    path.write_bytes(array_bytes(arrays))
    found = read_arrays(path)
    assert list(found) == list(arrays)
    for name, value in arrays.items():
        np.testing.assert_array_equal(found[name], value)


def test_error_does_not_suggest_unpickling(tmp_path: Path) -> None:
    for kind in ("pickle", "pickle inside", "text", "one array"):
        with pytest.raises(tracer.UsageError) as caught:
            read_arrays(damaged(tmp_path, kind))
        assert "allow_pickle" not in str(caught.value)


def test_overflowing_conversion_gives_infinity_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    trace = tracer.run(tracer.load("fruit-keras"), parameters={"W1": np.full((2, 4), 1e300)}, steps=1)
    assert np.all(np.isinf(trace.steps[0].node("W1").value))
    assert not recwarn.list


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "largest"}, "mode must be min or max"),
        ({"mode": "max", "file": "../best.npz"}, "file must be a file name that ends in .npz"),
        ({"mode": "max", "file": "best.pkl"}, "file must be a file name that ends in .npz"),
    ],
)
def test_invalid_checkpoints_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(tracer.UsageError, match=message):
        Checkpoint(monitor="val_accuracy", **arguments)
