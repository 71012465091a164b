"""Tells a recording of the updates of optimizers, and ends a step with them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from tracer.graph.record import Phase
from tracer.torch.following import learn_leaves
from tracer.torch.identity import has_memory, local_of
from tracer.torch.names import TensorNames, state_of
from tracer.torch.steps.kept import Kept
from tracer.torch.steps.progress import Progress
from tracer.torch.tape import StepTape
from tracer.torch.trace import name_of, settings_of


class Updates:
    """The updates of a recording. `depth` is the number of backward passes that run, `metrics` are those of the running step."""

    def __init__(
        self, kept: Kept, names: TensorNames, progress: Progress, tape: Callable[[], StepTape | None],
        is_of_the_thread: Callable[[], bool], is_next: Callable[[], None],
    ) -> None:  # fmt: skip
        self.depth = 0
        self.metrics: dict[str, float] = {}
        self._kept = kept
        self._names = names
        self._progress = progress
        self._current_tape = tape
        self._is_of_the_thread = is_of_the_thread
        self._is_next = is_next
        self._is_due = False
        self._held = 0
        self._state: list[torch.Tensor] = []  # of the optimizer that runs, as it was before

    def wrapped_init(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """The constructor of optimizers, which tells of each."""

        @functools.wraps(original)
        def init(optimizer: torch.optim.Optimizer, *arguments: Any, **options: Any) -> None:
            original(optimizer, *arguments, **options)
            if self._is_of_the_thread():
                self._progress.optimizers.add(optimizer)

        return init

    def before(self, optimizer: Any, *_: Any) -> None:
        """An optimizer is about to update its parameters."""
        tape = self._current_tape()
        if tape is None:
            return
        self._names.learn_state(optimizer)
        self._state = list(state_of(optimizer))
        for value in self._state:
            tape.leaves_of_step.begin(value)
        parameters = [each for group in optimizer.param_groups for each in group["params"]]
        if self.depth:  # an update inside of the backward pass, which may clear the gradients
            learn_leaves(tape, parameters)
        for whole in parameters:
            parameter, gradient = local_of(whole), None if whole.grad is None else local_of(whole.grad)
            if gradient is None and whole.requires_grad and has_memory(parameter):
                tape.leaves_of_step.use(parameter)
                tape.without_gradient.append(tape.id_of(parameter))
            elif gradient is not None and has_memory(parameter) and has_memory(gradient):
                of, id = tape.leaves_of_step.used_by_forward(parameter), tape.id_of(gradient)
                tape.used_gradients[of] = id
                tape.leaves_of_step.use(parameter)
                if of not in tape.gradients:
                    tape.passes.learn_gradient(tape.id_of(parameter), id)
        tape.phase, tape.optimizer = Phase.UPDATE, name_of(optimizer)

    def after(self, optimizer: Any, *_: Any) -> None:
        """An optimizer has updated its parameters."""
        if not self._is_of_the_thread():
            return
        self._kept.settings = self._kept.settings or settings_of(optimizer)
        tape = self._current_tape()
        if tape is not None:
            tape.optimizer = ""
            tape.passes.updates += 1
            before, state, self._state = self._state, list(state_of(optimizer)), []
            if list(map(id, state)) != list(map(id, before)):  # the first step makes it
                self._names.learn_state(optimizer)
            for value in state:
                tape.leaves_of_step.name(value)
        if self._progress.count_update(optimizer):
            self._is_due = True
            self.finish_if_due()

    def finish_if_due(self) -> None:
        """End the step if every optimizer has stepped, and no backward pass runs."""
        if self._is_due and not self.depth and not self._held:
            self._is_due = False
            self._progress.finish()
            self._is_next()

    @contextmanager
    def held(self) -> Iterator[None]:
        """What runs inside is of one step."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        self.finish_if_due()
