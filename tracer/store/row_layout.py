"""Where the values of the nodes are in the rows of all steps of one structure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np

from tracer.graph.strides import Strides, byte_count, bytes_as_memory, restore_array, stored_dtype
from tracer.store.rows import KEY_SIZE, SUMMARY_SIZE, Form, Row, is_inline

_InRow = tuple[int, int, tuple[int, ...], np.dtype, Strides]
"""Where the memory of a value starts and ends in the row, and the array that it is: its shape, dtype and strides."""

_NOTHING: tuple[tuple[int, ...], np.dtype, Strides] = (0,), np.dtype(float), None
"""The array in place of a value that is not in the memory of the row."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Whether a value is inline, its size in the row, and shape, dtype and strides of the array whose memory is in the row.

    `is_plain` is true of an inline value whose bytes are in the order of its elements.
    """

    is_inline: bool
    is_plain: bool
    size: int
    array: tuple[tuple[int, ...], np.dtype, Strides]

    @classmethod
    def of(cls, form: Form, *, kept: bool) -> _Place:
        if not is_inline(form, form.strides, kept=kept):
            return cls(False, False, 0, _NOTHING)
        size = byte_count(stored_dtype(form.dtype).itemsize, form.shape, form.strides)
        as_memory = bytes_as_memory(form.dtype, form.shape, form.strides)
        if as_memory is None:
            return cls(True, False, size, _NOTHING)
        return cls(True, form.strides is None, size, (form.shape, *as_memory))


class RowLayout:
    """Where the value of each node is: inline in the row, or large and elsewhere."""

    def __init__(self, forms: Sequence[Form], *, kept: bool) -> None:
        keys = list(map(id, forms))  # most values have the same few forms
        known = {key: _Place.of(form, kept=kept) for key, form in dict(zip(keys, forms)).items()}
        self._places = list(map(known.__getitem__, keys))
        self._ends = list(accumulate(place.size for place in self._places))
        self._moved: dict[int, tuple[int, int, Form]] = {}
        self._laid_out: list[int] = []  # those whose bytes are not in the order of their elements
        self.large: list[tuple[int, Form]] = []
        if all(place.is_plain for place in known.values()):
            return
        for number, (form, place, end) in enumerate(zip(forms, self._places, self._ends)):
            if place.is_plain:
                continue
            if not place.is_inline:
                self.large.append((number, form))
                continue
            self._laid_out.append(number)
            if place.array is _NOTHING:
                self._moved[number] = end - place.size, end, form

    @property
    def _size(self) -> int:
        return self._ends[-1] if self._ends else 0

    @cached_property
    def _inline(self) -> list[_InRow]:
        return [(end - place.size, end, *place.array) for place, end in zip(self._places, self._ends)]

    def _in_row(self, numbers: Sequence[int]) -> list[_InRow]:
        """Where these values are; for a single one, the places of all others are not worked out."""
        if len(numbers) > 1:
            inline = self._inline
            return [inline[number] for number in numbers]
        return [(self._ends[at] - self._places[at].size, self._ends[at], *self._places[at].array) for at in numbers]

    def check_sizes(self, row: Row) -> None:
        """Raise ValueError if a row does not have as many bytes as its structure needs."""
        count = len(self.large)
        needed = {"small values": (row.small, self._size), "summaries": (row.summaries, SUMMARY_SIZE * count)}
        if row.keys is not None:
            needed["keys"] = row.keys, KEY_SIZE * count
        for what, (found, size) in needed.items():
            if len(found) != size:
                raise ValueError(f"it has {len(found)} bytes of {what}, {size} are needed")

    def inline_values(self, row: Row) -> list[Any]:
        """The value of each node that is inline; anything in place of a large one."""
        return self.some_values(row, range(len(self._places)))

    def some_values(self, row: Row, numbers: Sequence[int]) -> list[Any]:
        """The values of these nodes that are inline; anything in place of a large one."""
        small, array = row.small, np.ndarray
        values: list[Any] = [
            array(shape, dtype, small[start:end], 0, strides) for start, end, shape, dtype, strides in self._in_row(numbers)
        ]
        for at, number in enumerate(numbers) if self._moved else ():
            if number in self._moved:
                start, end, form = self._moved[number]
                values[at] = restore_array(small[start:end], form.dtype, form.shape, form.strides)
        return values

    def stacked(self, rows: Sequence[Row]) -> Iterator[tuple[list[int], np.ndarray]]:
        """Inline values of several rows, those of a dtype and size together: which nodes, and an array of them for each row.

        Its axes are rows, nodes, and elements in the order of memory. Values that are not real numbers are left out, and those
        that broadcast fewer elements or have gaps.
        """
        small = np.frombuffer(b"".join([row.small for row in rows]), np.uint8).reshape(len(rows), self._size)
        for (dtype, size), numbers in self._alike.items():
            values = np.empty((len(rows), len(numbers), size * dtype.itemsize), np.uint8)
            for at, number in enumerate(numbers):
                start, end, *_ = self._inline[number]
                values[:, at] = small[:, start:end]
            yield numbers, values.view(dtype)

    @cached_property
    def _alike(self) -> dict[tuple[np.dtype, int], list[int]]:
        """The nodes with real numbers of each dtype and size whose elements are all in the row."""
        alike: dict[tuple[np.dtype, int], list[int]] = {}
        for number, (start, end, shape, dtype, strides) in enumerate(self._inline):
            if end > start and number not in self._moved and dtype.kind in "iuf" and 0 not in (strides or ()):
                alike.setdefault((dtype, math.prod(shape)), []).append(number)
        return alike

    def has_bits(self, row: Row, values: Sequence[np.ndarray | None]) -> bool:
        """Whether inline values have the bits of these, of the same dtypes and shapes; None in place of what is not compared."""
        small, left = row.small, list(values)
        for number, _ in self.large:
            left[number] = None
        for number, recorded in zip(self._laid_out, self.some_values(row, self._laid_out), strict=True):
            value, left[number] = left[number], None
            if value is not None and value.tobytes() != recorded.tobytes():
                return False
        places = zip(self._inline, left, strict=True)
        return small == b"".join(
            [small[start:end] if value is None else value.tobytes() for (start, end, _, _, _), value in places]
        )
