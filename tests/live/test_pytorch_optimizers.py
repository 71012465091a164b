"""Optimizers against PyTorch's: weights after every one of 30 steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracer
from tracer import SGD, Adagrad, Adam, AdamW, RMSProp, Scenario

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.numbers]

STEPS = 30
TOLERANCE = 1e-12
"""Relative tolerance of the weights; Adam's kin divide by the root of what cancels where `centered`."""

PAIRS: dict[str, tuple[Any, Callable[[list[Any]], Any]]] = {
    "SGD": (SGD(0.1), lambda w: torch.optim.SGD(w, lr=0.1)),
    "SGD with L2": (SGD(0.1, weight_decay=0.05), lambda w: torch.optim.SGD(w, lr=0.1, weight_decay=0.05)),
    "SGD with momentum and L2": (
        SGD(0.05, momentum=0.9, weight_decay=0.05),
        lambda w: torch.optim.SGD(w, lr=0.05, momentum=0.9, weight_decay=0.05),
    ),
    "Nesterov": (
        SGD(0.05, momentum=0.9, weight_decay=0.05, nesterov=True),
        lambda w: torch.optim.SGD(w, lr=0.05, momentum=0.9, weight_decay=0.05, nesterov=True),
    ),
    "Adam": (Adam(0.05), lambda w: torch.optim.Adam(w, lr=0.05)),
    "Adam with L2": (
        Adam(0.05, beta1=0.8, beta2=0.95, epsilon=1e-6, weight_decay=0.1),
        lambda w: torch.optim.Adam(w, lr=0.05, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1),
    ),
    "AdamW": (AdamW(0.05), lambda w: torch.optim.AdamW(w, lr=0.05)),
    "AdamW with its numbers": (
        AdamW(0.05, beta1=0.8, beta2=0.95, epsilon=1e-6, weight_decay=0.3),
        lambda w: torch.optim.AdamW(w, lr=0.05, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.3),
    ),
    "RMSProp": (RMSProp(0.02), lambda w: torch.optim.RMSprop(w, lr=0.02)),
    "RMSProp with momentum and L2": (
        RMSProp(0.01, alpha=0.9, epsilon=1e-6, momentum=0.5, weight_decay=0.1),
        lambda w: torch.optim.RMSprop(w, lr=0.01, alpha=0.9, eps=1e-6, momentum=0.5, weight_decay=0.1),
    ),
    "RMSProp centered": (
        RMSProp(0.01, alpha=0.9, centered=True, momentum=0.5),
        lambda w: torch.optim.RMSprop(w, lr=0.01, alpha=0.9, centered=True, momentum=0.5),
    ),
    "Adagrad": (Adagrad(0.1), lambda w: torch.optim.Adagrad(w, lr=0.1)),
    "Adagrad with its numbers": (
        Adagrad(0.1, learning_rate_decay=0.1, epsilon=1e-6, initial_accumulator_value=0.5, weight_decay=0.1),
        lambda w: torch.optim.Adagrad(w, lr=0.1, lr_decay=0.1, eps=1e-6, initial_accumulator_value=0.5, weight_decay=0.1),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_weights_are_those_of_pytorch(name: str) -> None:
    optimizer, make = PAIRS[name]
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
    start = {"W": rng.normal(size=(3, 4)), "b": rng.normal(size=4), "V": rng.normal(size=(4, 2))}
    scenario = Scenario(
        data=lambda: {"x": x, "y": y},
        parameters=start,
        model=lambda x, W, b, V: np.tanh(x @ W + b) @ V,
        loss=lambda prediction, y: np.mean((prediction - y) ** 2),
        optimizer=optimizer,
        steps=STEPS,
    )
    trace = tracer.run(scenario)
    weights = {key: torch.tensor(value.copy(), requires_grad=True) for key, value in start.items()}
    moving = make(list(weights.values()))
    for step in trace.steps:
        moving.zero_grad()
        prediction = torch.tanh(torch.tensor(x) @ weights["W"] + weights["b"]) @ weights["V"]
        torch.mean((prediction - torch.tensor(y)) ** 2).backward()
        moving.step()
        for key, weight in weights.items():
            np.testing.assert_allclose(step.updated(key), weight.detach().numpy(), rtol=TOLERANCE, atol=TOLERANCE)
