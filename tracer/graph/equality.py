"""Equality of records that may hold NaN."""

from __future__ import annotations

from typing import Any, ClassVar


class EqualWithNan:
    """A dataclass that equals another if all fields do, where NaN equals NaN.

    The method that dataclasses get finds the same NaN object equal up to Python 3.12 and unequal since.
    """

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]] = ()

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(_is_same(getattr(self, name), getattr(other, name)) for name in self.__match_args__)

    def __hash__(self) -> int:
        values = [getattr(self, name) for name in self.__match_args__]
        return hash(tuple(value if value == value else "nan" for value in values))


def _is_same(one: Any, other: Any) -> bool:
    """Whether two numbers are equal; two NaN if they are written alike: a complex number may have one part that is none."""
    return one is other or bool(one == other) or (one != one and str(one) == str(other))
