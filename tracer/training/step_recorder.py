"""Records the training steps of a scenario: forward pass, loss, backward pass, update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.errors import UsageError
from tracer.graph.record import Phase
from tracer.graph.structures.garbage_collection import while_a_step_is_recorded
from tracer.recording.plan import BackwardPlan, Match, backward_plan
from tracer.recording.recorder import Recorder
from tracer.recording.results import Explained, check_scalar
from tracer.recording.source import Files
from tracer.recording.tensor import Tensor
from tracer.training.checkpoints import Progress
from tracer.training.functions.generators import generator_of
from tracer.training.functions.matching import require_arguments
from tracer.training.functions.results import named_results
from tracer.training.groups import Group
from tracer.training.parameters.buffers import buffers_after
from tracer.training.preparation import PreparedData
from tracer.training.scenario import Scenario
from tracer.training.updating import Update, UpdatedNodes

MAX_PLANS = 4
"""Maximum number of plans that are kept: steps of one size and of the last, smaller batch of an epoch each have one."""


class StepRecorder:
    """Records the steps of a run, one after the other.

    `parameters`, `buffers`, and the `state` of the optimizers, are those after the last step; `updates` counts the updates so
    far, `pending` the steps since the last one. `earlier` is the progress that the run continues.
    """

    def __init__(
        self,
        scenario: Scenario,
        prepared: PreparedData,
        groups: Sequence[Group],
        earlier: Progress,
        seed: int,
        state: dict[str, dict[str, np.ndarray]],
    ) -> None:
        self.parameters = dict(prepared.parameters)
        self.buffers = dict(prepared.buffers)
        self.state = state
        self._scenario = scenario
        self._prepared = prepared
        self._groups = groups
        self._frozen = frozenset(prepared.parameters) - {name for group in groups for name in group.parameters}
        self._taken = prepared.taken
        self._takes_rng = any("rng" in takes.names for takes in (prepared.model_takes, *prepared.loss_takes.values()))
        self._losses = scenario.losses
        self._has_several = isinstance(scenario.loss, Mapping)
        self.updates = earlier.updates
        self.pending = earlier.pending
        self._earlier = earlier
        self._seed = seed
        self._plans: dict[bool, list[tuple[BackwardPlan, UpdatedNodes]]] = {True: [], False: []}
        """Of the steps that update the parameters, and of those that only accumulate their gradients; the latest first."""
        self._files = Files(scenario.path.parent if scenario.path else None)

    def record(
        self, index: int, epoch: int, batch: Mapping[str, np.ndarray]
    ) -> tuple[Recorder, dict[str, Tensor], dict[str, Any]]:
        """Record a step of a batch. Returns the recorder, the losses by name, and the results of the model by name.

        Exceptions of the scenario's code get a note with the last recorded node.
        """
        recorder = Recorder(self._files)
        try:
            # Overflow and NaN are recorded, with the node they started at; NumPy's warnings would add nothing.
            with (
                Explained(lambda: f"{index}.{recorder.last_label()}"),
                np.errstate(all="ignore"),
                while_a_step_is_recorded(),
            ):
                losses, results = self._record(recorder, index, epoch, batch)
        finally:
            recorder.release()
        return recorder, losses, results

    def plain_losses(self, batch: Mapping[str, np.ndarray], parameters: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """The losses that the first step has for a batch and parameters, by name, computed on plain arrays."""
        available = {**self._of_step(0), **batch, **self._prepared.structured(parameters, self.buffers)}
        returned = self._scenario.model(**self._model_arguments(available))
        available.update(self._named(returned))
        return {name: loss(**self._loss_arguments(name, available)) for name, loss in self._losses.items()}

    def _record(
        self, recorder: Recorder, index: int, epoch: int, batch: Mapping[str, np.ndarray]
    ) -> tuple[dict[str, Tensor], dict[str, Any]]:
        scenario = self._scenario
        data = recorder.leaves("data", batch)
        parameters = recorder.leaves("parameter", self.parameters, frozen=self._frozen)
        buffers = self._prepared.buffer_structure.filled(recorder.leaves("state", self.buffers))
        available = {**self._of_step(index), **data, **self._prepared.structure.filled(parameters), **buffers}
        update = None
        is_complete = self.pending + 1 >= (scenario.accumulate or 1)
        if scenario.optimizer is not None:
            given = {**scenario.settings, "t": self.updates + 1, "epoch": self._earlier.epochs + epoch}
            update = Update(self._groups, scenario.clip, recorder, given, self.state, is_complete=is_complete)

        recorder.enter(Phase.FORWARD)
        # Called from the frame that entered the phase: the names of the nodes are those of the scenario's code.
        returned = scenario.model(**self._model_arguments(available))
        results = self._named(returned)
        for name, result in results.items():
            if isinstance(result, Tensor):
                recorder.name(result, name, unless_named=True)

        recorder.enter(Phase.LOSS)
        losses: dict[str, Tensor] = {}
        for name, function in self._losses.items():
            losses[name] = function(**self._loss_arguments(name, available | results))
            check_scalar(losses[name], f"the {name} of {scenario.name}" if self._has_several else f"the loss of {scenario.name}")
            recorder.name(losses[name], name, unless_named=not self._has_several)
        if len({loss.id for loss in losses.values()}) < len(losses):
            raise UsageError(f"losses of {scenario.name} are one and the same value: give the loss once, and its groups to it")

        new_buffers = buffers_after(self._prepared.buffer_structure, self.buffers, buffers, recorder)
        updated = self._replay_plan(recorder, losses, update) or self._record_backward(recorder, losses, update, parameters)
        self.buffers = new_buffers
        if updated is not None:
            self.parameters = updated.parameters_in(recorder, self.parameters)
            self.state = updated.state_in(recorder, self.state)
            self.updates, self.pending = (self.updates + 1, 0) if is_complete else (self.updates, self.pending + 1)
        return losses, results

    def _of_step(self, index: int) -> dict[str, Any]:
        """What model and loss may take in addition to data and parameters."""
        rng = generator_of(self._seed, self._earlier.steps + index) if self._takes_rng else None
        return {"rng": rng, "training": True, **self._scenario.settings}

    def _named(self, returned: Any) -> dict[str, Any]:
        return named_results(returned, self._scenario, self._prepared.results, self._taken)

    def _model_arguments(self, available: Mapping[str, Any]) -> dict[str, Any]:
        return self._prepared.model_takes.arguments(available, self._prepared.parameter_names)

    def _loss_arguments(self, loss: str, available: Mapping[str, Any]) -> dict[str, Any]:
        takes = self._prepared.loss_takes[loss]
        arguments = takes.arguments(available, self._prepared.parameter_names)
        if len(arguments) < len(takes.names):
            require_arguments(self._losses[loss], available, f"the {loss} of {self._scenario.name}")
        return arguments

    def _record_backward(
        self, recorder: Recorder, losses: Mapping[str, Tensor], update: Update | None, parameters: Mapping[str, Tensor]
    ) -> UpdatedNodes | None:
        """Record the backward pass of every loss and the update, and keep a plan of them for the next steps."""
        scenario, start, marks = self._scenario, len(recorder.entries), recorder.marks
        calls_backward = bool(marks.gradients)  # the program called backward() itself
        for name, loss in losses.items():
            trained = [each for group in self._groups if group.loss == name for each in group.parameters]
            if not trained:  # the parameters of its group are frozen
                continue
            recorder.enter(Phase.BACKWARD)
            if not recorder.backward(loss, [parameters[each].id for each in trained] if self._has_several else None):
                raise UsageError(f"the {name} of {scenario.name} depends on none of its parameters: {', '.join(trained)}")
        if update is None:
            return None
        updated = update.record(parameters)
        if not calls_backward and update.depends_only_on_shapes:
            plan = recorder.structure = backward_plan(recorder.entries, start, _ids(losses), marks)
            if plan is not None:
                plans = self._plans[update.is_complete]
                plans[:] = [(plan, updated), *plans[: MAX_PLANS - 1]]
        return updated

    def _replay_plan(self, recorder: Recorder, losses: Mapping[str, Tensor], update: Update | None) -> UpdatedNodes | None:
        """Replay the planned backward pass and update; None if the forward pass does not match the plan."""
        if update is None:
            return None
        plans = self._plans[update.is_complete]
        for position, (plan, updated) in enumerate(plans):
            match = plan.match(recorder.entries, _ids(losses), recorder.marks)
            if match is Match.NONE:
                continue
            if match is not Match.STRUCTURE:
                plan = plan.moved_to(recorder.entries, recorder.marks)
                plans[position] = plan, updated
            recorder.structure = plan
            recorder.replay(plan)
            return updated
        return None


def _ids(losses: Mapping[str, Tensor]) -> tuple[int, ...]:
    return tuple(loss.id for loss in losses.values())
