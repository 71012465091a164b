"""How much of a program is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tracer.recording.tape import Entry

_INTERVAL = 64
"""Nodes after which the memory of the new ones is added up."""


@dataclass(slots=True)
class Budget:
    """The largest number of nodes and of bytes of their values. The program goes on without a record when one is reached.

    `reached` says which: "nodes" or "bytes", empty as long as none is.
    """

    nodes: int = 1_000_000
    bytes: int = 1 << 30
    reached: str = ""
    _counted: int = field(default=0, init=False)
    _bytes: int = field(default=0, init=False)

    def is_exceeded(self, entries: Sequence[Entry]) -> bool:
        """Whether these are more nodes or bytes than there may be. Bytes are counted now and then."""
        count = len(entries)
        if count - self._counted >= _INTERVAL:
            for entry in entries[self._counted :]:
                value = entry[3]
                if type(value) is np.ndarray and value.base is None:
                    self._bytes += value.nbytes
            self._counted = count
        if count > self.nodes:
            self.reached = "nodes"
        elif self._bytes > self.bytes:
            self.reached = "bytes"
        return bool(self.reached)
