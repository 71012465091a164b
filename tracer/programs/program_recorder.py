"""The recorder of a whole program, of all of its steps."""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from tracer.graph.record import Literal
from tracer.ops.base import Op
from tracer.programs.calls.call_sites import is_own
from tracer.recording.recorder import Recorder
from tracer.recording.source import Invocation
from tracer.recording.tape import NO_PARAMETERS
from tracer.recording.tensor import Tensor


class ProgramRecorder(Recorder):
    """A recorder that is given values of the program, which computed them already."""

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

    def _locate(self, frame: FrameType) -> None:
        """Find the invocation of a frame; frames of this package are passed over, as of `map` and of callbacks."""
        self._frame = frame
        known = {id(held): position for position, (held, _) in enumerate(self._frames)}
        fresh: list[FrameType] = []
        above: FrameType | None = frame
        while above is not None and above is not self._outside and id(above) not in known:
            if above is frame or not is_own(above.f_code):
                fresh.append(above)
            above = above.f_back
        if above is None:
            fresh, self._frames = [frame], []
        else:
            del self._frames[known.get(id(above), -1) + 1 :]
        for one in reversed(fresh):
            self.files.remember(one.f_code)
            caller = self._frames[-1] if self._frames else None
            invocation = Invocation(one.f_code, caller[1], caller[0].f_lasti) if caller else Invocation(one.f_code)
            self._frames.append((one, invocation))
        self._context = self._context._replace(invocation=self._frames[-1][1])

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
