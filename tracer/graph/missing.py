"""Values that are not in memory: in a file, or not on record, and why; and values of programs whose origin is not on record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, Protocol

import numpy as np

from tracer.errors import UsageError
from tracer.graph.summary import Summary
from tracer.i18n.message import Message

if TYPE_CHECKING:
    from tracer.graph.record import Node

NOT_RETAINED = Message("not_retained")
"""The reason of a value that could have been kept, and was not: that of a summary, or of a step that is not in the sample."""


class StoredValue(Protocol):
    """A value that is not in memory: stored in a file, or only summarized."""

    @property
    def is_kept(self) -> bool:
        """Whether the value itself is stored."""
        ...

    @property
    def why_missing(self) -> Message | None:
        """Why the value is not stored; None if it is."""
        ...

    @property
    def summary(self) -> Summary:
        """The statistics of the value, without loading it."""
        ...

    def load(self) -> np.ndarray:
        """The value, read-only. Raises UsageError if only its summary is stored."""
        ...


@dataclass(frozen=True, slots=True)
class MissingValue:
    """The statistics of a value that a file does not have; it cannot be loaded."""

    summary: Summary
    why_missing: Message
    file: str

    @property
    def is_kept(self) -> bool:
        """False: the value itself is not there."""
        return False

    def load(self) -> NoReturn:
        """Raise UsageError."""
        remedy = "" if self.why_missing == NOT_RETAINED else "; tracer.run has every value in memory"
        raise UsageError(f"{self.file} keeps only a summary of this value: {self.why_missing}{remedy}")


def reasons_in(nodes: Iterable[Node]) -> Iterator[Message]:
    """Why the value of a node is missing, for each node whose value is."""
    return (node.why_missing for node in nodes if node.why_missing is not None)


def combined(reasons: Iterable[Message]) -> tuple[Message, ...]:
    """The distinct reasons, one for each code: several sizes or dtypes become one message.

    >>> sizes = [Message("too_large", {"size": size, "limit": 500}) for size in (600, 700, 600)]
    >>> [str(each) for each in combined([*sizes, Message("dtype_not_storable", {"dtype": "float128"})])]
    ['a file cannot hold arrays of dtype float128', 'arrays of 600 to 700 bytes are larger than a file can hold (500 bytes)']
    """
    by_code: dict[str, list[Message]] = {}
    for reason in dict.fromkeys(reasons):
        by_code.setdefault(reason.code, []).append(reason)
    return tuple(_one_of(found) for _, found in sorted(by_code.items()))


def _one_of(reasons: list[Message]) -> Message:
    """One message for distinct reasons with the same code."""
    fields = [reason.fields for reason in reasons]
    if len(reasons) > 1 and reasons[0].code == "too_large":
        sizes = [int(str(each["size"])) for each in fields]
        return Message("too_large_several", {"smallest": min(sizes), "largest": max(sizes), "limit": fields[0]["limit"]})
    if len(reasons) > 1 and reasons[0].code == "dtype_not_storable":
        return Message("dtype_not_storable", {"dtype": tuple(sorted(str(each["dtype"]) for each in fields))})
    return reasons[0]


# What the record of a program does not know of a value.

UNKNOWN_ORIGIN = "unknown origin"
"""It was computed in a way that is not recorded."""

CHANGED_OUTSIDE = "changed outside"
"""Something that is not recorded wrote into the array."""

ADDED = "added"
"""The program did not compute it in this step, or not at all; it is needed to compute the loss."""

LEFT = "given to "
"""It was handed to a function of a library; the name of the function follows."""


def mark_message(mark: str) -> Message:
    """A mark as a message.

    >>> str(mark_message("given to DataFrame.plot"))
    'given to DataFrame.plot, which is not recorded'
    """
    if mark == UNKNOWN_ORIGIN:
        return Message("mark_unknown_origin")
    if mark == ADDED:
        return Message("mark_added")
    if mark == CHANGED_OUTSIDE:
        return Message("mark_changed_outside")
    return Message("mark_left", {"function": mark.removeprefix(LEFT)})
