"""Training: settings, batches, metrics, seeds, optimizers and errors."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import tracer
from support.traces import recorded
from tracer.analysis.verify import verify
from tracer.graph.record import Phase
from tracer.graph.structures.garbage_collection import FewerCollections, while_a_step_is_recorded
from tracer.nn.optimizers import SGD, Adam, Optimizer
from tracer.training import Training
from tracer.training.bundled import bundled_names
from tracer.training.scenario import Scenario


def line(**changes: Any) -> Scenario:
    """A small scenario with batches."""
    scenario = Scenario(
        data=lambda rng: {"x": np.arange(5.0), "y": rng.normal(size=5), "unused": np.zeros(3)},
        parameters={"w": 0.5, "b": 0.0},
        model=lambda x, w, b: x * w + b,
        loss=lambda prediction, y: np.mean((prediction - y) ** 2),
        optimizer=SGD(learning_rate=0.01),
        epochs=2,
        batch_size=2,
        name="line",
    )
    return replace(scenario, **changes)


@pytest.mark.parametrize("name", bundled_names())
def test_every_scenario_gives_a_valid_trace(name: str) -> None:
    if tracer.load(name).optimizer is None:
        trace = recorded(name)
        tracer.validate(trace)
        assert len(trace.steps) == 1
        assert not trace.steps[0].updates
        assert Phase.UPDATE not in {node.phase for node in trace.steps[0].nodes}
        return
    trace = recorded(name, 2)
    tracer.validate(trace)
    assert [step.index for step in trace.steps] == [0, 1]
    assert trace.metrics[1]["step"] == 1
    for node in trace.steps[0].parameters:
        assert trace.steps[0].updated(node.name).tobytes() == trace.steps[1].node(node.name).value.tobytes()
    single = tracer.run(tracer.load(name), steps=2, dtype="float32")
    computed = {node.dtype for step in single.steps for node in step.nodes if node.dtype.startswith("float") and node.shape}
    assert computed == {"float32"}
    assert {node.dtype for node in single.steps[1].parameters} == {"float32"}
    phases = [node.phase for node in trace.steps[0].nodes]
    assert list(dict.fromkeys(phases)) == list(tracer.Phase)


# Settings, parameters, seeds.


def test_public_interface() -> None:
    scenario = tracer.load("linear-regression")
    trace = tracer.run(scenario, steps=3, seed=0, parameters={"w": 0.5}, dtype="float64", settings={"learning_rate": 1e-5})
    step = trace.steps[0]
    assert len(trace.steps) == len(trace.metrics) == 3
    assert isinstance(step.loss, float)
    assert step.node("w").value == 0.5
    assert step.gradient("w").shape == ()
    np.testing.assert_allclose(step.updated("w"), 0.5 - 1e-5 * step.gradient("w"), rtol=1e-15)
    node = step.nodes[-1]
    for field in ("id", "op", "inputs", "value", "phase", "name", "scope", "source", "gradient_of"):
        assert hasattr(node, field)


def test_seed_determines_the_values() -> None:
    def values(seed: int) -> bytes:
        trace = tracer.run(line(shuffle=True), seed=seed)
        return b"".join(node.value.tobytes() for step in trace.steps for node in step.nodes)

    assert values(3) == values(3)
    assert values(3) != values(4)


def test_batches_cover_the_data() -> None:
    trace = tracer.run(line())
    assert [step.node("x").value.tolist() for step in trace.steps] == [[0, 1], [2, 3], [4]] * 2
    assert [row["epoch"] for row in trace.metrics] == [0, 0, 0, 1, 1, 1]
    shuffled = tracer.run(line(shuffle=True), seed=1)
    seen = [sorted(x for step in shuffled.steps[start : start + 3] for x in step.node("x").value) for start in (0, 3)]
    assert seen == [[0, 1, 2, 3, 4]] * 2
    assert [step.node("x").value.tolist() for step in shuffled.steps[:3]] != [[0, 1], [2, 3], [4]]


def test_metrics_are_measured_at_the_end_of_each_epoch_on_plain_arrays() -> None:
    kinds: list[type] = []

    def mean_weight(w):
        kinds.append(type(w))
        return w * 2

    trace = tracer.run(line(metrics={"double": mean_weight}))
    assert [("double" in row) for row in trace.metrics] == [False, False, True] * 2
    assert trace.metrics[2]["double"] == 2 * trace.steps[2].updated("w")
    assert kinds == [np.ndarray] * 2


def test_settings_are_passed_to_every_function() -> None:
    scenario = line(settings={"scale": 2.0}, model=lambda x, w, b, scale: x * w * scale + b)
    assert tracer.run(scenario, steps=1).steps[0].loss != tracer.run(scenario, steps=1, settings={"scale": "3"}).steps[0].loss


def test_data_replaces_a_default_argument() -> None:
    def model(x, w, b, offset=100.0):
        return x * w + b + offset

    scenario = line(
        data=lambda: {"x": np.ones(4), "y": np.zeros(4), "offset": np.zeros(4)}, model=model, batch_size=None, epochs=1
    )
    assert tracer.run(scenario).steps[0].loss == 0.25


def test_steps_take_precedence_over_epochs() -> None:
    assert Training(line(), settings={"epochs": "4"}).steps == 12
    assert Training(line(), settings={"epochs": 4}, steps=5).steps == 5
    assert Training(line(steps=7, epochs=None)).steps == 7
    assert Training(line(steps=7, epochs=None), settings={"epochs": 2}).steps == 6


@pytest.mark.parametrize("optimizer", [SGD(learning_rate=0.05, momentum=0.9), Adam(learning_rate=0.05)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_optimizers_match_their_formulas(optimizer: Optimizer, dtype: str) -> None:
    trace = tracer.run(line(optimizer=optimizer, batch_size=None, epochs=5), dtype=dtype)
    w, m, v = (np.asarray(start, dtype=np.float64) for start in (trace.steps[0].node("w").value, 0.0, 0.0))
    for t, step in enumerate(trace.steps, start=1):
        g = step.gradient("w").astype(np.float64)
        if isinstance(optimizer, Adam):
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            w = w - 0.05 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        else:
            m = 0.9 * m + g
            w = w - 0.05 * m
        np.testing.assert_allclose(step.updated("w"), w, rtol=1e-12 if dtype == "float64" else 1e-5)
        assert step.updated("w").dtype == dtype
        assert {node.dtype for node in step.nodes if node.dtype.startswith("float") and node.shape} <= {dtype}


def test_overflowing_run_finishes_and_reports_the_origin() -> None:
    trace = tracer.run(tracer.load("linear-regression"), settings={"learning_rate": 1})
    assert len(trace.steps) == 50
    first_nonfinite = next(node for step in trace.steps if (node := step.first_nonfinite()) is not None)
    assert first_nonfinite.phase is tracer.Phase.LOSS
    assert first_nonfinite.source is not None
    assert first_nonfinite.source.file == "linear_regression.py"


# Errors.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"settings": {"learning_rat": 1}}, "line has no setting 'learning_rat'; did you mean learning_rate"),
        ({"settings": {"learning_rate": "fast"}}, "learning_rate takes a finite number, this is 'fast'"),
        ({"settings": {"learning_rate": "inf"}}, "learning_rate takes a finite number"),
        ({"settings": {"batch_size": 0}}, "batch_size takes a whole number from 1 on"),
        ({"settings": {"epochs": 1.5}}, "epochs takes a whole number"),
        ({"settings": {"shuffle": "maybe"}}, "shuffle takes true or false"),
        ({"steps": 0}, "steps takes a whole number from 1 on"),
        ({"seed": -1}, "seed takes a whole number from 0 on"),
        ({"dtype": "float16"}, "dtype must be float32 or float64"),
        ({"parameters": {"q": 1}}, "line has no parameter 'q'; there are: w, b"),
        ({"parameters": {"w": [1, 2]}}, r"'w' has shape \(\), the given value \(2,\)"),
        ({"parameters": {"w": "a"}}, "'w' of line is not numeric"),
        ({"parameters": {"w": 1j}}, "'w' of line is not real: its dtype is complex128"),
        ({"data": "points.csv"}, "makes its own data"),
    ],
)
def test_invalid_calls_are_reported(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(tracer.UsageError, match=message):
        tracer.run(line(), **arguments)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": lambda x, w, c: x}, "the model of line asks for 'c'"),
        ({"loss": lambda p, q: p}, "the loss of line asks for 'q'"),
        ({"data": lambda: [1, 2]}, "must return named arrays in a dict, not list"),
        ({"data": lambda: {"x": ["a"], "y": [1]}}, "'x' of line is not numeric: its dtype is <U1"),
        ({"data": lambda: {"x": [[1], [1, 2]], "y": [1]}}, "its rows differ in length"),
        ({"data": lambda: {"x": [1.0, 2.0], "y": [1.0]}}, "batches need arrays of one length"),
        ({"data": lambda nothing: {}}, r"data\(\) of line asks for 'nothing'"),
        ({"data": lambda: {"x": [], "y": []}}, r"the data 'x' of line is empty: its shape is \(0,\)"),
        ({"model": lambda x, w, b: None}, "the model of line returned nothing"),
        ({"parameters": {}}, "parameters of line must be initial values"),
        ({"loss": lambda p, y: p - y}, r"the loss of line returned shape \(2,\)"),
        ({"loss": lambda p, y: 1.0}, "the loss of line returned float"),
        ({"metrics": {"bad": lambda nothing: 1}}, "the metric bad of line asks for 'nothing'"),
    ],
)
def test_invalid_scenarios_are_reported_at_run(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(tracer.UsageError, match=message):
        tracer.run(line(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 1.5}, "batch_size takes a whole number"),
        ({"batch_size": 0}, "batch_size takes a whole number"),
        ({"title": 3}, "title must be a text"),
        ({"steps": 2}, "so many steps or so many epochs long"),
        ({"metrics": [1]}, "metrics must be functions by name"),
        ({"metrics": {"a": 3}}, "metrics must be functions by name"),
        ({"metrics": {"loss": abs}}, "loss is measured in any case"),
        ({"settings": {"learning_rate": 1}}, "learning_rate is a setting in any case"),
        ({"optimizer": SGD}, r"one such as SGD\(learning_rate=0.1\), this is the class itself"),
    ],
)
def test_invalid_scenarios_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(tracer.UsageError, match=message):
        line(**changes)
    with pytest.raises(tracer.UsageError, match="SGD: learning_rate must be a number, this is 'a'"):
        SGD(learning_rate="a")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parameters": {"x": 0.0, "w": 1.0, "b": 0.0}}, "a parameter and data named 'x': rename one"),
        ({"settings": {"w": 1}}, "a parameter and a setting named 'w'"),
        ({"model": lambda x, /, w, b: x}, "the argument x, but arguments are matched by name|has the argument"),
        ({"data": lambda **rest: {"x": [1.0]}}, r"has the argument \*\*rest"),
        ({"model": np.add}, "does not tell the names of its arguments|has the argument"),
        ({"data": lambda: {"x y": [1.0]}}, "'x y', which is no name"),
        ({"data": lambda: {"x": np.ma.masked_array([1.0], [1]), "y": [1.0]}}, "is a MaskedArray"),
    ],
)
def test_inconsistent_scenarios_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(tracer.UsageError, match=message):
        tracer.run(line(**changes))


def test_arguments_of_the_wrong_type_are_refused() -> None:
    with pytest.raises(tracer.UsageError, match=r"a Scenario is needed, this is 'fruit': tracer\.load"):
        tracer.run("fruit")  # type: ignore[arg-type]
    with pytest.raises(tracer.UsageError, match="parameters are given as values by name"):
        tracer.run(line(), parameters=[1])  # type: ignore[arg-type]
    with pytest.raises(tracer.UsageError, match="settings are given as values by name"):
        tracer.run(line(), settings=[1])  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="found by its name"):
        tracer.run(line(), steps=1).steps[0].node("")


def test_scenario_checks_its_parts() -> None:
    with pytest.raises(tracer.UsageError, match="model must be a function"):
        line(model=3)
    with pytest.raises(tracer.UsageError, match="optimizer must be one such as SGD"):
        line(optimizer=0.1)
    with pytest.raises(tracer.UsageError, match="dtype must be float32 or float64"):
        line(dtype="int8")


def test_exception_in_user_code_keeps_its_type_and_names_the_last_node() -> None:
    def model(x, w, b):
        h = x * w
        raise ZeroDivisionError(f"at {h.shape}")

    with pytest.raises(ZeroDivisionError) as caught:
        tracer.run(line(model=model))
    assert caught.value.__notes__ == ["the last recorded node was 0.5 h"]


def test_error_of_the_recorder_is_raised_where_numpy_replaces_it_by_its_own() -> None:
    def model(x, w, b):
        h = x * w
        filled = np.zeros(3)
        filled[0] = h[0]  # NumPy raises a ValueError, whose cause is the RecordingError
        return h

    with pytest.raises(tracer.RecordingError, match="cannot be stored in a plain array") as caught:
        tracer.run(line(model=model))
    assert caught.value.__notes__ == ["the last recorded node was 0.6 filled[0]"]
    assert caught.value.__traceback__ is not None and caught.value.__cause__ is None


def dropout_scenario(**options: Any) -> tracer.Scenario:
    def model(x: Any, w: Any, rng: np.random.Generator) -> Any:
        keep = rng.random(x.shape) > 0.5
        return np.sum(x * keep * w, axis=1)

    def loss(p: Any, y: Any, rng: np.random.Generator) -> Any:
        return np.mean((p - y + rng.normal()) ** 2)

    return tracer.Scenario(
        data=lambda rng: {"x": rng.normal(size=(6, 3)), "y": rng.normal(size=6)},
        parameters={"w": np.ones(3)},
        model=model,
        loss=loss,
        optimizer=tracer.SGD(learning_rate=0.1),
        epochs=3,
        batch_size=2,
        **options,
    )


def test_random_numbers_of_the_model_follow_the_seed_and_the_step() -> None:
    def losses(seed: int, **options: Any) -> list[float]:
        return [step.loss for step in tracer.run(dropout_scenario(**options), seed=seed).steps]

    assert losses(7) == losses(7)
    assert losses(7) != losses(8)
    # What is measured in between changes nothing of the steps.
    validation = {"validation": {"x": "x", "y": "y"}}
    assert losses(7, **validation) == losses(7)
    masks = [
        [node.value for node in step.nodes if node.op == "constant" and node.shape == (2, 3)]
        for step in tracer.run(dropout_scenario()).steps
    ]
    assert len({mask[0].tobytes() for mask in masks}) > 1


def test_random_numbers_of_the_model_are_the_same_with_and_without_a_plan() -> None:
    """The backward pass of later steps is replayed with the mask of the step."""
    trace = tracer.run(dropout_scenario(), seed=3)
    verification = verify(trace)
    assert verification.passed
    assert verification.exact == verification.operations


def test_plain_run_draws_what_the_recorded_step_draws() -> None:
    training = Training(dropout_scenario(), seed=5)
    plain = training.first_losses(training.parameters)["loss"]
    assert next(iter(training)).loss == pytest.approx(float(plain), rel=1e-12)


def test_loss_may_take_a_generator_beside_its_prediction() -> None:
    scenario = tracer.Scenario(
        parameters={"w": 1.0},
        model=lambda w: w * 2.0,
        loss=lambda rng, p: p * rng.normal(),
        optimizer=tracer.SGD(learning_rate=1),
    )
    assert tracer.run(scenario, steps=1).steps[0].loss != 0


@pytest.mark.parametrize("raises", [False, True])
def test_garbage_is_collected_less_often_only_while_a_step_is_recorded(raises: bool) -> None:
    before = gc.get_threshold()
    seen = []

    def model(x: Any, w: Any) -> Any:
        seen.append(gc.get_threshold())
        if raises:
            raise KeyError("x")
        return x * w

    scenario = tracer.Scenario(
        name="line", title="", data=lambda rng: {"x": np.ones(2), "y": np.ones(2)}, parameters=lambda rng: {"w": np.ones(2)},
        model=model, loss=lambda out, y: ((out - y) ** 2).mean(), optimizer=tracer.SGD(learning_rate=0.1), steps=1,
    )  # fmt: skip
    recorded: list[Callable[[], Any]] = [lambda: tracer.run(scenario), lambda: tracer.trace(lambda x: model(x, 2.0), 1.0)]
    for record in recorded:
        seen.clear()
        with contextlib.suppress(KeyError):
            record()
        assert gc.get_threshold() == before
        assert any(during[0] > before[0] and during[2] > before[2] for during in seen)


def test_thresholds_of_the_garbage_collector_that_are_large_stay_valid() -> None:
    before = gc.get_threshold()
    try:
        gc.set_threshold(5_000_000, 10, 10)
        with while_a_step_is_recorded():
            assert gc.get_threshold()[0] == 5_000_000
        gc.set_threshold(0, 10, 10)
        with while_a_step_is_recorded():
            assert gc.get_threshold()[0] == 0  # switched off by the program
    finally:
        gc.set_threshold(*before)


@pytest.mark.parametrize(
    "enter", [while_a_step_is_recorded, lambda: FewerCollections(has_full=False), lambda: FewerCollections(objects=9)]
)
@pytest.mark.parametrize("first", [0, 1])
def test_garbage_collection_is_as_before_when_the_last_thread_has_left(first: int, enter: Callable[[], FewerCollections]) -> None:
    before = gc.get_threshold()
    threads = [enter(), enter()]
    assert gc.get_threshold() != before
    threads[first].remove()
    threads[1 - first].remove()
    assert gc.get_threshold() == before
