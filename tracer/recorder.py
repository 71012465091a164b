"""Computes an operation and appends its node to the record of the running step.

While a program runs, an operation costs one entry: a tuple of what was computed, and where in the code. Names, source
lines and formulas are worked out when the step is finished.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from tracer.autodiff import gradients
from tracer.entries import Context, Entry, Marks
from tracer.errors import RecordingError, UsageError
from tracer.graph import NOTHING, Literal, Phase, Step
from tracer.naming import nodes_of
from tracer.op import Op
from tracer.source import Invocation, is_library
from tracer.tensor import NO_PARAMETERS, Tensor


class Recorder:
    """Records one step. `base` is the folder against which the names of source files are shown."""

    def __init__(self, base: Path | None = None) -> None:
        self.entries: list[Entry] = []
        self.base = base
        self.marks = Marks()
        self._context = Context(Phase.INIT)
        # The frames of the running program, outermost first, each with its invocation. They are held while the step
        # runs, so that a frame object met again is the same call and not a new one at the same address.
        self._outside: FrameType | None = None
        self._frames: list[tuple[FrameType, Invocation]] = []

    # What a step starts from.

    def leaf(self, kind: str, name: str, value: Any, *, copy: bool = True) -> Tensor:
        """Enter a value that nothing computed; arrays are copied once, unless the caller gives up ownership.

        A hyperparameter is a Python number and stays one: it takes the dtype of the array it meets.
        """
        held = value if kind == "hyperparameter" else frozen(np.array(value, copy=True) if copy else np.asarray(value))
        tensor = self._append(kind, (), NO_PARAMETERS, held, -1)
        if name:
            self.marks.names[tensor.id] = name
        return tensor

    # Recording.

    def record(self, op: type[Op], inputs: tuple[Any, ...], parameters: dict[str, Any]) -> Tensor:
        """Compute an operation on Tensors, arrays and numbers, and append its node.

        Raises RecordingError where a Tensor belongs to another recording; NumPy's own errors pass through with a note
        that names the operation and the shapes.
        """
        offset = -1
        if self._context.phase is not Phase.BACKWARD:
            # The frame two up is the user's: this method was called by an operator or protocol method of Tensor.
            frame = sys._getframe(2)
            if not self._frames or frame is not self._frames[-1][0]:
                self._locate(frame)
            offset = frame.f_lasti
        operands: list[int | Literal] = []
        values: list[Any] = []
        for given in inputs:
            operand = given if type(given) is Tensor else self._entering(given, offset)
            if isinstance(operand, Literal):
                operands.append(operand)
                values.append(operand.value)
                continue
            if operand.recorder is not self:
                raise RecordingError(
                    f"{op.name} was given Tensors of two recordings: run everything in one model and loss, and carry values"
                    " between steps as plain arrays (.value)"
                )
            operands.append(operand.id)
            values.append(operand.value)
        try:
            value = op.value(*values, **parameters)
        except (ValueError, TypeError, IndexError) as error:
            shapes = ", ".join(str(np.shape(given)) for given in values)
            error.add_note(f"in the operation {op.name} on shapes {shapes}")
            raise
        if type(value) is not np.ndarray:
            # NumPy returns scalars for arrays without axes. What is computed of Python numbers alone stays one.
            weak = all(isinstance(given, (bool, int, float, complex)) for given in values)
            value = value.item() if weak and isinstance(value, np.generic) else value if weak else np.asarray(value)
        return self._append(op, tuple(operands), parameters, value, offset)

    def _append(
        self, op: type[Op] | str, operands: tuple[int | Literal, ...], parameters: Mapping[str, Any], value: Any, offset: int
    ) -> Tensor:
        if type(value) is np.ndarray and value.flags.writeable:
            value.flags.writeable = False
        self.entries.append((op, operands, parameters, value, self._context, offset))
        return Tensor(value, self, len(self.entries) - 1)

    def _entering(self, given: Any, offset: int) -> Tensor | Literal:
        """A value that stands in the user's code: a Python number stays a literal, an array becomes a constant leaf."""
        if given is None or type(given) in (bool, int, float, complex):
            return Literal(given)
        if isinstance(given, (np.ma.MaskedArray, np.matrix)):
            raise RecordingError(f"a {type(given).__name__} would lose its own rules in the record: give it as a plain array")
        array = np.array(given)
        if not (np.issubdtype(array.dtype, np.number) or array.dtype == np.bool_):
            raise RecordingError(f"numbers are needed here, this is {type(given).__name__} of dtype {array.dtype}")
        return self._append("constant", (), NO_PARAMETERS, frozen(array), offset)

    def tensor(self, id: int) -> Tensor:
        """The Tensor of a recorded node."""
        return Tensor(self.entries[id][3], self, id)

    # Phases, scopes, and the place in the calls.

    def enter(self, phase: Phase, *, scope: str = "", subject: str = "") -> None:
        """Begin a phase, or another scope of it. The caller's frame is where the recorded program is called from.

        `subject` is what the names in this scope speak of: with the subject W1, `m` of the code is named `m_W1`.
        """
        self._frames.clear()
        self._outside = sys._getframe(1)
        self._context = Context(phase, scope, subject)

    def _locate(self, frame: FrameType) -> None:
        """Find the invocation that a frame stands for: known callers are kept, new calls get new invocations."""
        known = {id(held): position for position, (held, _) in enumerate(self._frames)}
        fresh: list[FrameType] = []
        above: FrameType | None = frame
        while above is not None and above is not self._outside and id(above) not in known:
            fresh.append(above)
            above = above.f_back
        if frame is self._outside and is_library(frame.f_code):
            # NumPy's own function was handed over to be recorded: there is no line of the user's to speak of.
            fresh, self._frames = [], []
        elif above is None or frame is self._outside:
            fresh, self._frames = [frame], []
        elif above is self._outside:
            self._frames = []
        else:
            del self._frames[known[id(above)] + 1 :]
        for one in reversed(fresh):
            caller = self._frames[-1] if self._frames else None
            invocation = Invocation(one.f_code, caller[1], caller[0].f_lasti) if caller else Invocation(one.f_code)
            self._frames.append((one, invocation))
        here = self._context
        innermost = self._frames[-1][1] if self._frames else None
        self._context = Context(here.phase, here.scope, here.subject, innermost)

    # Gradients.

    def seed_gradient(self, output: Tensor) -> Tensor:
        """The derivative of the output with respect to itself: 1."""
        return self._constant_gradient(output, 1)

    def _constant_gradient(self, of: Tensor, number: int) -> Tensor:
        with self.deriving(of.id, None):
            return self._append("constant", (), NO_PARAMETERS, frozen(np.full(of.shape, number, of.dtype)), -1)

    @contextmanager
    def deriving(self, of: int, rule: int | None) -> Iterator[None]:
        """What is recorded inside serves the derivative with respect to node `of`, by the rule of operation `rule`."""
        outer = self._context
        self._context = Context(Phase.BACKWARD, gradient_of=of, rule_of=rule)
        try:
            yield
        finally:
            self._context = outer

    def contributed(self, gradient: Tensor, of: int, rule: int) -> None:
        """Note that this is what the operation `rule` adds to the gradient with respect to node `of`."""
        self.marks.contributions.setdefault(gradient.id, (of, rule))

    def backward(self, output: Tensor) -> bool:
        """Record the gradients of a scalar with respect to every parameter, zeros for one it does not depend on.

        Returns whether it depends on any of them. Raises UsageError where the output is not one floating number.
        """
        check_scalar(output, "what gradients start from")
        parameters = [self.tensor(id) for id, entry in enumerate(self.entries) if entry[0] == "parameter"]
        found = gradients(output, parameters)
        self.marks.gradients.update((of, gradient.id) for of, gradient in found.items())
        for parameter in parameters:
            if parameter.id not in found:
                self.marks.gradients[parameter.id] = self._constant_gradient(parameter, 0).id
        self.enter(Phase.UPDATE)
        return bool(found)

    def gradient(self, id: int) -> Tensor | None:
        """The recorded gradient with respect to the node of that id, if any."""
        return self.tensor(self.marks.gradients[id]) if id in self.marks.gradients else None

    # Names that the code cannot tell, and the finished step.

    def name(self, tensor: Tensor, name: str, *, unless_named: bool = False) -> None:
        """Name a node; with `unless_named` only where the user's code gives it no name."""
        (self.marks.fallback_names if unless_named else self.marks.names).setdefault(tensor.id, name)

    def updated(self, old: Tensor, new: Tensor) -> None:
        """Note that `new` is the value of the parameter `old` after the update."""
        self.marks.updates[old.id] = new.id

    def finish(self, index: int, loss: Tensor, metrics: Mapping[str, Any] = NOTHING) -> Step:
        """The step as plain data. The recorder lets go of the frames it held."""
        self.release()
        marks = self.marks
        gradients = dict(sorted(marks.gradients.items()))
        return Step(index, nodes_of(self.entries, marks, self.base), loss.id, gradients, dict(marks.updates), metrics)

    def release(self) -> None:
        """Let go of the frames of the recorded program, so that nothing refers back to its variables."""
        self._frames.clear()
        self._outside = None

    def last_label(self) -> str:
        """The last node as a message names it: its number and its name or expression."""
        if not self.entries:
            return "none"
        node = nodes_of(self.entries, self.marks, self.base)[-1]
        return f"{node.id} {node.name or (node.source.text if node.source else node.op)}"


def check_scalar(value: Any, what: str) -> None:
    """Raise UsageError unless the value is one recorded floating number."""
    if not isinstance(value, Tensor):
        raise UsageError(f"{what} returned {type(value).__name__}, which was not computed from the recorded arrays")
    if value.shape != ():
        raise UsageError(f"{what} returned shape {value.shape}, one number is needed: reduce it with np.mean or np.sum")
    if value.dtype.kind != "f":
        raise UsageError(f"{what} returned {value.dtype}, which has no derivative: a floating number is needed")


def frozen(array: np.ndarray) -> np.ndarray:
    """The array itself, which nobody can write to any more."""
    array.flags.writeable = False
    return array
