"""The functions of a scenario: what they may take and return."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tracer
from tracer import SGD, Scenario


def scenario(model: Any, loss: Any, **changes: Any) -> Scenario:
    fields: dict[str, Any] = {
        "data": {"x": np.arange(1.0, 5.0), "y": np.arange(4.0)},
        "parameters": {"w": 0.5},
        "optimizer": SGD(learning_rate=0.01),
        "steps": 2,
    }
    return Scenario(model=model, loss=loss, **(fields | changes))


def squared(out: Any, y: Any) -> Any:
    return np.mean((out - y) ** 2)


def reference(**changes: Any) -> list[float]:
    return [step.loss for step in tracer.run(scenario(lambda x, w: x * w, squared, **changes)).steps]


def test_data_may_be_given_as_a_mapping() -> None:
    data = {"x": [1.0, 2.0], "y": [2.0, 4.0]}
    by_function = reference(data=lambda: data)
    assert reference(data=data) == by_function
    with pytest.raises(tracer.UsageError, match=r"has its own data: it takes none from"):
        tracer.run(scenario(lambda x, w: x * w, squared), data="x.csv")
    with pytest.raises(tracer.UsageError, match="the data 'x' of scenario is not numeric"):
        reference(data={"x": "text", "y": [1.0]})
    with pytest.raises(tracer.UsageError, match="data must be a function"):
        reference(data=[1.0])


def test_training_is_true_in_steps_and_false_in_validation() -> None:
    seen: list[tuple[bool, type]] = []

    def model(x: Any, w: Any, training: bool) -> Any:
        seen.append((training, type(w)))
        return x * w if training else x * w * 2

    trace = tracer.run(scenario(model, squared, validation={"x": "x", "y": "y"}, steps=1))
    assert [training for training, _ in seen] == [True, False]
    new = float(trace.steps[0].updated("w"))
    assert trace.metrics[0]["val_loss"] == np.mean((np.arange(1.0, 5.0) * new * 2 - np.arange(4.0)) ** 2)
    with pytest.raises(tracer.UsageError, match="training is a setting in any case"):
        scenario(model, squared, settings={"training": 1})


def test_loss_may_take_training_and_rng() -> None:
    def loss(out: Any, y: Any, training: bool, rng: Any) -> Any:
        assert training
        return squared(out, y) * rng.random()

    one, other = (tracer.run(scenario(lambda x, w: x * w, loss)).steps[1].loss for _ in range(2))
    assert one == other


def test_results_are_taken_by_the_names_of_returned_variables() -> None:
    def model(x: Any, w: Any) -> Any:
        hidden = x + 1
        out = x * w
        return hidden, out

    metrics = {"sum": lambda hidden: hidden.sum()}
    trace = tracer.run(scenario(model, squared, metrics=metrics))
    assert [step.loss for step in trace.steps] == reference()
    assert trace.metrics[0]["sum"] == 14
    assert trace.steps[0].node("hidden").value.sum() == 14


def test_results_are_taken_in_order_where_names_cannot_tell() -> None:
    losses = reference()
    several = scenario(lambda x, w: (x * w, x + 1), lambda prediction, other, y: squared(prediction, y) + 0 * np.sum(other))
    assert [step.loss for step in tracer.run(several).steps] == losses

    def model(x: Any, w: Any) -> Any:
        hidden = x + 1
        out = x * w
        return [out, hidden]

    in_order = scenario(model, lambda prediction, other, y: squared(prediction, y) + 0 * np.sum(other))
    assert [step.loss for step in tracer.run(in_order).steps] == losses


def test_a_loss_of_one_result_takes_the_whole() -> None:
    def model(x: Any, w: Any) -> Any:
        results = [x * w, x + 1]
        return results

    assert [step.loss for step in tracer.run(scenario(model, lambda results, y: squared(results[0], y))).steps] == reference()
    whole = scenario(lambda x, w: (x * w, x), lambda both, y: squared(both[0], y))
    assert [step.loss for step in tracer.run(whole).steps] == reference()


def test_too_few_results_are_refused() -> None:
    with pytest.raises(tracer.UsageError, match="the loss of scenario asks for a, b, c: the model returned 2 results"):
        tracer.run(scenario(lambda x, w: (x * w, x), lambda a, b, c: a.sum()))


def test_returned_variables_of_inner_functions_are_not_the_models() -> None:
    def model(x: Any, w: Any) -> Any:
        def inner() -> Any:
            a = b = x
            return a, b

        out = inner()[0] * w
        kept = x
        return out, kept

    assert [step.loss for step in tracer.run(scenario(model, squared)).steps] == reference()
