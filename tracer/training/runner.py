"""Runs a scenario step by step: batches, the five phases of each step, what is measured and printed, when to stop."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tracer.arguments import checked_dtype, whole_number
from tracer.errors import UsageError
from tracer.graph.record import Phase, Step, Trace
from tracer.i18n.message import Message
from tracer.recording.plan import BackwardPlan, Match, backward_plan
from tracer.recording.recorder import Recorder, check_scalar
from tracer.recording.source import Files
from tracer.recording.tensor import Tensor, plain
from tracer.store.fingerprint import fingerprint
from tracer.training.batches import Batches
from tracer.training.measuring import EpochMetrics, named_results
from tracer.training.preparation import matching, prepare, require
from tracer.training.report import Report
from tracer.training.scenario import Scenario
from tracer.training.settings import all_settings, with_settings
from tracer.training.updating import Update, UpdatedNodes


class Training:
    """One run of a scenario: iterate over it to get its steps, one at a time.

    `head` is the Trace without steps. `metrics` grows by a row for each step, `history` by what was measured of each epoch,
    `printed` by what the program prints; `stopped` says why a stopping rule ended the run (None if none did). All of them
    are up to date when a step is handed out, as are `parameters`; what the program prints at its end comes after the last
    step. Arguments are those of `run`.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        steps: int | None = None,
        seed: int = 0,
        parameters: Mapping[str, Any] | str | Path | None = None,
        dtype: str | None = None,
        settings: Mapping[str, Any] | None = None,
        data: str | Path | None = None,
    ) -> None:
        if not isinstance(scenario, Scenario):
            raise UsageError(f"a Scenario is needed, this is {scenario!r}: tracer.load(...) gives one by name or path")
        self.scenario = scenario = with_settings(scenario, settings or {})
        dtype = checked_dtype(dtype or scenario.dtype)
        try:
            self._rng = np.random.default_rng(seed)
        except (TypeError, ValueError):
            raise UsageError(f"the seed takes a whole number from 0 on, this is {seed!r}") from None
        self._given = {"rng": self._rng, "dtype": dtype, **scenario.settings}
        self._prepared = prepare(scenario, self._given, parameters if parameters is not None else {}, dtype, data)
        self.parameters = dict(self._prepared.parameters)
        optimizer = scenario.optimizer
        self._state = {name: optimizer.initial_state(value) for name, value in self.parameters.items()} if optimizer else {}
        examples = self._prepared.examples
        self._batches = Batches(examples, scenario.batch_size or examples)
        self.steps = self._count_steps(steps)
        self._plan: tuple[BackwardPlan, UpdatedNodes] | None = None
        self._files = Files(scenario.path.parent if scenario.path else None)
        # A number of steps that was asked for is run to its end.
        self._stopping = scenario.stopping if steps is None else None
        self._stopping_watch = self._stopping.watch() if self._stopping is not None else None
        # Without the generator: what only looks must not change what is drawn later.
        looking = {name: value for name, value in self._given.items() if name != "rng"}
        self._measuring = EpochMetrics(scenario, self._prepared, looking)
        self.metrics: list[dict[str, Any]] = []
        self.history: list[dict[str, Any]] = []
        self.printed: list[str] = []
        self.stopped: Message | None = None
        known = {name: _shown(value) for name, value in all_settings(scenario).items() if value is not None}
        if steps is not None:
            known.pop("epochs", None)  # so many steps are run, whatever the number of epochs would be
        self.head = Trace(
            scenario=scenario.name,
            title=scenario.title,
            seed=seed,
            dtype=dtype,
            hyperparameters={**known, "steps": self.steps},
            versions=versions(),
            source=_text_of(scenario.path),
            arithmetic=fingerprint(),
        )

    @property
    def parameter_count(self) -> int:
        """How many numbers are trained."""
        return sum(value.size for value in self.parameters.values())

    @property
    def may_stop_early(self) -> bool:
        """Whether a stopping rule may end the run before `steps`."""
        return self._stopping is not None

    def _count_steps(self, asked: int | None) -> int:
        scenario, batches = self.scenario, self._batches.count
        steps = whole_number("steps", asked) if asked is not None else scenario.steps or (scenario.epochs or 1) * batches
        if scenario.optimizer is None and steps > batches:
            counted = "step" if batches == 1 else f"{batches} steps"
            raise UsageError(f"{scenario.name} has no optimizer: after the first {counted} nothing would be new")
        return steps

    # The steps.

    def __iter__(self) -> Iterator[Step]:
        batches, report = self._batches, self.scenario.report
        planned = self._lengths(self.steps)
        now: dict[str, Any] = {**self._measuring.given, **self._prepared.data, **self.parameters, **planned}
        self._print(report.start, now)
        order, index = None, 0
        for index in range(self.steps):
            epoch, position = divmod(index, batches.count)
            if position == 0:
                order = self._rng.permutation(batches.examples) if self.scenario.shuffle else None
            row: dict[str, Any] = {"step": index, "epoch": epoch}
            step = self._step(row, position, order)
            if report != Report():  # without one nobody asks, and the arrays of the step need not be held
                now.update(self.parameters, **row, batch=position, record=step)
                self._print(report.step, now)
            # The epoch in which a run ends counts, whole or not.
            if position == batches.count - 1 or index == self.steps - 1:
                measured = self._measuring.end_epoch(self.parameters)
                self.history.append(measured)
                now.update(measured)
                self._print(report.epoch, now)
                row.update(self._row_of(measured))
                self._watch(measured)
            self.metrics.append(row)
            yield step
            del step  # whoever has no more use for it shall not hold its arrays while the next one is computed
            if self.stopped:
                break
        self._print(report.end, {**now, **self._lengths(index + 1)})

    def measure(self) -> dict[str, Any]:
        """What can be measured of the parameters as they are, without a batch: on validation data and at the end of an epoch."""
        return self._measuring.of_parameters(self.parameters)

    def _lengths(self, steps: int) -> dict[str, int]:
        """How long a run of so many steps is, as the report may ask for it."""
        return {"steps": steps, "epochs": math.ceil(steps / self._batches.count), "batches": self._batches.count}

    def _print(self, function: Callable[..., Any] | None, available: Mapping[str, Any]) -> None:
        if function is None:
            return
        with np.errstate(all="ignore"):
            text = function(**matching(function, available))
        if text is not None:
            if not isinstance(text, str):
                name = getattr(function, "__name__", "report")
                raise UsageError(f"{name}() of {self.scenario.name} returns what to print: a text, not {type(text).__name__}")
            self.printed.append(text)

    def _row_of(self, measured: Mapping[str, Any]) -> dict[str, Any]:
        """What was measured of an epoch as part of the row of its last step, which has a loss of its own."""
        mean_loss = {"epoch_loss": measured["loss"]} if self._batches.count > 1 else {}
        return mean_loss | {name: value for name, value in measured.items() if name != "loss"}

    def _watch(self, measured: Mapping[str, Any]) -> None:
        for monitor in (self.scenario.stopping, self.scenario.checkpoint):
            if monitor is not None and not isinstance(measured[monitor.monitor], (int, float)):
                what = f"the {type(monitor).__name__} of {self.scenario.name} watches {monitor.monitor!r}"
                raise UsageError(f"{what}, which must be a number: it is {measured[monitor.monitor]!r}")
        rule, watch = self._stopping, self._stopping_watch
        if rule is None or watch is None:
            return
        watch.see(measured[rule.monitor])
        if rule.is_over(watch):
            self.stopped = Message("stopped_after_epochs", {"epochs": watch.epochs, "reason": rule.reason()})

    def _step(self, row: dict[str, Any], position: int, order: np.ndarray | None) -> Step:
        """Record a step. Its metrics are the row, to which more is added at the end of an epoch."""
        prepared, index = self._prepared, row["step"]
        batch = {name: prepared.data[name] for name in prepared.used}
        if prepared.batched:
            batch.update(self._batches.cut({name: batch[name] for name in prepared.batched}, position, order))
        recorder = Recorder(self._files)
        before = self.parameters  # the update makes new ones
        try:
            # Overflow and NaN belong to the record, which says where they began; warnings would only hide the rest.
            with np.errstate(all="ignore"):
                loss, results = self._record(recorder, index, row["epoch"], batch)
        except Exception as error:
            error.add_note(f"the last recorded node was {index}.{recorder.last_label()}")
            raise
        finally:
            recorder.release()
        row["loss"] = loss.value.item()
        # Metrics see a whole model's results; most scenarios have none that ask for them.
        available = {**prepared.data, **before, **batch, **plain(results)} if prepared.batch_metrics else {}
        self._measuring.add_batch(row["loss"], available, self._batches.length(position))
        return recorder.finish(index, loss, row)

    def _record(
        self, recorder: Recorder, index: int, epoch: int, batch: Mapping[str, np.ndarray]
    ) -> tuple[Tensor, dict[str, Any]]:
        scenario, prepared = self.scenario, self._prepared
        data = recorder.leaves("data", batch)
        parameters = recorder.leaves("parameter", self.parameters)
        available = {**scenario.settings, **data, **parameters}
        update = None
        if scenario.optimizer is not None:
            given = {**scenario.settings, "t": index + 1, "epoch": epoch}
            update = Update(scenario.optimizer, recorder, given, self._state)

        recorder.enter(Phase.FORWARD)
        returned = scenario.model(**{name: available[name] for name in prepared.model_takes if name in available})
        results = named_results(returned, scenario, prepared)
        for name, result in results.items():
            if isinstance(result, Tensor):
                recorder.name(result, name, unless_named=True)

        recorder.enter(Phase.LOSS)
        available |= results
        arguments = {name: available[name] for name in prepared.loss_takes if name in available}
        if len(arguments) < len(prepared.loss_takes):
            require(scenario.loss, available, f"the loss of {scenario.name}")
        loss: Tensor = scenario.loss(**arguments)
        check_scalar(loss, f"the loss of {scenario.name}")
        recorder.name(loss, "loss", unless_named=True)

        updated = self._replay_backward(recorder, loss, update) or self._derive(recorder, loss, update, parameters)
        if updated is not None:
            self.parameters, self._state = updated.parameters_in(recorder), updated.state_in(recorder)
        return loss, results

    def _derive(
        self, recorder: Recorder, loss: Tensor, update: Update | None, parameters: Mapping[str, Tensor]
    ) -> UpdatedNodes | None:
        """Record the backward pass and the update, and keep their plan for the steps that follow."""
        scenario, start, marks = self.scenario, len(recorder.entries), recorder.marks
        is_plain = not marks.gradients  # and not a program that calls backward() itself
        recorder.enter(Phase.BACKWARD)
        if not recorder.backward(loss):
            raise UsageError(f"the loss of {scenario.name} depends on none of its parameters: {', '.join(parameters)}")
        if update is None:
            return None
        updated = update.record(parameters)
        if is_plain and update.follows_from_shapes:
            plan = recorder.structure = backward_plan(recorder.entries, start, loss.id, marks)
            self._plan = (plan, updated) if plan is not None else None
        return updated

    def _replay_backward(self, recorder: Recorder, loss: Tensor, update: Update | None) -> UpdatedNodes | None:
        """Replay the backward pass and the update if the step matches the plan up to its loss; else None."""
        if self._plan is None or update is None:
            return None
        plan, updated = self._plan
        match = plan.match(recorder.entries, loss.id, recorder.marks)
        if match is Match.NONE:
            return None
        if match is Match.STRUCTURE:
            recorder.structure = plan
        recorder.replay(plan)
        return updated


def run(
    scenario: Scenario,
    *,
    steps: int | None = None,
    seed: int = 0,
    parameters: Mapping[str, Any] | str | Path | None = None,
    dtype: str | None = None,
    settings: Mapping[str, Any] | None = None,
    data: str | Path | None = None,
) -> Trace:
    """Run a scenario and keep every step.

    `parameters` replaces initial values by name, or is the path of a checkpoint with all of them. `settings` replaces
    settings by name: optimizer, learning_rate, batch_size, shuffle, epochs, and the scenario's own. `dtype` is float32 or
    float64 for all floating data, `data` the path of a data file for a scenario that takes one. Everything random draws
    from one generator: the same seed gives the same bytes.
    """
    training = Training(scenario, steps=steps, seed=seed, parameters=parameters, dtype=dtype, settings=settings, data=data)
    recorded = tuple(training)
    return replace(
        training.head,
        steps=recorded,
        metrics=tuple(training.metrics),
        printed=tuple(training.printed),
        stopped=training.stopped,
    )


def _shown(setting: Any) -> Any:
    """A setting as it is shown; a function by its name."""
    return getattr(setting, "__name__", str(setting)) if callable(setting) else setting


def _text_of(path: Path | None) -> str:
    """The text of a scenario's file; empty where the scenario is no file's, or the file is gone."""
    try:
        return path.read_text(errors="replace") if path is not None else ""
    except OSError:
        return ""


def versions() -> dict[str, str]:
    """The versions that the numbers of a run depend on."""
    from importlib.metadata import PackageNotFoundError, version  # as long to read as a quarter of NumPy

    try:
        own = version("steptracer")
    except PackageNotFoundError:  # a checkout that is not installed
        own = "unknown"
    return {"tracer": own, "numpy": np.__version__, "python": platform.python_version()}
