"""Folds the operations of a large step into few boxes: by scope, and where that is not enough, the middle of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracer.graph import Step


@dataclass(frozen=True, slots=True)
class Fold:
    """Operations that are drawn as one box: its key in the drawing, what it says, and their ids."""

    key: str
    what: str
    ids: tuple[int, ...]


def folded(step: Step, ids: Sequence[int], most: int) -> tuple[list[Fold], list[int]]:
    """The folds, and the nodes that are still drawn one by one: at most `most` boxes in all.

    Scopes are folded first, the largest before the others; of what is then still too much the middle is folded. Folds
    that would feed each other in a circle become one, so that arrows keep running one way.
    """
    if len(ids) <= most:
        return [], list(ids)
    scopes: dict[str, list[int]] = {}
    for id in ids:
        scopes.setdefault(step.nodes[id].scope, []).append(id)
    groups: list[tuple[str, list[int]]] = []
    boxes = len(ids)
    for scope, members in sorted(scopes.items(), key=lambda pair: (-len(pair[1]), pair[1])):
        if boxes > most and scope and len(members) > 1:
            groups.append((scope, members))
            boxes -= len(members) - 1
    if boxes > most:
        inside = {id for _, members in groups for id in members}
        single = [id for id in ids if id not in inside]
        keep = max(0, most - len(groups) - 1)
        middle = single[keep // 2 : len(single) - (keep - keep // 2)]
        groups.append((f"#{middle[0]} to #{middle[-1]}", middle))
    return _without_circles(step, ids, groups)


def _without_circles(step: Step, ids: Sequence[int], groups: list[tuple[str, list[int]]]) -> tuple[list[Fold], list[int]]:
    import networkx  # only large steps need it, and it takes longer to load than a small step takes to draw

    box_of = {id: ("node", id) for id in ids}
    for number, (_, members) in enumerate(groups):
        box_of.update(dict.fromkeys(members, ("group", number)))
    graph = networkx.DiGraph()
    graph.add_nodes_from(box_of.values())
    for id in ids:
        graph.add_edges_from((box_of[operand], box_of[id]) for operand in step.nodes[id].operands if operand in box_of)
    folds: list[Fold] = []
    single: list[int] = []
    members_of: dict[tuple[str, int], list[int]] = {}
    for id, box in box_of.items():
        members_of.setdefault(box, []).append(id)
    for circle in sorted(networkx.strongly_connected_components(graph), key=lambda boxes: min(members_of[b][0] for b in boxes)):
        members = sorted(id for box in circle for id in members_of[box])
        names = sorted(groups[number][0] for kind, number in circle if kind == "group")
        if names:
            folds.append(Fold(f"f{len(folds)}", ", ".join(names), tuple(members)))
        else:
            single.extend(members)
    return folds, sorted(single)
