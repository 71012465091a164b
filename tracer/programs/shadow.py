"""Records beside a running program what it computes.

The program computes with its own values, and gets the very results that it would get without a record. Each of its operations
is computed a second time, on Tensors that stand for the same values, which records it. A result that the record does not
reproduce is recorded as a value of unknown origin: nothing is claimed about it.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from tracer.ops.registration import NUMERIC_KINDS
from tracer.programs.values import Recording, holds_integer, plain, plain_integers, same_bits, tensors_in
from tracer.recording.recorder import Recorder
from tracer.recording.source import Files
from tracer.recording.tape import NO_PARAMETERS, is_tensor
from tracer.recording.tensor import Tensor

MAX_COMPARED_BYTES = 1 << 20
"""Arrays up to this size are compared with their Tensor whenever they are used: a library may have written into them."""

CLOSE = 1e-12
"""Relative difference of results that two implementations of one function may have: `math.exp` and `np.exp`."""


class Enough(BaseException):
    """Stops a program of which enough is recorded."""


class ProgramRecorder(Recorder):
    """The recorder of a whole program, of all of its steps."""

    def number(self, value: float | int) -> Tensor:
        """Enter a Python number. It stays one, and takes the dtype of the array it meets."""
        return self._append("constant", (), NO_PARAMETERS, value, self._offset)

    def replace_value(self, tensor: Tensor, value: Any) -> None:
        """Give a node the value that the program has for it."""
        op, operands, parameters, _, context, offset = self.entries[tensor._id]
        value = np.array(value) if isinstance(value, np.ndarray | np.generic) else value
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
        self.entries[tensor._id] = op, operands, parameters, value, context, offset
        tensor._value = value


class Shadow:
    """The record of a running program.

    `filenames` are the files of the program. `is_recording` can be switched off and on while it runs. `unknown` are the nodes
    whose value was computed in a way that is not recorded, each with the nodes that it was computed from; `changed_outside` those
    that something else wrote into. `passes` has, for each pass of a loop, its line, and the number of nodes before it. `left`
    says of nodes to which library their value was handed. With `limit`, the program is stopped by `Enough` after so many nodes.
    """

    def __init__(self, filenames: set[str], files: Files, *, limit: int | None = None) -> None:
        self.recorder = ProgramRecorder(files)
        self.filenames = filenames
        self.limit = limit
        self.is_recording = False
        self.unknown: dict[int, tuple[int, ...]] = {}
        self.changed_outside: set[int] = set()
        self.passes: list[tuple[int, int]] = []
        self._thread = threading.get_ident()
        self._process = os.getpid()
        self.left: dict[int, str] = {}
        self._is_busy = False
        self._foreign: dict[str, bool] = {}

    # Following operations.

    @property
    def is_active(self) -> bool:
        """Whether an operation at this moment is recorded: not in other threads and processes, and not inside of another one."""
        return self.is_recording and not self._is_busy and threading.get_ident() == self._thread and os.getpid() == self._process

    def follow(self, compute: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Call a function, and record the call: the result of the plain call, made to record."""
        if not self.is_active:
            return compute(*plain(arguments), **plain(options))
        frame = self.user_frame(sys._getframe(1))
        if frame is None:
            return compute(*plain(arguments), **plain(options))
        self._is_busy = True
        try:
            with self.recorder.composing(frame):
                given, named = self.tensors(arguments), self.tensors(options)
                result = compute(*plain(arguments), **plain(options))
                recorded = self._recorded(compute, given, named)
                if recorded is None and result is not None and holds_integer((arguments, options)):
                    # A shape, an axis: no operand.
                    given, named = self.tensors(plain_integers(arguments)), self.tensors(plain_integers(options))
                    recorded = self._recorded(compute, given, named)
                return self.recording(result, recorded, (given, named))
        finally:
            self._is_busy = False
            self._stop_if_enough()

    def write(self, compute: Callable[..., Any], target: Any, *arguments: Any, **options: Any) -> Any:
        """Call a function that writes into its first argument, and record that."""
        if not self.is_active or (frame := self.user_frame(sys._getframe(1))) is None:
            return compute(plain(target), *plain(arguments), **plain(options))
        self._is_busy = True
        try:
            with self.recorder.composing(frame):
                into, given, named = self.tensors(target), self.tensors(arguments), self.tensors(options)
                result = compute(plain(target), *plain(arguments), **plain(options))
                self._recorded(compute, (into, *given), named)
                return result
        finally:
            self._is_busy = False

    def _stop_if_enough(self) -> None:
        if self.limit is not None and len(self.recorder.entries) > self.limit:
            self.is_recording = False
            raise Enough

    def is_foreign(self, function: Any) -> bool:
        """Whether a function belongs to a library that does not record: not to the program, Python, NumPy or SciPy."""
        module = getattr(function, "__module__", None)
        if not isinstance(module, str):
            return False
        name = module.partition(".")[0]
        if name not in self._foreign:
            self._foreign[name] = self._is_library(name)
        return self._foreign[name]

    def _is_library(self, name: str) -> bool:
        if name in sys.stdlib_module_names or name in ("numpy", "scipy", "tracer", "__main__"):
            return False
        filename = getattr(sys.modules.get(name), "__file__", None)
        return filename is not None and filename not in self.filenames

    def leave(self, values: Any, function: Any) -> None:
        """Note that values are handed to a library."""
        if isinstance(values, Recording):
            if values.tensor is not None and values.tensor.recorder is self.recorder:
                self.left[values.tensor._id] = getattr(function, "__qualname__", repr(function))
        elif type(values) in (list, tuple):
            for each in values:
                self.leave(each, function)
        elif type(values) is dict:
            self.leave(list(values.values()), function)

    def _recorded(self, compute: Callable[..., Any], arguments: Any, options: Any) -> Any:
        """The recorded result of a call on Tensors; None if it cannot be recorded."""
        try:
            with np.errstate(all="ignore"):
                return compute(*arguments, **options)
        except Exception:
            return None

    # Values.

    def tensors(self, value: Any) -> Any:
        """The Tensors that stand for values that record, also inside lists, tuples and dicts; other values unchanged."""
        if isinstance(value, Recording):
            return self.tensor_of(value)
        if type(value) in (list, tuple):
            return type(value)(self.tensors(each) for each in value)
        if type(value) is dict:
            return {name: self.tensors(each) for name, each in value.items()}
        return value

    def tensor_of(self, value: Recording) -> Tensor:
        """The Tensor that stands for a value now; a value that was not recorded so far enters as a leaf."""
        tensor, content = value.tensor, value.plain()
        if tensor is not None and tensor.recorder is self.recorder:
            if not isinstance(content, np.ndarray) or content.nbytes > MAX_COMPARED_BYTES or same_bits(tensor.value, content):
                return tensor
            value.tensor = self._leaf(content)
            self.changed_outside.add(value.tensor.id)
            return value.tensor
        value.tensor = self._leaf(content)
        return value.tensor

    def _leaf(self, content: Any) -> Tensor:
        if isinstance(content, np.ndarray | np.generic):
            return self.recorder.constant(content)
        return self.recorder.number(content)

    def from_outside(self, result: Any, arguments: Any) -> Any:
        """The result of a function that does not record: of unknown origin if the function was given values that record."""
        if not self.is_active or type(result) not in OUTSIDE_RESULTS or (frame := self.user_frame(sys._getframe(1))) is None:
            return result
        # Integers are sizes, seeds, indices.
        given = [
            each for each in tensors_in(arguments) if each.recorder is self.recorder and np.asarray(each.value).dtype.kind in "fc"
        ]
        if not given:
            return result
        self._is_busy = True
        try:
            with self.recorder.composing(frame):
                return self.recording(result, None, given)
        finally:
            self._is_busy = False

    def recording(self, result: Any, recorded: Any, operands: Any) -> Any:
        """The result of an operation, made to record: with the Tensor that was recorded for it, if that has its value."""
        made = recording_value(result)
        if not isinstance(made, Recording):
            if type(result) in (list, tuple):
                parts = recorded if isinstance(recorded, (list, tuple)) and len(recorded) == len(result) else [None] * len(result)
                return type(result)(self.recording(each, part, operands) for each, part in zip(result, parts))
            return result
        if isinstance(recorded, int | float) and same_bits(recorded, result):
            return result  # a number of dimensions, a size
        if is_tensor(recorded) and self._agrees(recorded, made.plain()):
            made.tensor = recorded
        else:
            made.tensor = self._leaf(made.plain())
            self.unknown[made.tensor.id] = tuple(sorted({tensor._id for tensor in tensors_in(operands)}))
        return made

    def _agrees(self, recorded: Tensor, content: Any) -> bool:
        """Whether a Tensor has a value. One that differs in the last bits is given it, if the node is new."""
        value = recorded.value
        if same_bits(value, content):
            return True
        ours, theirs = np.asarray(value), np.asarray(content)
        if ours.shape != theirs.shape or ours.dtype.kind != theirs.dtype.kind or ours.dtype.kind not in "fc":
            return False
        if not np.allclose(ours, theirs, rtol=CLOSE, atol=0, equal_nan=True):
            return False
        self.recorder.replace_value(recorded, content)
        return True

    # Places.

    def user_frame(self, frame: FrameType | None) -> FrameType | None:
        """The innermost frame of the program, from this one outwards."""
        while frame is not None and frame.f_code.co_filename not in self.filenames:
            frame = frame.f_back
        return frame


OUTSIDE_RESULTS = (np.ndarray, float, np.float64, np.float32, tuple, list)
"""The types of the results of a library in which values may be that were computed from recorded ones."""


def recording_value(value: Any) -> Any:
    """A value that records in place of a plain one; values that are no numbers unchanged."""
    make = MAKERS.get(type(value))
    return value if make is None else make(value)


MAKERS: dict[type, Callable[[Any], Any]] = {}
"""What makes a value record, by its type. The modules of these types add theirs."""

_current: list[Shadow] = []


def current() -> Shadow | None:
    """The record of the running program; None if no program is recorded."""
    return _current[-1] if _current else None


def numeric(array: np.ndarray) -> bool:
    """Whether an array holds numbers that can be recorded."""
    return array.dtype.kind in NUMERIC_KINDS
