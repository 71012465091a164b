"""Switches the recording of the process on and off: the methods of what records, and what the rewritten program calls.

While nothing is recorded, the values of the program behave as NumPy's and Python's own, without a detour. When nothing will be
recorded any more, the program's variables hold plain values again, and its functions and loops run their text as it was.
"""

from __future__ import annotations

import builtins
import ctypes
import gc
import sys
from collections import deque
from collections.abc import Callable, Iterator
from inspect import CO_OPTIMIZED
from types import CellType, FrameType
from typing import Any

from tracer.programs.calls import callees
from tracer.programs.calls.call_sites import caught
from tracer.programs.process.imports import attributes_of
from tracer.programs.rewriting import CALLEE, CAUGHT, HELD, NUMBER, ON, PASS, RESULT
from tracer.programs.values import OVERRIDES, RESTING, Recording


def _same(value: Any) -> Any:
    return value


def _no_pass(line: int) -> None:
    pass


def switch_on(note_pass: Callable[[int], None] = _no_pass) -> None:
    """Let values record; `note_pass` is called with the line of a loop at each of its passes."""
    for kind, methods in OVERRIDES.items():
        for name, method in methods.items():
            setattr(kind, name, method)
    vars(builtins).update(
        {
            CALLEE: callees.callee,
            RESULT: callees.result,
            HELD: callees.held,
            NUMBER: callees.number,
            PASS: note_pass,
            CAUGHT: caught,
            ON: True,
        }
    )


def pause() -> None:
    """Let values behave as plain ones. Passes of loops are still counted, by which recording is resumed."""
    _take_methods()
    vars(builtins).update({CALLEE: _same, RESULT: _same, HELD: _same, NUMBER: _same})


def switch_off() -> None:
    """Let values behave as plain ones, for good; what is called from now on runs the program's text as it was."""
    _take_methods()
    vars(builtins).update({CALLEE: _same, RESULT: _same, HELD: _same, NUMBER: _same, PASS: _no_pass, ON: False})


def _take_methods() -> None:
    for kind, methods in OVERRIDES.items():
        for name in methods:
            if name in RESTING.get(kind, {}):
                setattr(kind, name, RESTING[kind][name])
            elif name in vars(kind):
                delattr(kind, name)


def make_plain(filenames: set[str]) -> None:
    """Put plain values into the variables, objects and containers of a program whose record has ended."""
    modules = {name for name, module in list(sys.modules.items()) if attributes_of(module).get("__file__") in filenames}
    recording = {id(kind) for kind in _kinds(Recording)}
    for found in gc.get_objects():
        kind = type(found)
        # There are hundreds of thousands of containers; by their ids, types are compared without a call of Python code.
        if kind is dict:
            if not recording.isdisjoint(map(id, map(type, found.values()))):
                _replace(found, list(found.items()))
        elif kind is list or kind is deque:
            if not recording.isdisjoint(map(id, map(type, found))):
                _replace(found, list(enumerate(found)))
        elif kind is CellType:
            _replace_in_cell(found)
        elif getattr(kind, "__module__", None) in modules and not isinstance(found, type):
            _replace_in_object(found)
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename in filenames and frame.f_code.co_flags & CO_OPTIMIZED:
            _replace_in_frame(frame)
        frame = frame.f_back


def _kinds(kind: type[Any]) -> Iterator[type[Any]]:
    """A class and those made from it."""
    yield kind
    for each in kind.__subclasses__():
        yield from _kinds(each)


def _recording(items: Any) -> Iterator[tuple[Any, Any]]:
    # Not isinstance, which asks other objects for their __class__: some import a package then, and warn.
    return ((key, value.plain()) for key, value in items if issubclass(type(value), Recording))


def _replace(container: Any, items: list[tuple[Any, Any]]) -> None:
    for key, value in _recording(items):
        container[key] = value


def _replace_in_cell(cell: CellType) -> None:
    try:
        value = cell.cell_contents
    except ValueError:  # empty
        return
    if issubclass(type(value), Recording):
        cell.cell_contents = value.plain()


def _replace_in_object(found: Any) -> None:
    names = [name for kind in type(found).__mro__ for name in _slots(kind)]
    values = [(name, getattr(found, name, None)) for name in names]
    attributes = getattr(found, "__dict__", None)
    for name, value in _recording(values):
        object.__setattr__(found, name, value)
    if isinstance(attributes, dict):
        _replace(attributes, list(attributes.items()))


def _slots(kind: type) -> tuple[str, ...]:
    own = vars(kind).get("__slots__", ())
    return (own,) if isinstance(own, str) else tuple(own)


def _replace_in_frame(frame: FrameType) -> None:
    variables = frame.f_locals
    found = list(_recording(list(variables.items())))
    for name, value in found:
        variables[name] = value
    if found and sys.version_info < (3, 13):  # later, they are the variables themselves
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
