"""Writes the structures of steps, each once."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from tracer.graph.record import Step
from tracer.graph.strides import Strides
from tracer.graph.structures.shared import shared_structure
from tracer.store.format import LARGE_STEP
from tracer.store.parts import NotStorableError
from tracer.store.rows import text_digest
from tracer.store.structures.column_text import column_text
from tracer.store.structures.reading import read_structure
from tracer.store.structures.structure import structure_text, without_values

CACHED_STRUCTURES = 8
"""Structures that are recognized without their text."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A structure in the file, and the object that the nodes of its steps share."""

    id: int
    shared: object
    loss_id: int
    gradients: Mapping[int, int]
    updates: Mapping[int, int]
    losses: Mapping[int, Mapping[int, int]]
    own_gradients: Mapping[int, int]
    marks: Mapping[int, str]
    layouts: tuple[Strides, ...]

    def matches(self, shared: object, step: Step, layouts: tuple[Strides, ...]) -> bool:
        # Two Steps may have the same nodes, but not the same loss, gradients and updates.
        return (
            shared is self.shared
            and layouts == self.layouts
            and step.loss_id == self.loss_id
            and step.gradients == self.gradients
            and step.updates == self.updates
            and step.losses == self.losses
            and step.own_gradients == self.own_gradients
            and step.marks == self.marks
        )


class StructureTable:
    """The table of structures in a file that is being written."""

    def __init__(self) -> None:
        self._ids: dict[bytes, int] = {}
        self._recent: list[_Entry] = []

    def id_of(self, connection: sqlite3.Connection, step: Step, layouts: tuple[Strides, ...]) -> int:
        """The id of a step's structure, which is inserted if it is new."""
        shared = shared_structure(step)
        for entry in self._recent:
            if shared is not None and entry.matches(shared, step, layouts):
                return entry.id
        to_text = column_text if len(step.nodes) >= LARGE_STEP else structure_text
        text = to_text(without_values(step, layouts))
        digest = text_digest(text)
        id = self._ids.get(digest)
        if id is None:
            _check_readable(text)
            id = self._ids[digest] = len(self._ids) + 1
            connection.execute("INSERT INTO structure VALUES (?, ?, ?)", (id, text, digest))
        if shared is not None:
            pairs = dict(step.gradients), dict(step.updates), dict(step.losses), dict(step.own_gradients), dict(step.marks)
            entry = _Entry(id, shared, step.loss_id, *pairs, layouts)
            self._recent = [entry, *self._recent[: CACHED_STRUCTURES - 1]]
        return id

    def roll_back(self, connection: sqlite3.Connection) -> None:
        """Forget the structures that were rolled back."""
        ((count,),) = connection.execute("SELECT count(*) FROM structure")
        self._ids = {digest: id for digest, id in self._ids.items() if id <= count}
        self._recent = [entry for entry in self._recent if entry.id <= count]


def _check_readable(text: str) -> None:
    """Raise NotStorableError if a reader would refuse this structure."""
    try:
        read_structure(text)
    except ValueError as error:
        raise NotStorableError(str(error)) from None
