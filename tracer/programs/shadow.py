"""Records beside a running program what it computes.

The program computes with its own values, and gets the very results that it would get without a record. Each of its operations
is computed a second time, on Tensors that stand for the same values, which records it; where the recorded operation is the very
function that the program called, its result is taken. A result that the record does not reproduce is recorded as a value of
unknown origin: nothing is claimed about it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from functools import cache
from types import BuiltinFunctionType, EllipsisType, FrameType, FunctionType, NoneType
from typing import Any, TypeAlias

import numpy as np

from tracer.errors import RecordingError
from tracer.ops import registry
from tracer.ops.base import Op
from tracer.programs.calls.call_sites import call_from
from tracer.programs.calls.libraries import Libraries
from tracer.programs.calls.silence import without_warnings
from tracer.programs.correspondence import Correspondence
from tracer.programs.process.budget import Budget
from tracer.programs.values import (
    NUMBERS,
    Recording,
    holds_integer,
    own_arrays,
    plain,
    plain_integers,
    recording_value,
    tensors_in,
)
from tracer.recording.source import Files
from tracer.recording.tape import is_tensor

_Function: TypeAlias = Callable[..., Any]

_KNOWN_TYPES = frozenset({
    bool, int, float, complex, str, bytes, NoneType, slice, EllipsisType, np.ndarray, type, list, tuple, dict, range,
    BuiltinFunctionType, np.ufunc,
})  # fmt: skip
"""Types of arguments with which a call can be computed a second time: nothing of the program runs then."""


CHECKED_AFTER = 64
"""Nodes after which it is checked how much is recorded."""

LARGEST = 1 << 53
"""Python computes with integers of any size, a ufunc with those that a float64 holds exactly."""


class Enough(BaseException):
    """Stops a program of which enough is recorded."""


class Shadow(Correspondence):
    """The record of a running program.

    `filenames` are the files of the program. `is_recording` can be switched off and on while it runs. `passes` has, for each pass
    of a loop, its line, and the number of nodes before it; `gaps` the number of nodes before each resumption. `left` says of
    nodes to which library their value was handed. With
    `limit`, the program is stopped by `Enough` after so many nodes; when the `budget` is used up, it goes on without a record.
    """

    def __init__(self, filenames: set[str], files: Files, *, limit: int | None = None, budget: Budget | None = None) -> None:
        super().__init__(files)
        self.filenames = filenames
        self.limit = limit
        self.budget = budget
        self.is_recording = False
        self.passes: list[tuple[int, int]] = []
        self.gaps: list[int] = []
        self.left: dict[int, str] = {}
        self.when_stopped: Callable[[], None] = self._stop
        self._thread = threading.get_ident()
        self._is_busy = False
        self._largest = min(each for each in (limit, None if budget is None else budget.nodes, sys.maxsize) if each is not None)
        self._checked_at = min(CHECKED_AFTER, self._largest)
        self.libraries = Libraries(filenames)

    def resume(self) -> None:
        """Record again after a stretch without a record: what the program has by now enters as leaves."""
        self.first_id = len(self.recorder.entries)
        self.gaps.append(self.first_id)
        self.is_recording = True

    def _stop(self) -> None:
        self.is_recording = False

    # Following operations.

    @property
    def is_active(self) -> bool:
        """Whether an operation at this moment is recorded: not in other threads and processes, and not inside of another one."""
        return self.is_recording and not self._is_busy and self.is_in_its_thread

    @property
    def is_in_its_thread(self) -> bool:
        """Whether this is the thread that is recorded."""
        return threading.get_ident() == self._thread

    def follow(
        self,
        frame: FrameType,
        function: _Function,
        arguments: tuple[Any, ...],
        options: Mapping[str, Any],
        *,
        recorded: _Function | None = None,
        writes: tuple[Any, ...] = (),
    ) -> Any:
        """Call a function from a frame, and record the call: the result of the plain call, made to record.

        `recorded` is the function for Tensors if it is another one. `writes` are the arguments that the function writes into.
        """
        call, user = call_from(frame), self._user_frame(frame)
        if user is None:
            return own_arrays(call(function, plain(arguments), plain(options)), writes)
        start = self._begin(user)
        try:
            given, named = self.tensors(arguments), self.tensors(options)
            result = call(function, plain(arguments), plain(options))
            made = self._recorded(recorded or function, given, named)
            if made is _FAILED and not writes and holds_integer((arguments, dict(options))):
                # A shape, an axis: no operand.
                given, named = self.tensors(plain_integers(arguments)), self.tensors(plain_integers(options))
                made = self._recorded(recorded or function, given, named)
            for target in writes:
                self._note_written(target, made, (given, named))
            return self.recording(own_arrays(result, (*writes, *arguments)), made, (given, named))
        finally:
            self._end(start)

    def follow_ufunc(self, frame: FrameType, ufunc: np.ufunc, inputs: tuple[Any, ...]) -> Any:
        """Call a ufunc without options. If the operation that it records is this ufunc, it is not computed a second time."""
        op = _operation_of(ufunc)
        user = self._user_frame(frame) if op is not None and not self.recorder.has_complex else None
        if op is None or user is None:
            return self.follow(frame, ufunc, inputs, {})
        call = call_from(frame)
        start = self._begin(user)
        try:
            operands, given = self.operands(inputs)
            result = call(ufunc, given, {})
            value = result.copy("K") if type(result) is np.ndarray else np.asarray(result)
            if value.dtype.kind not in "biuf" or None in operands:
                return self.recording(result, None, self.tensors(inputs))
            made = recording_value(result)
            if isinstance(made, Recording):
                made.tensor = self.recorder.computed(op, operands, value)
                if type(result) is np.ndarray:
                    made.writes = self.recorder.memory.writes
            return made
        finally:
            self._end(start)

    IN_PLACE = frozenset({np.add, np.subtract, np.multiply, np.divide})
    """The ufuncs of `x += y` and the like, whose result has the dtype of operands that all have the same."""

    def follow_in_place(self, frame: FrameType, ufunc: np.ufunc, inputs: tuple[Any, ...]) -> Any:
        """Call a ufunc of two operands that writes into the first."""
        target, other = inputs
        content, op = target.plain(), _operation_of(ufunc)
        kind = getattr(other, "dtype", None)
        is_alike = content.dtype.kind == "f" and (kind == content.dtype or (kind is None and type(other) in (int, float)))
        user = self._user_frame(frame) if is_alike and not self.recorder.has_complex else None
        if user is None or op is None:
            return self.follow(frame, ufunc, inputs, {"out": (target,)}, writes=(target,))
        call = call_from(frame)
        start = self._begin(user)
        try:
            operands, given = self.operands(inputs)
            call(ufunc, given, {"out": (content,)})
            value = content.copy("K")
            try:
                self.recorder.written(target.tensor, lambda: self.recorder.computed(op, operands, value))
            except RecordingError:
                self._note_written(target, _FAILED, self.tensors(inputs))
            return target
        finally:
            self._end(start)

    def follow_arithmetic(self, frame: FrameType, function: _Function, ufunc: np.ufunc, numbers: tuple[Any, ...]) -> Any:
        """Compute with numbers by an operator of Python's, for which NumPy has this ufunc; others are followed as any call."""
        user = self._user_frame(frame)
        if user is None or self.recorder.has_complex or any(type(each) not in NUMBERS for each in numbers):
            return self.follow(frame, function, numbers, {})
        start, op = self._begin(user), _operation_of(ufunc)
        try:
            operands, given = self.operands(numbers)
            if any(isinstance(each, np.generic) for each in given):
                result = call_from(frame)(function, given, {})
                value = np.asarray(result)
            else:
                result = value = function(*given)
            made = recording_value(result)
            if op is None or not isinstance(made, Recording) or not all(map(_is_exact, (*given, result))):
                return self.recording(result, None, self.tensors(numbers))
            made.tensor = self.recorder.computed(op, operands, value)
            return made
        finally:
            self._end(start)

    def _user_frame(self, frame: FrameType) -> FrameType | None:
        """The frame of the program that an operation is recorded in; None if it is not recorded."""
        if not self.is_active:
            return None
        return frame if frame.f_code.co_filename in self.filenames else self.user_frame(frame)

    def _begin(self, user: FrameType) -> int:
        self._is_busy = True
        return self.recorder.begin_call(user)

    def _end(self, start: int) -> None:
        self.recorder.end_call(start)
        self._is_busy = False
        if len(self.recorder.entries) > self._checked_at:
            self._check()

    def _check(self) -> None:
        entries = self.recorder.entries
        if self.limit is not None and len(entries) > self.limit:
            self.is_recording = False
            raise Enough
        if self.budget is not None and self.budget.is_exceeded(entries):
            self.when_stopped()
        self._checked_at = min(len(entries) + CHECKED_AFTER, self._largest)

    def _recorded(self, compute: _Function, arguments: Any, options: Any) -> Any:
        """The recorded result of a call on Tensors; _FAILED if it cannot be recorded."""
        if not all(map(_can_be_repeated, arguments)) or not all(map(_can_be_repeated, options.values())):
            return _FAILED
        try:
            with without_warnings():
                return compute(*arguments, **options)
        except Exception:
            return _FAILED

    def _note_written(self, target: Any, made: Any, operands: Any) -> None:
        """A function has written into an array; if that was not recorded, it is a value of unknown origin now."""
        if isinstance(target, Recording) and made is _FAILED:
            target.tensor = self.leaf(target.plain())
            self.note_unknown(target.tensor, operands)

    # Places, and values that leave the record.

    def leave(self, values: Any, function: Any) -> None:
        """Note that values are handed to a library."""
        for tensor in tensors_in(values):
            if tensor.recorder is self.recorder:
                self.left[tensor._id] = str(getattr(function, "__qualname__", repr(function)))

    def from_outside(self, result: Any, arguments: Any, frame: FrameType) -> Any:
        """The result of a function that does not record: of unknown origin if the function was given values that record."""
        user = self._user_frame(frame) if type(result) in _FROM_OUTSIDE else None
        if user is None:
            return result
        # Integers are sizes, seeds, indices.
        given = [
            each for each in tensors_in(arguments) if each.recorder is self.recorder and np.asarray(each.value).dtype.kind in "fc"
        ]
        if not given:
            return result
        start = self._begin(user)
        try:
            return self.recording(result, None, given)
        finally:
            self._end(start)

    def user_frame(self, frame: FrameType | None) -> FrameType | None:
        """The innermost frame of the program, from this one outwards."""
        while frame is not None and frame.f_code.co_filename not in self.filenames:
            frame = frame.f_back
        return frame


_FROM_OUTSIDE = (np.ndarray, float, np.float64, np.float32, tuple, list)
"""The types of the results of a library in which values may be that were computed from recorded ones."""


class _Failed:
    """What stands for the recorded result of a call that is not recorded."""


_FAILED = _Failed()


def _is_exact(number: Any) -> bool:
    return type(number) is not int or -LARGEST <= number <= LARGEST


@cache
def _operation_of(ufunc: np.ufunc) -> type[Op] | None:
    """The operation whose value is computed by this ufunc and nothing else; None if there is none."""
    op = registry.implementing(ufunc)
    return op if op is not None and op.value is ufunc else None


def _can_be_repeated(argument: Any) -> bool:
    """Whether a call with this argument runs nothing of the program's, so that it can be made a second time."""
    kind = type(argument)
    if kind is list or kind is tuple:
        return all(map(_can_be_repeated, argument))
    if kind is FunctionType:
        return str(argument.__module__).startswith("numpy")
    return kind in _KNOWN_TYPES or is_tensor(argument) or isinstance(argument, (np.generic, np.dtype))


_current: list[Shadow] = []


def current() -> Shadow | None:
    """The record of the running program; None if no program is recorded."""
    return _current[-1] if _current else None
