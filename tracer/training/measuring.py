"""Measures metrics on plain arrays: for every batch, and at the end of each epoch, also on validation data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tracer.errors import UsageError
from tracer.training.functions.generators import generator_of
from tracer.training.functions.matching import call_by_name
from tracer.training.functions.results import named_results
from tracer.training.preparation import PreparedData
from tracer.training.scenario import Scenario


@dataclass(slots=True)
class EpochMetrics:
    """Measures the metrics of an epoch. `context` holds arguments available to metrics in addition to the data."""

    scenario: Scenario
    prepared: PreparedData
    context: Mapping[str, Any]
    seed: int = 0
    _batch_sizes: list[int] = field(default_factory=list)
    _batch_rows: list[dict[str, Any]] = field(default_factory=list)

    def add_batch(self, losses: Mapping[str, float], available: Mapping[str, Any], examples: int) -> None:
        """Measure a batch; `available` holds its data and results, and the parameters before the update."""
        self._batch_sizes.append(examples)
        metrics = self._batch_metrics({**self.context, **available}) if self.prepared.batch_metrics else {}
        self._batch_rows.append({**losses, **metrics})

    def end_epoch(self, arguments: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """All metrics of the epoch: means over its examples, then those of the parameters after its last update."""
        means = {name: _mean([row[name] for row in self._batch_rows], self._batch_sizes) for name in self._batch_rows[0]}
        self._batch_sizes, self._batch_rows = [], []
        return means | self.measure_parameters(arguments)

    def measure_parameters(self, arguments: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """The metrics that need no batch: those on validation data, and those that take no result of the model.

        `arguments` returns parameters and buffers: new ones every time, because a model may write into its buffers.
        """
        measured: dict[str, Any] = {}
        if not self.scenario.validation and not self.scenario.metrics:
            return measured
        available = {**self.context, **self.prepared.data, **arguments()}
        with np.errstate(all="ignore"):
            if self.scenario.validation:
                measured.update(self._validation_metrics({**available, **arguments()}))
            for name, metric in self.scenario.metrics.items():
                if name not in self.prepared.batch_metrics:
                    measured[name] = _as_python(call_by_name(metric, available, self._label(name)))
        return measured

    def _validation_metrics(self, available: Mapping[str, Any]) -> dict[str, Any]:
        scenario = self.scenario
        replaced = {**available, **{name: self.prepared.data[other] for name, other in scenario.validation.items()}}
        try:
            prepared, names = self.prepared, self.prepared.parameter_names
            of_step = {"rng": generator_of(self.seed, None), "training": False, **replaced}
            returned = scenario.model(**prepared.model_takes.arguments(of_step, names))
            replaced.update(named_results(returned, scenario, prepared.results, prepared.taken))
            losses = {
                name: _as_python(loss(**prepared.loss_takes[name].arguments({**of_step, **replaced}, names)))
                for name, loss in scenario.losses.items()
            }
            measured = {"loss": next(iter(losses.values())), **losses, **self._batch_metrics(replaced)}
        except Exception as error:
            error.add_note("while measuring on the validation data")
            raise
        return {f"val_{name}": value for name, value in measured.items()}

    def _batch_metrics(self, available: Mapping[str, Any]) -> dict[str, float]:
        """The metrics that take a result of the model."""
        measured = {}
        for name in self.prepared.batch_metrics:
            with np.errstate(all="ignore"):
                value = np.asarray(call_by_name(self.scenario.metrics[name], available, self._label(name)))
            if value.shape != () or value.dtype.kind not in "biuf":
                kind = f"shape {value.shape}" if value.shape else str(value)
                raise UsageError(f"{self._label(name)} is averaged over batches: it must return one number, not {kind}")
            measured[name] = float(value)
        return measured

    def _label(self, name: str) -> str:
        return f"the metric {name} of {self.scenario.name}"


def _mean(values: Sequence[float], weights: Sequence[int]) -> float:
    return values[0] if len(values) == 1 else float(np.average(values, weights=weights))


def _as_python(value: Any) -> Any:
    """A NumPy scalar or 0-d array as a Python number; an array unchanged."""
    if np.ndim(value):
        return value
    number = np.asarray(value).item()
    return float(number) if isinstance(number, np.floating) else number  # `item` leaves a longdouble as it is
