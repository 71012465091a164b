"""Prepares a run: loads data and initial parameters, validates them, and matches them to arguments by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tracer.arguments import folded_names, numeric_array
from tracer.errors import UsageError, close_names
from tracer.training.checkpoints import StoredCheckpoint
from tracer.training.scenario import Scenario

AT_START = ("steps", "epochs", "batches")
"""Arguments available to a report before the run, in addition to data, parameters and settings."""

AFTER_STEP = (*AT_START, "step", "epoch", "batch", "loss", "record")
"""Arguments available to a report from the first step on."""


@dataclass(frozen=True, slots=True)
class PreparedData:
    """Read-only data and initial parameters by name, and how model, loss and metrics take them.

    `used` names the data that model or loss take, `batched` those that are split into batches. `prediction` is the name
    under which the loss takes the model's result; empty if it takes none, or takes results by their own names.
    `batch_metrics` names the metrics that take a result of the model. `model_takes` and `loss_takes` are argument names.
    """

    data: Mapping[str, np.ndarray]
    parameters: Mapping[str, np.ndarray]
    used: tuple[str, ...]
    batched: tuple[str, ...]
    prediction: str
    batch_metrics: tuple[str, ...]
    model_takes: tuple[str, ...]
    loss_takes: tuple[str, ...]

    @property
    def examples(self) -> int:
        """The number of examples; 1 if the data is not split into batches."""
        return len(self.data[self.batched[0]]) if self.batched else 1


def prepare(
    scenario: Scenario,
    given: Mapping[str, Any],
    parameters: Mapping[str, Any] | StoredCheckpoint,
    dtype: str,
    path: str | Path | None,
) -> PreparedData:
    """Load the data, create the initial parameters, and validate the scenario.

    `given` holds the arguments available to the scenario's functions, `parameters` replaces initial values, `path` is that of a
    data file. Raises UsageError if anything is invalid.
    """
    for function, what in ((scenario.data, "data"), (scenario.model, "model"), (scenario.loss, "loss")):
        _check_signature(function, f"{what} of {scenario.name}")
    data = _load_data(scenario, given, dtype, path)
    initial = _initial_parameters(scenario, {**data, **given}, parameters, dtype)
    for name in initial:
        if name in data or name in scenario.settings:
            other = "data" if name in data else "a setting"
            raise UsageError(f"{scenario.name} has a parameter and {other} named {name!r}: rename one")
    known = {*data, *initial, *scenario.settings}
    require_arguments(scenario.model, {*known, "rng"}, f"the model of {scenario.name}")
    prediction = next((name for name in required_names(scenario.loss) if name not in {*known, "rng"}), "")
    for name, metric in scenario.metrics.items():
        _check_signature(metric, f"the metric {name} of {scenario.name}")
    available = {*known, *given} - {"rng"}
    batch_metrics = tuple(name for name, metric in scenario.metrics.items() if {*required_names(metric)} - available)
    model_takes = tuple(inspect.signature(scenario.model).parameters)
    loss_takes = tuple(inspect.signature(scenario.loss).parameters)
    used = tuple(name for name in data if name in {*model_takes, *loss_takes})
    for name in used:
        if not data[name].size:
            raise UsageError(f"the data {name!r} of {scenario.name} is empty: its shape is {data[name].shape}")
    batched = _batched(scenario, data, used)
    _check_validation(scenario, data, batched or used)
    prepared = PreparedData(data, initial, used, batched, prediction, batch_metrics, model_takes, loss_takes)
    _check_schedule(scenario)
    measured = ["loss", *scenario.metrics]
    if scenario.validation:
        measured += ["val_loss", *(f"val_{name}" for name in batch_metrics)]
    _check_monitors(scenario, measured)
    _check_report(scenario, available, measured)
    return prepared


def _load_data(scenario: Scenario, given: Mapping[str, Any], dtype: str, path: str | Path | None) -> dict[str, np.ndarray]:
    takes_path = "path" in inspect.signature(scenario.data).parameters
    if path is not None and not takes_path:
        raise UsageError(f"{scenario.name} makes its own data: it takes none from {path}")
    data = call_by_name(scenario.data, {**given, "path": path}, f"data() of {scenario.name}")
    if not isinstance(data, Mapping):
        raise UsageError(f"data() of {scenario.name} must return named arrays in a dict, not {type(data).__name__}")
    data = folded_names(data, f"data() of {scenario.name}")
    _check_names(data, f"data() of {scenario.name} returns something")
    return {name: numeric_array(value, f"the data {name!r} of {scenario.name}", dtype) for name, value in data.items()}


def _initial_parameters(
    scenario: Scenario, available: Mapping[str, Any], given: Mapping[str, Any] | StoredCheckpoint, dtype: str
) -> dict[str, np.ndarray]:
    own = scenario.parameters
    if callable(own):
        own = call_by_name(own, available, f"parameters() of {scenario.name}")
    if not isinstance(own, Mapping) or not own:
        raise UsageError(f"the parameters of {scenario.name} must be initial values by name, in a dict")
    own = folded_names(own, f"parameters of {scenario.name}")
    _check_names(own, f"{scenario.name} has a parameter")

    def checked(name: str, value: Any, where: str = "") -> np.ndarray:
        return numeric_array(value, f"{where}the parameter {name!r} of {scenario.name}", dtype, floating=True)

    initial = {name: checked(name, value) for name, value in own.items()}
    where = ""
    if isinstance(given, StoredCheckpoint):
        where = f"{given.path}: "
        _check_complete(given, initial, scenario.name)
        given = given.parameters
    if not isinstance(given, Mapping):
        raise UsageError(f"parameters are given as values by name, in a dict, not as {type(given).__name__}")
    for name, value in folded_names(given, f"{where}the given parameters").items():
        if name not in initial:
            raise UsageError(f"{where}{scenario.name} has no parameter {name!r}{close_names(str(name), list(initial))}")
        new = checked(name, value, where)
        if new.shape != initial[name].shape:
            raise UsageError(f"{where}the parameter {name!r} has shape {initial[name].shape}, the given value {new.shape}")
        initial[name] = new
    return initial


def _check_names(values: Mapping[Any, Any], what: str) -> None:
    for name in values:
        if not isinstance(name, str) or not name.isidentifier():
            raise UsageError(f"{what} under {name!r}, which is no name of an argument")


def _check_complete(checkpoint: StoredCheckpoint, initial: Mapping[str, np.ndarray], scenario: str) -> None:
    """Raise UsageError if a checkpoint lacks a parameter: it is that of another model."""
    arrays = checkpoint.parameters
    missing = [name for name in initial if name not in arrays]
    if missing:
        holds = f"it holds {', '.join(arrays)}" if arrays else "it is empty"
        raise UsageError(f"{checkpoint.path} is no checkpoint of {scenario}: it has no parameter {missing[0]!r}; {holds}")


def _batched(scenario: Scenario, data: Mapping[str, np.ndarray], used: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the data that are split into batches."""
    for name in scenario.batched or ():
        if name not in used:
            raise UsageError(f"batched names {name!r}, which is no data of model or loss{close_names(str(name), list(used))}")
    if scenario.batch_size is None:
        return ()
    requested = used if scenario.batched is None else tuple(name for name in used if name in scenario.batched)
    lengths = {name: len(data[name]) for name in requested if data[name].ndim}
    if len(set(lengths.values())) != 1:
        raise UsageError(f"batches need arrays of one length, {scenario.name} has {lengths or 'none'}")
    return tuple(lengths)


def _check_validation(scenario: Scenario, data: Mapping[str, np.ndarray], by_row: Collection[str]) -> None:
    """Raise UsageError unless validation names existing data, and replaces all arrays with the same number of rows."""
    what = f"the validation of {scenario.name}"
    for pair in scenario.validation.items():
        for name in pair:
            if name not in data:
                raise UsageError(f"{what} asks for {name!r}{close_names(str(name), sorted(data))}")
    rows = {data[name].shape[:1]: name for name in scenario.validation}
    for name in by_row:
        if name not in scenario.validation and data[name].shape[:1] in rows:
            other = rows[data[name].shape[:1]]
            raise UsageError(f"{what} replaces {other!r} and leaves {name!r}, which belongs to it row by row")


def _check_schedule(scenario: Scenario) -> None:
    schedule = scenario.optimizer.learning_rate if scenario.optimizer is not None else None
    if callable(schedule):
        what = f"the learning rate of {scenario.name}"
        _check_signature(schedule, what)
        require_arguments(schedule, {"t", "epoch", *scenario.settings}, what)


def _check_monitors(scenario: Scenario, measured: list[str]) -> None:
    for monitor in (scenario.stopping, scenario.checkpoint):
        if monitor is not None and monitor.monitor not in measured:
            what = f"the {type(monitor).__name__} of {scenario.name} watches {monitor.monitor!r}"
            missing = monitor.monitor.startswith("val_") and not scenario.validation
            hint = ": give the scenario a validation" if missing else close_names(monitor.monitor, measured)
            raise UsageError(f"{what}, which is not measured{hint}")


def _check_report(scenario: Scenario, known: Collection[str], measured: Collection[str]) -> None:
    """Raise UsageError if a function of the report takes an argument that is not available at its time."""
    report = scenario.report
    available = {
        "start": (report.start, AT_START),
        "step": (report.step, AFTER_STEP),
        "epoch": (report.epoch, (*AFTER_STEP, *measured)),
        "end": (report.end, (*AFTER_STEP, *measured)),
    }
    for when, (function, names) in available.items():
        if function is not None:
            what = f"the report of {scenario.name} ({when})"
            _check_signature(function, what)
            require_arguments(function, {*known, *names}, what)


def required_names(function: Callable[..., Any]) -> list[str]:
    """The names of the arguments without a default."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(function).parameters.values()
    return [each.name for each in parameters if each.kind in kinds and each.default is inspect.Parameter.empty]


def matching_arguments(function: Callable[..., Any], available: Mapping[str, Any]) -> dict[str, Any]:
    """The available values that a function takes as arguments, by name."""
    return {name: available[name] for name in inspect.signature(function).parameters if name in available}


def require_arguments(function: Callable[..., Any], available: Collection[str], what: str) -> None:
    """Raise UsageError if a required argument of a function is not available."""
    missing = [name for name in required_names(function) if name not in available]
    if missing:
        raise UsageError(f"{what} asks for {missing[0]!r}{close_names(missing[0], sorted(available))}")


def call_by_name(function: Callable[..., Any], available: Mapping[str, Any], what: str) -> Any:
    """Call a function with the available arguments it takes. Raises UsageError if a required one is not available."""
    require_arguments(function, available, what)
    return function(**matching_arguments(function, available))


def _check_signature(function: Callable[..., Any], what: str) -> None:
    """Raise UsageError unless all arguments of a function can be passed by name."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        raise UsageError(f"{what} does not tell the names of its arguments: write a function around it") from None
    for each in parameters:
        if each.kind in (each.POSITIONAL_ONLY, each.VAR_POSITIONAL, each.VAR_KEYWORD):
            argument = str(each).partition(":")[0]
            raise UsageError(f"{what} has the argument {argument}, but arguments are matched by name: name each one")
