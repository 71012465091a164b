"""Optimizers, groups, clipping and accumulation against PyTorch's: weights after every one of 30 steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracer
from tracer import SGD, Adagrad, Adam, AdamW, ClipNorm, ClipValue, RMSProp, Scenario

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


def problem() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Data, and the weights to start from."""
    rng = np.random.default_rng(5)
    data = {"x": rng.normal(size=(9, 3)), "y": rng.normal(size=(9, 2))}
    return data, {"W": rng.normal(size=(3, 4)), "b": rng.normal(size=4), "V": rng.normal(size=(4, 2))}


def recorded(**changes: Any) -> tracer.Trace:
    data, start = problem()
    return tracer.run(
        Scenario(
            data=lambda: data,
            parameters=start,
            model=lambda x, W, b, V: np.tanh(x @ W + b) @ V,
            loss=lambda prediction, y: np.mean((prediction - y) ** 2),
            **{"steps": STEPS, **changes},
        )
    )


def weights_of_pytorch() -> dict[str, Any]:
    return {name: torch.tensor(value.copy(), requires_grad=True) for name, value in problem()[1].items()}


def loss_of(weights: dict[str, Any], step: tracer.Step) -> Any:
    x, y = (torch.tensor(step.node(name).value.copy()) for name in ("x", "y"))
    return torch.mean((torch.tanh(x @ weights["W"] + weights["b"]) @ weights["V"] - y) ** 2)


def assert_weights(step: tracer.Step, weights: dict[str, Any]) -> None:
    """Compare the weights after a step, those that it did not update too."""
    for node in step.parameters:
        found, expected = step.nodes[step.updates.get(node.id, node.id)].value, weights[node.name].detach().numpy()
        np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("name", PAIRS)
def test_weights_are_those_of_pytorch(name: str) -> None:
    optimizer, make = PAIRS[name]
    weights = weights_of_pytorch()
    moving = make(list(weights.values()))
    for step in recorded(optimizer=optimizer).steps:
        moving.zero_grad()
        loss_of(weights, step).backward()
        moving.step()
        assert_weights(step, weights)


CLIPPING: dict[str, tuple[Any, Callable[[list[Any]], Any]]] = {
    "a norm": (ClipNorm(0.5), lambda w: torch.nn.utils.clip_grad_norm_(w, 0.5)),
    "a small norm": (ClipNorm(1e-5), lambda w: torch.nn.utils.clip_grad_norm_(w, 1e-5)),
    "a value": (ClipValue(0.05), lambda w: torch.nn.utils.clip_grad_value_(w, 0.05)),
}


@pytest.mark.parametrize("name", CLIPPING)
def test_clipped_gradients_are_those_of_pytorch(name: str) -> None:
    clip, limit = CLIPPING[name]
    weights = weights_of_pytorch()
    moving = torch.optim.SGD(weights.values(), lr=0.1, momentum=0.9)
    for step in recorded(optimizer=SGD(0.1, momentum=0.9), clip=clip).steps:
        moving.zero_grad()
        loss_of(weights, step).backward()
        limit(list(weights.values()))
        moving.step()
        assert_weights(step, weights)


def test_accumulation_is_that_of_pytorchs_loop() -> None:
    """5 batches an epoch and an update for every 3 of them: leftovers are carried on, and clipped with the rest."""
    weights = weights_of_pytorch()
    moving = torch.optim.Adam(weights.values(), lr=0.05)
    trace = recorded(optimizer=Adam(0.05), accumulate=3, clip=ClipNorm(0.5), batch_size=2, steps=None, epochs=6)
    assert len(trace.steps) == 30
    for step in trace.steps:
        loss_of(weights, step).backward()
        if (step.index + 1) % 3 == 0:
            torch.nn.utils.clip_grad_norm_(weights.values(), 0.5)
            moving.step()
            moving.zero_grad()
        assert_weights(step, weights)


def test_groups_and_frozen_weights_are_those_of_pytorch() -> None:
    weights = weights_of_pytorch()
    weights["b"].requires_grad_(False)
    first = torch.optim.SGD([weights["W"]], lr=0.1, momentum=0.9)
    second = torch.optim.AdamW([weights["V"]], lr=0.05)
    optimizer = {"first": SGD(0.1, momentum=0.9), "second": AdamW(0.05)}
    trace = recorded(optimizer=optimizer, groups={"first": ("W",), "second": ("V",)}, frozen=("b",))
    for step in trace.steps:
        first.zero_grad()
        second.zero_grad()
        loss_of(weights, step).backward()
        first.step()
        second.step()
        assert_weights(step, weights)


def test_losses_of_a_gan_are_those_of_pytorch() -> None:
    """Both losses at the same weights, their gradients for their own weights, then both updates; 30 steps."""
    rng = np.random.default_rng(7)
    data = {"real": rng.normal(3, 0.5, size=(8, 2)), "z": rng.normal(size=(8, 3))}
    shapes = {"G1": (3, 5), "G2": (5, 2), "D1": (2, 4), "D2": (4, 1)}
    start = {name: rng.normal(size=shape) for name, shape in shapes.items()}

    def model(real: Any, z: Any, G1: Any, G2: Any, D1: Any, D2: Any) -> dict[str, Any]:
        fake = np.tanh(z @ G1) @ G2
        return {"on_real": np.tanh(real @ D1) @ D2, "on_fake": np.tanh(fake @ D1) @ D2}

    def softplus(x: Any) -> Any:
        return np.log(1 + np.exp(x))

    scenario = Scenario(
        data=lambda: data,
        parameters=start,
        model=model,
        loss={
            "d": lambda on_real, on_fake: np.mean(softplus(-on_real)) + np.mean(softplus(on_fake)),
            "g": lambda on_fake: np.mean(softplus(-on_fake)),
        },
        optimizer={"d": SGD(0.1, momentum=0.5), "g": Adam(0.02)},
        groups={"d": ("D1", "D2"), "g": ("G1", "G2")},
        clip=ClipNorm(0.5),
        steps=STEPS,
    )
    w = {name: torch.tensor(value.copy(), requires_grad=True) for name, value in start.items()}
    real, z = torch.tensor(data["real"]), torch.tensor(data["z"])
    movers = [torch.optim.SGD([w["D1"], w["D2"]], lr=0.1, momentum=0.5), torch.optim.Adam([w["G1"], w["G2"]], lr=0.02)]
    for step in tracer.run(scenario).steps:
        on_real = torch.tanh(real @ w["D1"]) @ w["D2"]
        on_fake = torch.tanh(torch.tanh(z @ w["G1"]) @ w["G2"] @ w["D1"]) @ w["D2"]
        d_loss = torch.mean(torch.log(1 + torch.exp(-on_real))) + torch.mean(torch.log(1 + torch.exp(on_fake)))
        g_loss = torch.mean(torch.log(1 + torch.exp(-on_fake)))
        assert step.loss == pytest.approx(d_loss.item(), rel=TOLERANCE)
        assert step.metrics["g_loss"] == pytest.approx(g_loss.item(), rel=TOLERANCE)
        for loss, names in ((d_loss, ("D1", "D2")), (g_loss, ("G1", "G2"))):
            found = torch.autograd.grad(loss, [w[name] for name in names], retain_graph=True)
            for name, gradient in zip(names, found, strict=True):
                np.testing.assert_allclose(step.gradient(name), gradient.numpy(), rtol=TOLERANCE, atol=TOLERANCE)
                w[name].grad = gradient
        torch.nn.utils.clip_grad_norm_(w.values(), 0.5)
        for mover in movers:
            mover.step()
        assert_weights(step, w)
