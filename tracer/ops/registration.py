"""The registry of operations, in which NumPy's protocols look them up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracer.ops.base import Op


class Registry:
    """Looks up operations by name and by the NumPy function they implement."""

    def __init__(self) -> None:
        self._named: dict[str, type[Op]] = {}
        self._implementing: dict[Any, type[Op]] = {}

    def add(self, op: type[Op], implemented: tuple[Callable[..., Any], ...]) -> None:
        """Register an operation. It replaces an earlier one that implements the same function."""
        self._named[op.name] = op
        self._implementing.update(dict.fromkeys(implemented, op))

    def named(self, name: str) -> type[Op] | None:
        """The operation of that name; None if a trace names one that is not registered."""
        return self._named.get(name)

    def implementing(self, function: Callable[..., Any]) -> type[Op] | None:
        """The operation that implements a NumPy function; None if there is none."""
        return self._implementing.get(function)

    def __iter__(self) -> Iterator[type[Op]]:
        return iter(tuple(self._named.values()))


registry = Registry()
