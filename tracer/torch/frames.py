"""Where in the user's program an operation runs: the frames of the program without those of PyTorch and other libraries."""

from __future__ import annotations

import sys
import sysconfig
from functools import cache
from pathlib import Path
from types import CodeType, FrameType

from tracer.recording.source import PACKAGE, Files, Invocation

_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")})
_SCENARIOS = str(PACKAGE / "scenarios")


@cache
def is_user_code(code: CodeType) -> bool:
    """Whether a function belongs to the program and not to Python, an installed library or this package."""
    filename = code.co_filename
    if filename.startswith(("<frozen", "<string>", "<__array_function__")):
        return False
    if filename.startswith(str(PACKAGE)) and not filename.startswith(_SCENARIOS):
        return False
    return not filename.startswith(_INSTALLED)


class Frames:
    """The calls of the program at each moment, as invocations that later frames share."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self._chain: list[tuple[FrameType, Invocation, int]] = []

    def place(self) -> tuple[Invocation | None, int]:
        """The invocation and the instruction that run now; None and -1 outside of the program."""
        frames = []
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if is_user_code(frame.f_code):
                frames.append(frame)
            frame = frame.f_back
        chain: list[tuple[FrameType, Invocation, int]] = []
        for position, each in enumerate(reversed(frames)):
            caller, called_at = (chain[-1][1], chain[-1][0].f_lasti) if chain else (None, -1)
            known = self._chain[position] if position < len(self._chain) else None
            if known is not None and known[0] is each and known[2] == called_at and known[1].caller is caller:
                chain.append(known)
                continue
            self.files.remember(each.f_code)
            chain.append((each, Invocation(each.f_code, caller, called_at), called_at))
        self._chain = chain
        return (chain[-1][1], chain[-1][0].f_lasti) if chain else (None, -1)

    def release(self) -> None:
        """Let go of the frames, so that nothing refers to the program's variables."""
        self._chain = []


def base_folder(frame: FrameType | None) -> Path | None:
    """The folder of the program that runs in a frame or a caller of it; that of `__main__` if this package runs it."""
    is_ours = frame is not None and Path(frame.f_code.co_filename).is_relative_to(PACKAGE)
    while frame is not None and not is_user_code(frame.f_code):
        frame = frame.f_back
    filename = getattr(sys.modules.get("__main__"), "__file__", None)
    if frame is not None and not is_ours:
        filename = frame.f_code.co_filename
    return Path(filename).parent if filename else None
