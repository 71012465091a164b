"""Optional parts of a scenario: validation, batch metrics, schedules, early stopping, checkpoints, reports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tracer import SGD, Adam, Checkpoint, EarlyStopping, KerasAdam, Report, Scenario
from tracer.graph.record import Phase
from tracer.nn.losses import mean_squared_error
from tracer.nn.schedules import ExponentialDecay, InverseTimeDecay, StepDecay, optimal
from tracer.training import Training


def line(**changes: Any) -> Scenario:
    """Five examples in batches of two, a validation set, and two epochs."""
    data = {"x": np.arange(5.0), "y": 2 * np.arange(5.0), "x_test": np.array([7.0, 8.0]), "y_test": np.array([1.0, 2.0])}
    scenario = Scenario(
        data=lambda: data,
        parameters={"w": 0.5, "b": 0.0},
        model=lambda x, w, b: x * w + b,
        loss=lambda prediction, y: mean_squared_error(prediction, y),
        optimizer=SGD(learning_rate=0.01),
        epochs=2,
        batch_size=2,
        name="line",
    )
    return replace(scenario, **changes)


def mae(prediction: Any, y: Any) -> Any:
    """The mean absolute error, a batch metric."""
    return np.mean(np.abs(prediction - y))


# Metrics and validation.


def test_epoch_loss_is_the_mean_over_examples() -> None:
    trace = tracer.run(line())
    for epoch in (0, 1):
        rows = trace.metrics[3 * epoch : 3 * epoch + 3]
        assert rows[-1]["epoch_loss"] == pytest.approx((2 * rows[0]["loss"] + 2 * rows[1]["loss"] + rows[2]["loss"]) / 5)
        assert all("epoch_loss" not in row for row in rows[:-1])
    assert "epoch_loss" in tracer.run(line(batch_size=3)).metrics[-1]
    assert "epoch_loss" not in tracer.run(line(batch_size=5)).metrics[-1]
    assert "epoch_loss" not in tracer.run(line(batch_size=None)).metrics[-1]


def test_batch_metric_is_measured_before_the_update_and_averaged() -> None:
    trace = tracer.run(line(metrics={"mae": mae}))
    steps = trace.steps[:3]
    values = [np.mean(np.abs(step.node("prediction").value - step.node("y").value)) for step in steps]
    assert trace.metrics[2]["mae"] == pytest.approx((2 * values[0] + 2 * values[1] + values[2]) / 5)
    assert ["mae" in row for row in trace.metrics] == [False, False, True] * 2


def test_batch_metric_gets_the_parameters_before_the_update() -> None:
    scenario = line(batch_size=None, metrics={"again": lambda prediction, w: w + 0 * np.sum(prediction)})
    trace = tracer.run(scenario)
    assert [row["again"] for row in trace.metrics] == [float(step.node("w").value) for step in trace.steps]


def test_metric_without_a_model_result_may_be_text() -> None:
    assert tracer.run(line(metrics={"kind": lambda dtype: f"in {dtype}"})).metrics[-1]["kind"] == "in float64"


def test_metrics_and_reports_do_not_change_random_draws() -> None:
    """They get no generator: printing must not change the training."""
    with pytest.raises(tracer.UsageError, match="the metric drawn of line asks for 'rng'"):
        tracer.run(line(metrics={"drawn": lambda rng: rng.normal()}))
    with pytest.raises(tracer.UsageError, match=r"the report of line \(epoch\) asks for 'rng'"):
        tracer.run(line(report=Report(epoch=lambda rng: "")))


def test_error_on_validation_data_says_so() -> None:
    data = {"x": np.arange(4.0), "y": np.arange(4.0), "x_test": np.arange(3.0), "y_test": np.arange(2.0)}
    scenario = line(data=lambda: data, validation={"x": "x_test", "y": "y_test"}, loss=lambda p, y: np.mean((p - y) ** 2))
    with pytest.raises(ValueError, match="broadcast") as caught:
        tracer.run(scenario)
    assert "while measuring on the validation data" in caught.value.__notes__


def test_validation_uses_the_parameters_after_the_epoch() -> None:
    kinds: list[type] = []

    def model(x: Any, w: Any, b: Any) -> Any:
        kinds.append(type(x))
        return x * w + b

    trace = tracer.run(line(model=model, metrics={"mae": mae}, validation={"x": "x_test", "y": "y_test"}))
    for last in (2, 5):
        w, b = trace.steps[last].updated("w"), trace.steps[last].updated("b")
        prediction, y = np.array([7.0, 8.0]) * w + b, np.array([1.0, 2.0])
        assert trace.metrics[last]["val_loss"] == np.mean((prediction - y) ** 2)
        assert trace.metrics[last]["val_mae"] == np.mean(np.abs(prediction - y))
    assert kinds.count(np.ndarray) == 2
    assert list(trace.metrics[2]) == ["step", "epoch", "loss", "epoch_loss", "mae", "val_loss", "val_mae"]


def test_model_may_return_several_results() -> None:
    def model(x: Any, w: Any, b: Any) -> Any:
        scaled = x * w
        return {"scaled": scaled, "shifted": scaled + b}

    scenario = line(
        model=model, loss=lambda shifted, y: np.mean((shifted - y) ** 2), metrics={"mean": lambda scaled: np.mean(scaled)},
        validation={"x": "x_test", "y": "y_test"},
    )  # fmt: skip
    trace = tracer.run(scenario)
    assert trace.steps[0].loss == tracer.run(line()).steps[0].loss
    assert trace.steps[0].node("shifted").phase is Phase.FORWARD
    assert trace.metrics[2]["val_mean"] == pytest.approx(7.5 * float(trace.steps[2].updated("w")))


def test_only_named_data_are_batched() -> None:
    def model(x: Any, everything: Any, w: Any, b: Any) -> Any:
        return (x - np.mean(everything)) * w + b

    data = {"x": np.arange(5.0), "y": np.arange(5.0), "everything": np.arange(5.0)}
    trace = tracer.run(line(data=lambda: data, model=model, batched=["x", "y"]))
    assert trace.steps[0].node("x").shape == (2,)
    assert trace.steps[0].node("everything").shape == (5,)


def test_run_without_an_optimizer_ends_with_the_gradients() -> None:
    trace = tracer.run(line(optimizer=None, epochs=None, batch_size=None))
    tracer.validate(trace)
    (step,) = trace.steps
    assert not step.updates
    assert step.gradient("w") != 0
    assert "optimizer" not in trace.hyperparameters
    with pytest.raises(tracer.UsageError, match="line has no optimizer: after the first step nothing would be new"):
        tracer.run(line(optimizer=None, epochs=None, batch_size=None), steps=2)
    with pytest.raises(tracer.UsageError, match="line has no setting 'learning_rate'"):
        tracer.run(line(optimizer=None, epochs=None), settings={"learning_rate": 1})


# Schedules.


def rates(trace: tracer.Trace) -> list[float]:
    return [float(step.node("learning_rate").value) for step in trace.steps]


@pytest.mark.parametrize("optimizer", [SGD, Adam])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_schedule_is_recorded_and_used(optimizer: type[SGD] | type[Adam], dtype: str) -> None:
    schedule = InverseTimeDecay(initial=0.1, decay=0.5)
    trace = tracer.run(line(optimizer=optimizer(learning_rate=schedule)), dtype=dtype)
    tracer.validate(trace)
    assert rates(trace) == [0.1 / (1 + 0.5 * t) for t in range(6)]
    assert trace.hyperparameters["learning_rate"] == "InverseTimeDecay(initial=0.1, decay=0.5)"
    for step in trace.steps:
        rate = step.node("learning_rate")
        assert (rate.phase, rate.scope.split("/")[0]) == (Phase.UPDATE, "learning rate")
        assert step.updated("w").dtype == dtype
        plain = optimizer(learning_rate=float(rate.value))
        if plain == SGD(learning_rate=float(rate.value)):
            np.testing.assert_allclose(step.updated("w"), step.node("w").value - rate.value * step.gradient("w"), rtol=1e-6)


def test_user_defined_schedule_may_use_step_epoch_and_settings() -> None:
    def halved(t: Any, epoch: Any, scale: float) -> Any:
        return scale * 0.5 ** (t + 10 * epoch)

    trace = tracer.run(line(optimizer=SGD(learning_rate=halved), settings={"scale": 0.1}), settings={"scale": "0.2"})
    assert rates(trace) == [0.2 * 0.5 ** (step + 1 + 10 * (step // 3)) for step in range(6)]
    assert trace.hyperparameters["learning_rate"] == "halved"
    # A schedule that does not use recorded numbers appears in the formula as a number.
    step = tracer.run(line(optimizer=SGD(learning_rate=lambda: np.float64(0.25))), dtype="float32").steps[0]
    assert step.updated("w") == np.float32(0.5) - np.float32(0.25) * step.gradient("w")
    assert step.updated("w").dtype == np.float32
    # An array among the numbers does not promote single precision to double.
    step = tracer.run(line(optimizer=SGD(learning_rate=lambda t: np.array(0.25) / t)), dtype="float32").steps[0]
    assert step.updated("w").dtype == np.float32


def test_number_and_schedule_can_replace_each_other() -> None:
    scheduled = line(optimizer=SGD(learning_rate=ExponentialDecay(initial=0.1, factor=0.5)))
    assert tracer.run(scheduled, settings={"learning_rate": "0.03"}).hyperparameters["learning_rate"] == 0.03
    trace = tracer.run(line(), settings={"learning_rate": StepDecay(initial=0.1, factor=0.5)})
    assert rates(trace) == [0.1] * 3 + [0.05] * 3


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (lambda nothing: 1.0, "the learning rate of line asks for 'nothing'"),
        (lambda *t: 1.0, r"the learning rate of line has the argument \*t"),
        (lambda t: "fast", "the schedule of the learning rate returned 'fast': one number is needed"),
        (lambda t: np.ones(2), "the schedule of the learning rate returned .*: one number is needed"),
    ],
)
def test_invalid_schedules_are_refused(schedule: Any, message: str) -> None:
    with pytest.raises(tracer.UsageError, match=message):
        tracer.run(line(optimizer=SGD(learning_rate=schedule)))


def test_optimal_schedule_needs_a_penalty() -> None:
    with pytest.raises(tracer.UsageError, match="'optimal' needs an alpha above 0, this is 0"):
        optimal(1, alpha=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient(SGD):
    """An optimizer with a setting that has the name of one of EarlyStopping."""

    patience: float = 1.0

    def hyperparameters(self, step_number: int) -> dict[str, Any]:
        return {"learning_rate": self.learning_rate / self.patience}


def test_optimizer_setting_may_have_the_name_of_an_early_stopping_setting() -> None:
    trace = tracer.run(line(optimizer=Patient(learning_rate=0.1)), settings={"patience": "4"})
    assert rates(trace) == [0.025] * 6


def test_optimizer_can_be_chosen_by_name() -> None:
    trace = tracer.run(line(), settings={"optimizer": "adam", "beta1": "0.8"})
    assert trace.hyperparameters["optimizer"] == "Adam"
    assert trace.hyperparameters["beta1"] == 0.8
    assert trace.hyperparameters["learning_rate"] == 0.001
    scheduled = line(optimizer=SGD(learning_rate=lambda t: 0.1 / t, momentum=0.5))
    assert tracer.run(scheduled, settings={"optimizer": "sgd"}).hyperparameters["momentum"] == 0.5
    back = tracer.run(line(optimizer=Adam()), settings={"optimizer": "SGD", "learning_rate": 0.5})
    assert back.hyperparameters["momentum"] == 0.0
    with pytest.raises(tracer.UsageError, match="there is no optimizer 'Adma'; did you mean Adam"):
        tracer.run(line(), settings={"optimizer": "Adma"})
    with pytest.raises(tracer.UsageError, match="SGD has no learning_rate of its own: set learning_rate too"):
        tracer.run(line(optimizer=Adam()), settings={"optimizer": "SGD"})
    with pytest.raises(tracer.UsageError, match="line has no setting 'beta1'"):
        tracer.run(line(optimizer=Adam()), settings={"optimizer": "SGD", "learning_rate": 1, "beta1": 0.5})


# Stopping and checkpoints.

measured = st.floats(-10, 10) | st.just(float("nan"))


@given(values=st.lists(measured, min_size=1, max_size=12), tolerance=st.sampled_from([0.0, 0.5]), patience=st.integers(1, 4))
def test_early_stopping_matches_its_definition(values: list[float], tolerance: float, patience: int) -> None:
    """It stops if none of the last `patience` values beat the best value before it by more than the tolerance."""

    def improved(position: int) -> bool:
        best = min((value for value in values[:position] if value == value), default=float("inf"))
        return values[position] < best and values[position] <= best - tolerance

    recent = range(len(values) - patience, len(values))
    expected = len(values) >= patience and not any(map(improved, recent))
    for mode, sign in (("min", 1), ("max", -1)):
        rule = EarlyStopping(tolerance=tolerance, patience=patience, mode=mode)
        watch = rule.watch()
        for value in values:
            watch.update(sign * value)
        assert rule.should_stop(watch) == expected


@given(values=st.lists(measured, min_size=1, max_size=12))
def test_checkpoint_keeps_the_first_of_equal_bests(values: list[float]) -> None:
    watch = Checkpoint(monitor="loss", mode="min").watch()
    kept = []
    for position, value in enumerate(values):
        watch.update(value)
        if watch.is_best:
            kept.append(position)
    numbers = [value for value in values if value == value]
    if numbers:
        assert kept[-1] == values.index(min(numbers))
    else:
        assert kept == []


def test_run_stops_at_the_end_of_an_epoch_and_gives_the_reason() -> None:
    scenario = line(epochs=50, stopping=EarlyStopping(tolerance=1e9, patience=3))
    training = Training(scenario)
    assert training.may_stop_early
    steps = list(training)
    assert len(steps) == 12  # the first epoch always improves, the next three not by enough
    assert str(training.stopped) == "stopped after 4 epochs: loss had not improved by 1e+09 for 3 epochs in a row"
    assert len(tracer.run(scenario, settings={"patience": "1"}).steps) == 6
    # An explicit number of steps disables early stopping.
    assert len(tracer.run(scenario, steps=30).steps) == 30


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stopping": EarlyStopping(monitor="val_loss")}, "watches 'val_loss', which is not measured: give the scenario a val"),
        ({"checkpoint": Checkpoint(monitor="acc", mode="max")}, "the Checkpoint of line watches 'acc', which is not measured"),
        ({"validation": {"x": "x_tset"}}, "the validation of line asks for 'x_tset'; did you mean x_test"),
        ({"validation": {"x": "x_test"}}, "the validation of line replaces 'x' and leaves 'y', which belongs to it row by row"),
        ({"model": lambda x, w, b: {1: x * w + b}}, "the model of line returns a result under 1, which is no name"),
        ({"parameters": {1: 0.0}}, "line has a parameter under 1, which is no name of an argument"),
        ({"metrics": {"m": lambda w: "high"}, "checkpoint": Checkpoint(monitor="m", mode="max")}, "a number: it is 'high'"),
        ({"metrics": {"m": lambda w: None}, "stopping": EarlyStopping(monitor="m")}, "the EarlyStopping of line watches 'm'"),
        ({"batched": ["z"]}, "batched names 'z', which is no data of model or loss"),
        ({"metrics": {"bad": lambda prediction: prediction}}, "the metric bad of line is averaged over batches"),
        ({"model": lambda x, w, b: {"x": x * w + b}}, "the model of line returns 'x', which is data"),
        ({"model": lambda x, w, b: {"output": x * w + b}}, "the loss of line asks for 'prediction'"),
        ({"report": Report(start=lambda step: "")}, r"the report of line \(start\) asks for 'step'"),
        ({"report": Report(step=lambda val_loss: "")}, r"the report of line \(step\) asks for 'val_loss'"),
        ({"report": Report(epoch=lambda val_loss: "")}, r"the report of line \(epoch\) asks for 'val_loss'"),
        ({"report": Report(end=lambda loss: 3.5)}, r"returns what to print: a text, not float"),
    ],
)
def test_inconsistent_parts_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(tracer.UsageError, match=message):
        tracer.run(line(**changes))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EarlyStopping(patience=-1), "EarlyStopping: patience must be a whole number from 1 on"),
        (lambda: EarlyStopping(tolerance="a"), "EarlyStopping: tolerance must be a number from 0 on"),  # type: ignore[arg-type]
        (lambda: EarlyStopping(patience=1.5), "EarlyStopping: patience must be a whole number"),  # type: ignore[arg-type]
        (lambda: line(batch_size=2.0), "Scenario: batch_size takes a whole number from 1 on, this is 2.0"),
        (lambda: line(batch_size="2"), "Scenario: batch_size takes a whole number from 1 on, this is '2'"),
        (lambda: line(shuffle="no"), "Scenario: shuffle must be True or False, this is 'no'"),
        (lambda: StepDecay(initial=1, factor=1, every=0), "StepDecay: every must be above 0, this is 0"),
        (lambda: SGD(learning_rate=float("nan")), "SGD: learning_rate must be a finite number"),
        (lambda: Adam(beta1=1.0), "Adam: beta1 must be from 0 to below 1, this is 1.0"),
        (lambda: KerasAdam(epsilon=-1.0), "KerasAdam: epsilon must be from 0 on"),
        (lambda: EarlyStopping(mode="best"), "EarlyStopping: mode must be min or max"),
        (lambda: Report(end="done"), "Report: end must be a function"),  # type: ignore[arg-type]
        (lambda: line(report=print), r"Scenario: report must be a Report\(...\)"),
        (lambda: line(stopping=3), r"Scenario: stopping must be an EarlyStopping\(...\)"),
        (lambda: line(checkpoint="best.npz"), r"Scenario: checkpoint must be a Checkpoint\(...\)"),
        (lambda: line(validation=["x"]), "Scenario: validation must be names of data"),
        (lambda: line(batched="x"), "Scenario: batched must be names of data, in a list"),
        (lambda: line(metrics={"val_loss": mae}), "val_loss is measured in any case"),
        (lambda: line(settings={"patience": 1}, stopping=EarlyStopping()), "patience is a setting in any case"),
    ],
)
def test_invalid_parts_are_refused(make: Any, message: str) -> None:
    with pytest.raises(tracer.UsageError, match=message):
        make()


# Reports.


def test_report_functions_are_called_with_plain_values() -> None:
    seen: list[tuple[Any, ...]] = []

    def start(w: Any, steps: int, epochs: int, batches: int, x: Any) -> str:
        seen.append(("start", type(w), float(w), steps, epochs, batches, len(x)))
        return "start"

    def step(step: int, epoch: int, batch: int, loss: float, w: Any, record: Any) -> None:
        assert record.loss == loss
        assert record.updated("w") == w
        seen.append(("step", step, epoch, batch))

    def epoch(epoch: int, loss: float, mae: float, val_mae: float) -> str:
        return f"epoch {epoch} {loss:.6f} {mae:.6f} {val_mae:.6f}"

    def end(steps: int, epochs: int, w: Any) -> str:
        return f"end {steps} {epochs} {w}"

    report = Report(start=start, step=step, epoch=epoch, end=end)
    scenario = line(report=report, metrics={"mae": mae}, validation={"x": "x_test", "y": "y_test"})
    trace = tracer.run(scenario, settings={"epochs": 3}, steps=4)
    assert seen == [
        ("start", np.ndarray, 0.5, 4, 2, 3, 5), ("step", 0, 0, 0), ("step", 1, 0, 1), ("step", 2, 0, 2), ("step", 3, 1, 0),
    ]  # fmt: skip
    row = trace.metrics[2]
    assert trace.printed == (
        "start",
        f"epoch 0 {row['epoch_loss']:.6f} {row['mae']:.6f} {row['val_mae']:.6f}",
        # The second epoch ends with the run, after one batch.
        f"epoch 1 {trace.steps[3].loss:.6f} {trace.metrics[3]['mae']:.6f} {trace.metrics[3]['val_mae']:.6f}",
        f"end 4 2 {trace.steps[-1].updated('w')}",
    )


def test_epoch_cut_short_by_the_end_is_measured() -> None:
    report = Report(end=lambda loss, mae, val_loss: f"{loss} {mae} {val_loss}")
    trace = tracer.run(line(report=report, metrics={"mae": mae}, validation={"x": "x_test", "y": "y_test"}), steps=4)
    last = trace.steps[-1]
    prediction = np.array([7.0, 8.0]) * last.updated("w") + last.updated("b")
    distance = np.mean(np.abs(last.node("prediction").value - last.node("y").value))
    assert trace.printed == (f"{last.loss} {distance} {np.mean((prediction - [1.0, 2.0]) ** 2)}",)
    assert trace.metrics[-1]["mae"] == distance


def test_end_report_gets_the_actual_number_of_steps() -> None:
    scenario = line(
        epochs=50, stopping=EarlyStopping(tolerance=1e9, patience=1), report=Report(end=lambda steps, epochs: f"{steps} {epochs}")
    )
    assert tracer.run(scenario).printed == ("6 2",)
