"""The recorder of a loop of one's own: it starts in the middle of the user's code, at a `with` statement."""

from __future__ import annotations

from types import FrameType

from tracer.graph.record import Phase
from tracer.programs.loops.user_code import UserFiles
from tracer.programs.program_recorder import ProgramRecorder
from tracer.programs.values import Loop
from tracer.recording.source import Files, Invocation


class LoopRecorder(ProgramRecorder):
    """Records steps in the user's frame `root`, and in the functions of the user that are called from there."""

    def __init__(self, files: Files, user_files: UserFiles, loop: Loop) -> None:
        super().__init__(files)
        self.loop = loop
        self._user_files = user_files
        self._root: FrameType | None = None
        # The frames from the root to the running one, each with its invocation.
        self._chain: list[tuple[FrameType, Invocation]] = []

    def begin(self, root: FrameType) -> None:
        """Begin a step in this frame."""
        self.enter(Phase.FORWARD)
        self._chain = []
        self._root = root

    def release(self) -> None:
        """Let go of all frames."""
        super().release()
        self._chain = []
        self._root = None

    def _locate(self, frame: FrameType) -> None:
        self._frame = frame
        chain: list[FrameType] = []
        above: FrameType | None = frame
        while above is not None and above is not self._root:
            if above is frame or above.f_code.co_filename in self._user_files:
                chain.append(above)
            above = above.f_back
        chain = [*chain, above] if above is not None else [frame]
        chain.reverse()
        kept = 0
        while kept < min(len(chain), len(self._chain)) and self._chain[kept][0] is chain[kept]:
            kept += 1
        del self._chain[kept:]
        for one in chain[kept:]:
            self.files.remember(one.f_code)
            caller = self._chain[-1] if self._chain else None
            invocation = Invocation(one.f_code, caller[1], caller[0].f_lasti) if caller else Invocation(one.f_code)
            self._chain.append((one, invocation))
        self._context = self._context._replace(invocation=self._chain[-1][1])
