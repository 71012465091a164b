"""Where in the user's program an operation runs: the frames of the program without those of PyTorch and other libraries."""

from __future__ import annotations

import inspect
import sys
import sysconfig
from functools import cache
from pathlib import Path, PurePath
from types import CodeType, FrameType

from tracer.recording.source import PACKAGE, Files, Invocation

_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")})
_MAY_CHANGE_CALLER = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_SCENARIOS = str(PACKAGE / "scenarios")


NEAREST = 3
"""So many calls of this package at least are nearer, and passed over: Python makes an object of a frame that is looked at."""


def is_user_code(code: CodeType) -> bool:
    """Whether a function belongs to the program and not to Python, an installed library or this package."""
    return _is_user_file(code.co_filename)


@cache
def _is_own_file(filename: str) -> bool:
    return filename.startswith(str(PACKAGE))


@cache
def _is_user_file(filename: str) -> bool:
    if filename.startswith(("<frozen", "<string>", "<__array_function__")):
        return False
    if _is_own_file(filename) and not filename.startswith(_SCENARIOS):
        return False
    return not filename.startswith(_INSTALLED)


class Frames:
    """The calls of the program at each moment, as invocations that later frames share.

    `without_names` are places whose operations are not what the statement there assigns.
    """

    def __init__(self, files: Files) -> None:
        self.files = files
        self.without_names: set[tuple[Invocation | None, int]] = set()
        self._chain: list[tuple[FrameType, Invocation]] = []

    def place(self, nearest: int = NEAREST) -> tuple[Invocation | None, int]:
        """The invocation and the instruction that run now; None and -1 outside of the program."""
        frame: FrameType | None = sys._getframe(nearest)
        while frame is not None and not _is_user_file(frame.f_code.co_filename):
            frame = frame.f_back
        last = self._chain[-1] if self._chain else None
        if last is not None and last[0] is frame and not last[1].code.co_flags & _MAY_CHANGE_CALLER:
            return last[1], last[0].f_lasti
        return self._place_of_new(frame)

    def _place_of_new(self, frame: FrameType | None) -> tuple[Invocation | None, int]:
        """The place of a call that is not the one of the operation before."""
        frames: list[FrameType] = []
        count = 0  # of the calls before, those that still run
        while frame is not None and not count:
            if _is_user_file(frame.f_code.co_filename):
                count = self._position_of(frame) + 1
                if not count:
                    frames.append(frame)
            frame = frame.f_back
        chain = self._chain[:count]
        for each in reversed(frames):
            caller, called_at = (chain[-1][1], chain[-1][0].f_lasti) if chain else (None, -1)
            known = self._chain[len(chain)] if len(chain) < len(self._chain) else None
            if known is not None and known[0] is each and (known[1].caller, known[1].call_offset) == (caller, called_at):
                chain.append(known)
                continue
            self.files.remember(each.f_code)
            chain.append((each, Invocation(each.f_code, caller, called_at)))
        self._chain = chain
        return (chain[-1][1], chain[-1][0].f_lasti) if chain else (None, -1)

    def _position_of(self, frame: FrameType) -> int:
        """The position of a call among those before; -1 if it is new, or the callers may be others: those of a generator."""
        if not frame.f_code.co_flags & _MAY_CHANGE_CALLER:
            for position, (known, _) in enumerate(self._chain):
                if known is frame:
                    return position
        return -1

    def release(self) -> None:
        """Let go of the frames, so that nothing refers to the program's variables."""
        self._chain = []


def place_in_backward(frame: FrameType | None) -> str:
    """The line of Python code that runs within a backward pass: of a hook, or of a Function; empty if PyTorch itself computes."""
    inner = ""
    while frame is not None and frame.f_code.co_name != "_engine_run_backward":
        if is_user_code(frame.f_code):
            return _line(frame)
        if not inner and not _is_own_file(frame.f_code.co_filename):
            inner = _line(frame)
        frame = frame.f_back
    return inner


def _line(frame: FrameType) -> str:
    return f"{PurePath(frame.f_code.co_filename).name}:{frame.f_lineno}"


def base_folder(frame: FrameType | None) -> Path | None:
    """The folder of the program that runs in a frame or a caller of it; that of `__main__` if this package runs it."""
    is_ours = frame is not None and Path(frame.f_code.co_filename).is_relative_to(PACKAGE)
    while frame is not None and not is_user_code(frame.f_code):
        frame = frame.f_back
    filename = getattr(sys.modules.get("__main__"), "__file__", None)
    if frame is not None and not is_ours:
        filename = frame.f_code.co_filename
    return Path(filename).parent if filename else None
