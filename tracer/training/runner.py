"""Runs a scenario step by step: batches, steps, metrics, reports, early stopping."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tracer.arguments import checked_dtype, checks_keywords, whole_number
from tracer.errors import UsageError
from tracer.graph.record import Step, Trace
from tracer.i18n.message import Message
from tracer.recording.function import tell_of_opening
from tracer.recording.tensor import plain
from tracer.training.batches import Batches
from tracer.training.checkpoints import Progress, StoredCheckpoint, continue_run, read_checkpoint
from tracer.training.functions.matching import matching_arguments
from tracer.training.groups import groups_of, optimizers_text
from tracer.training.measuring import EpochMetrics
from tracer.training.preparation import prepare
from tracer.training.provenance import head_of
from tracer.training.report import Report
from tracer.training.scenario import Scenario
from tracer.training.settings import all_settings, with_settings
from tracer.training.step_recorder import StepRecorder
from tracer.training.updating import initial_state


class Training:
    """A run of a scenario. Iterate over it to get its steps, one at a time. The arguments are those of `run`.

    `head` is the Trace without steps, `checkpoint` what the run starts from, `earlier` the progress that it continues. `metrics`
    gets a row per step, `history` one per epoch, `printed` the text of the report; `stopped` says why early stopping ended the
    run (None if it did not). They and `parameters` are up to date when a step is yielded, except that the text at the end of
    the run follows the last step.
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
        data = None if data is None else str(Path(data).absolute())  # the scenario's code may change the current folder
        if not isinstance(scenario, Scenario):
            raise UsageError(f"a Scenario is needed, this is {scenario!r}: tracer.load(...) gives one by name or path")
        self.scenario = scenario = with_settings(scenario, settings or {})
        dtype = checked_dtype(dtype or scenario.dtype)
        seed = whole_number("the seed", seed, least=0)
        self._rng = np.random.default_rng(seed)
        self._given = {"rng": self._rng, "dtype": dtype, **scenario.settings}
        given = parameters if not isinstance(parameters, (str, Path)) else read_checkpoint(parameters)
        self.checkpoint = given if isinstance(given, StoredCheckpoint) else None
        self._prepared = prepare(scenario, self._given, {} if given is None else given, dtype, data)
        groups = groups_of(scenario, self._prepared.parameters)
        state = initial_state(groups, self._prepared.parameters, scenario.accumulate or 1)
        fresh = Progress(optimizers_text(groups), seed=seed, state=state)
        self.earlier, state = continue_run(self.checkpoint, fresh, self._rng, dtype)
        self._recorder = StepRecorder(scenario, self._prepared, groups, self.earlier, seed, state)
        self._loss_names = dict.fromkeys(("loss", *scenario.losses))
        examples = self._prepared.examples
        self._batches = Batches(examples, scenario.batch_size or examples)
        self.steps = self._count_steps(steps)
        # An explicit number of steps disables early stopping.
        self._stopping = scenario.stopping if steps is None else None
        self._stopping_watch = self._stopping.watch() if self._stopping is not None else None
        # Without the generator: measuring must not affect later random numbers.
        context = {name: value for name, value in self._given.items() if name != "rng"}
        self._epoch_metrics = EpochMetrics(scenario, self._prepared, context, seed)
        self.metrics: list[dict[str, Any]] = []
        self.history: list[dict[str, Any]] = []
        self.printed: list[str] = []
        self.stopped: Message | None = None
        known = {name: value for name, value in all_settings(scenario).items() if steps is None or name != "epochs"}
        earlier = {"earlier_steps": self.earlier.steps} if self.earlier.steps else {}
        self._head_of = functools.partial(head_of, scenario, seed, dtype, {**known, "steps": self.steps, **earlier})

    @functools.cached_property
    def head(self) -> Trace:
        """The Trace without steps. The versions and the fingerprint in it take time to find; some callers need neither."""
        return self._head_of()

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """The parameters after the last step."""
        return self._recorder.parameters

    @property
    def buffers(self) -> dict[str, np.ndarray]:
        """The buffers after the last step."""
        return self._recorder.buffers

    def _structured(self) -> dict[str, Any]:
        """The parameters, and copies of the buffers, as functions take them."""
        return self._prepared.structured(self.parameters, self.buffers)

    @property
    def parameter_count(self) -> int:
        """The total number of elements of all parameters."""
        return sum(value.size for value in self.parameters.values())

    @property
    def may_stop_early(self) -> bool:
        """True if early stopping may end the run before `steps`."""
        return self._stopping is not None

    def progress(self) -> Progress:
        """How far the run is, its earlier runs included: what a checkpoint needs to continue it."""
        return replace(
            self.earlier,
            steps=self.earlier.steps + len(self.metrics),
            epochs=self.earlier.epochs + len(self.history),
            updates=self._recorder.updates,
            pending=self._recorder.pending,
            generator=dict(self._rng.bit_generator.state),
            state=self._recorder.state,
            buffers=self.buffers,
        )

    def _count_steps(self, requested: int | None) -> int:
        scenario, batches = self.scenario, self._batches.count
        default = scenario.steps or (scenario.epochs or 1) * batches
        steps = whole_number("steps", requested) if requested is not None else default
        if scenario.optimizer is None and steps > batches:
            counted = "step" if batches == 1 else f"{batches} steps"
            raise UsageError(f"{scenario.name} has no optimizer: after the first {counted} nothing would be new")
        return steps

    # The steps.

    def __iter__(self) -> Iterator[Step]:
        batches, report = self._batches, self.scenario.report
        reports = report != Report()
        planned = self._lengths(self.steps)
        available: dict[str, Any] = {**self._epoch_metrics.context, **self._prepared.data, **self._structured(), **planned}
        self._print(report.start, available)
        order, index = None, 0
        for index in range(self.steps):
            epoch, position = divmod(index, batches.count)
            if position == 0:
                order = self._rng.permutation(batches.examples) if self.scenario.shuffle else None
            row: dict[str, Any] = {"step": index, "epoch": epoch}
            step = self._step(row, position, order)
            if reports:  # without a report, do not keep the arrays of the step alive
                available.update(self._structured(), **row, batch=position, record=step)
                self._print(report.step, available)
            # An incomplete last epoch counts as one.
            if position == batches.count - 1 or index == self.steps - 1:
                measured = self._epoch_metrics.end_epoch(self._structured)
                self.history.append(measured)
                available.update(measured)
                self._print(report.epoch, available)
                row.update(self._row_of(measured))
                self._watch(measured)
            self.metrics.append(row)
            yield step
            del step  # free its arrays before the next step is computed, unless the caller keeps it
            if self.stopped:
                break
        self._print(report.end, {**available, **self._lengths(index + 1)})

    def measure(self) -> dict[str, Any]:
        """The metrics of the current parameters that need no batch: on validation data, and those of the end of an epoch."""
        return self._epoch_metrics.measure_parameters(self._structured)

    def _lengths(self, steps: int) -> dict[str, int]:
        """The length of a run of `steps` steps, as arguments of the report."""
        return {"steps": steps, "epochs": math.ceil(steps / self._batches.count), "batches": self._batches.count}

    def _print(self, function: Callable[..., Any] | None, available: Mapping[str, Any]) -> None:
        if function is None:
            return
        with np.errstate(all="ignore"):
            text = function(**matching_arguments(function, available))
        if text is not None:
            if not isinstance(text, str):
                name = getattr(function, "__name__", "report")
                raise UsageError(f"{name}() of {self.scenario.name} returns what to print: a text, not {type(text).__name__}")
            self.printed.append(text)

    def _row_of(self, measured: Mapping[str, Any]) -> dict[str, Any]:
        """The metrics of an epoch for the row of its last step, where `loss` is that of the step."""
        losses = self._loss_names
        mean_losses = {f"epoch_{name}": measured[name] for name in losses} if self._batches.count > 1 else {}
        return mean_losses | {name: value for name, value in measured.items() if name not in losses}

    def _watch(self, measured: Mapping[str, Any]) -> None:
        for monitor in (self.scenario.stopping, self.scenario.checkpoint):
            if monitor is not None and not isinstance(measured[monitor.monitor], (int, float)):
                what = f"the {type(monitor).__name__} of {self.scenario.name} watches {monitor.monitor!r}"
                raise UsageError(f"{what}, which must be a number: it is {measured[monitor.monitor]!r}")
        rule, watch = self._stopping, self._stopping_watch
        if rule is None or watch is None:
            return
        watch.update(measured[rule.monitor])
        if rule.should_stop(watch):
            self.stopped = Message("stopped_after_epochs", {"epochs": watch.epochs, "reason": rule.reason()})

    def _step(self, row: dict[str, Any], position: int, order: np.ndarray | None) -> Step:
        """Record a step. `row` becomes its metrics; more are added to it at the end of an epoch."""
        prepared, index = self._prepared, row["step"]
        batch = self._batch(position, order)
        before = self._structured() if prepared.batch_metrics else {}
        recorder, losses, results = self._recorder.record(index, row["epoch"], batch)
        loss = next(iter(losses.values()))
        measured = {"loss": float(loss.value), **{name: float(each.value) for name, each in losses.items()}}
        row.update(measured)
        available = {**prepared.data, **before, **batch, **plain(results)} if prepared.batch_metrics else {}
        self._epoch_metrics.add_batch(measured, available, self._batches.length(position))
        return recorder.finish(index, loss, row)

    def first_losses(self, parameters: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """The losses of the first step at these parameters, by name, on plain arrays. To be called before the run starts."""
        rng = copy.deepcopy(self._rng)
        order = rng.permutation(self._batches.examples) if self.scenario.shuffle else None
        return self._recorder.plain_losses(self._batch(0, order), parameters)

    def _batch(self, position: int, order: np.ndarray | None) -> dict[str, np.ndarray]:
        """The data that model and loss take in a step, plain arrays by name."""
        prepared = self._prepared
        batch = {name: prepared.data[name] for name in prepared.used}
        if prepared.batched:
            batch.update(self._batches.select({name: batch[name] for name in prepared.batched}, position, order))
        return batch


@checks_keywords
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
    """Run a scenario and return the trace of all steps.

    `steps` is the number of steps; by default that of the scenario, with early stopping. `parameters` replaces initial values
    by name, or is the path of a checkpoint with all of them. `settings` replaces settings by name: optimizer, learning_rate,
    batch_size, shuffle, epochs, and the scenario's own. `dtype` is float32 or float64, for all floating-point data. `data` is
    the path of a data file, for a scenario that takes one. All random numbers come from `seed`: the same seed gives the same
    trace, bit for bit. Raises UsageError if arguments or scenario are invalid.
    """
    tell_of_opening("tracer.run()")
    training = Training(scenario, steps=steps, seed=seed, parameters=parameters, dtype=dtype, settings=settings, data=data)
    head = training.head  # before the run: the source is that of the code that runs
    recorded = tuple(training)
    return replace(
        head,
        steps=recorded,
        metrics=tuple(training.metrics),
        printed=tuple(training.printed),
        stopped=training.stopped,
    )
