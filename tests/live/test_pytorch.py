"""Scenarios and training parts against PyTorch, with sizes, batches, dtypes and seeds drawn by Hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tracer import SGD, Adam, Report, Scenario
from tracer.nn.initializers import linear_uniform
from tracer.nn.optimizers import Optimizer
from tracer.nn.schedules import CosineDecay, ExponentialDecay, Schedule, StepDecay

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")

LOSS = {"float64": 1e-12, "float32": 2e-6}
"""Relative tolerance."""

WEIGHT = {"float64": 1e-12, "float32": 2e-5}
"""Tolerance relative to an array's largest element in double precision, absolute in single precision."""

WELL_CONDITIONED = 1e-5
"""The smallest gradient at which rounding does not dominate Adam's ratio of moments."""


@dataclass(frozen=True)
class Case:
    """The drawn properties of a run."""

    dtype: str
    seed: int
    examples: int
    batch_size: int
    epochs: int
    sizes: tuple[int, ...]

    @property
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)


@st.composite
def cases(draw: st.DrawFn, layers: int = 2) -> Case:
    examples = draw(st.integers(1, 12))
    return Case(
        dtype=draw(st.sampled_from(["float64", "float32"])),
        seed=draw(st.integers(0, 2**32)),
        examples=examples,
        batch_size=draw(st.integers(1, examples)),
        epochs=draw(st.integers(1, 3)),
        sizes=(*draw(st.tuples(*[st.integers(1, 6)] * layers)), draw(st.integers(2, 5))),
    )


def gentle(rate: float, momentum: float) -> SGD:
    """A learning rate that does not diverge, since divergence amplifies rounding differences."""
    return SGD(learning_rate=rate * (1 - momentum), momentum=momentum)


optimizers = st.one_of(
    st.builds(gentle, st.floats(1e-3, 0.1), st.sampled_from([0.0, 0.5, 0.9])),
    st.builds(Adam, learning_rate=st.floats(1e-4, 0.05), beta1=st.floats(0.5, 0.95), beta2=st.floats(0.9, 0.999)),
)


def network(case: Case, rng: np.random.Generator) -> dict[str, np.ndarray]:
    inputs, hidden, classes = case.sizes
    return {
        "W1": rng.normal(size=(inputs, hidden)),
        "b1": rng.normal(size=hidden),
        "W2": rng.normal(size=(hidden, classes)),
        "b2": rng.normal(size=classes),
    }


def theirs(optimizer: Optimizer, tensors: list[Any]) -> Any:
    """PyTorch's optimizer of the same kind and settings."""
    if isinstance(optimizer, Adam):
        betas = (optimizer.beta1, optimizer.beta2)
        return torch.optim.Adam(tensors, lr=optimizer.learning_rate, betas=betas, eps=optimizer.epsilon)
    assert isinstance(optimizer, SGD)
    return torch.optim.SGD(tensors, lr=optimizer.learning_rate, momentum=optimizer.momentum)


def compare_with_pytorch(
    scenario: Scenario, optimizer: Optimizer, dtype: str, loss_of: Callable[[Mapping[str, Any], Mapping[str, Any]], Any]
) -> None:
    """Compare the loss, gradients and weights of every step with PyTorch's."""
    trace = tracer.run(replace(scenario, optimizer=optimizer), dtype=dtype)
    tracer.validate(trace)
    start = {node.name: node.value for node in trace.steps[0].parameters}
    weights = {name: torch.tensor(value.copy(), requires_grad=True) for name, value in start.items()}
    moving = theirs(optimizer, list(weights.values()))
    conditioned = {name: np.ones(value.shape, dtype=bool) for name, value in start.items()}
    for step in trace.steps:
        data = {node.name: torch.tensor(node.value.copy()) for node in step.nodes if node.op == "data"}
        moving.zero_grad()
        loss = loss_of(data, weights)
        loss.backward()
        assert step.loss == pytest.approx(loss.item(), rel=LOSS[dtype], abs=LOSS[dtype])
        gradients = {name: weight.grad.numpy().copy() for name, weight in weights.items()}
        moving.step()
        for name, weight in weights.items():
            largest = max(1.0, np.abs(gradients[name]).max(initial=0))
            np.testing.assert_allclose(step.gradient(name), gradients[name], rtol=0, atol=WEIGHT[dtype] * largest)
            if isinstance(optimizer, Adam):
                conditioned[name] &= (np.abs(gradients[name]) > WELL_CONDITIONED) | (gradients[name] == 0)
            found, expected = step.updated(name), weight.detach().numpy()
            assert found.dtype == expected.dtype == dtype
            here = conditioned[name]
            scale = max(1.0, np.abs(expected).max(initial=0))
            np.testing.assert_allclose(found[here], expected[here], rtol=0, atol=WEIGHT[dtype] * scale)


def bare(scenario: Scenario, case: Case, data: Mapping[str, Any], parameters: Mapping[str, Any]) -> Scenario:
    """The scenario with other data and weights, without metrics and reports."""
    return replace(
        scenario, data=lambda: data, parameters=parameters, steps=None, epochs=case.epochs, batch_size=case.batch_size,
        metrics={}, validation={}, checkpoint=None, report=Report(),
    )  # fmt: skip


@given(case=cases(), optimizer=optimizers)
@settings(max_examples=40)
def test_fruit_pytorch(case: Case, optimizer: Optimizer) -> None:
    rng = case.rng
    data = {"x": rng.normal(size=(case.examples, case.sizes[0])), "y": rng.integers(0, case.sizes[-1], case.examples)}
    scenario = bare(tracer.load("fruit-pytorch"), case, data, network(case, rng))

    def loss_of(data: Mapping[str, Any], w: Mapping[str, Any]) -> Any:
        return torch.nn.functional.cross_entropy((data["x"] @ w["W1"] + w["b1"]) @ w["W2"] + w["b2"], data["y"])

    compare_with_pytorch(scenario, optimizer, case.dtype, loss_of)


@given(case=cases(), optimizer=optimizers)
@settings(max_examples=40)
def test_fruit_keras(case: Case, optimizer: Optimizer) -> None:
    """The network of the Keras program, with its ReLU, one-hot labels and two classes."""
    case = replace(case, sizes=(*case.sizes[:2], 2))
    rng = case.rng
    data = {"x": rng.normal(size=(case.examples, case.sizes[0])), "y": rng.integers(0, 2, case.examples)}
    scenario = bare(tracer.load("fruit-keras"), case, data, network(case, rng))

    def loss_of(data: Mapping[str, Any], w: Mapping[str, Any]) -> Any:
        logits = torch.relu(data["x"] @ w["W1"] + w["b1"]) @ w["W2"] + w["b2"]
        return torch.nn.functional.cross_entropy(logits, torch.nn.functional.one_hot(data["y"], 2).to(logits.dtype))

    compare_with_pytorch(scenario, optimizer, case.dtype, loss_of)


@given(case=cases(), momentum=st.sampled_from([0.0, 0.9]))
@settings(max_examples=15)
def test_mnist(case: Case, momentum: float) -> None:
    rng = case.rng
    data = {"x": rng.uniform(size=(case.examples, 28, 28)), "y": rng.integers(0, 10, case.examples)}
    shapes = {"w1": (784, 256), "b1": (256,), "w2": (256, 128), "b2": (128,), "w3": (128, 10), "b3": (10,)}
    parameters = {name: rng.normal(0, 0.05, shape) for name, shape in shapes.items()}
    scenario = bare(tracer.load("mnist"), case, data, parameters)

    def loss_of(data: Mapping[str, Any], w: Mapping[str, Any]) -> Any:
        h1 = torch.relu(data["x"].reshape(-1, 784) @ w["w1"] + w["b1"])
        out = torch.relu(h1 @ w["w2"] + w["b2"]) @ w["w3"] + w["b3"]
        return torch.nn.functional.mse_loss(out, torch.nn.functional.one_hot(data["y"], 10).to(out.dtype))

    compare_with_pytorch(scenario, gentle(0.1, momentum), case.dtype, loss_of)


@given(case=cases(), learning_rate=st.floats(0.01, 0.2))
@settings(max_examples=30)
def test_linear_regression(case: Case, learning_rate: float) -> None:
    # Scaled by a hundred, so that differences keep their digits in single precision.
    x, y = case.rng.integers(1, 100, size=(2, case.examples)) / 100
    scenario = bare(tracer.load("linear-regression"), case, {"x": x, "y": y}, {"w": case.rng.normal(), "b": 0.0})

    def loss_of(data: Mapping[str, Any], w: Mapping[str, Any]) -> Any:
        return torch.nn.functional.mse_loss(w["w"] * data["x"] + w["b"], data["y"])

    compare_with_pytorch(scenario, SGD(learning_rate=learning_rate), case.dtype, loss_of)


# Reductions of tensors, including ties.


@given(data=st.data(), shape=st.lists(st.integers(1, 4), min_size=1, max_size=3), keepdims=st.booleans())
@settings(max_examples=60)
def test_smallest_and_largest_values(data: st.DataObject, shape: list[int], keepdims: bool) -> None:
    seed = data.draw(st.integers(0, 2**32))
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 3, size=shape).astype(np.float64)  # only three values, so that ties are common
    axes = tuple(data.draw(st.sets(st.integers(0, len(shape) - 1), min_size=1)))
    weights = rng.normal(size=np.min(x, axis=axes, keepdims=keepdims).shape)
    for ours, name in ((np.min, "amin"), (np.max, "amax")):
        step = tracer.trace(lambda x, ours=ours: np.sum(ours(x, axis=axes, keepdims=keepdims) * weights), x)
        tensor = torch.tensor(x, requires_grad=True)
        loss = (getattr(torch, name)(tensor, dim=axes, keepdim=keepdims) * torch.tensor(weights)).sum()
        loss.backward()
        assert step.loss == pytest.approx(loss.item(), rel=1e-12, abs=1e-12)
        np.testing.assert_allclose(step.gradient("x"), tensor.grad.numpy(), rtol=1e-12, atol=1e-15)


# Learning rates and initial weights.


@pytest.mark.parametrize(
    ("ours", "scheduler", "settings_of_theirs"),
    [
        (ExponentialDecay(initial=0.1, factor=0.9), "ExponentialLR", {"gamma": 0.9}),
        (StepDecay(initial=0.1, factor=0.5, every=3), "StepLR", {"gamma": 0.5, "step_size": 3}),
        (CosineDecay(initial=0.1, steps=10, final=0.01), "CosineAnnealingLR", {"T_max": 10, "eta_min": 0.01}),
    ],
)
def test_schedules(ours: Schedule, scheduler: str, settings_of_theirs: dict[str, float]) -> None:
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    their = getattr(torch.optim.lr_scheduler, scheduler)(optimizer, **settings_of_theirs)
    scenario = Scenario(
        parameters={"w": 1.0}, model=lambda w: w, loss=lambda p: p * p,
        optimizer=SGD(learning_rate=ours), steps=11,
    )  # fmt: skip
    for step in tracer.run(scenario).steps:
        found = float(step.node("learning_rate").value)
        assert found == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)
        optimizer.step()
        their.step()


@given(inputs=st.integers(1, 50), seed=st.integers(0, 2**32))
@settings(max_examples=20)
def test_initial_weights_have_pytorchs_range(inputs: int, seed: int) -> None:
    layer = torch.nn.Linear(inputs, 20_000)
    ours = linear_uniform(np.random.default_rng(seed), inputs, (20_000,))
    for drawn in (layer.weight.detach().numpy(), layer.bias.detach().numpy(), ours):
        assert np.abs(drawn).max() == pytest.approx(1 / np.sqrt(inputs), rel=5e-3)
        assert np.abs(drawn.mean()) < 0.02 / np.sqrt(inputs)
