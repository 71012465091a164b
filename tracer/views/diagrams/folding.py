"""Folds the operations of a large step into fewer boxes: repetition first, then by scope, then the middle of the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tracer.analysis.ranks import passed_ranks
from tracer.analysis.repetition import Item, Repetition, ids_in, repetitions
from tracer.graph.record import Step

MAX_UNROLLED = 50
"""Maximum number of nodes with regular repetition drawn in full."""

MAX_IRREGULAR = 120
"""Maximum number of nodes with repetition of which the cells are not all alike drawn in full."""

MAX_PASSED_RANKS = 500
"""Maximum number of ranks that arrows pass between nodes with repetition drawn in full."""

MAX_OWN_LEAVES = 3
"""Maximum number of leaves that only one fold uses and that are drawn; more are listed in the box of the fold."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Operations that are drawn as one box: its label, and their ids in order.

    `repeats` is the number of repetitions in it, 0 if it is no repetition. They are like the one before the fold: with the
    same operations if `is_regular`, also with the same shapes if `is_same_shape`.
    """

    label: str
    ids: tuple[int, ...]
    repeats: int = 0
    is_regular: bool = True
    is_same_shape: bool = True


Part: TypeAlias = int | Fold
"""What a diagram draws as one box: a node, by its id, or a fold of several."""


def ids_of(part: Part) -> tuple[int, ...]:
    """The ids of the nodes in a part."""
    return part.ids if isinstance(part, Fold) else (part,)


def folded(step: Step, ids: Sequence[int], max_parts: int) -> list[Part]:
    """Fold nodes into at most `max_parts` parts, in the order of their first nodes.

    If there are more than MAX_UNROLLED, of a repetition only the first and the last cell are left. If that is not enough, scopes
    are folded, largest first, and then the middle of the remaining nodes. Folds that form a cycle are merged, so that the diagram
    stays acyclic.
    """
    if len(ids) <= min(max_parts, MAX_UNROLLED):
        return list(ids)
    parts = unrepeated(step, ids)
    return parts if len(parts) <= max_parts else _folded_by_scope(step, parts, max_parts)


def _passed_ranks(step: Step, ids: Sequence[int]) -> int:
    inside = set(ids)
    uses = ((operand, id) for id in ids for operand in step.nodes[id].operands)
    return passed_ranks((operand, id) for operand, id in uses if operand in inside or step.nodes[operand].is_leaf)


def unrepeated(step: Step, ids: Sequence[int]) -> list[Part]:
    """These nodes in order, with a fold in place of all cells of a repetition but the first and the last."""
    most = MAX_IRREGULAR if _passed_ranks(step, ids) <= MAX_PASSED_RANKS else MAX_UNROLLED
    return list(_parts(step, repetitions(step, ids, most)))


def _parts(step: Step, items: Sequence[Item]) -> Iterator[Part]:
    for item in items:
        if isinstance(item, Repetition):
            yield from _parts(step, item.cells[0])
            yield _fold(step, item)
            yield from _parts(step, item.cells[-1])
        else:
            yield item


def _fold(step: Step, repetition: Repetition) -> Fold:
    cells = [tuple(ids_in(cell)) for cell in repetition.cells[:-1]]
    inner = cells[1:]
    shapes = {tuple(step.nodes[id].shape for id in cell) for cell in cells}
    operations = {tuple(step.nodes[id].op for id in cell) for cell in cells}
    return Fold(
        " ... ".join(dict.fromkeys(_name(step, cell) for cell in (inner[0], inner[-1]))),
        tuple(id for cell in inner for id in cell),
        repeats=len(inner),
        # Cells of an outer loop are alike only if their inner loops have the same length.
        is_regular=repetition.is_regular and len(operations) == 1,
        is_same_shape=len(shapes) == 1,
    )


def _name(step: Step, ids: Sequence[int]) -> str:
    """The last value of a cell that has a name, or the number of the last one."""
    return next((step.nodes[id].name for id in reversed(ids) if step.nodes[id].name), f"#{ids[-1]}")


def _folded_by_scope(step: Step, parts: Sequence[Part], max_parts: int) -> list[Part]:
    scopes: dict[str, list[int]] = {}
    for part in parts:
        if not isinstance(part, Fold):
            scopes.setdefault(step.nodes[part].scope, []).append(part)
    folds = [part for part in parts if isinstance(part, Fold)]
    boxes = len(parts)
    for scope, members in sorted(scopes.items(), key=lambda pair: (-len(pair[1]), pair[1])):
        if boxes > max_parts and scope and len(members) > 1:
            folds.append(Fold(scope, tuple(members)))
            boxes -= len(members) - 1
    if boxes > max_parts:
        inside = {id for fold in folds for id in fold.ids}
        single = [part for part in parts if not isinstance(part, Fold) and part not in inside]
        keep = max(0, max_parts - len(folds) - 1)
        middle = single[keep // 2 : len(single) - (keep - keep // 2)]
        folds.append(Fold(f"#{middle[0]} ... #{middle[-1]}", tuple(middle)))
    return _without_cycles(step, sorted(id for part in parts for id in ids_of(part)), folds)


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
        if len(component) == 1:
            parts += component
            continue
        members = tuple(sorted(id for box in component for id in ids_of(box)))
        names = sorted(box.label for box in component if isinstance(box, Fold))
        parts.append(Fold(", ".join(names), members))
    return sorted(parts, key=lambda part: ids_of(part)[0])


def own_leaves(step: Step, parts: Sequence[Part]) -> Mapping[int, tuple[int, ...]]:
    """The leaves that only one fold uses and that are too many to draw, by the first node of the fold."""
    users: dict[int, set[int]] = defaultdict(set)
    inside = {id for part in parts for id in ids_of(part)}
    for part in parts:
        for id in ids_of(part):
            for operand in step.nodes[id].operands:
                if operand not in inside and step.nodes[operand].is_leaf:
                    users[operand].add(ids_of(part)[0])
    found: dict[int, list[int]] = {part.ids[0]: [] for part in parts if isinstance(part, Fold)}
    for leaf in sorted(users):
        if len(users[leaf]) == 1 and (only := next(iter(users[leaf]))) in found:
            found[only].append(leaf)
    return {first: tuple(leaves) for first, leaves in found.items() if len(leaves) > MAX_OWN_LEAVES}
