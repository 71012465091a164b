"""`tracer doctor` on PyTorch programs: faults that are planted in a network are found, and none in one that learns."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import tracer  # noqa: E402
from tracer.analysis.doctor.examining import examine  # noqa: E402
from tracer.graph.record import Trace  # noqa: E402
from tracer.torch import record  # noqa: E402


def network(activation: Any, width: int = 6, depth: int = 1) -> Any:
    layers = [torch.nn.Linear(4, width), activation]
    for _ in range(depth):
        layers += [torch.nn.Linear(width, width), activation]
    return torch.nn.Sequential(*layers, torch.nn.Linear(width, 3))


def trained(
    model: Any,
    *,
    rate: float = 0.1,
    scale: float = 1.0,
    rare: bool = False,
    parameters: Callable[[Any], list[Any]] | None = None,
) -> Trace:
    """The trace of a few steps of training on full batches."""
    X = torch.randn(60, 4) * scale
    labels = (torch.arange(60) < 3).long() if rare else (X @ torch.randn(4, 3)).argmax(1)
    optimizer = torch.optim.SGD(model.parameters() if parameters is None else parameters(model), lr=rate)
    with record(values="all") as run:
        for _ in range(12):
            loss = torch.nn.functional.cross_entropy(model(X), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run.trace


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(2)


def codes(trace: Trace) -> set[str]:
    return {finding.code for finding in examine(trace).findings}


def shifted(model: Any, by: float) -> Any:
    with torch.no_grad():
        model[0].bias += by
    return model


def scaled(model: Any, place: int, by: float) -> Any:
    with torch.no_grad():
        model[place].weight *= by
    return model


@pytest.mark.parametrize("activation", [torch.nn.ReLU(), torch.nn.Tanh(), torch.nn.Sigmoid(), torch.nn.GELU()])
def test_network_that_learns_has_no_finding(activation: Any) -> None:
    assert codes(trained(network(activation), rate=0.3)) == set()


def test_parameters_that_the_optimizer_does_not_get() -> None:
    trace = trained(network(torch.nn.ReLU()), parameters=lambda model: list(model[2:].parameters()))
    found = [finding for finding in examine(trace).findings if finding.code == "left_out"]
    assert [finding.what.fields["name"] for finding in found] == ["0.weight", "0.bias"]


def test_dead_units() -> None:
    found = examine(trained(shifted(network(torch.nn.ReLU()), -20))).findings
    (dead,) = [finding for finding in found if finding.code == "dead"]
    assert (dead.numbers["dead"], dead.numbers["units"]) == (6, 6)


def test_saturated_units() -> None:
    assert "saturated" in codes(trained(scaled(network(torch.nn.Tanh()), 2, 100)))
    assert "saturated" in codes(trained(scaled(network(torch.nn.Sigmoid()), 0, 100)))


def test_rates() -> None:
    assert {"never_moves", "not_falling"} <= codes(trained(network(torch.nn.ReLU()), rate=0.0))
    assert "never_moves" in codes(trained(network(torch.nn.ReLU()), rate=1e-9)), "lost in the rounding of float32"


def test_deep_network_of_sigmoids_has_vanishing_gradients() -> None:
    assert "vanishing" in codes(trained(network(torch.nn.Sigmoid(), depth=7)))
    assert "vanishing" not in codes(trained(network(torch.nn.ReLU(), width=16, depth=3)))


def test_data_and_start() -> None:
    assert "unscaled" in codes(trained(network(torch.nn.ReLU()), scale=50.0, rate=1e-4))
    assert "imbalance" in codes(trained(network(torch.nn.ReLU()), rare=True))
    assert "initial_loss" in codes(trained(scaled(network(torch.nn.ReLU()), 4, 60), rate=1e-3))


def test_file_is_looked_at_without_pytorch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = trained(shifted(network(torch.nn.ReLU()), -20))
    tracer.save(trace, tmp_path / "run.sqlite")
    monkeypatch.setitem(sys.modules, "torch", None)
    assert codes(tracer.open(tmp_path / "run.sqlite")) == codes(trace)


def test_data_that_are_made_in_the_first_step_are_the_same_in_all_steps() -> None:
    model = network(torch.nn.ReLU())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(values="all") as run:
        angle = torch.rand(60) * 6
        X = torch.stack([angle.cos(), angle.sin(), angle, angle**2], dim=1)
        labels = (X @ torch.randn(4, 3)).argmax(1)
        for _ in range(12):
            loss = torch.nn.functional.cross_entropy(model(X), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert "rule_oscillating" not in {each.what.code for each in examine(run.trace).unseen}
