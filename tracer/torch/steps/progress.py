"""Where one training step of a running program ends and the next one begins.

A step ends when every optimizer that takes part has stepped. Without an optimizer it ends when a parameter is used whose value
was computed from the gradients of the step.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

import torch

from tracer.torch.identity import has_memory
from tracer.torch.tape import StepTape


class EnoughError(BaseException):
    """Ends a program whose wanted steps are all recorded. It is none of the exceptions that programs catch."""


PATIENCE = 10
"""So often an optimizer steps before one that does not is no longer waited for; the critic of a GAN steps five times as often."""


class Progress:
    """The tape of the running step, None if that is not to be recorded, and its index."""

    def __init__(
        self, wanted: Collection[int] | None, new_tape: Callable[[int], StepTape], finished: Callable[[StepTape, int], None],
        *, stops: bool = False,
    ) -> None:  # fmt: skip
        self._last = max(wanted, default=-1) if stops and wanted is not None else None
        self.index = 0
        self.tape: StepTape | None = None
        self.optimizers: weakref.WeakSet[Any] = weakref.WeakSet()
        self._wanted = None if wanted is None else frozenset(wanted)
        self._new_tape = new_tape
        self._finished = finished
        self._stepped: Counter[int] = Counter()
        self._ever: set[int] = set()
        self._is_tail = False

    def start(self) -> None:
        """Begin a step."""
        self._stepped.clear()
        self._is_tail = False
        self.tape = self._new_tape(self.index) if self.is_wanted(self.index) else None

    def is_wanted(self, index: int) -> bool:
        """Whether a step is to be recorded."""
        return self._wanted is None or index in self._wanted

    def finish(self) -> None:
        """The step is complete: keep it, and begin the next one."""
        tape, self.tape = self.tape, None
        if tape is not None and tape.passes and not self._is_tail:
            self._finished(tape, self.index)
        self.index += 1
        if self._last is not None and self.index > self._last:
            raise EnoughError
        self.start()

    def use_parameter(self, tensor: torch.Tensor) -> StepTape | None:
        """A tensor that gradients are computed for is used by the forward pass; returns the tape of the step that this is in."""
        tape = self.tape
        if tape is None or not has_memory(tensor) or tape.leaves_of_step.is_used(tensor):
            return tape
        if not self.optimizers and (self._is_tail or (tape.passes and tape.leaves_of_step.depends_on_gradients(tensor))):
            self.finish()
            tape = self.tape
        if tape is not None:
            tape.leaves_of_step.use(tensor)
        return tape

    def count_backward(self) -> None:
        """A backward pass of a step that is not recorded: it is the end of a step of a program without an optimizer."""
        if self.tape is None and not self.optimizers:
            if self.is_wanted(self.index + 1):
                self.tape, self._is_tail = self._new_tape(self.index), True
            else:
                self.index += 1

    def count_update(self, optimizer: Any) -> bool:
        """An optimizer has stepped; returns whether that ends the step."""
        self.optimizers.add(optimizer)
        self._stepped[id(optimizer)] += 1
        self._ever.add(id(optimizer))
        if self._stepped[id(optimizer)] >= PATIENCE:
            return True
        mine = {id(each) for group in optimizer.param_groups for each in group["params"]}
        return all(id(each) in self._stepped or self._is_instead(each, mine) for each in self.optimizers)

    def _is_instead(self, other: Any, parameters: set[int]) -> bool:
        """Whether an optimizer that never stepped is for the same parameters: another stage of the training."""
        theirs = {id(each) for group in other.param_groups for each in group["params"]}
        return bool(theirs & parameters) or (bool(self._ever) and not theirs)
