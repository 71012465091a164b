"""The registry of operations, in which NumPy's protocols look them up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from tracer.ops.library_functions import LibraryFunction

Operation = TypeVar("Operation")


class Registry(Generic[Operation]):
    """Looks up operations by name and by the NumPy function they implement."""

    def __init__(self) -> None:
        self._named: dict[str, Operation] = {}
        self._implementing: dict[Any, Operation] = {}
        self._of_libraries: dict[LibraryFunction, Operation] = {}

    def add(self, name: str, op: Operation, implemented: tuple[Callable[..., Any], ...]) -> None:
        """Register an operation. It replaces an earlier one that has this name or implements the same function."""
        self._named[name] = op
        for function in implemented:
            if isinstance(function, LibraryFunction):
                self._of_libraries[function] = op
            else:
                self._implementing[function] = op

    def named(self, name: str) -> Operation | None:
        """The operation of that name; None if a trace names one that is not registered."""
        return self._named.get(name)

    def implementing(self, function: Callable[..., Any]) -> Operation | None:
        """The operation that implements a function of NumPy or of another library; None if there is none."""
        found = self._implementing.get(function)
        if found is None:
            for known, op in self._of_libraries.items():
                if known.loaded() is function:
                    found = self._implementing[function] = op
        return found

    def __iter__(self) -> Iterator[Operation]:
        return iter(tuple(self._named.values()))
