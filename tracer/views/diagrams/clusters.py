"""The scopes of a program as nested frames around the boxes of their operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tracer.graph.record import Step
from tracer.views.diagrams.boxes import box_key
from tracer.views.diagrams.diagram import Frame
from tracer.views.grids import shortened

DEEPEST = 6
"""Scopes within scopes that are framed; deeper ones share the innermost frame."""


def own_key(id: int) -> tuple[str, ...]:
    """The one box of a node."""
    return (box_key(id),)


def frames_of(step: Step, ids: Sequence[int], keys: Callable[[int], Sequence[str]] = own_key) -> tuple[Frame, ...]:
    """The frames around the boxes of these nodes; `keys` are the boxes that belong to a node."""
    members: dict[str, list[int]] = {}
    for id in ids:
        path = "/".join(step.nodes[id].scope.split("/")[:DEEPEST])
        members.setdefault(path, []).append(id)
    every = {path.rsplit("/", depth)[0] for path in members for depth in range(path.count("/") + 1)} - {""}
    inner_of: dict[str, list[str]] = {}
    for path in sorted(every):
        inner_of.setdefault(path.rpartition("/")[0], []).append(path)

    def boxes(path: str) -> tuple[str, ...]:
        return tuple(key for id in members.get(path, ()) for key in keys(id))

    def contents(path: str) -> tuple[tuple[str, ...], tuple[Frame, ...]]:
        """The boxes right inside a scope and the frames inside it; a frame that would say nothing gives way to its boxes."""
        own, frames = boxes(path), []
        for inner in inner_of.get(path, ()):
            inside, deeper = contents(inner)
            if not deeper and _says_nothing(step, inner, members.get(inner, ())):
                own += inside
            else:
                frames.append(Frame(shortened(inner.rpartition("/")[2]), inside, deeper))
        return own, tuple(frames)

    return contents("")[1]


def _says_nothing(step: Step, path: str, ids: Sequence[int]) -> bool:
    """Whether a frame would hold a single operation of its own name."""
    return len(ids) == 1 and step.nodes[ids[0]].op.replace("_", " ") == path.rpartition("/")[2]
