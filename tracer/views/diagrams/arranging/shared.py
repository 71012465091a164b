"""Values that many far places of a diagram use: they are drawn once, at the side, with the number of their uses.

At each place is a small box with their name: arrows from one box to all places would cross the whole picture.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set

from tracer.analysis.ranks import late_ranks
from tracer.graph.record import Phase, Step
from tracer.views.diagrams.diagram import Arrow
from tracer.views.diagrams.folding import Part, ids_of
from tracer.views.diagrams.theme import Flow, Style
from tracer.views.notation import Labels

MIN_USERS = 3
"""Minimum number of boxes that use a shared value."""

MAX_PASSED_RANKS = 8
"""Maximum number of ranks that the arrows of a value pass, counted from the first box that uses it, for it not to be shared."""

SIDE_COLUMN = 6
"""Maximum number of boxes one below the other at the side."""


def shared_leaves(step: Step, parts: Sequence[Part], labels: Labels, undrawn: Set[int] = frozenset()) -> dict[int, int]:
    """The leaves that these nodes and folds share, with the number of their uses where such leaves are drawn in full."""
    first_of = {id: ids_of(part)[0] for part in parts for id in ids_of(part) if not step.nodes[id].is_leaf}
    edges: list[tuple[int, int]] = []
    users: dict[int, dict[int, None]] = defaultdict(dict)
    for id, user in first_of.items():
        for operand in labels.operands(step.nodes[id]):
            if operand in first_of:
                if first_of[operand] != user:
                    edges.append((first_of[operand], user))
            elif operand not in undrawn and _is_drawn(step, operand, id):
                users[operand][user] = None
    shared = far_apart(users, edges)
    uses = dict.fromkeys(shared, 0)
    for node in step.nodes:
        for operand in labels.operands(node) if shared else ():
            if operand in uses and _is_drawn(step, operand, node.id):
                uses[operand] += 1
    return uses


def _is_drawn(step: Step, leaf: int, user: int) -> bool:
    """Whether a value is a leaf that is drawn in full where it is used: in forward and loss, or in the phase that it is of."""
    node = step.nodes[leaf]
    return node.is_leaf and step.nodes[user].phase in (Phase.FORWARD, Phase.LOSS, node.phase)


def far_apart(users: Mapping[int, Iterable[Hashable]], edges: Iterable[tuple[Hashable, Hashable]]) -> list[int]:
    """The values whose users are several and far apart, in order; `edges` are those between the users."""
    many = {id: list(found) for id, found in users.items()}
    many = {id: found for id, found in sorted(many.items()) if len(found) >= MIN_USERS}
    if not many:
        return []
    ranks = late_ranks(edges)
    found = []
    for id, boxes in many.items():
        places = [ranks.get(box, 0) for box in boxes]
        if sum(places) - len(places) * min(places) > MAX_PASSED_RANKS:
            found.append(id)
    return found


def uses_lines(uses: int, terms: Mapping[str, int], style: Style) -> Iterator[str]:
    """How often a shared value is used, and how many terms its gradients have; `terms` are by the symbol of the loss."""
    tell = style.tell
    yield tell.count(uses, "use")
    for loss, count in terms.items():
        of = tell("gradient of {loss}", loss=loss) if loss else tell("gradient")
        yield tell("{gradient}: {terms} added up", gradient=of, terms=tell.count(count, "term"))


def side_column(keys: Sequence[str]) -> list[Arrow]:
    """Invisible arrows that place boxes in columns, each of a few boxes."""
    return [
        Arrow(above, below, Flow.ORDER)
        for position, (above, below) in enumerate(itertools.pairwise(keys), start=1)
        if position % SIDE_COLUMN
    ]
