"""What a player holds, and where it opens."""

from __future__ import annotations

from dataclasses import dataclass

BUDGET = 10_000_000
"""Size of a page, in bytes, beyond which steps are left out."""


@dataclass(frozen=True, slots=True)
class PlayerOptions:
    """What a page holds: the values of these `steps`, by default the first, the middle and the last.

    `asked` are the nodes or elements that a prediction is asked of, by default all operations. An exercise shows no result
    before the reader has predicted it. The page opens at the step, the operation and the element of `start`, by default at the
    first operation; an element of -1 is the first that has exact numbers. Steps whose values would make the page larger than
    `budget`, in bytes, have statistics only. With `follows_theme`, a page in a notebook is dark where the notebook is.
    """

    steps: tuple[int, ...] = ()
    asked: tuple[str, ...] = ()
    is_exercise: bool = False
    start: tuple[int, int, int] | None = None
    budget: int = BUDGET
    follows_theme: bool = False


DEFAULTS = PlayerOptions()
