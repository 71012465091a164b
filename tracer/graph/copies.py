"""Copies of records: `copy.deepcopy` and `pickle` give plain data with the same bits, also of a record from a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from tracer.graph.strides import Strides, restore_elements, stored_elements, strides_of

Record = TypeVar("Record")


class Copyable:
    """A frozen dataclass whose copies hold everything in memory: lazily loaded parts are loaded."""

    __slots__ = ()

    def __copy__(self: Record) -> Record:
        return self  # it is immutable

    def __reduce__(self) -> tuple[Any, ...]:
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        return _rebuilt, (type(self), tuple(_plain(getattr(self, field.name)) for field in fields if field.init))


@dataclass(frozen=True, slots=True)
class PackedArray:
    """A read-only array as its elements in memory order and its layout, which NumPy's own copies would lose."""

    elements: np.ndarray
    shape: tuple[int, ...]
    strides: Strides

    def unpacked(self) -> np.ndarray:
        """The array."""
        array = restore_elements(self.elements, self.shape, self.strides)
        array.flags.writeable = False
        return array


def pack(array: np.ndarray) -> PackedArray:
    """The array with its layout.

    >>> pack(np.zeros((4, 6)).T).unpacked().strides
    (8, 48)
    """
    strides = strides_of(array)
    return PackedArray(stored_elements(array, strides), array.shape, strides)


def _plain(value: Any) -> Any:
    """A field without references to a file or a recording."""
    if isinstance(value, np.ndarray):
        return pack(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(dict(each) if isinstance(each, Mapping) else each for each in value)
    return value


def _rebuilt(kind: type, values: Sequence[Any]) -> Any:
    return kind(*(value.unpacked() if isinstance(value, PackedArray) else value for value in values))
