"""Runs a scenario step by step: batches, the five phases of each step, metrics."""

from __future__ import annotations

import inspect
import math
import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from tracer.errors import UsageError
from tracer.graph import Phase, Step, Trace, close_names
from tracer.recorder import Recorder
from tracer.scenario import DTYPES, Scenario, positive_count
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
        self.scenario = scenario = scenario.with_settings(settings or {})
        self.dtype = _dtype(dtype or scenario.dtype)
        try:
            self._rng = np.random.default_rng(seed)
        except (TypeError, ValueError):
            raise UsageError(f"the seed takes a whole number from 0 on, this is {seed!r}") from None
        self._given = {"rng": self._rng, "dtype": self.dtype, **scenario.settings}
        self.data = self._load_data(data)
        self.parameters = self._initial_parameters(parameters or {})
        self._state = {name: scenario.optimizer.initial_state(value) for name, value in self.parameters.items()}
        self._names = self._argument_names()
        self._batched = self._arrays_to_batch()
        self.batches_per_epoch = self._count_batches()
        self.steps = self._count_steps(steps)
        self.metrics: list[dict[str, Any]] = []
        self.head = Trace(
            scenario=scenario.name,
            title=scenario.title,
            seed=seed,
            dtype=self.dtype,
            hyperparameters=self._hyperparameters(),
            versions=versions(),
        )

    # What the run starts from.

    def _load_data(self, path: str | Path | None) -> dict[str, np.ndarray]:
        function = self.scenario.data
        takes_path = "path" in inspect.signature(function).parameters
        if path is not None and not takes_path:
            raise UsageError(f"{self.scenario.name} makes its own data: it takes none from {path}")
        found = _call(function, {**self._given, "path": path}, "data()", self.scenario)
        if not isinstance(found, Mapping):
            raise UsageError(f"data() of {self.scenario.name} must return named arrays in a dict, not {type(found).__name__}")
        return {name: self._numeric(f"the data {name!r}", value) for name, value in found.items()}

    def _initial_parameters(self, given: Mapping[str, Any]) -> dict[str, np.ndarray]:
        found = self.scenario.parameters
        if callable(found):
            found = _call(found, {**self.data, **self._given}, "parameters()", self.scenario)
        if not isinstance(found, Mapping) or not found:
            raise UsageError(f"the parameters of {self.scenario.name} must be initial values by name, in a dict")
        initial = {name: self._numeric(f"the parameter {name!r}", value, floating=True) for name, value in found.items()}
        for name, value in given.items():
            if name not in initial:
                raise UsageError(f"{self.scenario.name} has no parameter {name!r}{close_names(name, list(initial))}")
            new = self._numeric(f"the parameter {name!r}", value, floating=True)
            if new.shape != initial[name].shape:
                raise UsageError(f"the parameter {name!r} has shape {initial[name].shape}, the given value {new.shape}")
            initial[name] = new
        return initial

    def _numeric(self, what: str, value: Any, *, floating: bool = False) -> np.ndarray:
        """The value as a read-only array of its own: floats in the run's dtype, integers and booleans as they are."""
        try:
            given = np.asarray(value)
        except ValueError:
            raise UsageError(f"{what} of {self.scenario.name} is no array: its rows differ in length") from None
        if given.dtype.kind not in "biuf":
            raise UsageError(f"{what} of {self.scenario.name} is not numeric: its dtype is {given.dtype}")
        array = given.astype(self.dtype if floating or given.dtype.kind == "f" else given.dtype)
        array.flags.writeable = False
        return array

    def _argument_names(self) -> dict[str, list[str]]:
        """Which data the model and the loss take, and under which name the loss takes the prediction."""
        scenario = self.scenario
        known = {*self.data, *self.parameters, *scenario.settings}
        model, loss = _names_of(scenario.model), _names_of(scenario.loss)
        for name in model:
            if name not in known:
                raise UsageError(f"the model of {scenario.name} asks for {name!r}{close_names(name, sorted(known))}")
        prediction = [name for name in loss if name not in known]
        if len(prediction) > 1:
            second = prediction[1]
            raise UsageError(f"the loss of {scenario.name} asks for {second!r}{close_names(second, sorted(known))}")
        used = [name for name in self.data if name in model or name in loss]
        return {"data": used, "prediction": prediction}

    def _arrays_to_batch(self) -> tuple[str, ...]:
        if self.scenario.batch_size is None:
            return ()
        names = tuple(name for name in self._names["data"] if self.data[name].ndim)
        lengths = {name: len(self.data[name]) for name in names}
        if len(set(lengths.values())) != 1:
            raise UsageError(f"batches need arrays of one length, {self.scenario.name} has {lengths or 'none'}")
        return names

    def _count_batches(self) -> int:
        if not self._batched or self.scenario.batch_size is None:
            return 1
        return max(1, math.ceil(len(self.data[self._batched[0]]) / self.scenario.batch_size))

    def _count_steps(self, steps: int | None) -> int:
        if steps is not None:
            return positive_count("steps", steps)
        if self.scenario.steps is not None:
            return positive_count("steps", self.scenario.steps)
        return positive_count("epochs", self.scenario.epochs or 1) * self.batches_per_epoch

    def _hyperparameters(self) -> dict[str, Any]:
        settings = {name: value for name, value in self.scenario.all_settings().items() if value is not None}
        return {"optimizer": type(self.scenario.optimizer).__name__, **settings, "steps": self.steps}

    # The steps.

    def __iter__(self) -> Iterator[Step]:
        for index in range(self.steps):
            epoch, position = divmod(index, self.batches_per_epoch)
            if position == 0:
                order = self._order()
            step = self._step(index, self._batch(order, position))
            row: dict[str, Any] = {"step": index, "epoch": epoch, "loss": step.loss}
            if position == self.batches_per_epoch - 1:
                row.update(self._measure())
            self.metrics.append(row)
            yield replace(step, metrics=row)

    def _order(self) -> np.ndarray | None:
        if not self._batched or not self.scenario.shuffle:
            return None
        return self._rng.permutation(len(self.data[self._batched[0]]))

    def _batch(self, order: np.ndarray | None, position: int) -> dict[str, np.ndarray]:
        chosen = {name: self.data[name] for name in self._names["data"]}
        if self._batched:
            size = self.scenario.batch_size or 1
            part: Any = slice(position * size, (position + 1) * size)
            for name in self._batched:
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
        prediction = scenario.model(**_matching(scenario.model, available))
        if isinstance(prediction, Tensor):
            name = next(iter(self._names["prediction"]), "prediction")
            recorder.name(prediction, name, unless_named=True)

        recorder.enter(Phase.LOSS)
        available.update(dict.fromkeys(self._names["prediction"], prediction))
        loss: Tensor = scenario.loss(**_matching(scenario.loss, available))
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
        available = {**self._given, **self.data, **self.parameters}
        with np.errstate(all="ignore"):
            found = {
                name: _call(function, available, f"the metric {name}", self.scenario)
                for name, function in self.scenario.metrics.items()
            }
        return {name: value.item() if isinstance(value, (np.generic, np.ndarray)) and np.ndim(value) == 0 else value
                for name, value in found.items()}  # fmt: skip


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


def trace(function: Callable[..., Any], *arrays: Any) -> Step:
    """Record any function of arrays that returns a scalar, forward and backward.

    Floating arguments get a gradient, `step.gradient("name of the function's parameter")`; integers are data.

    >>> step = trace(lambda x, y: (x * y).sum(), [1.0, 2.0], [3.0, 4.0])
    >>> step.loss, step.gradient("x")
    (11.0, array([3., 4.]))
    """
    code = getattr(function, "__code__", None)
    recorder = Recorder(Path(code.co_filename).parent if code is not None else None)
    arguments = []
    for name, value in zip(_positional_names(function, len(arrays)), arrays, strict=True):
        array = np.array(value)
        if array.dtype.kind not in "biuf":
            raise UsageError(f"the argument {name!r} is not numeric: its dtype is {array.dtype}")
        arguments.append(recorder.leaf("parameter" if array.dtype.kind == "f" else "data", name, array, copy=False))
    try:
        with np.errstate(all="ignore"):
            recorder.enter(Phase.FORWARD)
            result = function(*arguments)
            check_scalar(result, f"the function {getattr(function, '__name__', function)}")
            recorder.name(result, "loss", unless_named=True)
            recorder.enter(Phase.BACKWARD)
            recorder.backward(result)
    except Exception as error:
        error.add_note(f"the last recorded node was {recorder.last_label()}")
        raise
    finally:
        recorder.release()
    return recorder.finish(0, result)


def check_scalar(value: Any, what: str) -> None:
    """Raise UsageError unless the value is one recorded floating number."""
    if not isinstance(value, Tensor):
        raise UsageError(f"{what} returned {type(value).__name__}, which was not computed from the recorded arrays")
    if value.shape != ():
        raise UsageError(f"{what} returned shape {value.shape}, one number is needed: reduce it with np.mean or np.sum")
    if value.dtype.kind != "f":
        raise UsageError(f"{what} returned {value.dtype}, which has no derivative: a floating number is needed")


def versions() -> dict[str, str]:
    """The versions that the numbers of a run depend on."""
    try:
        own = version("steptracer")
    except PackageNotFoundError:  # a checkout that is not installed
        own = "unknown"
    return {"tracer": own, "numpy": np.__version__, "python": platform.python_version()}


def _dtype(dtype: Any) -> str:
    try:
        name = str(np.dtype(dtype))
    except TypeError:
        name = str(dtype)
    if name not in DTYPES:
        raise UsageError(f"dtype must be float32 or float64, this is {name!r}")
    return name


def _names_of(function: Callable[..., Any]) -> list[str]:
    """The arguments that a function must be given: those without a default."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(function).parameters.values()
    return [each.name for each in parameters if each.kind in kinds and each.default is inspect.Parameter.empty]


def _positional_names(function: Callable[..., Any], count: int) -> list[str]:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # a C function tells nothing of its arguments
        parameters = []
    names = [each.name for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    return [*names[:count], *(f"argument{position}" for position in range(len(names), count))]


def _matching(function: Callable[..., Any], available: Mapping[str, Any]) -> dict[str, Any]:
    return {name: available[name] for name in inspect.signature(function).parameters if name in available}


def _call(function: Callable[..., Any], available: Mapping[str, Any], what: str, scenario: Scenario) -> Any:
    """Call a function with the arguments it names."""
    missing = [name for name in _names_of(function) if name not in available]
    if missing:
        hint = close_names(missing[0], sorted(available))
        raise UsageError(f"{what} of {scenario.name} asks for {missing[0]!r}{hint}")
    return function(**_matching(function, available))
