"""Runs a scenario step by step: batches, the five phases of each step, metrics."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from tracer.errors import UsageError
from tracer.graph import Phase, Step, Trace
from tracer.preparation import call_by_name, checked_dtype, matching, prepare
from tracer.recorder import Recorder, check_scalar
from tracer.scenario import Scenario, whole_number
from tracer.tensor import Tensor


class Training:
    """One run of a scenario: iterate over it to get its steps, one at a time.

    `head` is the Trace without steps; `metrics` grows by a row for each step. Arguments are those of `run`.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        steps: int | None = None,
        seed: int = 0,
        parameters: Mapping[str, Any] | None = None,
        dtype: str | None = None,
        settings: Mapping[str, Any] | None = None,
        data: str | Path | None = None,
    ) -> None:
        if not isinstance(scenario, Scenario):
            raise UsageError(f"a Scenario is needed, this is {scenario!r}: tracer.load(...) gives one by name or path")
        self.scenario = scenario = scenario.with_settings(settings or {})
        dtype = checked_dtype(dtype or scenario.dtype)
        try:
            self._rng = np.random.default_rng(seed)
        except (TypeError, ValueError):
            raise UsageError(f"the seed takes a whole number from 0 on, this is {seed!r}") from None
        self._given = {"rng": self._rng, "dtype": dtype, **scenario.settings}
        self._prepared = prepare(scenario, self._given, parameters or {}, dtype, data)
        self.parameters = dict(self._prepared.parameters)
        self._state = {name: scenario.optimizer.initial_state(value) for name, value in self.parameters.items()}
        self._batch_size = scenario.batch_size or self._prepared.examples
        self._batches = math.ceil(self._prepared.examples / self._batch_size)
        self.steps = self._count_steps(steps)
        self.metrics: list[dict[str, Any]] = []
        known = {name: value for name, value in scenario.all_settings().items() if value is not None}
        if steps is not None:
            known.pop("epochs", None)  # so many steps are run, whatever the number of epochs would be
        self.head = Trace(
            scenario=scenario.name,
            title=scenario.title,
            seed=seed,
            dtype=dtype,
            hyperparameters={"optimizer": type(scenario.optimizer).__name__, **known, "steps": self.steps},
            versions=versions(),
        )

    @property
    def parameter_count(self) -> int:
        """How many numbers are trained."""
        return sum(value.size for value in self.parameters.values())

    def _count_steps(self, steps: int | None) -> int:
        if steps is not None:
            return whole_number("steps", steps)
        if self.scenario.steps is not None:
            return whole_number("steps", self.scenario.steps)
        return whole_number("epochs", self.scenario.epochs or 1) * self._batches

    # The steps.

    def __iter__(self) -> Iterator[Step]:
        for index in range(self.steps):
            epoch, position = divmod(index, self._batches)
            if position == 0:
                order = self._order()
            step = self._step(index, self._batch(order, position))
            row: dict[str, Any] = {"step": index, "epoch": epoch, "loss": step.loss}
            if position == self._batches - 1:
                row.update(self._measure())
            self.metrics.append(row)
            yield replace(step, metrics=row)

    def _order(self) -> np.ndarray | None:
        return self._rng.permutation(self._prepared.examples) if self.scenario.shuffle else None

    def _batch(self, order: np.ndarray | None, position: int) -> dict[str, np.ndarray]:
        part = slice(position * self._batch_size, (position + 1) * self._batch_size)
        chosen = {name: self._prepared.data[name] for name in self._prepared.used}
        for name in self._prepared.batched:
            chosen[name] = chosen[name][part if order is None else order[part]]
        return chosen

    def _step(self, index: int, batch: Mapping[str, np.ndarray]) -> Step:
        scenario = self.scenario
        recorder = Recorder(scenario.path.parent if scenario.path else None)
        try:
            # Overflow and NaN belong to the record, which says where they began; warnings would only hide the rest.
            with np.errstate(all="ignore"):
                loss = self._record(recorder, index, batch)
        except Exception as error:
            error.add_note(f"the last recorded node was {index}.{recorder.last_label()}")
            raise
        finally:
            recorder.release()
        return recorder.finish(index, loss)

    def _record(self, recorder: Recorder, index: int, batch: Mapping[str, np.ndarray]) -> Tensor:
        scenario, optimizer = self.scenario, self.scenario.optimizer
        data = {name: recorder.leaf("data", name, value, copy=False) for name, value in batch.items()}
        parameters = {name: recorder.leaf("parameter", name, value, copy=False) for name, value in self.parameters.items()}
        numbers = optimizer.hyperparameters(index + 1)
        hyperparameters = {name: recorder.leaf("hyperparameter", name, number) for name, number in numbers.items()}
        state = {
            name: {key: recorder.leaf("state", f"{key}_{name}", value, copy=False) for key, value in kept.items()}
            for name, kept in self._state.items()
        }
        available = {**scenario.settings, **data, **parameters}

        recorder.enter(Phase.FORWARD)
        prediction = scenario.model(**matching(scenario.model, available))
        if prediction is None:
            raise UsageError(f"the model of {scenario.name} returned nothing: does it end without a return?")
        if isinstance(prediction, Tensor):
            recorder.name(prediction, self._prepared.prediction or "prediction", unless_named=True)

        recorder.enter(Phase.LOSS)
        available[self._prepared.prediction] = prediction
        loss: Tensor = scenario.loss(**matching(scenario.loss, available))
        check_scalar(loss, f"the loss of {scenario.name}")
        recorder.name(loss, "loss", unless_named=True)

        recorder.enter(Phase.BACKWARD)
        if not recorder.backward(loss):
            raise UsageError(f"the loss of {scenario.name} depends on none of its parameters: {', '.join(parameters)}")

        family = type(optimizer).__name__
        recorder.enter(Phase.UPDATE, scope=family)
        prepared = optimizer.prepare(hyperparameters)
        for name, parameter in parameters.items():
            recorder.enter(Phase.UPDATE, scope=f"{family}/{name}", subject=name)
            gradient = recorder.gradient(parameter.id)
            new, kept = optimizer.update(parameter, gradient, state[name], hyperparameters, prepared)
            recorder.updated(parameter, new)
            recorder.name(new, f"{name}_new")
            for key, value in kept.items():
                recorder.name(value, f"{key}_{name}_new")
            self.parameters[name] = new.value
            self._state[name] = {key: value.value for key, value in kept.items()}
        return loss

    def _measure(self) -> dict[str, Any]:
        available = {**self._given, **self._prepared.data, **self.parameters}
        name_of = self.scenario.name
        with np.errstate(all="ignore"):
            found = {
                name: call_by_name(function, available, f"the metric {name} of {name_of}")
                for name, function in self.scenario.metrics.items()
            }
        # A number is kept as Python's own, whatever NumPy made of it.
        return {name: value if np.ndim(value) else np.asarray(value).item() for name, value in found.items()}


def run(
    scenario: Scenario,
    *,
    steps: int | None = None,
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
    dtype: str | None = None,
    settings: Mapping[str, Any] | None = None,
    data: str | Path | None = None,
) -> Trace:
    """Run a scenario and keep every step.

    `parameters` replaces initial values by name, `settings` the settings by name (learning_rate, batch_size, shuffle,
    epochs, and the scenario's own), `dtype` is float32 or float64 for all floating data, `data` the path of a data file
    for a scenario that takes one. Everything random draws from one generator: the same seed gives the same bytes.
    """
    training = Training(
        scenario, steps=steps, seed=seed, parameters=parameters, dtype=dtype, settings=settings, data=data
    )
    recorded = tuple(training)
    return replace(training.head, steps=recorded, metrics=tuple(training.metrics))


def versions() -> dict[str, str]:
    """The versions that the numbers of a run depend on."""
    try:
        own = version("steptracer")
    except PackageNotFoundError:  # a checkout that is not installed
        own = "unknown"
    return {"tracer": own, "numpy": np.__version__, "python": platform.python_version()}
