"""Calls functions for a recorded program so that what Python says of the call is said of the program's own line.

NumPy gives a warning with the file and line of the frame that called it; Python counts there whether it was given before.
So a function is called from a frame that has the file, the line and the globals of the program's. Frames of this package are
taken out of tracebacks before the program, or whoever reads them, sees them.
"""

from __future__ import annotations

import dis
import operator
import os
import sys
from collections.abc import Callable, Mapping
from types import CodeType, FrameType, FunctionType, TracebackType
from typing import Any, TypeAlias

from tracer.recording.source import PACKAGE

Calling: TypeAlias = Callable[[Callable[..., Any], tuple[Any, ...], Mapping[str, Any]], Any]
"""Calls a function with arguments and options."""

_NAME = "__tracer_call__"
_TEMPLATE: CodeType = (lambda function, arguments, options: function(*arguments, **options)).__code__.replace(
    co_name=_NAME, co_qualname=_NAME
)
_OWN = str(PACKAGE) + os.sep
_OWN_CALLS = str(PACKAGE / "programs" / "calls") + os.sep

_MAX_KNOWN = 10_000

_known: dict[tuple[int, int], tuple[Calling, CodeType]] = {}
"""What calls from an instruction, by the code (which is kept, so that its id stays its own) and the offset."""


def call_from(frame: FrameType) -> Calling:
    """What calls a function as if the instruction did that runs in this frame."""
    code = frame.f_code
    found = _known.get((id(code), frame.f_lasti))
    if found is not None and found[0].__globals__ is frame.f_globals:
        return found[0]
    if len(_known) > _MAX_KNOWN:
        _known.clear()
    there = _TEMPLATE.replace(co_filename=code.co_filename, co_firstlineno=frame.f_lineno or 0)
    made: Calling = FunctionType(there, frame.f_globals, _NAME)
    _known[id(code), frame.f_lasti] = made, code
    return made


def calling_frame() -> FrameType:
    """The frame that called the caller of this function: not one that `call_from` has put in between."""
    frame = sys._getframe(2)
    while frame.f_back is not None and (frame.f_code.co_name == _NAME or frame.f_code.co_filename.startswith(_OWN_CALLS)):
        frame = frame.f_back
    return frame


_OPERATORS = (
    operator.add, operator.and_, operator.floordiv, operator.lshift, operator.matmul, operator.mul, operator.mod, operator.or_,
    operator.pow, operator.rshift, operator.sub, operator.truediv, operator.xor,
    operator.iadd, operator.iand, operator.ifloordiv, operator.ilshift, operator.imatmul, operator.imul, operator.imod,
    operator.ior, operator.ipow, operator.irshift, operator.isub, operator.itruediv, operator.ixor,
)  # fmt: skip
"""The operators by the argument of the instruction BINARY_OP."""


def operator_at(frame: FrameType) -> Callable[[Any, Any], Any] | None:
    """The operator of two operands that runs in a frame; None if it is something else."""
    code, offset = frame.f_code.co_code, frame.f_lasti
    if dis.opname[code[offset]] != "BINARY_OP" or code[offset + 1] >= len(_OPERATORS):
        return None
    return _OPERATORS[code[offset + 1]]


def is_own(code: CodeType) -> bool:
    """Whether a frame is of this package and not of the program."""
    return code.co_name == _NAME or code.co_filename.startswith(_OWN)


def clean_traceback(error: BaseException | None) -> None:
    """Take the frames of this package out of the traceback of an exception, and of those it came from."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        _clean(one)
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def _clean(error: BaseException) -> None:
    kept: list[TracebackType] = []
    entry, has_own = error.__traceback__, False
    while entry is not None:
        if is_own(entry.tb_frame.f_code):
            has_own = True
        else:
            kept.append(entry)
        entry = entry.tb_next
    if not has_own:
        return
    for here, after in zip(kept, [*kept[1:], None], strict=False):
        here.tb_next = after
    error.__traceback__ = kept[0] if kept else None


def caught() -> None:
    """Called where the program handles an exception: it sees the traceback that it would see without a record."""
    clean_traceback(sys.exception())
