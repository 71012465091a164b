"""Hands plain values to a function that does not record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tracer.programs.calls.call_sites import Calling
from tracer.programs.values import Recording, plain


@dataclass(slots=True)
class _Lists:
    """The lists of an argument that were copied, each with its copy and what the copy held."""

    found: list[tuple[list[Any], list[Any], list[Any]]] = field(default_factory=list)

    def plain(self, value: Any) -> Any:
        kind = type(value)
        if kind is list:
            parts = [self.plain(each) for each in value]
            if all(ours is theirs for ours, theirs in zip(parts, value, strict=True)):
                return value
            self.found.append((value, parts, list(parts)))
            return parts
        if kind is tuple:
            return tuple([self.plain(each) for each in value])
        if kind is dict:
            return plain(value)
        return value.plain() if isinstance(value, Recording) else value

    def give_back(self) -> None:
        """Where the function has changed a copy, change the list in the same way."""
        for own, copy, before in self.found:
            if len(copy) == len(before) and all(map(_is, copy, before)):
                continue
            originals = {id(handed): original for handed, original in zip(before, own, strict=True)}
            own[:] = [originals.get(id(each), each) for each in copy]


def _is(first: Any, second: Any) -> bool:
    return first is second


def call_with_plain_values(call: Calling, function: Any, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """Call a function with plain values; a list that it changes, such as one that it shuffles, is changed for the program too."""
    lists = _Lists()
    given, named = tuple(map(lists.plain, arguments)), {name: lists.plain(each) for name, each in options.items()}
    try:
        return call(function, given, named)
    finally:
        if lists.found:
            lists.give_back()
