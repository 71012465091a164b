"""The step of a loop that runs now: its losses, the gradients that it asked for, and its end."""

from __future__ import annotations

import operator
from collections.abc import Collection, Mapping, Sequence
from types import FrameType
from typing import Any

import numpy as np

from tracer.errors import RecordingError, UsageError
from tracer.graph.record import Step
from tracer.programs.loops.building import builder_of, loop_step
from tracer.programs.loops.loop_shadow import LoopShadow
from tracer.programs.loops.losses import find_loss
from tracer.programs.loops.parameters import Parameter, locate, updates
from tracer.programs.record import ProgramRecord
from tracer.programs.steps.parts import StepTape
from tracer.programs.steps.training import FoundStep, FoundTraining
from tracer.programs.values import Recording, recording_value
from tracer.recording.source import assigned_at


class OpenStep:
    """A step from its start to its end. `index` is its number in the run, `frame` that of the user's `with` statement."""

    def __init__(self, index: int, shadow: LoopShadow, parameters: Sequence[Parameter], frame: FrameType) -> None:
        self.index = index
        self.shadow = shadow
        self.parameters = parameters
        self._frame = frame
        locate(parameters, frame)
        self.start = shadow.begin(frame)
        for each in parameters:
            each.start = shadow.enter(each.value)
        self._loss: int | None = None
        self._gradients: dict[int, np.ndarray] = {}
        self._asked: dict[int, Any] = {}
        self._given: dict[int, int] = {}
        self._was_reset = False

    # Gradients.

    def backward(self, value: Recording) -> None:
        """Compute the gradients of a loss, or of the sum of it and those before.

        Raises RecordingError for a value that is no loss of this step.
        """
        if self._was_reset:
            raise UsageError(
                "grad was assigned between two backward() of one step: it needs no zeroing, two backward() add up; put each"
                " into a step of its own to keep them apart"
            )
        tensor = value.tensor
        assert tensor is not None
        if tensor.recorder is not self.shadow.recorder or (node := self.shadow.id_of(tensor)) < self.start:
            raise RecordingError("this loss was not computed in this step: compute it inside the same `with run.step():`")
        if np.size(value.plain()) != 1:
            raise RecordingError(
                f"backward() starts from one number, this has the shape {np.shape(value.plain())}: take its sum or mean"
            )
        loss = node if self._loss is None else self._sum(self._loss, node)
        gradients = builder_of(self._tape(loss, {}), self._given).gradients_of_loss()
        if not any(each.start in gradients for each in self.parameters):
            names = ", ".join(each.name for each in self.parameters)
            raise RecordingError(
                f"the loss does not depend on {names}, as far as it was recorded: compute it from what run.parameters() returned,"
                " with NumPy's functions and operators"
            )
        self._loss, self._gradients = loss, gradients
        self._asked = {}

    def _sum(self, first: int, second: int) -> int:
        """The sum of two losses, recorded in the statement that computed the second."""
        shadow = self.shadow
        entries, names = shadow.recorder.entries, shadow.recorder.marks.names
        total: int = operator.add(shadow.recorder.tensor(first), shadow.recorder.tensor(second)).id
        context, offset = entries[second][4:]
        entries[total] = (*entries[total][:4], context, offset)
        parts = [names.get(id) or assigned_at(shadow.files, *_where(entries[id])).name or "loss" for id in (first, second)]
        names[total] = " + ".join(parts)
        return total

    def gradient(self, value: Recording) -> Any:
        """The gradient with respect to a value, in its type. Raises RecordingError before `backward`, and if it got none."""
        if self._loss is None:
            raise RecordingError("there is no gradient yet: call loss.backward() first; grad is of the current step")
        node = self._known(value)
        if node not in self._asked:
            found = self._gradients.get(node)
            if found is None and not any(each.start == node for each in self.parameters):
                raise RecordingError("no gradient reached this value: the loss of this step was not computed from it")
            found = np.zeros(np.shape(value.plain())) if found is None else found
            self._asked[node] = self._recorded(typed(found, value.plain()), node)
        return self._asked[node]

    def _known(self, value: Recording) -> int:
        """The node of a value, or that of its array before it was written into."""
        tensor = value.tensor
        assert tensor is not None
        if tensor.recorder is not self.shadow.recorder:
            return -1
        node: int | None = self.shadow.id_of(tensor)
        versions = self.shadow.recorder.marks.versions
        while node is not None:
            if node in self._gradients:
                return node
            mine = next((each.start for each in self.parameters if each.value is value), None)
            if mine is not None:
                return mine
            node = versions.get(node)
        return -1

    def _recorded(self, gradient: Any, of: int) -> Any:
        """A gradient that records: a leaf, known as the gradient of a node."""
        made = recording_value(gradient)
        made.tensor = self.shadow.leaf(made.plain())
        self._given[made.tensor.id] = of
        self.shadow.computed.add(made.tensor.id)
        return made

    def set_gradient(self, value: Recording, gradient: Any) -> None:
        """`W.grad *= 0.5` and `W.grad = np.clip(W.grad, -1, 1)` set what `W.grad` is from now on; zeroing does nothing."""
        if self._loss is None:
            return
        if isinstance(gradient, Recording):
            self._asked[self._known(value)] = gradient
        else:
            self._was_reset = True

    def gradients_by_name(self) -> dict[str, Any]:
        """The gradients of the parameters, in their types."""
        if self._loss is None:
            return {}
        plain = {each.name: each.value.plain() for each in self.parameters}
        zeros = {each.name: np.zeros(np.shape(each.value.plain())) for each in self.parameters}
        return {each.name: typed(self._gradients.get(each.start, zeros[each.name]), plain[each.name]) for each in self.parameters}

    # The end.

    @property
    def is_empty(self) -> bool:
        """Whether nothing was computed."""
        entries = self.shadow.recorder.entries
        return all(isinstance(entry[0], str) for entry in entries[self.start :])

    def finish(self, loss_name: str | None) -> Step:
        """The finished step. Raises UsageError if it has no loss, or an update was not recorded."""
        found = list(updates(self.parameters, self.shadow, self._frame))
        new = {parameter.start: node for parameter, node, _ in found}
        loss = self._loss
        if loss is None:
            starts = [each.start for each in self.parameters]
            loss = find_loss(self.shadow, self.start, starts, list(new.values()), loss_name)
        if loss is None:
            raise UsageError(_without_loss(self.index, loss_name))
        step = loop_step(self._tape(loss, new), self._given, self.index)
        for parameter, _, value in found:
            parameter.value = value
        return step

    def _tape(self, loss: int, new: Mapping[int, int]) -> StepTape:
        record = self.shadow.tape()
        versions = {each.name: [each.start, *(new[old] for old in (each.start,) if old in new)] for each in self.parameters}
        step = FoundStep(loss, new, self.start)
        tape = StepTape(FoundTraining(record, "", versions, (step,), len(record.entries)))
        tape.depends = _dependents(record, tape.versions.keys() | self.shadow.computed)
        return tape


def _dependents(record: ProgramRecord, roots: Collection[int]) -> frozenset[int]:
    """What was computed from values, and these."""
    found = set(roots)
    for id in range(len(record.entries)):
        if any(operand in found for operand in record.inputs(id)):
            found.add(id)
    return frozenset(found)


def _where(entry: Any) -> tuple[Any, int]:
    return entry[4].invocation, entry[5]


def _without_loss(index: int, name: str | None) -> str:
    if name is not None:
        return f"step {index} computes no number {name!r} from the parameters: loss= takes the name of a variable"
    return (
        f"step {index} has no loss: call backward() on it, give the variable a name such as `loss`, or say which it is with"
        " tracer.record(loss=NAME)"
    )


def typed(gradient: np.ndarray, value: Any) -> Any:
    """A gradient in the type of the value that it is of: a number for a number."""
    if isinstance(value, np.ndarray):
        return np.array(gradient, value.dtype if value.dtype.kind == "f" else gradient.dtype)
    return type(value)(gradient) if isinstance(value, np.floating) else float(gradient)
