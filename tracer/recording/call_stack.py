"""The calls of the recorded program: which invocation of which function a frame is."""

from __future__ import annotations

from types import CodeType, FrameType

from tracer.recording.source import Files, Invocation, is_library
from tracer.recording.tensor import Tensor

_DISPATCH = Tensor.__array_function__.__code__


class CallStack:
    """The frames of the running program, outermost first, each with its invocation.

    They are held while the step runs, so that a frame object met again is the same call and not a new one at the same address.
    `files` are those of the program: the text of a function is read when it is called first.
    """

    __slots__ = ("_files", "_frames", "_outside")

    def __init__(self, files: Files) -> None:
        self._files = files
        self._outside: FrameType | None = None
        self._frames: list[tuple[FrameType, Invocation]] = []

    @property
    def is_running(self) -> bool:
        """Whether a program runs that is recorded."""
        return self._outside is not None

    def start(self, outside: FrameType) -> None:
        """Begin with no calls; `outside` is the frame from which the program is called."""
        self._frames.clear()
        self._outside = outside

    def release(self) -> None:
        """Let go of the frames, so that nothing refers back to the variables of the program."""
        self._frames.clear()
        self._outside = None

    def passes_over(self, code: CodeType) -> bool:
        """Whether a function that others are called from is no call of the program."""
        return code is _DISPATCH  # a composition is called from where its NumPy function is

    def invocation_of(self, frame: FrameType) -> Invocation | None:
        """The invocation of a frame: known callers are kept, new calls get new invocations."""
        if frame.f_back is self._outside and frame is not self._outside:
            # By far the most: the model, the loss, the optimizer itself, and not a function that one of them called.
            if not self._frames or self._frames[0][0] is not frame:
                self._files.remember(frame.f_code)
                self._frames = [(frame, Invocation(frame.f_code))]
            del self._frames[1:]
            return self._frames[0][1]
        known = {id(held): position for position, (held, _) in enumerate(self._frames)}
        fresh: list[FrameType] = []
        above: FrameType | None = frame
        while above is not None and above is not self._outside and id(above) not in known:
            if above is frame or not self.passes_over(above.f_code):
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
            self._files.remember(one.f_code)
            caller = self._frames[-1] if self._frames else None
            invocation = Invocation(one.f_code, caller[1], caller[0].f_lasti) if caller else Invocation(one.f_code)
            self._frames.append((one, invocation))
        return self._frames[-1][1] if self._frames else None
