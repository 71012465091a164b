"""Builds the steps of a Trace from the tape of a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tracer.errors import RecordingError
from tracer.graph.missing import ADDED, CHANGED_OUTSIDE, LEFT, UNKNOWN_ORIGIN
from tracer.graph.own_gradients import agreement
from tracer.graph.record import Literal, Phase, Step
from tracer.ops.base import Op
from tracer.ops.families.reductions import Sum
from tracer.programs.gradients.places.scale import is_number, is_plain
from tracer.programs.steps.computed import Computed
from tracer.programs.steps.increments import Updates, updates_of
from tracer.programs.steps.leaf_names import leaf_name, leaf_uses, same_leaves
from tracer.programs.steps.loss_phase import loss_phase
from tracer.programs.steps.parts import StepParts, StepTape, parts_of
from tracer.recording.recorder import Recorder
from tracer.recording.replaying.instructions import as_recorded
from tracer.recording.source import assigned_at
from tracer.recording.tape import Context
from tracer.recording.tensor import Tensor

_LEAF_ORDER = ("parameter", "data", "state", "hyperparameter", "constant")


def steps_of(tape: StepTape) -> Iterator[Step]:
    """The steps of a program, one after the other."""
    for index in range(len(tape.training.steps)):
        yield step_of(tape, index)


def step_of(tape: StepTape, index: int, number: int | None = None) -> Step:
    """One step of a program, with the true gradients of its loss; `number` is its own in the run, if it is another one."""
    return StepBuilder(tape, parts_of(tape, tape.training.steps[index])).step(index if number is None else number)


@dataclass(slots=True)
class StepBuilder:
    """Puts the entries of a step onto a tape of its own. `ids` has their ids there, by those on the tape of the program."""

    tape: StepTape
    parts: StepParts
    recorder: Recorder = field(init=False)
    ids: dict[int, int | Literal] = field(default_factory=dict)
    _computed_again: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.recorder = Recorder(self.tape.record.files)

    def step(self, index: int) -> Step:
        tape, parts, recorder = self.tape, self.parts, self.recorder
        updates = updates_of(tape, parts)
        in_loss = loss_phase(tape, parts)
        self._enter_leaves()
        self._append([id for id in parts.made_of if id not in in_loss], Phase.FORWARD)
        self._append([id for id in parts.made_of if id in in_loss], Phase.LOSS)
        loss = self._scalar(parts.step.loss)
        gradients = self._gradients(loss)
        own, update = self._own(updates, gradients)
        self._append([id for id in parts.updating if id not in update], Phase.BACKWARD)
        self._append([id for id in parts.updating if id in update], Phase.UPDATE)
        for old, new in parts.step.updates.items():
            recorder.marks.updates[self._id(old)] = self._id(new)
        metrics = {"step": index, "loss": float(loss.value)}
        step = recorder.finish(index, loss, metrics)
        own_gradients = {self._id(value): self._id(id) for value, id in own.items()}
        return replace(step, own_gradients=own_gradients, marks=self._marks())

    def _marks(self) -> dict[int, str]:
        """What the record does not know of single values, by their ids in the step."""
        record = self.tape.record
        found = {id: f"{LEFT}{library}" for id, library in record.left.items()}
        found |= dict.fromkeys(record.unknown, UNKNOWN_ORIGIN) | dict.fromkeys(record.changed_outside, CHANGED_OUTSIDE)
        found |= dict.fromkeys(range(self.tape.training.added, len(self.tape)), ADDED)
        marks = {mine: found[id] for id, mine in self.ids.items() if id in found and isinstance(mine, int)}
        return dict(sorted(marks.items()))

    def _id(self, id: int) -> int:
        found = self.ids[id]
        assert isinstance(found, int)
        return found

    # Leaves.

    def _enter_leaves(self) -> None:
        leaves = self.parts.leaves
        order = {name: position for position, name in enumerate(self.tape.training.parameters)}
        inside = frozenset((*self.parts.made_of, *self.parts.updating))
        names = {leaf: self.tape.versions.get(leaf) or leaf_name(self.tape, leaf, inside) for leaf in leaves}

        def place(leaf: int) -> tuple[int, int, tuple[int, int], int]:
            # Not by the ids of the leaves: what several steps use entered the tape in the first of them.
            first_use = next(leaf_uses(self.tape, leaf, inside), (len(self.tape), 0))
            return _LEAF_ORDER.index(leaves[leaf]), order.get(names[leaf], 0), first_use, leaf

        ordered = sorted(leaves, key=place)
        same = same_leaves(self.tape, {leaf: names[leaf] for leaf in ordered if leaves[leaf] in ("data", "constant")})
        for leaf in ordered:
            if leaf in same:
                self.ids[leaf] = self.ids[same[leaf]]
                continue
            kind, value = leaves[leaf], self.tape.raw(leaf)
            if kind == "hyperparameter" and not names[leaf] and type(value) in (int, float):
                self.ids[leaf] = Literal(value)
                continue
            if kind == "parameter" and np.asarray(value).dtype.kind in "iub":
                # `w = 0`: what it becomes is a floating number, and so is its gradient.
                value = np.asarray(value, np.float64)
                self._computed_again.add(leaf)
            self.ids[leaf] = self.recorder.leaf(kind, names[leaf], value, copy=False).id

    # Operations.

    def _append(self, ids: Sequence[int], phase: Phase) -> None:
        marks, ours = self.tape.record.marks, self.recorder.marks
        contexts: dict[Context, Context] = {}
        for id in ids:
            op, operands, parameters, value, context, offset = self.tape.record.entries[id]
            assert not isinstance(op, str)
            if context not in contexts:
                contexts[context] = context._replace(phase=phase)
            given = tuple(operand if isinstance(operand, Literal) else self.ids[operand] for operand in operands)
            if np.asarray(value).dtype.kind in "iub" and any(operand in self._computed_again for operand in operands):
                value = self._compute(op, given, parameters)
                self._computed_again.add(id)
            mine = len(self.recorder.entries)
            self.recorder.entries.append((op, given, parameters, value, contexts[context], offset))
            self.ids[id] = mine
            if id in marks.unnamed:
                ours.unnamed.add(mine)
            if id in marks.names:
                ours.names[mine] = marks.names[id]
            earlier = self.ids.get(marks.versions.get(id, -1))
            if isinstance(earlier, int):
                ours.versions[mine] = earlier

    def _compute(self, op: type[Op], given: Sequence[int | Literal], parameters: Mapping[str, Any]) -> Any:
        values = [operand.value if isinstance(operand, Literal) else self.recorder.value(operand) for operand in given]
        with np.errstate(all="ignore"):
            value = as_recorded(op.value(*values, **parameters), values)
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
        return value

    # Gradients.

    def _scalar(self, id: int) -> Tensor:
        """The loss, as an array without axes."""
        recorder, mine = self.recorder, self._id(id)
        value = recorder.value(mine)
        if np.shape(value):
            context, offset = recorder.entries[mine][4:]
            total = as_recorded(np.sum(value), [value])
            recorder.entries.append((Sum, (mine,), {"axis": None, "keepdims": False}, total, context, offset))
            recorder.marks.unnamed.add(len(recorder.entries) - 1)
            mine = len(recorder.entries) - 1
        return recorder.tensor(mine)

    def _gradients(self, loss: Tensor) -> Mapping[int, int]:
        """Record the gradients of the loss; none if it has none that can be recorded."""
        recorder = self.recorder
        before, marks = len(recorder.entries), replace(recorder.marks)
        try:
            with np.errstate(all="ignore"):
                recorder.enter(Phase.BACKWARD)
                recorder.backward(loss)
        except RecordingError:
            del recorder.entries[before:]
            recorder.marks = marks
        return recorder.marks.gradients

    def _own(self, updates: Updates, gradients: Mapping[int, int]) -> tuple[dict[int, int], set[int]]:
        """The gradients that the program computed, by the ids of the tape of their values; and all operations of the update."""
        tape, parts = self.tape, self.parts
        update, own = set(updates.operations), {}
        for old, chain in updates.increments.items():
            own[old] = entering = self._entering(old, chain, gradients)
            update.update(chain[: chain.index(entering)])
        new = set(parts.step.updates.values())
        accumulated = update - new  # with what an optimizer keeps: no gradient any more
        for id in parts.updating:
            operands = tape.inputs[id]
            if any(parts.leaves.get(operand) == "state" for operand in operands):
                accumulated.add(id)
            if any(operand in accumulated and operand not in new for operand in operands):
                accumulated.add(id)
            if id in accumulated or any(operand in update for operand in operands):
                update.add(id)
        update.intersection_update(parts.updating)
        own = {old: id for old, id in own.items() if id in parts.updating and id not in accumulated}
        return own | self._matched(self._backward(update), gradients, own), update

    def _backward(self, update: set[int]) -> list[int]:
        return [id for id in self.parts.updating if id not in update]

    def _entering(self, old: int, chain: Sequence[int], gradients: Mapping[int, int]) -> int:
        """What is the gradient among the values that are the same up to a learning rate."""
        true = self._true(old, gradients)
        if true is not None:
            for id in chain:
                if agreement(np.asarray(self.tape.raw(id)), true).is_same:
                    return id
        named = next((id for id in chain if self._name(id)), None)
        return (chain[0] if self._is_mixed(chain) else chain[-1]) if named is None else named

    def _is_mixed(self, chain: Sequence[int]) -> bool:
        """Whether the statement of an update has other numbers than one, so that not each of them is the learning rate."""
        tape, statement = self.tape, self.tape.statement(chain[0])
        if tape.statement(chain[-1]) != statement:
            return False  # the gradient is a value of its own
        inside = [id for id in self.parts.updating if tape.op(id) in ("multiply", "divide") and tape.statement(id) == statement]
        numbers = [(id, each) for id in inside for each in tape.operands(id) if is_number(tape, each)]
        return len(numbers) > 1 or not all(is_plain(tape, id, each) for id, each in numbers)

    def _matched(self, backward: Sequence[int], gradients: Mapping[int, int], own: Mapping[int, int]) -> dict[int, int]:
        """What the program computed for the other values: arrays with the true gradient, or named as its gradient."""
        found: dict[int, int] = {}
        arrays = {id: array for id in backward if (array := np.asarray(self.tape.raw(id))).size > 1}
        computed = Computed(arrays, {id: self._name(id) for id in arrays})
        for value in (*self.parts.leaves, *self.parts.made_of):
            true = self._true(value, gradients)
            if value in own or true is None or true.size < 2:
                continue
            name = self.recorder.marks.names.get(self._id(value)) or self._name(value)
            if not name:
                continue
            same, named = computed.same_as(true), computed.named_as_gradient_of(name, true.size)
            if same or named:
                found[value] = next((id for id in same if id in named), (same or named)[-1])
        return found

    def _true(self, value: int, gradients: Mapping[int, int]) -> np.ndarray | None:
        mine = self.ids.get(value)
        return np.asarray(self.recorder.value(gradients[mine])) if isinstance(mine, int) and mine in gradients else None

    def _name(self, id: int) -> str:
        if id in self.tape.record.marks.unnamed:
            return ""
        *_, context, offset = self.tape.record.entries[id]
        return assigned_at(self.tape.record.files, context.invocation, offset).name
