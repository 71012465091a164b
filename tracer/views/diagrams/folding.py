"""Folds the operations of a large step into fewer boxes: by scope, then the middle of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tracer.graph.record import Step


@dataclass(frozen=True, slots=True)
class Fold:
    """Operations that are drawn as one box: its label, and their ids in order."""

    label: str
    ids: tuple[int, ...]


Part: TypeAlias = int | Fold
"""What a diagram draws as one box: a node, by its id, or a fold of several."""


def ids_of(part: Part) -> tuple[int, ...]:
    """The ids of the nodes in a part."""
    return part.ids if isinstance(part, Fold) else (part,)


def folded(step: Step, ids: Sequence[int], max_parts: int) -> list[Part]:
    """Fold nodes into at most `max_parts` parts, in the order of their first nodes.

    Scopes are folded first, largest first; if that is not enough, so is the middle of the remaining nodes. Folds that form a
    cycle are merged, so that the diagram stays acyclic.
    """
    if len(ids) <= max_parts:
        return list(ids)
    scopes: dict[str, list[int]] = {}
    for id in ids:
        scopes.setdefault(step.nodes[id].scope, []).append(id)
    folds: list[Fold] = []
    boxes = len(ids)
    for scope, members in sorted(scopes.items(), key=lambda pair: (-len(pair[1]), pair[1])):
        if boxes > max_parts and scope and len(members) > 1:
            folds.append(Fold(scope, tuple(members)))
            boxes -= len(members) - 1
    if boxes > max_parts:
        inside = {id for fold in folds for id in fold.ids}
        single = [id for id in ids if id not in inside]
        keep = max(0, max_parts - len(folds) - 1)
        middle = single[keep // 2 : len(single) - (keep - keep // 2)]
        folds.append(Fold(f"#{middle[0]} ... #{middle[-1]}", tuple(middle)))
    return _without_cycles(step, ids, folds)


def _without_cycles(step: Step, ids: Sequence[int], folds: Sequence[Fold]) -> list[Part]:
    import networkx  # only large steps need it, and it takes longer to load than a small step takes to draw

    box_of: dict[int, Part] = {id: id for id in ids}
    for fold in folds:
        box_of.update(dict.fromkeys(fold.ids, fold))
    graph = networkx.DiGraph()
    graph.add_nodes_from(box_of.values())
    for id in ids:
        graph.add_edges_from((box_of[operand], box_of[id]) for operand in step.nodes[id].operands if operand in box_of)
    parts: list[Part] = []
    for component in networkx.strongly_connected_components(graph):
        members = tuple(sorted(id for box in component for id in ids_of(box)))
        names = sorted(box.label for box in component if isinstance(box, Fold))
        parts.append(Fold(", ".join(names), members) if names else members[0])
    return sorted(parts, key=lambda part: ids_of(part)[0])
