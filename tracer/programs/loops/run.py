"""`tracer.record`: records the steps of a loop of one's own."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from tracer.arguments import checks_keywords
from tracer.errors import RecordingError, UsageError
from tracer.graph.record import Step, Trace
from tracer.graph.record_methods import Viewable
from tracer.programs.gradients.checking import check_program
from tracer.programs.gradients.report import BackpropReport
from tracer.programs.loops.kept_steps import KeptSteps
from tracer.programs.loops.loop_shadow import LoopShadow
from tracer.programs.loops.open_step import OpenStep
from tracer.programs.loops.parameters import Parameter, handed_out
from tracer.programs.loops.user_code import is_user_file
from tracer.programs.values import Recording
from tracer.recording.function import tell_of_opening

_NOT_RECORDED = (
    "a value records if it was computed from what run.parameters() returned, with NumPy's functions and operators: not by"
    " float(), math.exp() or a library"
)


@checks_keywords
def record(path: str | Path | None = None, *, loss: str | None = None, values: str = "") -> Run:
    """Record a training loop of one's own, step by step: in memory, or with a path into a trace file.

    `loss` is the name of the variable that is the loss, for steps without `backward()`; by default it is found. `values` says
    which values a file keeps: all, sampled, summary. Raises UsageError if the file cannot be written.

    >>> import numpy as np
    >>> run, x, y = record(), np.array([1.0, 2.0]), np.array([2.0, 4.0])
    >>> w = run.parameters(w=np.array(0.0))
    >>> for _ in range(3):
    ...     with run.step():
    ...         loss = np.mean((w * x - y) ** 2)
    ...         loss.backward()
    ...         w -= 0.1 * w.grad
    >>> [round(step.loss, 3) for step in run.trace.steps], run.trace.steps[0].gradient("w")
    ([10.0, 2.5, 0.625], array(-10.))
    """
    tell_of_opening("tracer.record()")
    frame = _user_frame(sys._getframe(1))
    return Run(KeptSteps(None if path is None else Path(path), Path(frame.f_code.co_filename), values), loss)


class Run(Viewable):
    """A recorded run of a loop of one's own; see `record`."""

    def __init__(self, kept: KeptSteps, loss: str | None) -> None:
        self._kept = kept
        self._loss_name = loss
        self._shadow = LoopShadow(kept.script, self)
        self._parameters: list[Parameter] = []
        self._open: OpenStep | None = None
        self._gradients: dict[str, Any] = {}
        self._is_closed = False

    def __repr__(self) -> str:
        return f"<Run of {self._kept.script.name}, {self._kept.count} steps>"

    # Recording.

    def parameters(self, **values: Any) -> Any:
        """Hand out the parameters, by their names: arrays and numbers that record, with the memory and values of those given.

        Returns one, or a tuple in the order given; lists, tuples and dicts of them come back as such. Given again, a name stands
        for the new value. Raises UsageError for what is neither.
        """
        self._refuse_if_closed()
        if self._open is not None:
            raise UsageError("parameters() inside of a step: call it before the loop, or between two steps")
        if not values:
            raise UsageError("parameters() takes the parameters by their names, as in W, b = run.parameters(W=W, b=b)")
        made, found = handed_out(values)
        names = {each.name for each in found}
        self._parameters = [each for each in self._parameters if each.name not in names] + found
        for each in found:
            self._shadow.enter(each.value)
        self._kept.begin([each.value.plain() for each in self._parameters])
        return made

    def step(self) -> _StepBlock:
        """A step of the loop: `with run.step():`. What is computed inside from parameters is recorded.

        If its body raises an exception, the step is dropped, and the exception says so.
        """
        self._refuse_if_closed()
        return _StepBlock(self)

    def close(self) -> None:
        """End the run, and its file."""
        if self._open is not None:
            raise UsageError("close() inside of a step: call it after the loop")
        self._is_closed = True
        self._kept.end()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._kept.note(error)
        self.close()

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise UsageError("this run is closed: tracer.record() begins another one")

    def _begin_step(self, frame: FrameType) -> int:
        self._refuse_if_closed()
        if self._open is not None:
            raise UsageError(f"a step inside of step {self._open.index}: end one before the next begins")
        if not self._parameters:
            raise UsageError("a step without parameters: call W, b = run.parameters(W=W, b=b) before the loop")
        self._open = OpenStep(self._kept.count, self._shadow, self._parameters, frame)
        return self._open.index

    def _end_step(self, error: BaseException | None) -> None:
        step, self._open = self._open, None
        assert step is not None
        self._shadow.stop()
        try:
            if error is not None:
                error.add_note(f"step {step.index} of the run was dropped from the record")
                if isinstance(error, AttributeError) and error.name in ("backward", "grad"):
                    error.add_note(_NOT_RECORDED)
            elif not step.is_empty:
                self._kept.add(step.finish(self._loss_name))
                self._gradients = step.gradients_by_name()
                self._shadow.end_step()
                return
        except BaseException as failure:
            error = failure
            raise
        finally:
            self._kept.note(error)
        self._shadow.drop(step.start)

    # What the values of the loop ask for.

    def backward(self, value: Recording) -> None:
        """`loss.backward()`."""
        if self._open is None:
            raise RecordingError("backward() outside of a step: call it inside `with run.step():`")
        self._open.backward(value)

    def gradient(self, value: Recording) -> Any:
        """`W.grad`: of the running step, and between steps of the last one."""
        if self._open is not None:
            return self._open.gradient(value)
        name = next((each.name for each in self._parameters if each.value is value), None)
        if name is None or name not in self._gradients:
            raise RecordingError("there is no gradient yet: it is there after loss.backward() inside `with run.step():`")
        return self._gradients[name]

    def set_gradient(self, value: Recording, gradient: Any) -> None:
        """`W.grad = ...`."""
        if self._open is not None:
            self._open.set_gradient(value, gradient)

    # What was recorded.

    @property
    def trace(self) -> Trace:
        """The steps so far."""
        return self._kept.trace()

    def viewed(self) -> Trace | Step:
        """What `log`, `render`, `show`, `blame` and `save` are of."""
        return self.trace

    def check(self) -> BackpropReport:
        """Hold hand-written gradients against the true ones, over the first steps: the verdict, and where they go wrong."""
        if not self._kept.count:
            raise UsageError("there is no step on record yet: check() comes after the loop")
        return check_program(self._shadow.first_tape or self._shadow.tape(), loss=self._loss_name)


class _StepBlock:
    """The context of a step."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __enter__(self) -> int:
        return self._run._begin_step(_user_frame(sys._getframe(1)))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._run._end_step(error)


def _user_frame(frame: FrameType) -> FrameType:
    """The innermost frame of the user's code, from this one outwards."""
    found: FrameType | None = frame
    while found is not None:
        if is_user_file(found.f_code.co_filename):
            return found
        found = found.f_back
    return frame
