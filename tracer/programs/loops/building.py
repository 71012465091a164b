"""Builds the step of a loop of one's own, and computes the gradients that `loss.backward()` asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from tracer.graph.record import Phase, Step
from tracer.programs.steps.building import StepBuilder
from tracer.programs.steps.increments import Updates
from tracer.programs.steps.leaf_names import variable_name
from tracer.programs.steps.parts import StepParts, StepTape, parts_of
from tracer.recording.tensor import Tensor


@dataclass
class LoopStepBuilder(StepBuilder):
    """Puts the entries of a step onto a tape of its own.

    `given` are the leaves that hold what `backward` returned, with the id of the value that each is the gradient of. `same` are
    leaves that are one and the same value: an array that does not record enters with each use.
    """

    given: Mapping[int, int] = field(default_factory=dict)
    same: Mapping[int, int] = field(default_factory=dict)

    def gradients_of_loss(self) -> dict[int, np.ndarray]:
        """The gradients of the loss, by the ids of the values that they are of. Raises RecordingError if one has no rule."""
        self._enter_leaves()
        self._append(self.parts.made_of, Phase.FORWARD)
        loss = self._scalar(self.parts.step.loss)
        with np.errstate(all="ignore"):
            self.recorder.enter(Phase.BACKWARD)
            self.recorder.backward(loss)
        self.recorder.release()
        found, value = self.recorder.marks.gradients, self.recorder.value
        ours = {id: mine for id, mine in self.ids.items() if isinstance(mine, int) and mine in found}
        return {id: np.asarray(value(found[mine])) for id, mine in ours.items()}

    def _enter_leaves(self) -> None:
        super()._enter_leaves()
        self.ids |= {leaf: self.ids[first] for leaf, first in self.same.items()}

    def _gradients(self, loss: Tensor) -> Mapping[int, int]:
        gradients = super()._gradients(loss)
        for leaf, value in self.given.items():
            mine = self.ids.get(value)
            if isinstance(mine, int) and mine in gradients:
                self.ids[leaf] = gradients[mine]
        return gradients

    def _own(self, updates: Updates, gradients: Mapping[int, int]) -> tuple[dict[int, int], set[int]]:
        return ({}, set(self.parts.updating)) if self.given else super()._own(updates, gradients)


def builder_of(tape: StepTape, given: Mapping[int, int]) -> LoopStepBuilder:
    """The builder of the only step of a tape."""
    parts = parts_of(tape, tape.training.steps[0])
    given = {leaf: value for leaf, value in given.items() if leaf in parts.leaves and leaf not in parts.made_of}
    same = _same_leaves(tape, parts)
    leaves = {leaf: kind for leaf, kind in parts.leaves.items() if leaf not in given and leaf not in same}
    return LoopStepBuilder(tape, replace(parts, leaves=leaves), given=given, same=same)


def loop_step(tape: StepTape, given: Mapping[int, int], index: int) -> Step:
    """The only step of a tape, with its index in the run."""
    return builder_of(tape, given).step(index)


def _same_leaves(tape: StepTape, parts: StepParts) -> dict[int, int]:
    """The arrays of one name and the same bits, each with the first of them."""
    first: dict[object, int] = {}
    same: dict[int, int] = {}
    inside = frozenset((*parts.made_of, *parts.updating))
    for leaf, kind in parts.leaves.items():
        value = tape.raw(leaf)
        if kind == "parameter" or not isinstance(value, np.ndarray) or not (name := variable_name(tape, leaf, inside)):
            continue
        known = first.setdefault((name, value.dtype, value.shape, value.tobytes()), leaf)
        if known != leaf:
            same[leaf] = known
    return same
