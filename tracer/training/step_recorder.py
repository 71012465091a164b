"""Records the training steps of a scenario: forward pass, loss, backward pass, update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.errors import UsageError
from tracer.graph.record import Phase
from tracer.recording.plan import BackwardPlan, Match, backward_plan
from tracer.recording.recorder import Recorder
from tracer.recording.results import check_scalar, recorded_cause
from tracer.recording.source import Files
from tracer.recording.tensor import Tensor
from tracer.training.checkpoints import Progress
from tracer.training.functions.generators import generator_of
from tracer.training.functions.matching import require_arguments
from tracer.training.functions.results import named_results
from tracer.training.groups import Group
from tracer.training.preparation import PreparedData
from tracer.training.scenario import Scenario
from tracer.training.updating import Update, UpdatedNodes


class StepRecorder:
    """Records the steps of a run, one after the other.

    `parameters`, and the `state` of the optimizers, are those after the last step; `updates` counts the updates so far, `pending`
    the steps since the last one. `earlier` is the progress that the run continues.
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
        self.state = state
        self._scenario = scenario
        self._prepared = prepared
        self._groups = groups
        self._frozen = frozenset(prepared.parameters) - {name for group in groups for name in group.parameters}
        self.updates = earlier.updates
        self.pending = earlier.pending
        self._earlier = earlier
        self._seed = seed
        self._plans: dict[bool, tuple[BackwardPlan, UpdatedNodes]] = {}
        """Of the steps that update the parameters, and of those that only accumulate their gradients."""
        self._files = Files(scenario.path.parent if scenario.path else None)

    def record(self, index: int, epoch: int, batch: Mapping[str, np.ndarray]) -> tuple[Recorder, Tensor, dict[str, Any]]:
        """Record a step of a batch. Returns the recorder, the loss, and the results of the model by name.

        Exceptions of the scenario's code get a note with the last recorded node.
        """
        recorder = Recorder(self._files)
        try:
            # Overflow and NaN are recorded, with the node they started at; NumPy's warnings would add nothing.
            with np.errstate(all="ignore"):
                loss, results = self._record(recorder, index, epoch, batch)
        except Exception as error:
            cause = recorded_cause(error)
            cause.add_note(f"the last recorded node was {index}.{recorder.last_label()}")
            if cause is not error:
                raise cause from None
            raise
        finally:
            recorder.release()
        return recorder, loss, results

    def plain_loss(self, batch: Mapping[str, np.ndarray], parameters: Mapping[str, np.ndarray]) -> Any:
        """The loss that the first step has for a batch and parameters, computed on plain arrays."""
        available = {**self._of_step(0), **batch, **self._prepared.structure.filled(parameters)}
        returned = self._scenario.model(**self._model_arguments(available))
        available.update(self._named(returned))
        return self._scenario.loss(**self._loss_arguments(available))

    def _record(
        self, recorder: Recorder, index: int, epoch: int, batch: Mapping[str, np.ndarray]
    ) -> tuple[Tensor, dict[str, Any]]:
        scenario = self._scenario
        data = recorder.leaves("data", batch)
        parameters = recorder.leaves("parameter", self.parameters, frozen=self._frozen)
        available = {**self._of_step(index), **data, **self._prepared.structure.filled(parameters)}
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
        loss: Tensor = scenario.loss(**self._loss_arguments(available | results))
        check_scalar(loss, f"the loss of {scenario.name}")
        recorder.name(loss, "loss", unless_named=True)

        updated = self._replay_plan(recorder, loss, update) or self._record_backward(recorder, loss, update, parameters)
        if updated is not None:
            self.parameters = updated.parameters_in(recorder, self.parameters)
            self.state = updated.state_in(recorder, self.state)
            self.updates, self.pending = (self.updates + 1, 0) if is_complete else (self.updates, self.pending + 1)
        return loss, results

    def _of_step(self, index: int) -> dict[str, Any]:
        """What model and loss may take in addition to data and parameters."""
        return {"rng": generator_of(self._seed, self._earlier.steps + index), "training": True, **self._scenario.settings}

    def _named(self, returned: Any) -> dict[str, Any]:
        return named_results(returned, self._scenario, self._prepared.results, self._prepared.taken)

    def _model_arguments(self, available: Mapping[str, Any]) -> dict[str, Any]:
        return self._prepared.model_takes.arguments(available, self._prepared.parameter_names)

    def _loss_arguments(self, available: Mapping[str, Any]) -> dict[str, Any]:
        takes = self._prepared.loss_takes
        arguments = takes.arguments(available, self._prepared.parameter_names)
        if len(arguments) < len(takes.names):
            require_arguments(self._scenario.loss, available, f"the loss of {self._scenario.name}")
        return arguments

    def _record_backward(
        self, recorder: Recorder, loss: Tensor, update: Update | None, parameters: Mapping[str, Tensor]
    ) -> UpdatedNodes | None:
        """Record the backward pass and the update, and keep a plan of them for the next steps."""
        scenario, start, marks = self._scenario, len(recorder.entries), recorder.marks
        calls_backward = bool(marks.gradients)  # the program called backward() itself
        recorder.enter(Phase.BACKWARD)
        if not recorder.backward(loss):
            trained = [name for name in parameters if name not in self._frozen]
            raise UsageError(f"the loss of {scenario.name} depends on none of its parameters: {', '.join(trained)}")
        if update is None:
            return None
        updated = update.record(parameters)
        if not calls_backward and update.depends_only_on_shapes:
            plan = recorder.structure = backward_plan(recorder.entries, start, loss.id, marks)
            if plan is not None:
                self._plans[update.is_complete] = plan, updated
            else:
                self._plans.pop(update.is_complete, None)
        return updated

    def _replay_plan(self, recorder: Recorder, loss: Tensor, update: Update | None) -> UpdatedNodes | None:
        """Replay the planned backward pass and update; None if the forward pass does not match the plan."""
        if update is None or update.is_complete not in self._plans:
            return None
        plan, updated = self._plans[update.is_complete]
        match = plan.match(recorder.entries, loss.id, recorder.marks)
        if match is Match.NONE:
            return None
        if match is Match.STRUCTURE:
            recorder.structure = plan
        recorder.replay(plan)
        return updated
