"""What options take, as types of click: what is wrong with a value is said in one line before anything begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click


class NameOf(click.Choice):  # type: ignore[type-arg,unused-ignore]
    """A name out of a registry, which is read when the option is."""

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        super().__init__(())
        self._names = names

    @property
    def choices(self) -> tuple[str, ...]:
        """The names that are registered."""
        return tuple(self._names())

    @choices.setter
    def choices(self, _: Any) -> None:
        """Nothing: click writes here what it was given."""
