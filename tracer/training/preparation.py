"""Prepares a run: loads data and initial parameters, validates them, and matches them to arguments by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tracer.arguments import folded_names, numeric_array
from tracer.errors import UsageError, close_names
from tracer.training.checkpoints import StoredCheckpoint
from tracer.training.functions.matching import (
    Takes,
    call_by_name,
    check_names,
    check_signature,
    require_arguments,
    required_names,
    taken_by,
)
from tracer.training.parameters.buffers import copies, initial_buffers
from tracer.training.parameters.initial import initial_parameters
from tracer.training.parameters.nested import Structure
from tracer.training.scenario import Scenario

AT_START = ("steps", "epochs", "batches")
"""Arguments available to a report before the run, in addition to data, parameters and settings."""

OF_STEP = ("rng", "training")
"""Arguments of model and loss: a generator of the step, and whether it is a step of training and no measurement."""

AFTER_STEP = (*AT_START, "step", "epoch", "batch", "loss", "record")
"""Arguments available to a report from the first step on."""


@dataclass(frozen=True, slots=True)
class PreparedData:
    """Read-only data and initial parameters by name, and how model, loss and metrics take them.

    `structure` is that of the parameters, which `parameters` has by path; so it is with `buffers`. `used` names the data that
    model or loss take, `batched` those that are split into batches. `results` are the names under which the loss asks for results
    of the model. `batch_metrics` names the metrics that take a result of the model. `model_takes` and `loss_takes` are arguments,
    `settings` the names of the scenario's own.
    """

    data: Mapping[str, np.ndarray]
    parameters: Mapping[str, np.ndarray]
    structure: Structure
    buffers: Mapping[str, np.ndarray]
    buffer_structure: Structure
    used: tuple[str, ...]
    batched: tuple[str, ...]
    results: tuple[str, ...]
    batch_metrics: tuple[str, ...]
    model_takes: Takes
    loss_takes: Mapping[str, Takes]
    settings: tuple[str, ...]

    @property
    def examples(self) -> int:
        """The number of examples; 1 if the data is not split into batches."""
        return len(self.data[self.batched[0]]) if self.batched else 1

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The names of arguments under which functions take the parameters."""
        return self.structure.names

    @property
    def taken(self) -> frozenset[str]:
        """The names of data, parameters, buffers and settings, which no result can have."""
        return frozenset({*self.data, *self.structure.names, *self.buffer_structure.names, *self.settings})

    def structured(self, parameters: Mapping[str, Any], buffers: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Parameters, and copies of buffers, as functions take them."""
        return {**self.structure.filled(parameters), **self.buffer_structure.filled(copies(buffers))}


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
    for function, what in (
        (scenario.data, "data"),
        (scenario.model, "model"),
        *((each, name) for name, each in scenario.losses.items()),
    ):
        if callable(function):
            check_signature(function, f"{what} of {scenario.name}", takes_rest=what != "data")
    data = _load_data(scenario, given, dtype, path)
    structure, initial = initial_parameters(scenario, {**data, **given}, parameters, dtype)
    buffer_structure, buffers = initial_buffers(scenario, {**data, **given}, parameters, dtype)
    _check_distinct(scenario, {"data": data, "a setting": scenario.settings}, structure.names, buffer_structure.names)
    known = {*data, *structure.names, *buffer_structure.names, *scenario.settings}
    require_arguments(scenario.model, {*known, *OF_STEP}, f"the model of {scenario.name}")
    asked = dict.fromkeys(name for loss in scenario.losses.values() for name in required_names(loss))
    results = tuple(name for name in asked if name not in {*known, *OF_STEP})
    for name, metric in scenario.metrics.items():
        check_signature(metric, f"the metric {name} of {scenario.name}")
    available = {*known, *given} - {"rng"}
    batch_metrics = tuple(name for name, metric in scenario.metrics.items() if {*required_names(metric)} - available)
    model_takes = taken_by(scenario.model)
    loss_takes = {name: taken_by(loss) for name, loss in scenario.losses.items()}
    taken = {*model_takes.names, *(name for takes in loss_takes.values() for name in takes.names)}
    used = tuple(name for name in data if name in taken)
    for name in used:
        if not data[name].size:
            raise UsageError(f"the data {name!r} of {scenario.name} is empty: its shape is {data[name].shape}")
    batched = _batched(scenario, data, used)
    _check_validation(scenario, data, batched or used)
    settings = tuple(scenario.settings)
    prepared = PreparedData(
        data,
        initial,
        structure,
        buffers,
        buffer_structure,
        used,
        batched,
        results,
        batch_metrics,
        model_takes,
        loss_takes,
        settings,
    )
    _check_schedule(scenario)
    losses = dict.fromkeys(("loss", *scenario.losses))
    measured = [*losses, *scenario.metrics]
    if scenario.validation:
        measured += [f"val_{name}" for name in (*losses, *batch_metrics)]
    _check_monitors(scenario, measured)
    _check_report(scenario, available, measured)
    return prepared


def _check_distinct(
    scenario: Scenario, others: Mapping[str, Collection[str]], parameters: Collection[str], buffers: Collection[str]
) -> None:
    """Raise UsageError if two things have one name."""
    for what, names, taken in (("parameter", parameters, others), ("buffer", buffers, {**others, "a parameter": parameters})):
        for name in names:
            for other, its_names in taken.items():
                if name in its_names:
                    raise UsageError(f"{scenario.name} has a {what} and {other} named {name!r}: rename one")


def _load_data(scenario: Scenario, given: Mapping[str, Any], dtype: str, path: str | Path | None) -> dict[str, np.ndarray]:
    own = scenario.data
    if isinstance(own, Mapping):
        if path is not None:
            raise UsageError(f"{scenario.name} has its own data: it takes none from {path}")
        data: Any = own
    else:
        if path is not None and "path" not in taken_by(own).names:
            raise UsageError(f"{scenario.name} makes its own data: it takes none from {path}")
        data = call_by_name(own, {**given, "path": path}, f"data() of {scenario.name}")
    if not isinstance(data, Mapping):
        raise UsageError(f"data() of {scenario.name} must return named arrays in a dict, not {type(data).__name__}")
    data = folded_names(data, f"data() of {scenario.name}")
    check_names(data, f"data() of {scenario.name} returns something")
    return {name: numeric_array(value, f"the data {name!r} of {scenario.name}", dtype) for name, value in data.items()}


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
    for group, optimizer in scenario.optimizers.items():
        schedule = optimizer.learning_rate
        if callable(schedule):
            what = f"the learning rate of {scenario.name}" + (f" ({group})" if group else "")
            check_signature(schedule, what)
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
            check_signature(function, what)
            require_arguments(function, {*known, *names}, what)
