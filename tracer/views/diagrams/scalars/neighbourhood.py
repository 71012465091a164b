"""The numbers around one number that fit on a page: what it is computed from, or what is computed from it.

They are taken operation by operation. Of a long sum, the operands of the largest terms are drawn: those that its formula shows.
What is left out is counted, tensor by tensor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracer.views.diagrams.scalars.graph import MAX_SCALARS, MAX_SEARCHED_TERMS, Scalar, ScalarView

MAX_OPERANDS, MAX_USERS = 8, 6
"""Maximum numbers of numbers that an operation adds, so that a column fits on a page. The boxes of users have a gradient too."""

MAX_NUMBERS = 20
"""Maximum number of numbers in all."""

MAX_DEPTH = 3
"""Number of operations, each of which adds a column."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The numbers that are drawn, in program order, and what is left out beside each of them.

    `left_out` maps the id of a tensor to the drawn numbers that numbers of it are left out beside, with their count.
    """

    drawn: tuple[Scalar, ...]
    left_out: Mapping[int, LeftOut]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many numbers of a tensor are left out, or more if `is_more`, and the drawn numbers that are next to them."""

    count: int
    is_more: bool
    beside: tuple[Scalar, ...]


def before(source: ScalarView, start: Sequence[Scalar], depth: int = 0) -> Neighbourhood:
    """What numbers are computed from, over `depth` operations; by default over as many as fit on a page."""
    drawn, level = dict.fromkeys(start), list(start)
    reached = 0
    while level and reached < (depth or MAX_DEPTH):
        found = [operand for scalar in level for operand in source.written(scalar)]
        level = _next_level(drawn, found, MAX_SCALARS if depth else MAX_OPERANDS)
        drawn.update(dict.fromkeys(level))
        reached += 1
    beside = {scalar: source.operands(scalar) for scalar in drawn}
    return Neighbourhood(tuple(sorted(drawn)), _left_out(drawn, beside))


def after(source: ScalarView, start: Sequence[Scalar], every: Sequence[Scalar], depth: int = 0) -> Neighbourhood:
    """What is computed from numbers, of `every` number that is, over `depth` operations; by default over what fits on a page."""
    users: dict[Scalar, list[Scalar]] = {}
    for scalar in every:
        for operand in source.operands(scalar):
            users.setdefault(operand, []).append(scalar)
    drawn, level = dict.fromkeys(start), list(start)
    reached = 0
    while level and reached < (depth or MAX_DEPTH):
        found = [user for scalar in level for user in users.get(scalar, ())]
        level = _next_level(drawn, found, MAX_SCALARS if depth else MAX_USERS)
        drawn.update(dict.fromkeys(level))
        reached += 1
    beside = {scalar: users.get(scalar, ()) for scalar in drawn}
    return Neighbourhood(tuple(sorted(drawn)), _left_out(drawn, beside))


def _next_level(drawn: Mapping[Scalar, None], found: Sequence[Scalar], limit: int) -> list[Scalar]:
    """The numbers of the next operations, without those that are drawn already."""
    new = [scalar for scalar in dict.fromkeys(found) if scalar not in drawn]
    return new[: limit if limit == MAX_SCALARS else max(0, min(limit, MAX_NUMBERS - len(drawn)))]


def _left_out(drawn: Mapping[Scalar, None], beside: Mapping[Scalar, Sequence[Scalar]]) -> dict[int, LeftOut]:
    """The numbers that are not drawn and next to drawn ones, by tensor."""
    uncounted = {other[0] for others in beside.values() if len(others) > MAX_SEARCHED_TERMS for other in others}
    missing: dict[int, dict[Scalar, None]] = {}
    next_to: dict[int, dict[Scalar, None]] = {}
    for scalar, others in beside.items():
        for other in others:
            if other not in drawn:
                missing.setdefault(other[0], {})[other] = None
                next_to.setdefault(other[0], {})[scalar] = None
    return {id: LeftOut(len(found), id in uncounted, tuple(next_to[id])) for id, found in missing.items()}
