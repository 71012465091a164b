"""The numbers around one number that fit on a page: what it is computed from, or what is computed from it.

They are taken operation by operation. Of a long sum, the operands of the largest terms are drawn: those that its formula shows.
What is left out is counted, tensor by tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tracer.views.diagrams.scalars.graph import MAX_SCALARS, MAX_SEARCHED_TERMS, Scalar, ScalarView

MAX_OPERANDS, MAX_USERS = 8, 6
"""Maximum numbers of numbers that an operation adds, so that a column fits on a page. The boxes of users have a gradient too."""

MAX_NUMBERS = 20
"""Maximum number of numbers in all."""

MAX_DEPTH = 3
"""Number of operations, each of which adds a column."""


NextTo: TypeAlias = Callable[[Scalar], Sequence[Scalar]]
"""The operands of a number, or its users."""


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
    drawn = _walked(start, source.written, depth, MAX_OPERANDS)
    return _neighbourhood(drawn, source.operands)


def after(source: ScalarView, start: Sequence[Scalar], every: Sequence[Scalar], depth: int = 0) -> Neighbourhood:
    """What is computed from numbers, of `every` number that is, over `depth` operations; by default over what fits on a page."""
    users: dict[Scalar, list[Scalar]] = {}
    for scalar in every:
        for operand in source.operands(scalar):
            users.setdefault(operand, []).append(scalar)

    def users_of(scalar: Scalar) -> Sequence[Scalar]:
        return users.get(scalar, ())

    return _neighbourhood(_walked(start, users_of, depth, MAX_USERS), users_of)


def _walked(start: Sequence[Scalar], following: NextTo, depth: int, limit: int) -> dict[Scalar, None]:
    """These numbers and those that follow; without `depth`, an operation adds up to `limit`, and MAX_NUMBERS are enough."""
    drawn, level = dict.fromkeys(start), list(start)
    for _ in range(depth or MAX_DEPTH):
        found = dict.fromkeys(other for scalar in level for other in following(scalar))
        room = MAX_SCALARS if depth else max(0, min(limit, MAX_NUMBERS - len(drawn)))
        level = [other for other in found if other not in drawn][:room]
        if not level:
            break
        drawn.update(dict.fromkeys(level))
    return drawn


def _neighbourhood(drawn: Mapping[Scalar, None], next_to: NextTo) -> Neighbourhood:
    beside = {scalar: next_to(scalar) for scalar in drawn}
    return Neighbourhood(tuple(sorted(drawn)), _left_out(drawn, beside))


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
