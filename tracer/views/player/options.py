"""What a player holds, and where it opens."""

from __future__ import annotations

from dataclasses import dataclass

BUDGET = 10_000_000
"""Size of a page, in bytes, beyond which steps are left out."""


@dataclass(frozen=True, slots=True)
class PlayerOptions:
    """What a page holds: the values of these `steps`, by default the first, the middle and the last.

    `asked` are the nodes or elements that a prediction is asked of, by default all operations. An exercise shows no result
    before the reader has predicted it. The page opens at the step and the operation of `start`, by default at the loss of
    the first. Steps whose values would make it larger than `budget`, in bytes, have statistics only.
    """

    steps: tuple[int, ...] = ()
    asked: tuple[str, ...] = ()
    is_exercise: bool = False
    start: tuple[int, int] | None = None
    budget: int = BUDGET


DEFAULTS = PlayerOptions()
