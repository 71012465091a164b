"""Where the user's code keeps a parameter: a variable, an entry of a list or dict, an attribute of an object.

After `W = W - 0.1 * W.grad` the variable holds another array than the one that was handed out: it is found there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import BuiltinFunctionType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from tracer.programs.values import Recording

MAX_VISITED = 5000
"""Objects that are looked at."""

_MAX_DEPTH = 4
_OPAQUE = (ModuleType, FunctionType, BuiltinFunctionType, MethodType, type, str, bytes, int, float, complex, range)


class Place(NamedTuple):
    """A variable of the frame or a global one, and the way from there: ("[]", key) for entries, (".", name) for attributes."""

    is_global: bool
    name: str
    way: tuple[tuple[str, Any], ...] = ()

    def look(self, frame: FrameType) -> Any:
        """What is there now; None if nothing is."""
        found: Any = (frame.f_globals if self.is_global else frame.f_locals).get(self.name)
        for kind, key in self.way:
            try:
                found = found[key] if kind == "[]" else vars(found)[key]
            except (LookupError, TypeError):
                return None
        return found


def places_of(frame: FrameType, wanted: Mapping[int, Any]) -> dict[int, list[Place]]:
    """Where objects are kept, by their ids; the nearest place first."""
    found: dict[int, list[Place]] = {id_: [] for id_ in wanted}
    seen: set[int] = set()
    local = frame.f_locals
    level = [(Place(False, name), value) for name, value in local.items()]
    if local is not frame.f_globals:
        level += [(Place(True, name), value) for name, value in frame.f_globals.items() if not name.startswith("__")]
    for _ in range(_MAX_DEPTH):
        below = []
        for place, value in level:
            if id(value) in found and wanted[id(value)] is value:
                found[id(value)].append(place)
            elif id(value) not in seen and len(seen) < MAX_VISITED:
                seen.add(id(value))
                below += [(place._replace(way=(*place.way, step)), part) for step, part in _parts(value)]
        level = below
    return found


def _parts(value: Any) -> Iterator[tuple[tuple[str, Any], Any]]:
    """The entries of a container and the attributes of an object, with how they are reached."""
    if isinstance(value, (Recording, *_OPAQUE)):
        return
    if type(value) is dict:
        yield from ((("[]", key), part) for key, part in list(value.items())[:MAX_VISITED])
    elif type(value) in (list, tuple):
        yield from ((("[]", position), part) for position, part in enumerate(value[:MAX_VISITED]))
    elif type(getattr(value, "__dict__", None)) is dict:
        yield from (((".", name), part) for name, part in list(vars(value).items()))
