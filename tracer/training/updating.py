"""Records the update phase of a step: hyperparameters and optimizer state as leaves, and the new parameter values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracer.errors import UsageError
from tracer.graph.paths import new_name
from tracer.graph.record import Phase
from tracer.nn.optimizers import Optimizer, update_sees_only_shapes
from tracer.nn.schedules import Schedule
from tracer.recording.recorder import Recorder
from tracer.recording.tensor import Tensor
from tracer.training.checkpoints import State
from tracer.training.functions.matching import matching_arguments


@dataclass(frozen=True, slots=True)
class UpdatedNodes:
    """The ids of the nodes that hold the new parameters and the new optimizer state, by name."""

    parameters: dict[str, int]
    state: dict[str, dict[str, int]]

    def parameters_in(self, recorder: Recorder) -> dict[str, np.ndarray]:
        """The new values of the parameters."""
        return {name: recorder.value(id) for name, id in self.parameters.items()}

    def state_in(self, recorder: Recorder) -> State:
        """The optimizer state for the next step."""
        return {name: {key: recorder.value(id) for key, id in kept.items()} for name, kept in self.state.items()}


class Update:
    """The update of one step. The constructor records the leaves; `record` the update, after the backward pass.

    `given` holds the arguments available to a schedule: `t`, the step number from 1, `epoch`, and the settings.
    """

    def __init__(self, optimizer: Optimizer, recorder: Recorder, given: Mapping[str, Any], state: State) -> None:
        self._optimizer = optimizer
        self._recorder = recorder
        numbers = optimizer.hyperparameters(given["t"])
        self._schedule: Schedule | None = None
        if callable(numbers["learning_rate"]):
            self._schedule = numbers["learning_rate"]
            arguments = matching_arguments(self._schedule, {"t": given["t"], "epoch": given["epoch"]})
            numbers = {**{name: number for name, number in numbers.items() if name != "learning_rate"}, **arguments}
        self._numbers = {name: recorder.leaf("hyperparameter", name, number) for name, number in numbers.items()}
        self._state = {
            name: {key: recorder.leaf("state", f"{key}_{name}", value, copy=False) for key, value in kept.items()}
            for name, kept in state.items()
        }
        self._settings = given

    @property
    def depends_only_on_shapes(self) -> bool:
        """True if the same operations are recorded for all parameters of the same shapes: a schedule may do anything."""
        return self._schedule is None and update_sees_only_shapes(self._optimizer)

    def record(self, parameters: Mapping[str, Tensor]) -> UpdatedNodes:
        """Record the update of all parameters."""
        recorder, optimizer = self._recorder, self._optimizer
        optimizer_name = type(optimizer).__name__
        numbers: dict[str, Any] = dict(self._numbers)
        if self._schedule is not None:
            numbers["learning_rate"] = self._scheduled_rate(self._schedule)
        recorder.enter(Phase.UPDATE, scope=optimizer_name)
        numbers |= optimizer.prepare(numbers)
        updated = UpdatedNodes({}, {})
        for name, parameter in parameters.items():
            recorder.enter(Phase.UPDATE, scope=f"{optimizer_name}/{name}", subject=name)
            gradient = recorder.gradient(parameter.id)
            new, kept = optimizer.update(parameter, gradient, self._state[name], numbers)
            recorder.updated(parameter, new)
            recorder.name(new, new_name(name))
            for key, value in kept.items():
                recorder.name(value, new_name(f"{key}_{name}"))
            updated.parameters[name] = new.id
            updated.state[name] = {key: value.id for key, value in kept.items()}
        return updated

    def _scheduled_rate(self, schedule: Schedule) -> Tensor | float:
        """The learning rate of this step, as a Python number where possible: it then takes the dtype of the arrays."""
        self._recorder.enter(Phase.UPDATE, scope="learning rate")
        rate = schedule(**matching_arguments(schedule, {**self._settings, **self._numbers}))
        value = rate.value if isinstance(rate, Tensor) else rate
        if np.shape(value) != () or np.asarray(value).dtype.kind not in "iuf":
            raise UsageError(f"the schedule of the learning rate returned {value!r}: one number is needed")
        if not isinstance(rate, Tensor) or isinstance(value, np.ndarray):
            return float(value)
        self._recorder.name(rate, "learning_rate")
        return rate
