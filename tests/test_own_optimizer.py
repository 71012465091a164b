"""User-defined optimizers: range checks, registration by name, and replay of updates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import tracer
from support.cli import run
from tracer.nn.optimizers import OPTIMIZERS, Adam, register, within
from tracer.training.scenario import Scenario
from tracer.training.settings import with_settings

CALLS: list[str] = []


@dataclass(frozen=True, kw_only=True)
class Signed:
    """Sign descent with weight decay."""

    learning_rate: float = field(default=0.125, metadata=within(0))
    decay: float = field(default=0.25, metadata=within(0, below=1))
    note: str = "fields without a range may be anything"

    def initial_state(self, parameter: np.ndarray) -> dict[str, np.ndarray]:
        return {}

    def hyperparameters(self, step_number: int) -> dict[str, Any]:
        return {"learning_rate": self.learning_rate, "decay": self.decay}

    def prepare(self, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
        return {"kept": 1 - hyperparameters["decay"]}

    def update(self, parameter: Any, gradient: Any, state: Mapping[str, Any], numbers: Mapping[str, Any]) -> Any:
        CALLS.append(type(self).__name__)
        return parameter * numbers["kept"] - numbers["learning_rate"] * np.tanh(gradient), {}


@dataclass(frozen=True, kw_only=True)
class Replayed(Signed):
    update_sees_only_shapes: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Inherited(Replayed):
    """Does not declare update_sees_only_shapes itself, since its update may differ."""


def trained(optimizer: Any) -> tracer.Trace:
    CALLS.clear()
    return tracer.run(replace(tracer.load("linear-regression"), optimizer=optimizer), steps=6)


@pytest.mark.parametrize(("kind", "calls"), [(Signed, 6), (Replayed, 1), (Inherited, 6)])
def test_update_that_sees_only_shapes_is_called_once(kind: type[Signed], calls: int) -> None:
    found, expected = trained(kind()), trained(Signed())
    trained(kind())
    parameters = len(found.steps[0].parameters)
    assert len(CALLS) == calls * parameters
    for mine, other in zip(found.steps, expected.steps, strict=True):
        assert [node.op for node in mine.nodes] == [node.op for node in other.nodes]
        assert [node.value.tobytes() for node in mine.nodes] == [node.value.tobytes() for node in other.nodes]


@dataclass(frozen=True, kw_only=True)
class Swapped(Signed):
    """Returns its state in another order than it declares it."""

    update_sees_only_shapes: ClassVar[bool] = True

    def initial_state(self, parameter: np.ndarray) -> dict[str, np.ndarray]:
        return {"mean": np.zeros_like(parameter), "last": np.ones_like(parameter)}

    def update(self, parameter: Any, gradient: Any, state: Mapping[str, Any], numbers: Mapping[str, Any]) -> Any:
        mean = state["mean"] * numbers["kept"] + gradient
        last = state["last"] + gradient
        return parameter - numbers["learning_rate"] * (mean + 2 * last), {"last": last, "mean": mean}


def test_state_may_be_returned_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """A replayed update numbers the leaves of a step: it took the one for the other."""
    fast = trained(Swapped(learning_rate=1e-6))
    monkeypatch.setattr("tracer.training.step_recorder.StepRecorder._replay_plan", lambda *_: None)
    slow = trained(Swapped(learning_rate=1e-6))
    for one, other in zip(fast.steps, slow.steps, strict=True):
        assert [node.value.tobytes() for node in one.nodes] == [node.value.tobytes() for node in other.nodes]


def line(optimizer: Any) -> Scenario:
    return Scenario(parameters={"w": 1.0}, model=lambda w: w * w, loss=lambda p: p, steps=2, optimizer=optimizer)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"decay": 1.0}, "Signed: decay must be from 0 to below 1, this is 1.0"),
        ({"decay": True}, "Signed: decay must be a number, this is True"),
        ({"learning_rate": -1}, "Signed: learning_rate must be from 0 on, this is -1"),
        ({"learning_rate": float("inf")}, "Signed: learning_rate must be a finite number, this is inf"),
    ],
)
def test_ranges_of_settings_are_checked(numbers: dict[str, Any], message: str) -> None:
    with pytest.raises(tracer.UsageError, match=f"^{message}$"):
        line(Signed(**numbers))


def test_learning_rate_may_be_a_schedule() -> None:
    assert line(Signed(learning_rate=lambda t: 1 / t)).optimizer is not None  # type: ignore[arg-type]


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = dict(OPTIMIZERS)
    yield
    OPTIMIZERS.clear()
    OPTIMIZERS.update(before)


@pytest.mark.usefixtures("registry")
def test_registered_optimizer_is_chosen_by_name() -> None:
    assert register(Signed) is Signed
    assert with_settings(line(Adam()), {"optimizer": "signed", "decay": "0.5"}).optimizer == Signed(decay=0.5)
    with pytest.raises(tracer.UsageError, match=r"there is no optimizer 'Signd'; did you mean Signed\?"):
        with_settings(line(Adam()), {"optimizer": "Signd"})
    with pytest.raises(tracer.UsageError, match=r"Signed: decay must be from 0 to below 1, this is 3\.0"):
        with_settings(line(Adam()), {"optimizer": "Signed", "decay": "3"})


def test_invalid_registrations_are_refused() -> None:
    with pytest.raises(tracer.UsageError, match="there is an optimizer Adam already: give yours another name"):
        register(dataclass(type("Adam", (), {})))
    with pytest.raises(tracer.UsageError, match="the optimizer Plain must be a dataclass"):
        register(type("Plain", (), {}))


SCENARIO_TEXT = """
from collections.abc import Mapping
from dataclasses import dataclass, field
import numpy as np
import tracer
from tracer.nn.optimizers import register, within


@register
@dataclass(frozen=True, kw_only=True)
class Halving:
    learning_rate: float = field(default=0.5, metadata=within(0, below=1))

    def initial_state(self, parameter):
        return {}

    def hyperparameters(self, step_number):
        return {"learning_rate": self.learning_rate}

    def prepare(self, hyperparameters):
        return {}

    def update(self, parameter, gradient, state, numbers):
        return parameter - numbers["learning_rate"] * np.sign(gradient), {}


scenario = tracer.Scenario(
    parameters={"w": 3.0}, model=lambda w: w * w, loss=lambda p: p, steps=2, optimizer=tracer.SGD(learning_rate=0.1)
)
"""


@pytest.mark.usefixtures("registry")
def test_scenario_file_may_register_an_optimizer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(SCENARIO_TEXT)
    assert run("trace", "mine.py", "--format", "log", "--set", "optimizer=halving", "--set", "learning_rate=0.25") == 0
    assert "w_new = w - learning_rate * sign(dL/dw)" in Path("output/mine/steps.log").read_text()
    capsys.readouterr()
    assert run("trace", "mine.py", "--format", "log", "--set", "optimizer=Halving", "--set", "learning_rate=2") == 2
    assert "Halving: learning_rate must be from 0 to below 1, this is 2.0" in capsys.readouterr().err
