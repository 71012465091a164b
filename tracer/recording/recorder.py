"""Computes an operation and appends it to the tape of the running step.

While a program runs, an operation costs one entry: a tuple of what was computed, and where in the code. Names, source
lines and formulas are computed when the step is read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from types import FrameType
from typing import Any

import numpy as np

from tracer.arguments import native
from tracer.errors import RecordingError
from tracer.graph.record import EMPTY, Literal, Phase, Source, Step
from tracer.ops.base import Op
from tracer.ops.complex_inputs import complex_input, is_complex
from tracer.ops.several_results import SeveralResults
from tracer.recording.autodiff import gradients
from tracer.recording.call_stack import CallStack
from tracer.recording.memory import ArrayMemory
from tracer.recording.naming import nodes_of, source_of
from tracer.recording.nodes import RecordedNodes, Recording, ReplayedBackward
from tracer.recording.plan import BackwardPlan
from tracer.recording.replaying.instructions import as_recorded
from tracer.recording.results import check_scalar
from tracer.recording.source import Files
from tracer.recording.step_tape import StepTape
from tracer.recording.tape import NO_PARAMETERS, Context, running
from tracer.recording.tensor import Tensor

_BACKWARD = Phase.BACKWARD  # looked up for every operation, and slow to look up in an enumeration


class Recorder(StepTape):
    """Records one step. `files` are those of the program: pass the same ones for each of its steps.

    `structure` is set to the plan of the steps that differ from this one in their values only.
    """

    def __init__(self, files: Files | None = None) -> None:
        super().__init__()
        self.files = Files() if files is None else files
        self.structure: BackwardPlan | None = None
        # Not in the backward pass: the source lines of derivative rules are irrelevant to the user.
        self._locates = True
        # The instruction that everything is recorded for while `_locates` is false; -1 for none.
        self._offset = -1
        # Whether an array was written in place. Derivative rules do not follow that: they see the values of their operation.
        self.has_writes = False
        self._calls = CallStack(self.files)
        # The frame that was located last: in most cases the next operation is in it too.
        self._frame: FrameType | None = None

    @cached_property
    def memory(self) -> ArrayMemory:
        """The versions of arrays that were written. Most programs write into none, and a step does not make it in vain."""
        return ArrayMemory(self)

    # Recording.

    @property
    def records_program(self) -> bool:
        """True while the user's code runs: not in derivative rules, and not after the step is finished."""
        return self._locates and self._calls.is_running

    def record(self, op: type[Op], inputs: tuple[Any, ...], parameters: dict[str, Any], depth: int = 2) -> Tensor:
        """Compute an operation on Tensors, arrays and numbers, and append its node.

        `depth` is the number of frames from here up to the user's. Raises RecordingError for a Tensor of another recording.
        NumPy's errors get a note with the operation and the shapes.
        """
        offset = self._offset
        has_writes = self.has_writes
        if self._locates:
            # By default two up: this method was called by an operator or protocol method of Tensor.
            frame = sys._getframe(depth)
            if frame is not self._frame:
                self._locate(frame)
            offset = frame.f_lasti
        operands: list[int | Literal] = []
        values: list[Any] = []
        for given in inputs:
            operand = given if type(given) is Tensor else self._entering(given, offset)
            if isinstance(operand, Literal):
                operands.append(operand)
                values.append(operand.value)
            elif operand.recorder is self:
                if has_writes:
                    self._refresh(operand, offset)
                operands.append(operand._id)
                values.append(operand._value)
            else:
                raise RecordingError(
                    f"{op.name} was given Tensors of two recordings: run everything in one model and loss, and carry values"
                    " between steps as plain arrays (.value)"
                )
        if self._has_complex and not op.takes_complex() and any(map(is_complex, values)):
            raise RecordingError(complex_input(op))
        try:
            value = op.value(*values, **parameters) if parameters else op.value(*values)
        except (ValueError, TypeError, IndexError) as error:
            shapes = ", ".join(str(np.shape(given)) for given in values)
            error.add_note(f"in the operation {op.name} on shapes {shapes}")
            raise
        if type(value) is not np.ndarray:
            value = as_recorded(value, values)
        if type(value) is np.ndarray:
            if value.dtype.kind == "c":
                self._has_complex = True
            value.setflags(write=False)
        elif type(value) is complex:
            self._has_complex = True
        entries = self.entries
        entries.append((op, tuple(operands), parameters, value, self._context, offset))
        return Tensor(value, self, len(entries) - 1)

    def record_parts(self, op: type[SeveralResults], inputs: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
        """Record every result of an operation with several; returns them as NumPy does."""
        results = []
        for part in range(op.result_count(inputs, parameters)):
            results.append(self.record(op, *op.call_of_part(part, inputs, parameters), depth=3))  # noqa: PERF401 (a frame more)
        return op.combined(results)

    # Writing in place.

    def write(self, target: Tensor, change: Callable[[Tensor], Tensor], frame: FrameType) -> None:
        """Write into an array: `change` records the array after it. `frame` is the user's.

        Raises RecordingError if the array may not be written into.
        """
        if self._context.phase is _BACKWARD:
            raise RecordingError("a derivative rule cannot write into an array: build a new one, as np.where does")
        self.has_writes = True
        with self.composing(frame):
            self.memory.write(target, change)

    def constant(self, value: Any) -> Tensor:
        """Enter an array of the user's code."""
        return self._append("constant", (), NO_PARAMETERS, native(np.array(value)), self._offset)

    @contextmanager
    def composing(self, frame: FrameType) -> Iterator[None]:
        """What is recorded inside is one call in the user's code, in this frame: its last operation has the name."""
        if not self._locates:  # part of another call, or of a derivative rule
            yield
            return
        start = len(self.entries)
        if frame is not self._frame:
            self._locate(frame)
        self._locates, self._offset = False, frame.f_lasti
        try:
            yield
        finally:
            self._locates, self._offset = True, -1
            self.marks.unnamed.update(range(start, len(self.entries) - 1))

    def record_again(self, view: int, base: int, offset: int) -> int:
        """Record a view again, of the newest version of its base."""
        op, operands, parameters, *_ = self.entries[view]
        assert not isinstance(op, str)
        values = [x.value if isinstance(x, Literal) else self.value(x) for x in operands[1:]]
        offset = self._offset if offset < 0 else offset
        again = self._append(op, (base, *operands[1:]), parameters, op.value(self.value(base), *values, **parameters), offset)
        self.marks.versions[again.id] = view
        return again.id

    def rewritten(self, root: int, changed: int) -> None:
        """Note that an array is the node `changed` now; if it is a parameter, that is its update."""
        if root < len(self.entries) and self.entries[root][0] == "parameter":
            self.marks.updates[root] = changed

    def current_id(self, tensor: Tensor) -> int:
        """The node of a Tensor, which may have been written in place."""
        self._refresh(tensor, -1)
        return tensor._id

    def current_value(self, tensor: Tensor) -> Any:
        """The value of a Tensor, which may have been written in place."""
        return self.memory.value(tensor._id)

    def _refresh(self, tensor: Tensor, offset: int) -> None:
        newest = self.memory.newest(tensor._id, offset)
        if newest != tensor._id:
            tensor._id, tensor._value = newest, self.value(newest)

    # Phases, scopes, and the place in the calls.

    def enter(self, phase: Phase, *, scope: str = "", subject: str = "") -> None:
        """Begin a phase, or another scope of it. The caller's frame is where the recorded program is called from.

        `subject` is what the names in this scope speak of: with the subject W1, `m` of the code is named `m_W1`.
        """
        self._frame = None
        self._calls.start(sys._getframe(1))
        running.set(self)
        self._context = Context(phase, scope, subject)
        self._locates = phase is not _BACKWARD

    def _locate(self, frame: FrameType) -> None:
        """From here on, the user's code is in this frame."""
        self._frame = frame
        here = self._context
        self._context = Context(here.phase, here.scope, here.subject, self._calls.invocation_of(frame))

    # Gradients.

    def seed_gradient(self, output: Tensor) -> Tensor:
        """The derivative of the output with respect to itself: 1."""
        return self._constant_gradient(output, 1)

    def _constant_gradient(self, of: Tensor, number: int) -> Tensor:
        with self.deriving(of.id, None):
            return self._append("constant", (), NO_PARAMETERS, np.full(of.shape, number, of.dtype), -1)

    @contextmanager
    def deriving(self, of: int, rule: int | None = None) -> Iterator[None]:
        """What is recorded inside serves the derivative with respect to node `of`, by the rule of operation `rule`."""
        outer, located, offset, has_writes = self._context, self._locates, self._offset, self.has_writes
        self.derive(of, rule)
        self._locates, self._offset, self.has_writes = False, -1, False
        try:
            yield
        finally:
            self._context, self._locates, self._offset, self.has_writes = outer, located, offset, has_writes

    def derive(self, of: int, rule: int | None = None) -> None:
        """From here on another derivative is computed: `deriving` may be left in the end, whichever it is by then."""
        self._context = Context(_BACKWARD, "", "", None, of, rule)

    def contributed(self, gradient: Tensor, of: int, rule: int) -> None:
        """Note that this is what the operation `rule` adds to the gradient with respect to node `of`."""
        self.marks.contributions.setdefault(gradient.id, (of, rule))

    def backward(self, output: Tensor, of: Collection[int] | None = None) -> bool:
        """Record the gradients of a scalar with respect to every parameter, zeros for one it does not depend on.

        With `of`, the output is one of several losses, and these are the ids of its parameters. Returns whether it depends on any
        of them. Raises UsageError where the output is not one floating number.
        """
        check_scalar(output, "what gradients start from")
        parameters = [self.tensor(id) for id in (self._parameters if of is None else of)]
        found = gradients(output, parameters)
        leading = {value: gradient._id for value, gradient in found.items()}
        for parameter in parameters:
            if parameter._id not in found:  # the value it had at first, also if it was written in place since
                leading[parameter._id] = self._constant_gradient(parameter, 0)._id
        self.marks.add_pass(output.id, leading, of or (), is_one_of_several=of is not None)
        self.enter(Phase.UPDATE)
        return bool(found)

    def replay(self, plan: BackwardPlan) -> None:
        """Compute what followed the loss in the step that the plan was made from; this step has to match it up to there."""
        marks, later = self.marks, plan.marks
        self._replayed = ReplayedBackward(plan, plan.values_after(self.entries))
        marks.names |= later.names
        marks.gradients, marks.contributions, marks.updates = later.gradients, later.contributions, later.updates
        marks.losses = later.losses

    def gradient(self, id: int) -> Tensor | None:
        """The recorded gradient with respect to the node of that id, or an earlier version of its array, if any."""
        earlier: int | None = id
        while earlier is not None:
            if earlier in self.marks.gradients:
                return self.tensor(self.marks.gradients[earlier])
            earlier = self.marks.versions.get(earlier)
        return None

    # The finished step.

    def finish(self, index: int, loss: Tensor, metrics: Mapping[str, Any] = EMPTY) -> Step:
        """The step as plain data. The recorder lets go of the frames it held."""
        self.release()
        marks = self.marks
        nodes = RecordedNodes(Recording(tuple(self.entries), self._replayed, marks, self.files, self.structure))
        return Step(index, nodes, loss.id, marks.gradients, marks.updates, metrics, marks.losses)

    def release(self) -> None:
        """Let go of the frames of the recorded program, so that nothing refers back to its variables."""
        self._frame = None
        self._calls.release()
        if running.get() is self:
            running.set(None)

    def place_of(self, id: int) -> Source | None:
        """Where in the user's code a node was computed; None if unknown."""
        return source_of(self.entries[id], self.files) if id < len(self.entries) else None

    def last_label(self) -> str:
        """The last node as a message names it: its number and its name or expression."""
        if not self.entries:
            return "none"
        node = nodes_of(self.entries, self.marks, self.files)[-1]
        return f"{node.id} {node.name or (node.source.text if node.source else node.op)}"
