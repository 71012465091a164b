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
from support.cli import run
from tracer import Checkpoint
from tracer.data.archives import array_bytes, read_arrays
from tracer.training import Training
from tracer.training.checkpoints import checkpoint_arrays, read_checkpoint


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
        ({"b1": np.zeros(4) * 1j}, "best.npz: the parameter 'b1' of fruit is not real: its dtype is complex128"),
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


# Runs that continue.

TRAINED = """import numpy as np
from dataclasses import dataclass
from tracer import SGD, Adagrad, Adam, AdamW, Checkpoint, KerasAdam, RMSProp, Scenario
from tracer.nn.schedules import ExponentialDecay

@dataclass(frozen=True, kw_only=True)
class Averaged:
    learning_rate: float = 0.1
    def initial_state(self, parameter): return {"mean/of": np.zeros_like(parameter), "count": np.zeros((), np.int64)}
    def hyperparameters(self, step_number): return {"learning_rate": self.learning_rate}
    def prepare(self, hyperparameters): return {}
    def update(self, parameter, gradient, state, numbers):
        mean = state["mean/of"] * 0.5 + gradient
        return parameter - numbers["learning_rate"] * mean, {"mean/of": mean, "count": state["count"] + 1}

def data(rng):
    x = rng.normal(size=(10, 2))
    return {"x": x, "y": x @ np.array([1.0, -2.0]) + rng.normal(0, 0.1, size=10)}

scenario = Scenario(
    data=data, parameters=lambda rng: {"w": rng.normal(size=2), "b": 0.0}, model=lambda x, w, b: x @ w + b,
    loss=lambda p, y: np.mean((p - y) ** 2), optimizer=OPTIMIZER, epochs=10, batch_size=4, shuffle=True,
    metrics={"reached": lambda w, b, x: float(np.sum(w))},
    checkpoint=Checkpoint(monitor="mark", mode="max"),
)
"""
"""A scenario whose `mark` improves in every epoch, so that every epoch is saved."""

OPTIMIZERS = {
    "SGD": "SGD(learning_rate=0.1)",
    "momentum": "SGD(learning_rate=0.05, momentum=0.9)",
    "Adam": "Adam(learning_rate=0.1)",
    "KerasAdam": "KerasAdam(learning_rate=0.1)",
    "AdamW": "AdamW(0.1)",
    "Nesterov": "SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.1)",
    "RMSProp": "RMSProp(0.1, momentum=0.5, centered=True)",
    "Adagrad": "Adagrad(0.1, learning_rate_decay=0.1, initial_accumulator_value=0.5)",
    "by step": "Adam(learning_rate=lambda t: 0.2 / t)",
    "by epoch": "SGD(learning_rate=lambda epoch: 0.1 / (1 + epoch))",
    "schedule": "SGD(learning_rate=ExponentialDecay(initial=0.05, factor=0.9))",
    "user-defined": "Averaged()",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, without output."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_scenario(folder: Path, optimizer: str) -> None:
    """The file mine.py."""
    marks = "iter(range(1000))"
    text = TRAINED.replace("OPTIMIZER", optimizer).replace('"reached": lambda w, b, x: float(np.sum(w))', '"mark": mark')
    text = text.replace("def data", f"marks = {marks}\ndef mark(): return float(next(marks))\n\ndef data")
    (folder / "mine.py").write_text(text)


def end_of(path: str, count: int) -> tuple[list[float], list[bytes]]:
    """The losses of the last steps in a file, and the parameters after the last."""
    trace = tracer.open(path)
    steps = trace.steps[-count:]
    return [step.loss for step in steps], [steps[-1].updated(name).tobytes() for name in ("w", "b")]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_five_epochs_and_five_more_are_ten(optimizer: str, dtype: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_scenario(folder, OPTIMIZERS[optimizer])
    options = ["mine.py", "--format", "log", "--seed", "3", "--dtype", dtype]
    assert run("trace", *options, "-o", "ten") == 0
    assert run("trace", *options, "--set", "epochs=5", "-o", "five") == 0
    capsys.readouterr()
    assert run("trace", *options, "--set", "epochs=5", "-o", "more", "--parameters", "five/best.npz") == 0
    assert "\ncontinued five/best.npz after 15 steps\n" in capsys.readouterr().out
    assert end_of("more/trace.sqlite", 15) == end_of("ten/trace.sqlite", 15)
    assert (folder / "more" / "best.npz").read_bytes() == (folder / "ten" / "best.npz").read_bytes()
    assert tracer.open("more/trace.sqlite").hyperparameters["earlier_steps"] == 15
    assert "earlier_steps" not in tracer.open("ten/trace.sqlite").hyperparameters


def test_checkpoint_of_parameters_alone_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_scenario(folder, OPTIMIZERS["Adam"])
    np.savez("start.npz", w=np.array([0.5, 1.5]), b=np.array(0.25))
    assert run("trace", "mine.py", "--format", "log", "--set", "epochs=1", "--parameters", "start.npz") == 0
    assert "\nstart.npz has only parameters: Adam and the random numbers began anew\n" in capsys.readouterr().out
    assert tracer.open("output/mine/trace.sqlite").steps[0].node("w").value.tolist() == [0.5, 1.5]


def test_checkpoint_of_another_optimizer_or_seed_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_scenario(folder, OPTIMIZERS["Adam"])
    options = ["trace", "mine.py", "--format", "log", "--set", "epochs=1"]
    assert run(*options) == 0
    capsys.readouterr()
    continued = [*options, "-o", "next", "--parameters", "output/mine/best.npz"]
    assert run(*continued, "--set", "optimizer=KerasAdam") == 0
    assert "\noutput/mine/best.npz is of Adam: KerasAdam and the random numbers began anew\n" in capsys.readouterr().out
    assert "earlier_steps" not in tracer.open("next/trace.sqlite").hyperparameters
    assert run(*continued, "--seed", "1") == 0
    text = "continued output/mine/best.npz after 3 steps, with random numbers of another seed (it has 0)"
    assert f"\n{text}\n" in capsys.readouterr().out
    assert tracer.open("next/trace.sqlite").hyperparameters["earlier_steps"] == 3


def write_checkpoint(path: Path, steps: int) -> None:
    """The checkpoint of a run of mine.py after this many steps."""
    training = Training(tracer.load("mine.py"), steps=steps)
    for _ in training:
        pass
    path.write_bytes(array_bytes(checkpoint_arrays(training.parameters, training.progress())))


def test_run_in_python_continues_a_checkpoint(folder: Path) -> None:
    write_scenario(folder, OPTIMIZERS["momentum"])
    write_checkpoint(folder / "six.npz", steps=6)
    more = tracer.run(tracer.load("mine.py"), steps=3, parameters="six.npz")
    whole = tracer.run(tracer.load("mine.py"), steps=9)
    assert [step.loss for step in more.steps] == [step.loss for step in whole.steps[6:]]
    assert more.steps[-1].updated("w").tobytes() == whole.steps[-1].updated("w").tobytes()


def test_continued_run_draws_in_the_model_what_the_whole_run_draws(folder: Path) -> None:
    write_scenario(folder, OPTIMIZERS["SGD"])
    text = (folder / "mine.py").read_text()
    text = text.replace("lambda x, w, b: x @ w + b", "lambda x, w, b, rng: (x * (rng.random(x.shape) > 0.5)) @ w + b")
    (folder / "mine.py").write_text(text)
    write_checkpoint(folder / "three.npz", steps=3)
    more = tracer.run(tracer.load("mine.py"), steps=3, parameters="three.npz")
    whole = tracer.run(tracer.load("mine.py"), steps=6)
    assert [step.loss for step in more.steps] == [step.loss for step in whole.steps[3:]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"training/steps": None}, "six.npz is damaged: it has no training/steps"),
        ({"training/steps": np.array(-1)}, "six.npz is damaged: steps takes a whole number from 0 on"),
        ({"training/steps": np.array([1, 2])}, "six.npz is damaged: steps takes a whole number from 0 on"),
        ({"training/generator": np.array("{")}, "six.npz is damaged: "),
        ({"training/generator": np.array("[]")}, "six.npz is damaged: the state of its generator is no mapping"),
        ({"training/generator": np.array('{"dict":{}}')}, "six.npz is damaged: the state of its random generator: "),
        ({"training/state/w/velocity": None}, "six.npz: the optimizer's state for 'w' is none, this run has velocity"),
        ({"training/state/w/velocity": np.zeros(3)}, r"the state 'velocity' of 'w' has shape \(3,\), \(2,\) is needed"),
        ({"training/state/w/velocity": np.array(["a", "b"])}, "the state 'velocity' of 'w' is not numeric"),
    ],
)
def test_invalid_progress_is_refused_in_one_line(changes: dict[str, Any], message: str, folder: Path) -> None:
    write_scenario(folder, OPTIMIZERS["momentum"])
    training = Training(tracer.load("mine.py"), steps=6)
    for _ in training:
        pass
    arrays = {**checkpoint_arrays(training.parameters, training.progress()), **changes}
    (folder / "six.npz").write_bytes(array_bytes({name: array for name, array in arrays.items() if array is not None}))
    with pytest.raises(tracer.UsageError, match=message) as caught:
        tracer.run(tracer.load("mine.py"), steps=1, parameters="six.npz")
    assert "\n" not in str(caught.value)


def test_stored_checkpoint_is_what_was_written(folder: Path) -> None:
    write_scenario(folder, OPTIMIZERS["user-defined"])
    training = Training(tracer.load("mine.py"), steps=4)
    for _ in training:
        pass
    progress = training.progress()
    (folder / "x.npz").write_bytes(array_bytes(checkpoint_arrays(training.parameters, progress)))
    found = read_checkpoint("x.npz")
    assert found.progress is not None
    assert (found.progress.steps, found.progress.epochs, found.progress.optimizer) == (4, 2, "Averaged")
    assert found.progress.generator == progress.generator
    assert found.progress.state["w"]["count"].tolist() == 4
    assert found.progress.state["w"]["mean/of"].tolist() == progress.state["w"]["mean/of"].tolist()
