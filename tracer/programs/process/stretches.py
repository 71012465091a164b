"""Which steps of a program are recorded: recording is switched off and on between them, and off for good after the last."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from tracer.programs import shadow
from tracer.programs.process import switching
from tracer.programs.process.recording_again import plain_numbers, record_again
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


class Loop(NamedTuple):
    """The loop whose passes are the steps: its line, and the steps in a pass, as two where two networks are trained in turn."""

    line: int
    steps: int = 1


class Stretches:
    """The stretches of a program that are recorded: all of it, or the steps of these numbers, from 0.

    A step is a pass of the loop that updates the parameters, or a part of one. `find_loop` tells that loop from the record so
    far, None as long as that cannot be told; until then all is recorded. It is asked when the record has become twice as long.
    The pass before is recorded too: the loss may be computed behind the update, and the batch before the pass begins.
    """

    def __init__(self, steps: Collection[int] | None = None, find_loop: Callable[[Shadow], Loop | None] | None = None) -> None:
        self._steps = steps
        self._wanted: frozenset[int] = frozenset()
        self._last = -1
        self._find_loop = find_loop
        self._line: int | None = None
        self._pass_number = -1
        self._asked_at = 16
        self._is_over = False
        self._record: Shadow | None = None
        self._plain: Mapping[int, Any] = {}

    @property
    def has_found_loop(self) -> bool:
        """Whether the loop was told, so that what was not wanted is not on record."""
        return self._line is not None

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
            self._pass_number += 1
            self._switch(record)
        elif self._line is None and self._find_loop is not None and len(record.recorder.entries) >= self._asked_at:
            self._asked_at = 2 * len(record.recorder.entries)
            loop = self._find_loop(record)
            if loop is not None:
                self._line = loop.line
                self._wanted = frozenset(step // loop.steps for step in self._steps)
                self._last = max(self._wanted, default=-1)
                self._pass_number = sum(1 for known, _ in record.passes if known == self._line) - 1
                self._switch(record)

    def _switch(self, record: Shadow) -> None:
        """Switch recording on or off for the pass that begins, or that is under way."""
        is_wanted = self._pass_number in self._wanted or self._pass_number + 1 in self._wanted
        if self._pass_number > self._last:
            self.stop()
        elif is_wanted and not record.is_recording:
            record.resume()
            switching.switch_on(self._pass)
            record_again(record.filenames, self._plain)
        elif not is_wanted and record.is_recording:
            self._plain = plain_numbers(record.filenames)
            record.is_recording = False
            switching.pause()
