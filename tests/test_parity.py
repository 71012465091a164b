"""The lesson's programs against results of scikit-learn, Keras, PyTorch, TensorFlow and NumPy.

The results are stored in tests/reference, so these tests need no framework; tests/live runs the frameworks themselves.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.graph.record import Phase
from tracer.training import Training

REFERENCE = Path(__file__).parent / "reference"
EXACT = 1e-12
"""Relative tolerance in double precision."""

SINGLE_LOSS, SINGLE_WEIGHT = 2e-6, 2e-5
"""Tolerances in single precision: relative for losses, absolute for weights."""


def reference(name: str) -> Any:
    return json.loads((REFERENCE / f"{name}.json").read_text())


def worst(found: Any, expected: Any) -> float:
    """The largest relative error."""
    found, expected = np.asarray(found, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    assert found.shape == expected.shape
    error = np.abs(found - expected)
    return float(np.max(np.divide(error, np.abs(expected), out=np.where(error == 0, 0.0, np.inf), where=expected != 0)))


def test_linear_regression_matches_numpy() -> None:
    trace = tracer.run(tracer.load("linear-regression"))
    tracer.validate(trace)
    expected = reference("linear_regression")
    first = trace.steps[0]
    np.testing.assert_array_equal(np.column_stack([first.node("x").value, first.node("y").value]), expected["points"])
    assert worst(first.loss, expected["log"][0]["error"]) < EXACT
    for step, row in zip(trace.steps, expected["log"][1:], strict=True):
        assert worst(step.gradient("w"), row["gradient_w"]) < EXACT
        assert worst(step.gradient("b"), row["gradient_b"]) < EXACT
        assert worst(step.updated("w"), row["w"]) < EXACT
        assert worst(step.updated("b"), row["b"]) < EXACT
        assert worst(step.metrics["error"], row["error"]) < EXACT


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_fruit_matches_pytorch(dtype: str) -> None:
    expected = reference("fruit_pytorch")
    trace = tracer.run(tracer.load("fruit-pytorch"), parameters=expected["initial"], dtype=dtype)
    tracer.validate(trace)
    for step, row in zip(trace.steps, expected[dtype]["steps"], strict=True):
        assert worst(step.loss, row["loss"]) < (EXACT if dtype == "float64" else SINGLE_LOSS)
        assert step.metrics["test_accuracy"] == row["test_accuracy"]
        if dtype == "float64":
            assert max(worst(step.gradient(name), value) for name, value in row["gradients"].items()) < EXACT
    for name, value in expected[dtype]["final"].items():
        found = trace.steps[-1].updated(name)
        assert found.dtype == dtype
        if dtype == "float64":
            assert worst(found, value) < EXACT
        np.testing.assert_allclose(found, value, rtol=0, atol=SINGLE_WEIGHT)


def test_fruit_matches_keras() -> None:
    expected = reference("fruit_keras")
    trace = tracer.run(tracer.load("fruit-keras"), parameters=expected["initial"])
    tracer.validate(trace)
    history = expected["history"]
    for name in ("loss", "val_loss"):
        assert worst([row[name] for row in trace.metrics], history[name]) < SINGLE_LOSS
    for name in ("accuracy", "val_accuracy"):
        assert [row[name] for row in trace.metrics] == history[name]
    for name, value in expected["final"].items():
        found = trace.steps[-1].updated(name)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, value, rtol=0, atol=SINGLE_WEIGHT)


def test_forms_of_adam_differ() -> None:
    """From Keras' weights, PyTorch's form of Adam with its own epsilon does not give Keras' results."""
    expected = reference("fruit_keras")
    scenario = tracer.load("fruit-keras")
    settings = {"optimizer": "Adam", "learning_rate": 0.01, "epsilon": 1e-2}
    other = tracer.run(scenario, parameters=expected["initial"], settings=settings)
    same_epsilon = tracer.run(scenario, parameters=expected["initial"], settings={"epsilon": 1e-2})
    assert abs(other.steps[-1].updated("b2") - same_epsilon.steps[-1].updated("b2")).max() > 10 * SINGLE_WEIGHT


@pytest.mark.parametrize(("dtype", "within"), [("float64", EXACT), ("float32", SINGLE_LOSS)])
def test_mnist_matches_tensorflow(dtype: str, within: float) -> None:
    # TensorFlow's SGD keeps its learning rate in float32, also for float64 weights.
    rate = float(np.float32(0.1))
    trace = tracer.run(tracer.load("mnist"), dtype=dtype, settings={"learning_rate": rate}, steps=5)
    for step, row in zip(trace.steps, reference("mnist_tensorflow")[dtype]["steps"], strict=True):
        assert worst(step.loss, row["loss"]) < within
        if dtype == "float64":
            norms = [np.linalg.norm(step.gradient(name)) for name in ("w1", "b1", "w2", "b2", "w3", "b3")]
            assert worst(norms, row["gradient_norms"]) < within
            assert worst(step.gradient("w1")[300, 7], row["gradient_w1_300_7"]) < within
            assert worst(step.node("out").value[0], row["out_0"]) < within


# scikit-learn's SGDClassifier, with results computed without shuffling.


def test_scaler_and_every_epoch_match_scikit_learn() -> None:
    expected = reference("fruit_sklearn")
    trace = tracer.run(tracer.load("fruit-sgd"), steps=80, settings={"shuffle": False})
    tracer.validate(trace)
    assert worst(trace.steps[0].node("mean").value, expected["scaler_mean"]) < EXACT
    assert worst(trace.steps[0].node("scale").value, expected["scaler_scale"]) < EXACT
    for row in expected["after_each_epoch"]:
        step = trace.steps[10 * row["epoch"] - 1]
        assert step.index == row["t"] - 2  # scikit-learn's t counts from 1 and is that of the next step
        assert worst(step.updated("w"), row["coef"]) < EXACT
        assert worst(step.updated("b"), row["intercept"][0]) < EXACT


def test_early_stopping_matches_scikit_learn() -> None:
    expected = reference("fruit_sklearn")["with_default_stopping"]
    trace = tracer.run(tracer.load("fruit-sgd"), settings={"shuffle": "false"})
    assert trace.metrics[-1]["epoch"] + 1 == expected["n_iter"]
    assert str(trace.stopped) == "stopped after 7 epochs: loss had not improved by 0.001 for 5 epochs in a row"
    assert worst(trace.steps[-1].updated("w"), expected["coef"]) < EXACT
    assert worst(trace.steps[-1].updated("b"), expected["intercept"][0]) < EXACT


def test_permuted_samples_match_scikit_learn() -> None:
    expected = reference("fruit_sklearn")["permuted"]
    scenario = tracer.load("fruit-sgd")

    def permuted() -> dict[str, Any]:
        data = dict(scenario.data())
        return {**data, "x": data["x"][expected["order"]], "y": data["y"][expected["order"]]}

    shorter = replace(scenario, data=permuted, epochs=expected["epochs"], stopping=None, shuffle=False)
    step = tracer.run(shorter).steps[-1]
    assert worst(step.updated("w"), expected["coef"]) < EXACT
    assert worst(step.updated("b"), expected["intercept"][0]) < EXACT


# Characteristics of each of the lesson's programs.


def test_bias_broadcast_of_mnist_is_a_node() -> None:
    step = tracer.run(tracer.load("mnist"), steps=1).steps[0]
    (broadcast,) = (node for node in step.nodes if node.op == "broadcast_to" and node.phase is Phase.FORWARD)
    assert [step.nodes[id].name for id in broadcast.operands] == ["b1"]
    assert broadcast.shape == (256, 256)


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("fruit-pytorch", {"W1": 2**-0.5, "b1": 2**-0.5, "W2": 0.5, "b2": 0.5}),
        ("fruit-keras", {"W1": 1.0, "b1": 0.0, "W2": 1.0, "b2": 0.0}),
    ],
)
def test_initial_weights_have_the_framework_range(name: str, limits: dict[str, float]) -> None:
    drawn = [Training(tracer.load(name), seed=seed).parameters for seed in range(200)]
    for parameter, limit in limits.items():
        largest = max(np.abs(each[parameter]).max() for each in drawn)
        assert 0.97 * limit <= largest <= limit


def test_sample_order_of_fruit_sgd_depends_on_the_seed() -> None:
    def order(seed: int, **settings: Any) -> list[float]:
        trace = tracer.run(tracer.load("fruit-sgd"), steps=10, seed=seed, settings=settings)
        return [float(step.node("x").value[0, 0]) for step in trace.steps]

    in_file = order(0, shuffle=False)
    assert order(0) != in_file
    assert order(0) == order(0) != order(1)
    assert sorted(order(0)) == sorted(in_file)


def test_loss_of_fruit_keras_uses_the_logits() -> None:
    step = tracer.run(tracer.load("fruit-keras"), steps=1).steps[0]
    probabilities = step.node("probabilities")
    np.testing.assert_allclose(probabilities.value.sum(axis=1), 1, rtol=1e-6)
    assert not any(probabilities.id in node.operands for node in step.nodes)


# Printed output.


def printed(name: str, **arguments: Any) -> list[str]:
    return "\n".join(tracer.run(tracer.load(name), **arguments).printed).splitlines()


@pytest.mark.parametrize("shuffle", [True, False])
def test_fruit_sgd_prints_the_error_and_report(shuffle: bool) -> None:
    assert printed("fruit-sgd", settings={"shuffle": shuffle}) == [
        "Mean squared error: 0.0",
        "              precision    recall  f1-score   support",
        "",
        "           0       1.00      1.00      1.00         2",
        "           1       1.00      1.00      1.00         2",
        "",
        "    accuracy                           1.00         4",
        "   macro avg       1.00      1.00      1.00         4",
        "weighted avg       1.00      1.00      1.00         4",
    ]


def test_fruit_keras_prints_summary_warning_and_epochs() -> None:
    expected = reference("fruit_keras")
    lines = printed("fruit-keras", parameters=expected["initial"])
    assert " dense (Dense)               (None, 4)                 12" in lines
    assert " dense_1 (Dense)             (None, 2)                 10" in lines
    assert {"Total params: 22", "Trainable params: 22", "Non-trainable params: 0"} <= set(lines)
    assert "thus does not represent logits" in " ".join(lines)
    assert "the softmax counts once and not twice" in " ".join(lines)
    order = ("loss", "accuracy", "val_loss", "val_accuracy")
    for epoch in range(6):
        at = lines.index(f"Epoch {epoch + 1}/6")
        fields = " - ".join(f"{name}: {expected['history'][name][epoch]:.4f}" for name in order)
        assert lines[at + 1] == f"1/1 - {fields}"


def test_fruit_pytorch_prints_summary_losses_and_accuracy() -> None:
    expected = reference("fruit_pytorch")
    lines = printed("fruit-pytorch", parameters=expected["initial"], dtype="float32")
    assert {"Total params: 22", "Input size (MB): 0.00", "Forward/backward pass size (MB): 0.00", "Params size (MB): 0.00"} <= {
        *lines
    }
    for index, row in enumerate(expected["float32"]["steps"], start=1):
        at = lines.index(f"Epoch [{index}/6], Step [1/1], Loss: {row['loss']:.4f}")
        assert lines[at + 1] == f"Epoch [{index}/6], Test accuracy: {row['test_accuracy']:.2f} %"


def test_linear_regression_prints_the_lines_of_the_lesson() -> None:
    lines = printed("linear-regression")
    assert lines[0] == "Starting gradient descent at w = 0.0, b = 0.0, error = 3608.96"
    assert [line.split(":")[0] for line in lines[1:-1]] == [f"Iteration {count}" for count in (10, 20, 30, 40, 50)]
    log = reference("linear_regression")["log"]
    for line, row in zip(lines[1:], [*log[10::10], log[50]], strict=True):
        numbers = [float(number) for number in re.findall(r"= ([^,]+)", line)]
        assert worst(numbers, [row["w"], row["b"], row["error"]]) < EXACT
    assert lines[-1].startswith("After 50 iterations w = 0.8485")


def test_tensors_prints_reductions_and_gradients() -> None:
    lines = printed("tensors")
    assert "  reduce_min(vector) = 1.0" in lines
    assert "  reduce_max(matrix, axis=1, keepdims=True) = [[6.0], [6.0]]" in lines
    assert "  reduce_max(cube, axis=(0, 2)) = [8.0, 9.0]" in lines
    # The vector's minimum is tied between two ones.
    assert lines[lines.index("  reduce_max(vector) = 3.0") + 1] == "  gradient of their sum = [1.0, 0.5, 0.0, 0.5]"
