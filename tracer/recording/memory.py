"""Writing in place: which node holds the newest value of an array, and which arrays are views of others.

A recorded value never changes. Writing into an array records the array after it as a new node, its new version; whoever holds the
array sees the new version from then on. A view, such as a slice or a transpose, shares memory with the array that it was taken
from, here as in NumPy: that tells which arrays a write changes. A write into a view writes into its base. A view of an array
that was written is taken again when it is used the next time.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from tracer.errors import RecordingError
from tracer.graph.record import Literal
from tracer.ops.families.indexing import Take
from tracer.ops.families.writing import Write, WriteView

if TYPE_CHECKING:
    from tracer.recording.recorder import Recorder
    from tracer.recording.tensor import Tensor

READ_ONLY = frozenset({"broadcast_to", "diagonal", "sliding_window_view", "broadcast_arrays"})
"""Operations whose result NumPy does not let write into."""


class ArrayMemory:
    """The arrays of a recorder, and their newest versions."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder: Recorder = weakref.proxy(recorder)  # a finished step is freed without the garbage collector
        self._newest: dict[int, int] = {}
        self._known_bases: dict[int, int | None] = {}
        self.writes = 0
        """How often an array was written into."""

    def newest(self, id: int, offset: int = -1) -> int:
        """The node that holds the newest value of the array of a node. A view of what was written is recorded again.

        `offset` is that of the instruction of the user's code that asks for it.
        """
        found = self._follow(id)
        base = self.base_of(found)
        if base is not None:
            newest = self.newest(base, offset)
            if newest != base:
                again = self._recorder.record_again(found, newest, offset)
                self._newest[found] = again
                found = again
        if found != id:
            self._newest[id] = found
        return found

    def value(self, id: int) -> Any:
        """The newest value of the array of a node, without recording anything."""
        found = self._follow(id)
        base = self.base_of(found)
        if base is None:
            return self._recorder.value(found)
        op, operands, parameters, value, *_ = self._recorder.entries[found]
        current = self.value(base)
        if current is self._recorder.value(base):
            return value
        assert not isinstance(op, str)
        again = op.value(current, *(self._operand(x) for x in operands[1:]), **parameters)
        again.setflags(write=False)
        return again

    def _follow(self, id: int) -> int:
        while id in self._newest:
            id = self._newest[id]
        return id

    def _operand(self, operand: int | Literal) -> Any:
        return operand.value if isinstance(operand, Literal) else self._recorder.value(operand)

    def base_of(self, id: int) -> int | None:
        """The node that the array of a node is a view of; None if it has memory of its own."""
        known = self._known_bases
        if id not in known:
            if id >= len(self._recorder.entries):
                return None  # a value of a replayed backward pass
            known[id] = self._find_base(id)
        return known[id]

    def _find_base(self, id: int) -> int | None:
        op, operands, _, value, *_ = self._recorder.entries[id]
        if isinstance(op, str) or not operands or type(value) is not np.ndarray:
            return None
        base = operands[0]
        if isinstance(base, Literal):
            return None
        given = self._recorder.value(base)
        return base if type(given) is np.ndarray and np.may_share_memory(value, given) else None

    def _bases(self, id: int) -> Iterator[int]:
        """The node, the one that it is a view of, and so on, to the array that owns the memory."""
        base: int | None = id
        while base is not None:
            yield base
            base = self.base_of(base)

    def write(self, target: Tensor, change: Callable[[Tensor], Tensor]) -> None:
        """Write into an array: `change` records the array after it, from the newest version.

        Raises RecordingError if the array may not be written into.
        """
        recorder = self._recorder
        self.writes += 1
        chain = list(self._bases(self.newest(target.id)))
        self._check_writable(chain)
        changed = self._changed(chain, change)
        recorder.marks.versions[changed] = chain[0]
        for view, base in pairwise(chain):
            changed = self._write_through(view, base, changed)
            recorder.marks.versions[changed] = base
        root = chain[-1]
        self._newest[root] = changed
        recorder.rewritten(root, changed)

    def _changed(self, chain: list[int], change: Callable[[Tensor], Tensor]) -> int:
        """Record the array after the change, in memory of its own and with the layout of the array before."""
        recorder = self._recorder
        before = recorder.tensor(chain[0])
        changed = change(before)
        keeps_layout = len(chain) > 1 or changed.size < 2 or changed.value.strides == before.value.strides
        if keeps_layout and self.base_of(changed.id) is None:
            return changed.id
        return recorder.record(Write, *Write.call(before, ..., changed)).id

    def _write_through(self, view: int, base: int, changed: int) -> int:
        """Record the base after its view became the node `changed`."""
        recorder = self._recorder
        op, operands, parameters, *_ = recorder.entries[view]
        assert not isinstance(op, str)
        written = recorder.tensor(changed)
        if op is Take:
            return recorder.record(
                Write, (recorder.tensor(base), written, *map(self._operand, operands[1:])), dict(parameters)
            ).id
        if len(operands) > 1:
            raise RecordingError(
                f"writing through the result of {op.name} is not recorded: write into the array that it came from"
            )
        own = {"of": op.name, "parameters": dict(parameters)}
        return recorder.record(WriteView, (recorder.tensor(base), written), own).id

    def _check_writable(self, chain: list[int]) -> None:
        for id in chain:
            op = self._recorder.entries[id][0] if id < len(self._recorder.entries) else ""
            name = op if isinstance(op, str) else op.name
            if name in READ_ONLY:
                raise RecordingError(f"the result of {name} is read-only, as in NumPy: write into a copy, {name}(...).copy()")
        if chain[-1] < len(self._recorder.entries) and isinstance(kind := self._recorder.entries[chain[-1]][0], str):
            self._check_leaf(chain[-1], kind)

    def _check_leaf(self, id: int, kind: str) -> None:
        name = self._recorder.marks.names.get(id, "")
        if kind == "data":
            raise RecordingError(
                f"{name} is data, and the next step needs it unchanged: write into a copy, {name} = {name}.copy()"
            )
        if kind == "hyperparameter":
            raise RecordingError(f"{name} is a hyperparameter and cannot be written into: compute with another name")
        if kind == "parameter" and id not in self._recorder.marks.gradients:
            raise RecordingError(
                f"{name} is a parameter, and its gradient is that of its value before: write into a copy, {name} = {name}.copy();"
                " after backward() it may be written into, that is its update"
            )
