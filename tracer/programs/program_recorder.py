"""The recorder of a whole program, of all of its steps."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

import numpy as np

from tracer.graph.record import Literal
from tracer.ops.base import Op
from tracer.programs.calls.call_sites import is_own
from tracer.recording.call_stack import CallStack
from tracer.recording.recorder import Recorder
from tracer.recording.source import Files
from tracer.recording.tape import NO_PARAMETERS
from tracer.recording.tensor import Tensor


class ProgramCallStack(CallStack):
    """The calls of a program; functions of this package between them are passed over, such as the one that `map` calls."""

    __slots__ = ()

    def passes_over(self, code: CodeType) -> bool:
        return is_own(code)


class ProgramRecorder(Recorder):
    """A recorder that is given values of the program, which computed them already."""

    def __init__(self, files: Files) -> None:
        super().__init__(files)
        self._calls = ProgramCallStack(files)

    def number(self, value: float | int) -> Tensor:
        """Enter a Python number. It stays one, and takes the dtype of the array it meets."""
        return self._append("constant", (), NO_PARAMETERS, value, self._offset)

    def computed(self, op: type[Op], operands: tuple[int | Literal, ...], value: Any) -> Tensor:
        """Append an operation whose value the program has computed, by the very function of the operation.

        The caller gives up an array.
        """
        return self._append(op, operands, NO_PARAMETERS, value, self._offset)

    def entering(self, given: Any) -> Tensor | Literal:
        """A value that does not record: a Python number stays a literal, an array becomes a leaf.

        Raises RecordingError for one that holds no numbers.
        """
        return self._entering(given, self._offset)

    def refresh(self, tensor: Tensor) -> None:
        """Let a Tensor be the newest node of its array."""
        self._refresh(tensor, self._offset)

    def written(self, target: Tensor, changed: Callable[[], Tensor]) -> None:
        """Record that an array was written into; `changed` records the array after it.

        Raises RecordingError if the array may not be written into.
        """
        self.has_writes = True
        self.memory.write(target, lambda _: changed())

    @property
    def has_complex(self) -> bool:
        """Whether a complex number was recorded."""
        return self._has_complex

    def begin_call(self, frame: FrameType) -> int:
        """What is recorded up to `end_call` is one call in the program, in this frame."""
        if frame is not self._frame:
            self._locate(frame)
        self._locates, self._offset = False, frame.f_lasti
        return len(self.entries)

    def end_call(self, start: int) -> None:
        """End the call that began with so many nodes: its last operation has the name."""
        self._locates, self._offset = True, -1
        if len(self.entries) - start > 1:
            self.marks.unnamed.update(range(start, len(self.entries) - 1))

    def replace_value(self, tensor: Tensor, value: Any) -> None:
        """Give a node the value that the program has for it."""
        op, operands, parameters, _, context, offset = self.entries[tensor._id]
        value = np.array(value) if isinstance(value, np.ndarray | np.generic) else value
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
        self.entries[tensor._id] = op, operands, parameters, value, context, offset
        tensor._value = value
