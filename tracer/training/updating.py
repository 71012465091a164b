"""The update phase of a step: the optimizer's numbers and state enter the record, and every parameter gets its new value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tracer.errors import UsageError
from tracer.graph import Phase
from tracer.optimizers import Optimizer
from tracer.recorder import Recorder
from tracer.schedules import Schedule
from tracer.tensor import Tensor
from tracer.training.preparation import matching

State = dict[str, dict[str, np.ndarray]]
"""What an optimizer keeps, by the names of the parameters."""


class Update:
    """The update of one step. Made while leaves may enter the record; recorded once the gradients are there.

    `given` is what a schedule may ask for: `t`, the number of the step counted from 1, `epoch`, and the settings.
    """

    def __init__(self, optimizer: Optimizer, recorder: Recorder, given: Mapping[str, Any], state: State) -> None:
        self._optimizer = optimizer
        self._recorder = recorder
        numbers = optimizer.hyperparameters(given["t"])
        self._schedule: Schedule | None = None
        if callable(numbers["learning_rate"]):
            self._schedule = numbers["learning_rate"]
            asked = matching(self._schedule, {"t": given["t"], "epoch": given["epoch"]})
            numbers = {**{name: number for name, number in numbers.items() if name != "learning_rate"}, **asked}
        self._numbers = {name: recorder.leaf("hyperparameter", name, number) for name, number in numbers.items()}
        self._state = {
            name: {key: recorder.leaf("state", f"{key}_{name}", value, copy=False) for key, value in kept.items()}
            for name, kept in state.items()
        }
        self._settings = given

    def record(self, parameters: Mapping[str, Tensor]) -> tuple[dict[str, np.ndarray], State]:
        """Record the update of all parameters; their new values, and the state for the next step."""
        recorder, optimizer = self._recorder, self._optimizer
        family = type(optimizer).__name__
        numbers: dict[str, Any] = dict(self._numbers)
        if self._schedule is not None:
            numbers["learning_rate"] = self._scheduled(self._schedule)
        recorder.enter(Phase.UPDATE, scope=family)
        numbers |= optimizer.prepare(numbers)
        values: dict[str, np.ndarray] = {}
        state: State = {}
        for name, parameter in parameters.items():
            recorder.enter(Phase.UPDATE, scope=f"{family}/{name}", subject=name)
            gradient = recorder.gradient(parameter.id)
            new, kept = optimizer.update(parameter, gradient, self._state[name], numbers)
            recorder.updated(parameter, new)
            recorder.name(new, f"{name}_new")
            for key, value in kept.items():
                recorder.name(value, f"{key}_{name}_new")
            values[name] = new.value
            state[name] = {key: value.value for key, value in kept.items()}
        return values, state

    def _scheduled(self, schedule: Schedule) -> Tensor | float:
        """The learning rate of this step: as a number, so that it takes the dtype of the array it meets."""
        self._recorder.enter(Phase.UPDATE, scope="learning rate")
        rate = schedule(**matching(schedule, {**self._settings, **self._numbers}))
        value = rate.value if isinstance(rate, Tensor) else rate
        if np.shape(value) != () or np.asarray(value).dtype.kind not in "iuf":
            raise UsageError(f"the schedule of the learning rate returned {value!r}: one number is needed")
        if not isinstance(rate, Tensor) or isinstance(value, np.ndarray):
            return float(value)
        self._recorder.name(rate, "learning_rate")
        return rate
