"""The parameters of a loop of one's own: what is handed out for them, and where their new values are found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from tracer.errors import UsageError
from tracer.programs.loops.loop_shadow import LoopShadow
from tracer.programs.loops.places import Place, places_of
from tracer.programs.values import Recording, plain, recording_value, same_bits


@dataclass(slots=True)
class Parameter:
    """A parameter of a run: its value now, its node at the start of the step, and where the user's code keeps it."""

    name: str
    value: Recording
    start: int = -1
    places: list[Place] = field(default_factory=list)


def handed_out(given: Mapping[str, Any]) -> tuple[Any, list[Parameter]]:
    """What records in place of parameters, in the structure they were given in, and a list of them.

    Raises UsageError for what is no number and no array of numbers.
    """
    found: list[Parameter] = []
    made = tuple(_made(name, value, found) for name, value in given.items())
    names = [each.name for each in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two parameters are called {twice}: give each another name")
    return (made[0] if len(made) == 1 else made), found


def _made(name: str, value: Any, found: list[Parameter]) -> Any:
    value = plain(value)
    if isinstance(value, Mapping):
        return type(value)((key, _made(str(key), each, found)) for key, each in value.items())  # type: ignore[call-arg]
    if type(value) in (list, tuple):
        return type(value)(_made(f"{name}_{position}", each, found) for position, each in enumerate(value))
    made = recording_value(value)
    if not isinstance(made, Recording):
        raise UsageError(f"the parameter {name} is {_kind(value)}: an array or a number is needed, or lists and dicts of them")
    found.append(Parameter(name, made))
    return made


def _kind(value: Any) -> str:
    return f"an array of dtype {value.dtype}" if isinstance(value, np.ndarray) else f"of the type {type(value).__name__}"


def locate(parameters: Iterable[Parameter], frame: FrameType) -> None:
    """Find where the user's code keeps the parameters, unless they are still where they were found before."""
    lost = [each for each in parameters if not any(place.look(frame) is each.value for place in each.places)]
    if lost:
        found = places_of(frame, {id(each.value): each.value for each in lost})
        for each in lost:
            each.places = sorted(found[id(each.value)], key=lambda place: place.name != each.name)


def updates(parameters: Iterable[Parameter], shadow: LoopShadow, frame: FrameType) -> Iterator[tuple[Parameter, int, Recording]]:
    """The parameters that have new values at the end of a step: with the node and the value.

    Raises UsageError for one in whose place there is a value that was not recorded.
    """
    handles = {id(each.value) for each in parameters}
    for each in parameters:
        tensor = each.value.tensor
        assert tensor is not None
        written = shadow.id_of(tensor)
        if written != each.start and shadow.recorder.entries[written][1]:
            yield each, written, each.value
            continue
        now = [(place, place.look(frame)) for place in each.places]
        if any(value is each.value for _, value in now):
            continue
        for place, value in now:
            new = _computed(shadow, value, each) if id(value) not in handles else None
            if new is not None:
                yield each, new, value
                break
            if _is_unrecorded(value, each):
                raise UsageError(
                    f"{_spelled(place)} holds a new value of the parameter {each.name} that was not recorded: compute it with"
                    " NumPy's functions and operators, as in W -= 0.1 * W.grad"
                )


def _computed(shadow: LoopShadow, value: Any, of: Parameter) -> int | None:
    """The node of a value, if it was computed in this step from the old value of a parameter, in its shape."""
    tensor = getattr(value, "tensor", None) if isinstance(value, Recording) else None
    if tensor is None or tensor.recorder is not shadow.recorder:
        return None
    node = shadow.id_of(tensor)
    if node <= of.start or np.shape(tensor.value) != np.shape(of.value.plain()):
        return None
    entries, waiting, seen = shadow.recorder.entries, [node], {node}
    while waiting:
        for operand in entries[waiting.pop()][1]:
            if operand == of.start:
                return node
            if isinstance(operand, int) and operand > of.start and operand not in seen:
                seen.add(operand)
                waiting.append(operand)
    return None


def _is_unrecorded(value: Any, of: Parameter) -> bool:
    """Whether a plain value stands where a parameter was: a number of another value in the same shape."""
    before = of.value.plain()
    is_number = type(value) in (np.ndarray, np.float64, np.float32, float)
    return is_number and np.shape(value) == np.shape(before) and not same_bits(value, before)


def _spelled(place: Place) -> str:
    return place.name + "".join(f"[{key!r}]" if kind == "[]" else f".{key}" for kind, key in place.way)
