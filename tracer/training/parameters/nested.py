"""Parameters in dicts, lists, tuples and objects: their names, and the same structure with other values in it.

A name is a path: `layers[0].W`. In dicts, lists and tuples every array of numbers and every float is a parameter, and a list of
floats is one array. In objects only arrays of floats are parameters, whether in attributes or in what these hold: a number in an
attribute is a setting of the object. Everything else, such as functions, whole numbers and text, stays as it is. An array that
occurs twice is one parameter, under its first name.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import BuiltinFunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from tracer.errors import UsageError
from tracer.graph.paths import child_path
from tracer.recording.tensor import Tensor

_NO_PARAMETERS = frozenset({*sys.stdlib_module_names, "numpy"}) - {"__main__"}
"""Modules whose objects are left alone: random generators, loggers, locks."""


@dataclass(slots=True, eq=False)
class _Leaf:
    """A parameter."""

    name: str


@dataclass(slots=True, eq=False)
class _Group:
    """Something that holds parameters: what to make anew, and what it holds by key. `fill` puts the new parts into it."""

    original: Any
    empty: Callable[[], Any]
    fill: Callable[[Any, dict[Any, Any]], Any]
    parts: dict[Any, _Leaf | _Group | Any] = field(default_factory=dict)
    holds_parameters: bool = False


@dataclass(frozen=True, slots=True)
class Structure:
    """Named structures of parameters. `values` are the given ones by path, in the order in which they are met."""

    values: Mapping[str, Any]
    _parts: Mapping[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of arguments under which functions take the structures."""
        return tuple(self._parts)

    def filled(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The structures by name, with these values of the parameters in them. Containers and objects are new ones."""
        made: dict[int, Any] = {}
        return {
            name: values[part.name] if type(part) is _Leaf else _rebuilt(part, values, made) for name, part in self._parts.items()
        }

    def read(self, filled: Mapping[str, Any]) -> dict[str, Any]:
        """The values by path in structures that `filled` made: they may be others by now."""
        found: dict[str, Any] = {}
        seen: set[int] = set()
        for name, part in self._parts.items():
            _read(part, filled[name], found, seen)
        return found


def structure_of(given: Mapping[str, Any], what: str, *, is_state: bool = False) -> Structure:
    """The structure of named values. Raises UsageError, beginning with `what`, for a structure without parameters.

    With `is_state`, every number and every array of numbers is one of the values, in objects too.
    """
    walk = _Walk(what, is_state)
    # Values that are named one by one are parameters of their own, also where they are the same array.
    parts = {name: walk.enter(name, value, walk.top_level(value)) for name, value in given.items()}
    walk.mark_holders()
    for name, part in parts.items():
        if isinstance(part, _Group) and not part.holds_parameters:
            held = "an object" if _has_attributes(part.original) else type(part.original).__name__
            numbers = ": a number in an attribute is no parameter, np.array(number) is" if held == "an object" else ""
            raise UsageError(f"{what} {name!r} is {held} that holds no array of floats{numbers}")
    return Structure(walk.values, parts)


class _Walk:
    """Goes through structures and names what they hold."""

    def __init__(self, what: str, is_state: bool) -> None:
        self.values: dict[str, Any] = {}
        self._is_state = is_state
        self._what = what
        self._known: dict[int, Any] = {}
        self._groups: list[_Group] = []

    def top_level(self, value: Any) -> str:
        """How a value with a name of its own is read: everything that is no container and no object is a parameter."""
        return "structure" if _children(value) is not None and not _is_row(value, (int, float, np.number)) else "parameter"

    def enter(self, path: str, value: Any, rule: str) -> Any:
        """The part for a value. `rule` is `parameter`, `structure` (of containers) or `object`."""
        if isinstance(value, Tensor):
            raise UsageError(
                f"{self._what} {path!r} is a Tensor of an earlier run: give the plain array, and do not store Tensors in an"
                " object from which parameters are taken"
            )
        if rule == "parameter":
            return self._leaf(path, value)
        if id(value) in self._known:
            return self._known[id(value)]
        if _is_number(value) if self._is_state else _is_parameter(value, rule):
            part = self._leaf(path, value)
            if not isinstance(value, (int, float, np.generic)):  # two equal numbers of the code may be one object
                self._known[id(value)] = part
            return part
        children = _children(value)
        if children is None or (rule == "object" and not self._is_state and _is_row(value, (int, float, np.number))):
            return value
        group = _Group(value, *_maker(value))
        self._known[id(value)] = group
        self._groups.append(group)
        inner = "object" if _has_attributes(value) else rule
        for key, child in children:
            group.parts[key] = self.enter(path if isinstance(value, MethodType) else child_path(path, key), child, inner)
        return group

    def _leaf(self, path: str, value: Any) -> _Leaf:
        if path in self.values:
            raise UsageError(f"{self._what} {path!r} is there twice: rename one of the keys")
        self.values[path] = value
        return _Leaf(path)

    def mark_holders(self) -> None:
        """Find the groups that hold parameters, by way of others also: only these are made anew."""
        holders: dict[int, list[_Group]] = {}
        for group in self._groups:
            for part in group.parts.values():
                if isinstance(part, (_Leaf, _Group)):
                    holders.setdefault(id(part) if isinstance(part, _Group) else -1, []).append(group)
        reached = holders.get(-1, [])
        while reached:
            group = reached.pop()
            if not group.holds_parameters:
                group.holds_parameters = True
                reached += holders.get(id(group), [])


def _is_parameter(value: Any, rule: str) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind == "f" if rule == "object" else value.dtype.kind not in "bUSMm"
    if rule == "object":
        return False
    return isinstance(value, (float, np.floating)) or _is_row(value, (float, np.floating)) or hasattr(type(value), "__array__")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) or (isinstance(value, np.ndarray) and value.dtype.kind in "biuf")


def _is_row(value: Any, kinds: tuple[type, ...]) -> bool:
    """Whether a list or a tuple holds numbers of these kinds only, or such rows: one array."""
    if type(value) not in (list, tuple) or not value:
        return False
    return all(isinstance(each, kinds) or _is_row(each, (int, float, np.number)) for each in value)


def _children(value: Any) -> Iterator[tuple[Any, Any]] | None:
    """What a container or an object holds, by key; None for anything else."""
    if isinstance(value, Mapping):
        return iter(value.items())
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return iter(zip(value._fields, value, strict=True))
    if isinstance(value, (list, tuple)):
        return iter(enumerate(value))
    if isinstance(value, MethodType):
        return iter([("__self__", value.__self__)]) if _has_attributes(value.__self__) else None
    return iter(_attributes(value)) if _has_attributes(value) else None


def _has_attributes(value: Any) -> bool:
    """Whether a value is an object of a class whose attributes may be parameters."""
    kind = type(value)
    if isinstance(value, (type, ModuleType, Mapping, list, tuple, str, bytes, np.ndarray)) or hasattr(kind, "__array__"):
        return False
    if kind.__module__.partition(".")[0] in _NO_PARAMETERS and kind is not SimpleNamespace:
        return False
    return hasattr(value, "__dict__") or bool(_slots(kind))


def _slots(kind: type) -> list[str]:
    found = []
    for base in kind.__mro__:
        names = base.__dict__.get("__slots__", ())
        found += [names] if isinstance(names, str) else list(names)
    return [name for name in found if name not in ("__dict__", "__weakref__")]


def _attributes(value: Any) -> list[tuple[str, Any]]:
    inner = [(name, getattr(value, name)) for name in _slots(type(value)) if hasattr(value, name)]
    return [*getattr(value, "__dict__", {}).items(), *inner]


def _maker(value: Any) -> tuple[Callable[[], Any], Callable[[Any, dict[Any, Any]], Any]]:
    """How a container or an object is made anew: an empty one, and what puts parts into it."""
    if isinstance(value, Mapping):
        mutable = isinstance(value, dict)

        def fill_mapping(made: Any, parts: dict[Any, Any]) -> Any:
            made.update(parts)
            return made

        return (lambda: copy.copy(value) if mutable else {}), fill_mapping
    if isinstance(value, list):

        def fill_list(made: Any, parts: dict[Any, Any]) -> Any:
            made[:] = parts.values()
            return made

        return (lambda: copy.copy(value)), fill_list
    if isinstance(value, tuple):
        make = type(value)._make if hasattr(value, "_make") else type(value)
        return (lambda: None), lambda _, parts: make(parts.values())
    if isinstance(value, MethodType):
        return (lambda: None), lambda _, parts: MethodType(value.__func__, parts["__self__"])

    def fill_object(made: Any, parts: dict[Any, Any]) -> Any:
        for name, part in parts.items():
            object.__setattr__(made, name, part)  # also of a frozen dataclass
        return made

    # Not a __new__ of Python code, which may need arguments.
    makers = (base.__dict__.get("__new__") for base in type(value).__mro__)
    make_object = next(each for each in makers if isinstance(each, BuiltinFunctionType))
    return (lambda: make_object(type(value))), fill_object


def _rebuilt(part: Any, values: Mapping[str, Any], made: dict[int, Any]) -> Any:
    """A part with values in it; what occurs twice is made once."""
    if isinstance(part, _Leaf):
        return values[part.name]
    if not isinstance(part, _Group):
        return part
    if not part.holds_parameters:
        return part.original
    if id(part) not in made:
        made[id(part)] = part.empty()  # before its parts: they may refer back to it
        made[id(part)] = part.fill(made[id(part)], {key: _rebuilt(each, values, made) for key, each in part.parts.items()})
    return made[id(part)]


def _read(part: Any, filled: Any, found: dict[str, Any], seen: set[int]) -> None:
    """Collect what is now where the values were."""
    if isinstance(part, _Leaf):
        found[part.name] = filled
    elif isinstance(part, _Group) and part.holds_parameters and id(part) not in seen:
        seen.add(id(part))  # it may be inside itself
        for key, each in part.parts.items():
            if isinstance(each, (_Leaf, _Group)):
                _read(each, _child(part.original, filled, key), found, seen)


def _child(original: Any, filled: Any, key: Any) -> Any:
    if isinstance(original, Mapping) or (isinstance(original, (list, tuple)) and not hasattr(original, "_fields")):
        return filled[key]
    return getattr(filled, key)
