"""After a stretch without a record, the variables of a program hold values that do not record: they are made to record again.

Without that, an array that was computed in between would enter the record anew wherever it is used, and a number not at all.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from inspect import CO_OPTIMIZED
from types import CellType, FrameType, FunctionType, GeneratorType, MappingProxyType, MemberDescriptorType, SimpleNamespace
from typing import Any

import numpy as np

from tracer.programs.process.imports import attributes_of
from tracer.programs.values import recording_value

MAX_ITEMS = 10_000
"""Items of a container that is looked into: a longer list is a history or a data set, no list of parameters."""

MAX_OBJECTS = 200_000
"""Objects that are looked into."""

MAX_DEPTH = 20
"""Tuples in tuples that are looked into."""

_KINDS = frozenset({np.ndarray, float, np.float64, np.float32})
"""What is made to record. Integers are counters and sizes."""

_MAPPINGS = (dict, OrderedDict, defaultdict)
_SEQUENCES = (list, deque)


def plain_numbers(filenames: set[str]) -> Mapping[int, Any]:
    """The numbers by their ids that do not record and that the program in these files holds, as `rate` of `def f(rate=0.1)`."""
    walk = _Search(filenames)
    walk.start(sys._getframe(1))
    return walk.plain


def record_again(filenames: set[str], known: Mapping[int, Any] = MappingProxyType({})) -> None:
    """Let the values record that the program in these files holds: in variables, objects, containers and closures.

    Numbers that are `known` stay as they are.
    """
    walk = _Search(filenames, known)
    walk.start(sys._getframe(1))


class _Search:
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
        every = [attributes_of(module) for module in list(sys.modules.values())]
        modules = [each for each in every if type(file := each.get("__file__")) is str and file in self._filenames]
        self._modules = {name for each in modules if type(name := each.get("__name__")) is str}
        while frame is not None:
            if frame.f_code.co_filename in self._filenames:
                self._in_frame(frame)
            frame = frame.f_back
        for found in gc.get_objects():  # a generator that a loop goes over is in no variable
            frame = found.gi_frame if type(found) is GeneratorType else None
            if frame is not None and frame.f_code.co_filename in self._filenames:
                self._in_frame(frame)
        for attributes in modules:
            self._add(attributes)
        while self._waiting and len(self._seen) < MAX_OBJECTS:
            with suppress(Exception):  # an object that cannot be looked into stays as it is
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

    def _recording(self, value: Any, depth: int = 0) -> Any:
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
        if kind in _KINDS or kind is tuple or (kind.__base__ is tuple and "_make" in kind.__dict__):
            if id(value) not in self._made:
                self._made[id(value)] = value, recording_value(value) if kind in _KINDS else self._tuple(value, depth)
            return self._made[id(value)][1]
        self._add(value)
        return value

    def _tuple(self, value: Any, depth: int) -> Any:
        if len(value) > MAX_ITEMS or depth >= MAX_DEPTH:
            return value
        parts = [self._recording(each, depth + 1) for each in tuple.__iter__(value)]
        if all(new is old for new, old in zip(parts, tuple.__iter__(value), strict=True)):
            return value
        return tuple.__new__(type(value), parts)

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
        elif issubclass(kind, type):  # not isinstance, which asks an object for its __class__
            if self._is_own(found):
                for name, value in self._changed(list(vars(found).items())):
                    type.__setattr__(found, name, value)
        elif kind is SimpleNamespace or self._is_own(kind):
            self._in_object(found)

    def _is_own(self, kind: type) -> bool:
        """Whether a class is of the program."""
        module = vars(kind).get("__module__")
        return type(module) is str and module in self._modules

    def _in_cell(self, cell: CellType) -> None:
        try:
            held = cell.cell_contents
        except ValueError:  # empty
            return
        made = self._recording(held)
        if made is not held:
            cell.cell_contents = made

    def _in_object(self, found: Any) -> None:
        """Look into the attributes of an object, without a call of a property or of its `__getattr__`."""
        with suppress(AttributeError):
            attributes = object.__getattribute__(found, "__dict__")
            if type(attributes) is dict:
                self._add(attributes)
        for slot in [each for kind in type(found).__mro__ for each in vars(kind).values() if type(each) is MemberDescriptorType]:
            with suppress(AttributeError):  # empty
                for _, value in self._changed([("", slot.__get__(found))]):
                    slot.__set__(found, value)
