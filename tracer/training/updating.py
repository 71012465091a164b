"""Records the update phase of a step: hyperparameters and optimizer state as leaves, and the new parameter values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracer.errors import UsageError
from tracer.graph.paths import new_name
from tracer.graph.record import Phase
from tracer.nn.optimizers import Optimizer, update_sees_only_shapes
from tracer.nn.optimizers.clipping import Clipping
from tracer.nn.schedules import Schedule
from tracer.recording.recorder import Recorder
from tracer.recording.tensor import Tensor
from tracer.training.checkpoints import ACCUMULATED, State
from tracer.training.functions.matching import matching_arguments
from tracer.training.groups import Group


def initial_state(groups: Sequence[Group], parameters: Mapping[str, np.ndarray], accumulate: int) -> State:
    """The state of the optimizers before the first step, and with `accumulate` above 1 the sum of gradients, by parameter."""
    state: State = {}
    for group in groups:
        if group.optimizer is None:
            continue
        for name in group.parameters:
            kept = group.optimizer.initial_state(parameters[name])
            state[name] = kept | ({ACCUMULATED: np.zeros_like(parameters[name])} if accumulate > 1 else {})
    return state


@dataclass(frozen=True, slots=True)
class UpdatedNodes:
    """The ids of the nodes that hold the new parameters and the new optimizer state, by name."""

    parameters: dict[str, int]
    state: dict[str, dict[str, int]]

    def parameters_in(self, recorder: Recorder, before: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The parameters after the step: `before`, with the new values of those that were updated."""
        after = dict(before)
        for name, id in self.parameters.items():
            after[name] = recorder.value(id)
        return after

    def state_in(self, recorder: Recorder, before: State) -> State:
        """The optimizer state for the next step. Gradients that an update has used begin to accumulate anew."""
        after: State = {}
        for name, kept in before.items():
            if not kept and not self.state[name]:  # a parameter without state
                after[name] = {}
                continue
            new = {key: recorder.value(id) for key, id in self.state[name].items()}
            if name not in self.parameters:
                new = kept | new
            elif ACCUMULATED in kept:
                new[ACCUMULATED] = np.zeros_like(kept[ACCUMULATED])
            # In the order of the step before: a plan numbers the leaves of a step, and does not look at their names.
            after[name] = {key: new[key] for key in kept if key in new} | new
        return after


class Update:
    """The update of one step. The constructor records the leaves; `record` the update, after the backward pass.

    `given` holds the arguments available to a schedule: `t`, the number of the update from 1, `epoch`, and the settings. With
    `is_complete` False the step only adds its gradients to those of the steps before, for a later update.
    """

    def __init__(
        self,
        groups: Sequence[Group],
        clip: Clipping | None,
        recorder: Recorder,
        given: Mapping[str, Any],
        state: State,
        *,
        is_complete: bool = True,
    ) -> None:
        self.is_complete = is_complete
        self._recorder = recorder
        self._clip = clip if is_complete else None
        pairs = [(group, group.optimizer) for group in groups if group.optimizer is not None]
        self._parts = [_GroupUpdate(*pair, recorder, given) for pair in pairs] if is_complete else []
        clip_numbers = {} if self._clip is None else self._clip.hyperparameters()
        self._clip_numbers = {name: recorder.leaf("hyperparameter", name, number) for name, number in clip_numbers.items()}
        self._state: dict[str, dict[str, Tensor]] = {name: {} for name in state}
        for name, kept in state.items():
            for key, value in kept.items():
                if is_complete or key == ACCUMULATED:
                    self._state[name][key] = recorder.leaf("state", f"{key}_{name}", value, copy=False)

    @property
    def depends_only_on_shapes(self) -> bool:
        """True if the same operations are recorded for all parameters of the same shapes: a schedule may do anything."""
        is_replayable = self._clip is None or update_sees_only_shapes(self._clip)
        return is_replayable and all(part.depends_only_on_shapes for part in self._parts)

    def record(self, parameters: Mapping[str, Tensor]) -> UpdatedNodes:
        """Record the update of the trained parameters, which are those that have a state."""
        recorder = self._recorder
        updated = UpdatedNodes({}, {name: {} for name in self._state})
        gradients: dict[str, Tensor] = {}
        for name, kept in self._state.items():
            gradient = recorder.gradient(parameters[name].id)
            assert gradient is not None  # zeros where the loss does not depend on a trained parameter
            if ACCUMULATED in kept:
                recorder.enter(Phase.UPDATE, scope=f"accumulation/{name}", subject=name)
                gradient = _added(kept[ACCUMULATED], gradient)
                recorder.name(gradient, new_name(f"{ACCUMULATED}_{name}"))
                updated.state[name][ACCUMULATED] = gradient.id
            gradients[name] = gradient
        if self._clip is not None:
            gradients = self._clipped(self._clip, gradients)
        for part in self._parts:
            part.record(parameters, gradients, self._state, updated)
        return updated

    def _clipped(self, clip: Clipping, gradients: Mapping[str, Tensor]) -> dict[str, Tensor]:
        recorder, scope = self._recorder, type(clip).__name__
        recorder.enter(Phase.UPDATE, scope=scope)
        numbers = {**self._clip_numbers, **clip.prepare(list(gradients.values()), self._clip_numbers)}
        clipped = {}
        for name, gradient in gradients.items():
            recorder.enter(Phase.UPDATE, scope=f"{scope}/{name}", subject=name)
            clipped[name] = clip.clip(gradient, numbers)
        return clipped


def _added(accumulated: Tensor, gradient: Tensor) -> Tensor:
    return accumulated + gradient


class _GroupUpdate:
    """The update of a group of parameters by its optimizer. The constructor records the hyperparameters."""

    def __init__(self, group: Group, optimizer: Optimizer, recorder: Recorder, given: Mapping[str, Any]) -> None:
        self._group = group
        self._optimizer = optimizer
        self._recorder = recorder
        numbers = optimizer.hyperparameters(given["t"])
        self._schedule: Schedule | None = None
        if callable(numbers["learning_rate"]):
            self._schedule = numbers["learning_rate"]
            arguments = matching_arguments(self._schedule, {"t": given["t"], "epoch": given["epoch"]})
            numbers = {**{name: number for name, number in numbers.items() if name != "learning_rate"}, **arguments}
        self._numbers = {name: recorder.leaf("hyperparameter", group.own(name), number) for name, number in numbers.items()}
        self._settings = given

    @property
    def depends_only_on_shapes(self) -> bool:
        return self._schedule is None and update_sees_only_shapes(self._optimizer)

    def record(
        self,
        parameters: Mapping[str, Tensor],
        gradients: Mapping[str, Tensor],
        state: Mapping[str, Mapping[str, Tensor]],
        updated: UpdatedNodes,
    ) -> None:
        """Record the update of the parameters of the group, and note their new values and state in `updated`."""
        recorder, optimizer, group = self._recorder, self._optimizer, self._group
        scope = group.own(type(optimizer).__name__)
        numbers: dict[str, Any] = dict(self._numbers)
        if self._schedule is not None:
            numbers["learning_rate"] = self._scheduled_rate(self._schedule)
        recorder.enter(Phase.UPDATE, scope=scope)
        prepared = optimizer.prepare(numbers)
        if group.name:
            for name, value in prepared.items():
                if isinstance(value, Tensor):
                    recorder.name(value, group.own(name))
        numbers |= prepared
        for name in group.parameters:
            recorder.enter(Phase.UPDATE, scope=f"{scope}/{name}", subject=name)
            kept = {key: value for key, value in state[name].items() if key != ACCUMULATED}
            new, after = optimizer.update(parameters[name], gradients[name], kept, numbers)
            recorder.updated(parameters[name], new)
            recorder.name(new, new_name(name))
            for key, value in after.items():
                recorder.name(value, new_name(f"{key}_{name}"))
            updated.parameters[name] = new.id
            updated.state[name] |= {key: value.id for key, value in after.items()}

    def _scheduled_rate(self, schedule: Schedule) -> Tensor | float:
        """The learning rate of this step, as a Python number where possible: it then takes the dtype of the arrays."""
        self._recorder.enter(Phase.UPDATE, scope=self._group.own("learning rate"))
        rate = schedule(**matching_arguments(schedule, {**self._settings, **self._numbers}))
        value = rate.value if isinstance(rate, Tensor) else rate
        if np.shape(value) != () or np.asarray(value).dtype.kind not in "iuf":
            raise UsageError(f"the schedule of the learning rate returned {value!r}: one number is needed")
        if not isinstance(rate, Tensor) or isinstance(value, np.ndarray):
            return float(value)
        self._recorder.name(rate, self._group.own("learning_rate"))
        return rate
