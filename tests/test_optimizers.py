"""The optimizers that ship: their formulas in plain NumPy, their arguments, `--set`, and the replay of their updates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

import tracer
from tracer import SGD, Adagrad, Adam, AdamW, KerasAdam, RMSProp, Scenario
from tracer.graph.record import Phase
from tracer.nn.optimizers import OPTIMIZERS
from tracer.training.settings import with_settings

pytestmark = pytest.mark.numbers

FULL: dict[str, Any] = {
    "SGD": SGD(0.05, momentum=0.9, weight_decay=0.1, nesterov=True),
    "Adam": Adam(0.05, beta1=0.8, beta2=0.95, epsilon=1e-3, weight_decay=0.1),
    "AdamW": AdamW(0.05, beta1=0.8, beta2=0.95, epsilon=1e-3, weight_decay=0.1),
    "KerasAdam": KerasAdam(0.05, beta1=0.8, beta2=0.95, epsilon=1e-3, weight_decay=0.1),
    "RMSProp": RMSProp(0.05, alpha=0.9, epsilon=1e-3, momentum=0.5, centered=True, weight_decay=0.1),
    "Adagrad": Adagrad(0.05, learning_rate_decay=0.1, epsilon=1e-3, initial_accumulator_value=0.5, weight_decay=0.1),
}
"""Every optimizer, with numbers that use every term of its formula."""

PLAIN: dict[str, Any] = {
    "SGD": SGD(0.05),
    "Adam": Adam(0.05),
    "AdamW": AdamW(0.05, weight_decay=0.0),
    "KerasAdam": KerasAdam(0.05),
    "RMSProp": RMSProp(0.05),
    "Adagrad": Adagrad(0.05),
}
"""Every optimizer without what is left out by default."""


def net(optimizer: Any, **changes: Any) -> Scenario:
    """A small network whose gradients differ from step to step."""
    rng = np.random.default_rng(3)
    data = {"x": rng.normal(size=(7, 3)), "y": rng.normal(size=(7, 2))}
    scenario = Scenario(
        data=lambda: data,
        parameters={"W": rng.normal(size=(3, 2)), "b": np.array(0.5)},
        model=lambda x, W, b: np.tanh(x @ W) + b,
        loss=lambda prediction, y: np.mean((prediction - y) ** 2),
        optimizer=optimizer,
        steps=25,
    )
    return replace(scenario, **changes)


def expected_values(o: Any, w: np.ndarray, gradients: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """The parameter after every step, by the formulas as the sources print them."""
    kind, decay = type(o).__name__, o.weight_decay
    m = v = average = velocity = np.zeros_like(w)
    squares = np.full_like(w, getattr(o, "initial_accumulator_value", 0.0))
    for t, gradient in enumerate(gradients, start=1):
        g = gradient if kind == "AdamW" else gradient + decay * w
        if kind == "SGD":
            velocity = o.momentum * velocity + g
            w = w - o.learning_rate * (g + o.momentum * velocity if o.nesterov else velocity)
        elif kind == "RMSProp":
            v, average = o.alpha * v + (1 - o.alpha) * g * g, o.alpha * average + (1 - o.alpha) * g
            velocity = o.momentum * velocity + g / (np.sqrt(v - average**2 if o.centered else v) + o.epsilon)
            w = w - o.learning_rate * velocity
        elif kind == "Adagrad":
            squares = squares + g * g
            w = w - o.learning_rate / (1 + (t - 1) * o.learning_rate_decay) * g / (np.sqrt(squares) + o.epsilon)
        else:
            m, v = o.beta1 * m + (1 - o.beta1) * g, o.beta2 * v + (1 - o.beta2) * g * g
            step, root = m / (1 - o.beta1**t), np.sqrt(v / (1 - o.beta2**t))
            if kind == "KerasAdam":
                root = np.sqrt(v) / np.sqrt(1 - o.beta2**t) + o.epsilon / np.sqrt(1 - o.beta2**t) - o.epsilon
            w = w - (o.learning_rate * decay * w if kind == "AdamW" else 0)
            w = w - o.learning_rate * step / (root + o.epsilon)
        yield w


def test_every_optimizer_has_a_formula_here() -> None:
    assert set(FULL) == set(PLAIN) == {name for name, kind in OPTIMIZERS.items() if kind.__module__.startswith("tracer.nn")}


@pytest.mark.parametrize("optimizer", [*FULL.values(), *PLAIN.values()], ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_updates_match_the_formulas(optimizer: Any, dtype: str) -> None:
    trace = tracer.run(net(optimizer), dtype=dtype)
    tracer.validate(trace)
    tolerance = 1e-12 if dtype == "float64" else 2e-4
    for name in ("W", "b"):
        start = trace.steps[0].node(name).value.astype(np.float64)
        gradients = (step.gradient(name).astype(np.float64) for step in trace.steps)
        for step, expected in zip(trace.steps, expected_values(optimizer, start, gradients), strict=True):
            np.testing.assert_allclose(step.updated(name), expected, rtol=tolerance, atol=tolerance)
            assert step.updated(name).dtype == dtype
    assert {node.dtype for node in trace.steps[0].nodes if node.dtype.startswith("float") and node.shape} == {dtype}


@pytest.mark.parametrize("name", FULL)
def test_full_form_differs_from_the_plain_one_in_every_number(name: str) -> None:
    """Each number of the full form matters: without it, other weights come out."""
    full = FULL[name]
    last = tracer.run(net(full)).steps[-1].updated("W")
    for field in (each.name for each in fields(full)):
        if field == "learning_rate" or (name, field) == ("SGD", "momentum"):  # nesterov needs momentum
            continue
        less = replace(full, **{field: False if isinstance(getattr(full, field), bool) else 0.0})
        assert not np.allclose(tracer.run(net(less)).steps[-1].updated("W"), last, rtol=1e-9), field


@pytest.mark.parametrize("optimizer", [*FULL.values(), *PLAIN.values()], ids=str)
def test_updates_are_recorded_and_replayed_bit_for_bit(optimizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = tracer.run(net(optimizer, steps=4))
    monkeypatch.setattr("tracer.training.step_recorder.StepRecorder._replay_plan", lambda *_: None)
    slow = tracer.run(net(optimizer, steps=4))
    for one, other in zip(fast.steps, slow.steps, strict=True):
        assert [(node.name, node.formula, node.value.tobytes()) for node in one.nodes] == [
            (node.name, node.formula, node.value.tobytes()) for node in other.nodes
        ]
    updating = [node for node in fast.steps[0].nodes if node.phase is Phase.UPDATE]
    assert updating
    assert all(node.formula for node in updating)


def test_learning_rate_is_taken_by_position() -> None:
    for kind in OPTIMIZERS.values():
        assert kind(0.25).learning_rate == kind(learning_rate=0.25).learning_rate == 0.25
    with pytest.raises(tracer.UsageError, match=r"SGD takes up to 1 argument by position, not 2: name them, as in SGD\(mom"):
        SGD(0.1, 0.9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(0.1, nesterov=True), r"SGD: nesterov needs a momentum, as in SGD\(0.1, momentum=0.9, nesterov=True\)"),
        (lambda: SGD(0.1, weight_decay=-1.0), "SGD: weight_decay must be from 0 on, this is -1.0"),
        (lambda: RMSProp(alpha=1.0), "RMSProp: alpha must be from 0 to below 1, this is 1.0"),
        (lambda: Adagrad(lr_decay=0.1), "Adagrad has no argument 'lr_decay'; did you mean learning_rate_decay?"),
        (lambda: Adam(betas=(0.9, 0.99)), "Adam has no argument 'betas'; did you mean beta1 or beta2?"),
    ],
)
def test_wrong_numbers_are_refused(make: Any, message: str) -> None:
    with pytest.raises(tracer.UsageError, match=f"^{message}"):
        make()


def test_settings_choose_and_change_them() -> None:
    changed = with_settings(net(SGD(0.1)), {"optimizer": "rmsprop", "centered": "yes", "alpha": "0.5", "weight_decay": "0.1"})
    assert changed.optimizer == RMSProp(alpha=0.5, centered=True, weight_decay=0.1)
    assert with_settings(net(SGD(0.1, momentum=0.9)), {"nesterov": "true"}).optimizer == SGD(0.1, momentum=0.9, nesterov=True)
    with pytest.raises(tracer.UsageError, match="nesterov needs a momentum"):
        with_settings(net(SGD(0.1)), {"nesterov": "true"})
    with pytest.raises(tracer.UsageError, match="has no setting 'wight_decay'; did you mean weight_decay"):
        with_settings(net(SGD(0.1)), {"wight_decay": 1})


@pytest.mark.parametrize("optimizer", FULL.values(), ids=str)
def test_learning_rate_schedule_goes_with_every_optimizer(optimizer: Any) -> None:
    scheduled = tracer.run(net(replace(optimizer, learning_rate=lambda t: 0.05 + 0 * t), steps=3))
    for one, other in zip(scheduled.steps, tracer.run(net(optimizer, steps=3)).steps, strict=True):
        np.testing.assert_allclose(one.updated("W"), other.updated("W"), rtol=1e-14)
