"""Which steps of a program are recorded: recording is switched off and on between them, and off for good after the last."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from tracer.programs import shadow
from tracer.programs.process import switching
from tracer.programs.shadow import Shadow


@contextmanager
def recording(record: Shadow, stretches: Stretches | None = None) -> Iterator[None]:
    """Inside, what the program computes is recorded. The caller enters the phase: its frame is where the program is called."""
    stretches = stretches or Stretches()
    shadow._current.append(record)
    stretches.begin(record)
    try:
        yield
    finally:
        record.is_recording = False
        shadow._current.remove(record)
        stretches.end()
        record.recorder.release()


class Stretches:
    """The stretches of a program that are recorded: all of it, or the steps of these numbers, from 0.

    A step is a pass of the loop that updates the parameters. `find_loop` tells the line of that loop from the record so far, None
    as long as that cannot be told; until then everything is recorded. It is asked when the record has become twice as long.
    """

    def __init__(self, steps: Collection[int] | None = None, find_loop: Callable[[Shadow], int | None] | None = None) -> None:
        self._steps = None if steps is None else frozenset(steps)
        self._last = max(self._steps, default=-1) if self._steps is not None else -1
        self._find_loop = find_loop
        self._line: int | None = None
        self._step = -1
        self._asked_at = 16
        self._is_over = False
        self._record: Shadow | None = None

    def begin(self, record: Shadow) -> None:
        """Begin to record."""
        self._record = record
        record.when_stopped = self.stop
        record.is_recording = True
        switching.switch_on(self._pass)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forked)

    def end(self) -> None:
        """The program has ended."""
        self._record = None
        if shadow.current() is None:
            switching.switch_off()

    def stop(self) -> None:
        """Record nothing any more. The program goes on at its own speed, from the next pass of a loop on."""
        if self._record is not None:
            self._record.is_recording = False
            self._is_over = True
            switching.pause()

    def _leave(self, record: Shadow) -> None:
        """Leave the program alone. This is asked between statements, when no operation is half done."""
        self._record = None
        switching.switch_off()
        switching.make_plain(record.filenames)

    def _forked(self) -> None:
        if self._record is not None:
            self.stop()

    def _pass(self, line: int) -> None:
        record = self._record
        if record is None or not record.is_in_its_thread:
            return
        if self._is_over:
            self._leave(record)
            return
        if record.is_recording or line == self._line:
            record.passes.append((line, len(record.recorder.entries)))
        if self._steps is None:
            return
        if line == self._line:
            self._step += 1
            self._switch(record)
        elif self._line is None and self._find_loop is not None and len(record.recorder.entries) >= self._asked_at:
            self._asked_at = 2 * len(record.recorder.entries)
            self._line = self._find_loop(record)
            if self._line is not None:
                self._step = sum(1 for known, _ in record.passes if known == self._line) - 1
                self._switch(record)

    def _switch(self, record: Shadow) -> None:
        """Switch recording on or off for the step that begins, or that is under way."""
        assert self._steps is not None
        if self._step > self._last:
            self.stop()
        elif self._step in self._steps and not record.is_recording:
            record.resume()
            switching.switch_on(self._pass)
        elif self._step not in self._steps and record.is_recording:
            record.is_recording = False
            switching.pause()
