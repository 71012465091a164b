"""After a stretch without a record, the variables of a program hold values that do not record: they are made to record again.

Without that, an array that was computed in between would enter the record anew wherever it is used, and a number not at all.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Mapping
from inspect import CO_OPTIMIZED
from types import CellType, FrameType, FunctionType, GeneratorType, MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np

from tracer.programs.process.imports import attributes_of
from tracer.programs.values import recording_value

MAX_ITEMS = 10_000
"""Items of a container that is looked into: a longer list is a history or a data set, no list of parameters."""

_KINDS = frozenset({np.ndarray, float, np.float64, np.float32})
"""What is made to record. Integers are counters and sizes."""

_MAPPINGS = (dict, OrderedDict, defaultdict)
_SEQUENCES = (list, deque)


def plain_numbers(filenames: set[str]) -> Mapping[int, Any]:
    """The numbers by their ids that do not record and that the program in these files holds, as `rate` of `def f(rate=0.1)`."""
    walk = _Walk(filenames)
    walk.start(sys._getframe(1))
    return walk.plain


def let_record(filenames: set[str], known: Mapping[int, Any] = MappingProxyType({})) -> None:
    """Let the values record that the program in these files holds: in variables, objects, containers and closures.

    Numbers that are `known` stay as they are.
    """
    walk = _Walk(filenames, known)
    walk.start(sys._getframe(1))


class _Walk:
    """Goes through what a program holds. An object that is held in several places is the same one in all of them afterwards."""

    def __init__(self, filenames: set[str], known: Mapping[int, Any] | None = None) -> None:
        self.plain: dict[int, Any] = {}  # with the value, so that its id stays its own
        self._filenames = filenames
        self._known = known
        self._modules: set[Any] = set()
        self._made: dict[int, tuple[Any, Any]] = {}
        self._seen: dict[int, Any] = {}
        self._waiting: list[Any] = []

    def start(self, frame: FrameType | None) -> None:
        """Go through all that can be reached from the frames from this one outwards, and from the modules."""
        modules = [module for module in list(sys.modules.values()) if attributes_of(module).get("__file__") in self._filenames]
        self._modules = {attributes_of(module).get("__name__") for module in modules}
        while frame is not None:
            if frame.f_code.co_filename in self._filenames:
                self._in_frame(frame)
            frame = frame.f_back
        for found in gc.get_objects():  # a generator that a loop goes over is in no variable
            frame = found.gi_frame if type(found) is GeneratorType else None
            if frame is not None and frame.f_code.co_filename in self._filenames:
                self._in_frame(frame)
        for module in modules:
            self._add(attributes_of(module))
        while self._waiting:
            self._look_into(self._waiting.pop())

    def _add(self, found: Any) -> None:
        """Look into an object later."""
        if id(found) not in self._seen:
            self._seen[id(found)] = found
            self._waiting.append(found)

    def _in_frame(self, frame: FrameType) -> None:
        """Make the variables of a frame record, and look into them."""
        if frame.f_globals is not frame.f_locals:
            self._add(frame.f_globals)
        if not frame.f_code.co_flags & CO_OPTIMIZED:
            self._add(frame.f_locals)
            return
        variables = frame.f_locals
        found = self._changed(list(variables.items()))
        for name, value in found:
            variables[name] = value
        if found and sys.version_info < (3, 13):  # later, they are the variables themselves
            ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))

    def _changed(self, items: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
        """The items whose value is another one now."""
        changed = []
        for key, value in items:
            made = self._recording(value)
            if made is not value:
                changed.append((key, made))
        return changed

    def _recording(self, value: Any) -> Any:
        """What takes the place of a value: itself if it neither is a number nor a tuple of numbers."""
        kind = type(value)
        if kind in _KINDS and kind is not np.ndarray:
            if self._known is None:
                self.plain[id(value)] = value
                return value
            if id(value) in self._known:
                return value
        if kind is np.ndarray and self._known is None:
            return value
        if kind in _KINDS or kind is tuple or (issubclass(kind, tuple) and hasattr(kind, "_make")):
            if id(value) not in self._made:
                self._made[id(value)] = value, recording_value(value) if kind in _KINDS else self._tuple(value)
            return self._made[id(value)][1]
        self._add(value)
        return value

    def _tuple(self, value: Any) -> Any:
        parts = [self._recording(each) for each in value] if len(value) <= MAX_ITEMS else value
        if all(new is old for new, old in zip(parts, value, strict=True)):
            return value
        return tuple(parts) if type(value) is tuple else type(value)._make(parts)

    def _look_into(self, found: Any) -> None:
        kind = type(found)
        if kind in _MAPPINGS or kind in _SEQUENCES:
            if len(found) <= MAX_ITEMS:
                for key, value in self._changed(list(found.items() if kind in _MAPPINGS else enumerate(found))):
                    found[key] = value
        elif kind is CellType:
            self._in_cell(found)
        elif kind is FunctionType:
            if found.__code__.co_filename in self._filenames:
                for cell in found.__closure__ or ():
                    self._add(cell)
        elif isinstance(found, type):
            if found.__module__ in self._modules:
                for name, value in self._changed(list(vars(found).items())):
                    type.__setattr__(found, name, value)
        elif kind is SimpleNamespace or getattr(kind, "__module__", None) in self._modules:
            self._in_object(found)

    def _in_cell(self, cell: CellType) -> None:
        try:
            held = cell.cell_contents
        except ValueError:  # empty
            return
        made = self._recording(held)
        if made is not held:
            cell.cell_contents = made

    def _in_object(self, found: Any) -> None:
        attributes = getattr(found, "__dict__", None)
        if type(attributes) is dict:
            self._add(attributes)
        slots = [name for each in type(found).__mro__ for name in _slots(each) if hasattr(found, name)]
        for name, value in self._changed([(name, getattr(found, name)) for name in slots]):
            object.__setattr__(found, name, value)


def _slots(kind: type) -> tuple[str, ...]:
    own = vars(kind).get("__slots__", ())
    return (own,) if isinstance(own, str) else tuple(own)
