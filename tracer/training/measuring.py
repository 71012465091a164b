"""Measures a run on plain arrays: its metrics on every batch and at the end of each epoch, also on validation data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tracer.errors import UsageError
from tracer.training.preparation import Prepared, call_by_name, matching
from tracer.training.scenario import Scenario


def named_results(returned: Any, scenario: Scenario, prepared: Prepared) -> dict[str, Any]:
    """What the model returned, by the names under which loss and metrics ask for it.

    Raises UsageError where there is nothing, or a name is taken.
    """
    if returned is None:
        raise UsageError(f"the model of {scenario.name} returned nothing: does it end without a return?")
    if not isinstance(returned, Mapping):
        return {prepared.prediction or "prediction": returned}
    for name in returned:
        if not isinstance(name, str) or not name.isidentifier():
            raise UsageError(f"the model of {scenario.name} returns a result under {name!r}, which is no name of an argument")
        if name in prepared.data or name in prepared.parameters or name in scenario.settings:
            raise UsageError(f"the model of {scenario.name} returns {name!r}, which is data, a parameter or a setting too")
    return dict(returned)


@dataclass(slots=True)
class EpochMetrics:
    """Collects what is measured in the course of an epoch. `given` is what functions may ask for beside the data."""

    scenario: Scenario
    prepared: Prepared
    given: Mapping[str, Any]
    _weights: list[int] = field(default_factory=list)
    _measured: list[dict[str, Any]] = field(default_factory=list)

    def add_batch(self, loss: float, available: Mapping[str, Any], examples: int) -> None:
        """Measure a batch of so many examples; `available` are its data and results, and the parameters before the update."""
        self._weights.append(examples)
        results = self._on_results({**self.given, **available}) if self.prepared.batch_metrics else {}
        self._measured.append({"loss": loss, **results})

    def end_epoch(self, parameters: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Everything measured of the epoch, means over its examples first. `parameters` are those after its last update."""
        found = {name: _mean([row[name] for row in self._measured], self._weights) for name in self._measured[0]}
        self._weights, self._measured = [], []
        return found | self.of_parameters(parameters)

    def of_parameters(self, parameters: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """What is measured without a batch: on validation data, and the metrics that ask for no result of the model."""
        found: dict[str, Any] = {}
        if not self.scenario.validation and not self.scenario.metrics:
            return found
        available = {**self.given, **self.prepared.data, **parameters}
        with np.errstate(all="ignore"):
            if self.scenario.validation:
                found.update(self._on_validation_data(available))
            for name, metric in self.scenario.metrics.items():
                if name not in self.prepared.batch_metrics:
                    found[name] = _number(call_by_name(metric, available, self._called(name)))
        return found

    def _on_validation_data(self, available: Mapping[str, Any]) -> dict[str, Any]:
        scenario = self.scenario
        there = {**available, **{name: self.prepared.data[other] for name, other in scenario.validation.items()}}
        try:
            returned = scenario.model(**matching(scenario.model, there))
            there.update(named_results(returned, scenario, self.prepared))
            loss = scenario.loss(**matching(scenario.loss, there))
            measured = {"loss": _number(loss), **self._on_results(there)}
        except Exception as error:
            error.add_note("while measuring on the validation data")
            raise
        return {f"val_{name}": value for name, value in measured.items()}

    def _on_results(self, available: Mapping[str, Any]) -> dict[str, float]:
        """The metrics that ask for a result of the model."""
        found = {}
        for name in self.prepared.batch_metrics:
            with np.errstate(all="ignore"):
                value = np.asarray(call_by_name(self.scenario.metrics[name], available, self._called(name)))
            if value.shape != () or value.dtype.kind not in "biuf":
                kind = f"shape {value.shape}" if value.shape else str(value)
                raise UsageError(f"{self._called(name)} is averaged over batches: it must return one number, not {kind}")
            found[name] = float(value)
        return found

    def _called(self, name: str) -> str:
        return f"the metric {name} of {self.scenario.name}"


def _mean(values: Sequence[float], weights: Sequence[int]) -> float:
    return values[0] if len(values) == 1 else float(np.average(values, weights=weights))


def _number(value: Any) -> Any:
    """A number as Python's own, whatever NumPy made of it; anything else as it is."""
    return value if np.ndim(value) else np.asarray(value).item()
