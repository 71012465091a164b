"""Records the steps of a loop of one's own beside it, on a recorder that is begun anew from time to time."""

from __future__ import annotations

import threading
from pathlib import Path
from types import FrameType

from tracer.programs import recording_numbers, shadow  # noqa: F401 (its types record)
from tracer.programs.loops.loop_recorder import LoopRecorder
from tracer.programs.loops.user_code import UserFiles
from tracer.programs.process import switching
from tracer.programs.record import Ending, ProgramRecord
from tracer.programs.shadow import Shadow
from tracer.programs.values import Loop, Recording, same_bits
from tracer.recording.source import Files
from tracer.recording.tensor import Tensor

TOGETHER = 8
"""The first steps, which are recorded on one tape, so that hand-written gradients can be checked over them."""

MAX_ENTRIES = 200_000
"""Entries of that tape, after which the next step is recorded on one of its own."""


class LoopShadow(Shadow):
    """The record of a loop of one's own.

    `computed` are the leaves that were computed all the same: by an earlier step on another tape, or by `backward`.
    """

    recorder: LoopRecorder

    def __init__(self, path: Path, loop: Loop) -> None:
        self.user_files = UserFiles()
        self.files = Files(path.parent)
        super().__init__(self.user_files, self.files)
        self.path = path
        self.recorder = LoopRecorder(self.files, self.user_files, loop)
        self.computed: set[int] = set()
        self.first_tape: ProgramRecord | None = None
        self._loop = loop
        self._steps = 0

    # A step.

    def begin(self, root: FrameType) -> int:
        """Record from now on, in this frame; returns the number of entries so far."""
        self._thread = threading.get_ident()
        self.recorder.begin(root)
        if not shadow._current:
            switching.switch_on()
        shadow._current.append(self)
        self.is_recording = True
        return len(self.recorder.entries)

    def stop(self) -> None:
        """Record no longer."""
        self.is_recording = False
        if self in shadow._current:
            shadow._current.remove(self)  # its values compute plain ones between the steps
        self.recorder.release()

    def end_step(self) -> None:
        """Begin a new tape, unless the next step is recorded on this one too."""
        self._steps += 1
        if self._steps < TOGETHER and len(self.recorder.entries) < MAX_ENTRIES:
            return
        if self.first_tape is None:
            self.first_tape = self.tape()
        self._begin_anew()

    def drop(self, start: int) -> None:
        """Forget a step, which began after so many entries."""
        if self.first_tape is None and start:
            self.first_tape = self.tape(start)
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.recorder = LoopRecorder(self.files, self.user_files, self._loop)
        self.unknown = type(self.unknown)()
        self.changed_outside, self.left, self.computed, self.passes = set(), {}, set(), []

    def tape(self, end: int | None = None) -> ProgramRecord:
        """What is recorded so far, as the record of a program; with `end`, its first entries."""
        return ProgramRecord(
            path=self.path,
            entries=tuple(self.recorder.entries[:end]),
            marks=self.recorder.marks,
            files=self.files,
            unknown=dict(self.unknown),
            changed_outside=frozenset(self.changed_outside),
            left=dict(self.left),
            passes=tuple(self.passes),
            ending=Ending(),
        )

    # Values.

    def enter(self, value: Recording) -> int:
        """The id of a value now; it enters as a leaf if it is not on this tape, or was changed since."""
        tensor, content = getattr(value, "tensor", None), value.plain()
        if tensor is None or tensor.recorder is not self.recorder or not same_bits(tensor.value, content):
            value.tensor = tensor = self.leaf(content)
        return self.id_of(tensor)

    def id_of(self, tensor: Tensor) -> int:
        """The newest node of a value on this tape."""
        return self.recorder.current_id(tensor)

    def tensor_of(self, value: Recording) -> Tensor:
        before = getattr(value, "tensor", None)
        tensor = super().tensor_of(value)
        if before is not None and before.recorder is not self.recorder:
            self.computed.add(tensor.id)
        return tensor
