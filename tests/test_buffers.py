"""Buffers: state that a model keeps from step to step, and that measurements do not change."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tracer
from tracer import SGD, Adam, ClipNorm, Scenario
from tracer.data.archives import array_bytes
from tracer.nn.normalization import batch_norm
from tracer.training import Training
from tracer.training.checkpoints import checkpoint_arrays

X = np.arange(12.0).reshape(6, 2)


def keeping(x: Any, w: Any, stats: Any, training: bool) -> Any:
    """Keeps a running mean in a dict, and counts its calls."""
    if training:
        stats["mean"] = 0.5 * stats["mean"] + 0.5 * np.mean(x, axis=0)
        stats["count"] = stats["count"] + 1
    out = (x - stats["mean"]) @ w
    return out


def scenario(**changes: Any) -> Scenario:
    fields: dict[str, Any] = {
        "data": {"x": X, "y": X[:, 0]},
        "parameters": {"w": np.array([0.1, 0.2])},
        "buffers": {"stats": {"mean": np.zeros(2), "count": 0}},
        "model": keeping,
        "loss": lambda out, y: np.mean((out - y) ** 2),
        "optimizer": SGD(0.01),
        "batch_size": 2,
        "epochs": 2,
    }
    return Scenario(**(fields | changes))


def expected_means() -> list[list[float]]:
    mean, found = np.zeros(2), []
    for start in (0, 2, 4, 0, 2, 4):
        found.append(mean.tolist())
        mean = 0.5 * mean + 0.5 * np.mean(X[start : start + 2], axis=0)
    return found


def test_buffers_are_carried_from_step_to_step() -> None:
    training = Training(scenario())
    steps = list(training)
    assert [step.node("stats.mean").value.tolist() for step in steps] == expected_means()
    assert [int(step.node("stats.count").value) for step in steps] == list(range(6))
    assert {step.node("stats.mean").op for step in steps} == {"state"}
    assert steps[1].node("stats.mean_new").value.tolist() == steps[2].node("stats.mean").value.tolist()
    assert training.buffers["stats.count"] == 6
    assert not steps[0].updates.keys() & {steps[0].node("stats.mean").id}
    tracer.validate(tracer.run(scenario()))


def test_a_model_may_write_into_its_buffers() -> None:
    def model(x: Any, w: Any, mean: Any) -> Any:
        mean *= 0.5
        mean[...] = mean + 0.5 * np.mean(x, axis=0)
        out = (x - mean) @ w
        return out

    trace = tracer.run(scenario(buffers={"mean": np.zeros(2)}, model=model, validation={"x": "x", "y": "y"}))
    tracer.validate(trace)
    assert [step.node("mean").value.tolist() for step in trace.steps] == expected_means()
    assert trace.steps[0].node("mean_new").value.tolist() == expected_means()[1]
    assert [node.name for node in trace.steps[3].nodes if node.name.startswith("mean")] == [
        "mean",
        "mean#2",
        "mean[...]",
        "mean_new",
    ]


@pytest.mark.parametrize("shape", [(8, 3), (8, 3, 2)])
def test_running_statistics_of_a_batch_norm(shape: tuple[int, ...]) -> None:
    """The numbers are those of PyTorch's documentation: momentum 0.1, the unbiased variance."""
    x = np.random.default_rng(0).normal(2, 3, size=shape)

    def model(x: Any, w: Any, running_mean: Any, running_variance: Any, training: bool) -> Any:
        out = batch_norm(x, w, None, running_mean, running_variance, training=training)
        return out

    buffers = {"running_mean": np.zeros(3), "running_variance": np.ones(3)}
    given = scenario(
        data={"x": x}, parameters={"w": np.ones(3)}, buffers=buffers, model=model, loss=lambda out: np.sum(out**3),
        batch_size=4, epochs=1, validation={"x": "x"},
    )  # fmt: skip
    training = Training(given)
    steps = list(training)
    mean, variance = np.zeros(3), np.ones(3)
    for start in (0, 4):
        batch = np.moveaxis(x[start : start + 4], 1, -1).reshape(-1, 3)
        mean, variance = 0.9 * mean + 0.1 * batch.mean(axis=0), 0.9 * variance + 0.1 * batch.var(axis=0, ddof=1)
    np.testing.assert_allclose(training.buffers["running_mean"], mean, rtol=1e-14)
    np.testing.assert_allclose(training.buffers["running_variance"], variance, rtol=1e-14)
    axes = (1, *(1 for _ in shape[2:]))
    w = steps[-1].updated("w").reshape(3, *axes[1:])
    out = (x - mean.reshape(3, *axes[1:])) / np.sqrt(variance.reshape(3, *axes[1:]) + 1e-5) * w
    np.testing.assert_allclose(training.metrics[-1]["val_loss"], np.sum(out**3), rtol=1e-12)


def test_measurements_use_buffers_and_do_not_change_them() -> None:
    def careless(x: Any, w: Any, stats: Any) -> Any:
        stats["mean"] = stats["mean"] + 1
        out = (x - stats["mean"]) @ w
        return out

    def of_mean(stats: Any) -> float:
        return float(stats["mean"][0])

    trace = tracer.run(scenario(model=careless, validation={"x": "x", "y": "y"}, metrics={"of_mean": of_mean}))
    assert [step.node("stats.mean").value[0] for step in trace.steps] == [0, 1, 2, 3, 4, 5]
    assert [row["of_mean"] for row in trace.metrics if "of_mean" in row] == [3, 6]
    w = trace.steps[-1].updated("w")
    assert trace.metrics[-1]["val_loss"] == np.mean(((X - 7) @ w - X[:, 0]) ** 2)


def test_a_run_continues_with_its_buffers(tmp_path: Path) -> None:
    training = Training(scenario(), steps=3)
    list(training)
    path = tmp_path / "half.npz"
    path.write_bytes(array_bytes(checkpoint_arrays(training.parameters, training.progress())))
    rest, whole = tracer.run(scenario(), steps=3, parameters=path), tracer.run(scenario(), steps=6)
    assert rest.steps[2].node("stats.mean").value.tobytes() == whole.steps[5].node("stats.mean").value.tobytes()
    assert rest.steps[2].updated("w").tobytes() == whole.steps[5].updated("w").tobytes()
    other = scenario(buffers={"stats": {"mean": np.zeros(3), "count": 0}})
    with pytest.raises(tracer.UsageError, match=r"for the buffer 'stats.mean' of shape \(3,\) it has one of shape \(2,\)"):
        tracer.run(other, parameters=path)


def test_buffers_may_be_in_objects_and_made_by_a_function() -> None:
    def model(x: Any, w: Any, norm: Any) -> Any:
        norm.mean = 0.5 * norm.mean + 0.5 * np.mean(x, axis=0)
        norm.calls += 1
        out = (x - norm.mean) @ w
        return out

    norm = SimpleNamespace(mean=np.zeros(2), calls=0, name="norm")
    trace = tracer.run(scenario(buffers=lambda: {"norm": norm}, model=model))
    assert [step.node("norm.mean").value.tolist() for step in trace.steps] == expected_means()
    assert norm.mean.tolist() == [0, 0]
    assert norm.calls == 0


def test_no_gradient_goes_to_buffers_and_results_may_depend_on_them() -> None:
    step = tracer.run(scenario(), steps=1).steps[0]
    assert [node.name for node in step.parameters] == ["w"]
    assert step.node("stats.mean").id not in step.gradients or step.gradient("stats.mean") is not None


def test_invalid_buffers_are_refused() -> None:
    for buffers, message in (
        ({"w": 0.0}, "scenario has a buffer and a parameter named 'w': rename one"),
        ({"x": 0.0}, "scenario has a buffer and data named 'x'"),
        ({"s": "text"}, "the buffer of scenario 's' is not numeric"),
        ({"s t": 1.0}, "has a buffer under 's t', which is no name"),
        (lambda: [1], "the buffers of scenario must be initial values by name"),
    ):
        with pytest.raises(tracer.UsageError, match=message):
            tracer.run(scenario(buffers=buffers, model=lambda x, w: x @ w))

    def growing(x: Any, w: Any, stats: Any) -> Any:
        stats["mean"] = np.concatenate([stats["mean"], stats["mean"]])
        return x @ w

    with pytest.raises(tracer.UsageError, match=r"'stats.mean' is float64 \(2,\), its new value float64 \(4,\)"):
        tracer.run(scenario(model=growing))


def test_float32_buffers_stay_float32() -> None:
    trace = tracer.run(scenario(), dtype="float32")
    assert {step.node("stats.mean").dtype for step in trace.steps} == {"float32"}
    assert {step.node("stats.count").dtype for step in trace.steps} == {"int64"}


ACCUMULATING: dict[str, Any] = {"accumulate": 4, "optimizer": Adam(0.05), "clip": ClipNorm(0.5)}
"""An update in every fourth step, so that the second epoch begins with gradients of the first."""


def test_buffers_change_in_steps_that_only_accumulate_gradients() -> None:
    training = Training(scenario(**ACCUMULATING, epochs=4))
    steps = list(training)
    tracer.validate(tracer.run(scenario(**ACCUMULATING, epochs=4)))
    assert [bool(step.updates) for step in steps] == [index % 4 == 3 for index in range(12)]
    assert [step.node("stats.mean").value.tolist() for step in steps[:6]] == expected_means()
    assert [int(step.node("stats.count").value) for step in steps] == list(range(12))
    assert training.buffers["stats.count"] == 12
    assert not [node.name for step in steps for node in step.nodes if node.name.startswith("accumulated_stats")]
    # The gradients of a batch are those with the buffers of its own step.
    w, mean, total = np.array([0.1, 0.2]), np.zeros(2), np.zeros(2)
    for step in steps[:4]:
        start = 2 * (step.index % 3)
        x, y = X[start : start + 2], X[start : start + 2, 0]
        mean = 0.5 * mean + 0.5 * np.mean(x, axis=0)
        gradient = (x - mean).T @ ((x - mean) @ w - y)
        np.testing.assert_allclose(step.gradient("w"), gradient, rtol=1e-12)
        total = total + gradient
    np.testing.assert_allclose(steps[3].node("accumulated_w_new").value, total, rtol=1e-12)
    np.testing.assert_allclose(steps[3].node("gradient_norm").value, np.linalg.norm(total), rtol=1e-12)


def bits(step: tracer.Step) -> list[tuple[str, bytes]]:
    return [(node.name, node.value.tobytes()) for node in step.nodes]


@pytest.mark.parametrize("done", [1, 3, 4, 6])
def test_buffers_and_accumulated_gradients_continue_bit_for_bit(done: int, tmp_path: Path) -> None:
    given = scenario(**ACCUMULATING, batch_size=None)
    training = Training(given, steps=done)
    list(training)
    path = tmp_path / "half.npz"
    path.write_bytes(array_bytes(checkpoint_arrays(training.parameters, training.progress())))
    whole, rest = tracer.run(given, steps=done + 5), tracer.run(given, steps=5, parameters=path)
    assert [bits(step) for step in rest.steps] == [bits(step) for step in whole.steps[done:]]
    assert rest.steps[0].node("stats.count").value == done


def test_replayed_steps_have_the_same_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = tracer.run(scenario(**ACCUMULATING, epochs=4))
    calls = []
    monkeypatch.setattr("tracer.training.step_recorder.StepRecorder._replay_plan", lambda *_: calls.append(1))
    slow = tracer.run(scenario(**ACCUMULATING, epochs=4))
    assert len(calls) == 12
    assert [bits(step) for step in fast.steps] == [bits(step) for step in slow.steps]
