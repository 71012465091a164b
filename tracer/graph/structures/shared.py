"""Steps that share their structure: their nodes differ in nothing but values. Most steps of a run do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

import numpy as np

from tracer.graph.missing import StoredValue, reasons_in
from tracer.graph.record import Node, Step
from tracer.i18n.message import Message

Found = TypeVar("Found")

REMEMBERED = 8
"""Structures for which `PerStructure` remembers what it found: that of a step with an accuracy, that of the last batch, ..."""


def shared_structure(step: Step) -> object | None:
    """The object that steps share whose nodes differ in their values only; None if that is not known."""
    return getattr(step.nodes, "structure", None)


def contents_of(step: Step) -> Sequence[np.ndarray | StoredValue]:
    """The content of every node; of a step in a file without making its nodes."""
    contents: Sequence[np.ndarray | StoredValue] | None = getattr(step.nodes, "contents", None)
    return [node.content for node in step.nodes] if contents is None else contents


def contents_at(step: Step, ids: Sequence[int]) -> Sequence[np.ndarray | StoredValue]:
    """The contents of these nodes; of a step in a file without those of others."""
    at: Callable[[Sequence[int]], Sequence[np.ndarray | StoredValue]] | None = getattr(step.nodes, "contents_at", None)
    return [step.nodes[id].content for id in ids] if at is None else at(ids)


def missing_in(nodes: Sequence[Node], count: int) -> Iterable[Message]:
    """Why values of the first `count` nodes of a step are missing; if that is all of them, without making those in a file."""
    reasons: Iterable[Message] | None = getattr(nodes, "why_missing", None) if count == len(nodes) else None
    return reasons_in(nodes[:count]) if reasons is None else reasons


def have_same_digest(one: Sequence[Node], other: Sequence[Node]) -> bool:
    """Whether the nodes of two steps in files are the same in every bit, as their rows tell; False if that is not known."""
    digest = getattr(one, "digest", None)
    return digest is not None and digest == getattr(other, "digest", None)


class PerStructure(Generic[Found]):
    """What is worked out of a step without its values: once for all steps with the same structure."""

    def __init__(self, work_out: Callable[[Step], Found]) -> None:
        self._work_out = work_out
        self._known: list[tuple[object, Found]] = []

    def of(self, step: Step) -> Found:
        """What was worked out of this step, or of an earlier one with the same structure."""
        structure = shared_structure(step)
        for known, found in self._known:
            if known is structure:
                return found
        found = self._work_out(step)
        if structure is not None:
            self._known = [(structure, found), *self._known[: REMEMBERED - 1]]
        return found
