"""The scopes of a program as nested clusters of boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tracer.graph.record import Step
from tracer.views.diagrams.boxes import box_key
from tracer.views.diagrams.diagram import Cluster
from tracer.views.grids import shortened

MAX_DEPTH = 6
"""Maximum depth of nested clusters; deeper scopes share the innermost cluster."""


def own_key(id: int) -> tuple[str, ...]:
    """The key of a node's only box."""
    return (box_key(id),)


def clusters_of(step: Step, ids: Sequence[int], keys: Callable[[int], Sequence[str]] = own_key) -> tuple[Cluster, ...]:
    """The clusters of the boxes of these nodes; `keys` returns the boxes that belong to a node."""
    members: dict[str, list[int]] = {}
    for id in ids:
        path = "/".join(step.nodes[id].scope.split("/")[:MAX_DEPTH])
        members.setdefault(path, []).append(id)
    paths = {path.rsplit("/", depth)[0] for path in members for depth in range(path.count("/") + 1)} - {""}
    inner_of: dict[str, list[str]] = {}
    for path in sorted(paths):
        inner_of.setdefault(path.rpartition("/")[0], []).append(path)

    def boxes(path: str) -> tuple[str, ...]:
        return tuple(key for id in members.get(path, ()) for key in keys(id))

    def contents(path: str) -> tuple[tuple[str, ...], tuple[Cluster, ...]]:
        """The boxes directly in a scope and its inner clusters. A redundant cluster is replaced by its boxes."""
        own, clusters = boxes(path), []
        for inner in inner_of.get(path, ()):
            inside, deeper = contents(inner)
            if not deeper and _is_redundant(step, inner, members.get(inner, ())):
                own += inside
            else:
                clusters.append(Cluster(shortened(inner.rpartition("/")[2]), inside, deeper))
        return own, tuple(clusters)

    return contents("")[1]


def _is_redundant(step: Step, path: str, ids: Sequence[int]) -> bool:
    """True if a cluster would contain a single operation with the same name."""
    return len(ids) == 1 and step.nodes[ids[0]].op.replace("_", " ") == path.rpartition("/")[2]
