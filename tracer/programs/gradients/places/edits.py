"""Edits of one statement, each of which may be what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from tracer.i18n.message import Message
from tracer.programs.gradients.matching import Gradients, Label, Looked
from tracer.programs.gradients.places.derivatives import Edit, derivative_edits
from tracer.programs.gradients.places.locating import Spot
from tracer.programs.gradients.places.replaying import replay
from tracer.programs.gradients.tape import ProgramTape, Statement
from tracer.recording.source import Invocation

MAX_CANDIDATES = 60
"""Values that are tried in place of an operand."""


_VIEWS = frozenset({"take", "transpose", "reshape", "copy", "swapaxes", "ravel"})
_COMBINING = frozenset({"add", "subtract", "multiply", "divide", "dot", "matmul", "outer"})


class Editor:
    """Makes the edits of the statement of a spot."""

    def __init__(self, gradients: Gradients, spot: Spot) -> None:
        self.gradients = gradients
        self.tape: ProgramTape = gradients.tape
        self.spot = spot
        self.looked = gradients.looked[0]
        self.result = self.looked.labels[spot.result]
        self.region = region_of(self.tape, self.looked, spot)

    def edits(self) -> Iterator[Edit]:
        """All edits, likely ones first."""
        yield from self._stale()
        yield from self._reductions()
        yield from self._other_values()
        yield from self._gradient_instead()
        yield from self._without()
        yield from derivative_edits(self.gradients, self.looked, self.result, self.name)
        yield from self.turned()

    # Operands.

    def _outside(self) -> list[int]:
        """The operands of the statement that were computed before it."""
        found = [operand for id in sorted(self.region) for operand in self.tape.inputs[id] if operand not in self.region]
        return [id for id in dict.fromkeys(found) if id in self.looked.labels or self.tape.value(id).size > 1]

    def _stale(self) -> Iterator[Edit]:
        for root, after in self.looked.after.items():
            views = self._views_of(self.looked, after)
            if any(operand in views for id in self.region for operand in self.tape.inputs[id]):
                fields = {"name": self.name(after), "line": self.tape.line(after)}
                yield Edit(Message("backprop_stale", fields), self._replacing_updated(root), rank=0)

    def _views_of(self, looked: Looked, after: int) -> set[int]:
        """A new value of a parameter, and its rows, elements and transposes."""
        found = {after}
        for id in sorted(looked.backward):
            if id > after and self.tape.op(id) in _VIEWS and self.tape.inputs[id][0] in found:
                found.add(id)
        return found

    def _replacing_updated(self, root: int) -> Callable[[Looked], np.ndarray | None]:
        def apply(looked: Looked) -> np.ndarray | None:
            after = looked.after[root]
            region = {looked.ids[label] for label in self._labels() if label in looked.ids}
            within = region | (self._views_of(looked, after) - {after})
            return replay(self.tape, looked.ids.get(self.result, -1), within, {after: self.tape.raw(looked.before[root])})

        return apply

    def _labels(self) -> list[Label]:
        return [self.looked.labels[id] for id in self.region]

    def _other_values(self) -> Iterator[Edit]:
        others = self._candidates()
        for operand in self._outside():
            value = self.tape.value(operand)
            places = [
                (id, place) for id in sorted(self.region) for place, each in enumerate(self.tape.operands(id)) if each == operand
            ]
            groups = [places, *([place] for place in places)] if len(places) > 1 else [places]
            for group in groups:
                for other in others:
                    if other == operand or self.tape.value(other).shape != value.shape:
                        continue
                    name, instead = self.operand_name(operand, group[0][0]), self.name(other)
                    if not name or not instead or name == instead:
                        continue
                    yield Edit(
                        Message("backprop_other_value", {"name": name, "other": instead}),
                        self._replacing(group, other),
                        (name, instead) if len(group) == len(places) else None,
                    )

    def _gradient_instead(self) -> Iterator[Edit]:
        """The true gradient with respect to a value in place of an operand, or of the result if that is no whole gradient."""
        inner = [id for id in self.looked.truth.totals if id in self.looked.labels and id not in self.looked.before.values()]
        for operand in [*self._outside(), *([] if self.spot.is_whole else [self.spot.result])]:
            name = self.tape.name(operand) if operand == self.spot.result else self.operand_name(operand, self.spot.id)
            label = self.looked.labels.get(operand)
            if label is None or not name or (operand in self.looked.backward and operand != self.spot.result):
                continue
            for other in inner:
                if self.looked.truth.totals[other].shape == self.tape.value(operand).shape and self.tape.value(operand).size > 1:
                    of = self.tape.name(other) or self.tape.text(other)
                    what = Message("backprop_gradient_instead", {"name": name, "of": of})
                    yield Edit(what, self._replacing_by_gradient(label, self.looked.labels[other]), rank=1.1)

    def _replacing_by_gradient(self, operand: Label, of: Label) -> Callable[[Looked], np.ndarray | None]:
        def apply(looked: Looked) -> np.ndarray | None:
            gradient = looked.truth.totals.get(looked.ids.get(of, -1))
            here = looked.ids.get(operand)
            if gradient is None or here is None:
                return None
            if operand == self.result:
                return gradient
            region = {looked.ids[each] for each in self._labels() if each in looked.ids}
            return replay(self.tape, looked.ids.get(self.result, -1), region, {here: gradient})

        return apply

    def _replacing(self, places: list[tuple[int, int]], other: int) -> Callable[[Looked], np.ndarray | None]:
        labelled = [(self.looked.labels[id], place) for id, place in places]
        new = self.looked.labels[other]

        def apply(looked: Looked) -> np.ndarray | None:
            if new not in looked.ids or any(label not in looked.ids for label, _ in labelled):
                return None
            region = {looked.ids[label] for label in self._labels() if label in looked.ids}
            operands = {(looked.ids[label], place): self.tape.raw(looked.ids[new]) for label, place in labelled}
            return replay(self.tape, looked.ids.get(self.result, -1), region, {}, operands=operands)

        return apply

    def _candidates(self) -> list[int]:
        """Values that may belong in place of an operand: named ones first, those of the forward pass, and gradients before it."""
        forward = [id for id in self.looked.forward if id in self.looked.labels]
        before = [
            id
            for id in sorted(self.looked.backward)
            if id < self.spot.id and id not in self.region and self.gradients.matches(self.looked.labels[id])
        ]
        data = [id for each in (*forward, *before) for id in self.tape.inputs[each] if id in self.looked.labels]
        found = dict.fromkeys([*before[::-1], *forward, *data])
        usual = [id for id in found if self.looked.labels[id] in self.gradients.common]
        return sorted(usual, key=lambda id: not self.name(id))[:MAX_CANDIDATES]

    # Operations.

    def _reductions(self) -> Iterator[Edit]:
        for id in sorted(self.region):
            op = self.tape.op(id)
            if op not in ("sum", "mean"):
                continue
            given = self.tape.record.entries[id][2].get("axis")
            for axis in [None, *((axis,) for axis in range(self.tape.value(self.tape.inputs[id][0]).ndim))]:
                for keepdims in (False, True):
                    if axis != given:
                        what = Message("backprop_axis", {"axis": "None" if axis is None else str(axis[0])})
                        edit = self._computing(id, what, _reduction(op, axis, keepdims))
                        yield replace(edit, keepdims=keepdims)

    def _computing(self, id: int, what: Message, compute: Callable[[list[Any]], Any], rank: float = 0.5) -> Edit:
        label = self.looked.labels[id]

        def apply(looked: Looked) -> np.ndarray | None:
            if label not in looked.ids:
                return None
            region = {looked.ids[each] for each in self._labels() if each in looked.ids}
            return replay(self.tape, looked.ids.get(self.result, -1), region, {}, computes={looked.ids[label]: compute})

        return Edit(what, apply, rank=rank, at=id)

    def _without(self) -> Iterator[Edit]:
        for id in sorted(self.region):
            operands = self.tape.operands(id)
            if len(operands) != 2 or self.tape.op(id) not in _COMBINING:
                continue
            for place in (0, 1):
                text = self.operand_text(id, 1 - place)
                if text:
                    what = Message("backprop_without", {"text": text})
                    yield replace(self._computing(id, what, partial(_operand, place=place), rank=0.9), place=place)

    def turned(self) -> Iterator[Edit]:
        """The result reversed, or transposed."""
        value = self.tape.value(self.spot.result)
        for count in range(1, value.ndim + 1):
            for axes in combinations(range(value.ndim), count):
                if all(value.shape[axis] > 1 for axis in axes):
                    what = Message("backprop_reversed", {"axis": ", ".join(map(str, axes))})
                    yield Edit(what, self._turning(partial(np.flip, axis=axes)), rank=1.2)
        if value.ndim == 2:
            yield Edit(Message("backprop_transposed", {}), self._turning(np.transpose), rank=1.2)

    def _turning(self, turn: Callable[[np.ndarray], np.ndarray]) -> Callable[[Looked], np.ndarray | None]:
        def apply(looked: Looked) -> np.ndarray | None:
            return turn(self.tape.value(looked.ids[self.result])) if self.result in looked.ids else None

        return apply

    # Names.

    def name(self, id: int) -> str:
        """The variable that a value is: that it is assigned to, or by which the statement or another one uses it."""
        if self.tape.name(id):
            return self.tape.name(id)
        for user in self.tape.users[id]:
            text = self.tape.operand_text(user, id)
            if text:
                return text
        return ""

    def operand_name(self, operand: int, user: int) -> str:
        """How a statement calls an operand."""
        return self.tape.operand_text(user, operand) or self.name(operand)

    def operand_text(self, id: int, place: int) -> str:
        """The text of an operand of an operation."""
        operand = self.tape.operands(id)[place]
        if not isinstance(operand, int):
            return f"{operand.value:g}" if isinstance(operand.value, (int, float)) else ""
        return self.operand_name(operand, id) or (self.tape.text(operand) if operand in self.looked.labels else "")


def _operand(values: list[Any], place: int) -> Any:
    return values[place]


def _reduction(op: str, axis: tuple[int, ...] | None, keepdims: bool) -> Callable[[list[Any]], Any]:
    return lambda values: getattr(np, op)(values[0], axis=axis, keepdims=keepdims)


def region_of(tape: ProgramTape, looked: Looked, spot: Spot) -> set[int]:
    """The entries of the statement of a spot, with those of the functions that it calls."""
    invocation = tape.record.entries[spot.result][4].invocation
    statement = tape.statement(spot.result)
    found: set[int] = set()
    waiting = [spot.result]
    while waiting:
        id = waiting.pop()
        if id in found or id not in looked.labels or id in looked.forward or not tape.inputs[id]:
            continue
        if id != spot.result and not _is_inside(tape, id, invocation, statement):
            continue
        if id != spot.result and tape.key(id) == tape.key(spot.result):
            continue  # the same statement, once before: what is added to
        found.add(id)
        waiting += tape.inputs[id]
    return found


def _is_inside(tape: ProgramTape, id: int, invocation: Invocation | None, statement: Statement | None) -> bool:
    """Whether an entry was computed by a statement of a call, itself or in a function that it calls."""
    here = tape.record.entries[id][4].invocation
    if here is invocation:
        return tape.statement(id) == statement
    place = tape.record.place(id)
    while place is not None and place.caller is not None:
        place = place.caller
        if place.invocation is invocation:
            return bool(statement is not None and statement.line <= place.line <= statement.end)
    return False
