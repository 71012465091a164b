"""Slides of PyTorch programs: layers by their names, data, losses; the record alone is enough."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

import tracer.torch  # noqa: E402
from tracer.graph.record import Step  # noqa: E402
from tracer.views.diagrams.theme import Style  # noqa: E402
from tracer.views.slide.slide import slide_of  # noqa: E402


def trained(model: Any, loss_function: Any, y: Any) -> Step:
    update = torch.optim.SGD(model.parameters(), lr=0.1)
    x = torch.randn(6, 3)
    with tracer.torch.record(model, update) as run:
        update.zero_grad()
        loss_function(model(x), y).backward()
        update.step()
    return run.trace.steps[0]


def test_a_network_of_modules_is_a_row_of_layers() -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    content = slide_of(trained(model, torch.nn.CrossEntropyLoss(), torch.tensor([0, 1, 1, 0, 1, 0])), "", Style()).content
    assert [box.title for box in content.boxes] == ["dense, relu", "dense", "softmax, cross entropy"]
    assert content.boxes[1].formula == "out(1) @ 2.weight.T + 2.bias"
    assert [rule.text for box in content.boxes[1:] for rule in box.rules] == ["g @ 2.weight", "g * (p - onehot(y)) / 6"]
    assert (content.sample.count, content.sample.axis) == (6, 0)
    assert {parameter.name: parameter.boxes for parameter in content.parameters} == {
        "0.weight": (0,), "0.bias": (0,), "2.weight": (1,), "2.bias": (1,),
    }  # fmt: skip
    assert content.update[0] == "SGD"


def test_losses_and_activations_of_pytorch_are_known() -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Sigmoid())
    content = slide_of(trained(model, torch.nn.MSELoss(), torch.rand(6, 2)), "", Style()).content
    assert [box.title for box in content.boxes] == ["dense", "sigmoid", "mean squared error"]
