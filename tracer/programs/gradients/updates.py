"""Finds the updates of a program: values that are made of themselves, and then used where the old value was."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass

from tracer.graph.record import Literal
from tracer.programs.gradients.tape import ProgramTape

_SAME = frozenset({"copy", "reshape", "ravel", "astype", "positive", "clip", "squeeze", "array", "ascontiguousarray", "round"})
"""Operations after which a value is still the same variable."""

_DECAY = (0.5, 1.0)
"""Numbers by which a parameter may be multiplied as part of its update: weight decay."""

MAX_REMEMBERED = 64
"""Values that are remembered for a code position: the parameters of all layers in a loop."""

MAX_CHAIN = 4096
"""Operations between two values of a parameter: it may be updated element by element."""


@dataclass(frozen=True, slots=True)
class Updates:
    """The next value of each value that is updated, and the first value of each variable."""

    following: dict[int, int]
    roots: dict[int, int]

    def root(self, id: int) -> int | None:
        """The first value of the variable that this is a value of; None if it is none."""
        return self.roots.get(id)


def find_updates(tape: ProgramTape) -> Updates:
    """Pairs of values, of which the second is made of the first and later used at the same code position."""
    earlier = [made_of(tape, id) for id in range(len(tape))]
    used: dict[tuple[object, int], deque[int]] = defaultdict(lambda: deque(maxlen=MAX_REMEMBERED))
    following: dict[int, int] = {}
    preceding: dict[int, int] = {}
    for id in range(len(tape)):
        key = tape.key(id)
        for position, operand in enumerate(tape.inputs[id]):
            live = used[key, position]
            if operand in live:
                continue
            if earlier[operand]:
                before = _latest(earlier, operand, live)
                if before is not None:
                    last = _last_value(earlier, following, before, operand)
                    if last not in following and operand not in preceding and tape.is_number(last):
                        following[last] = operand
                    preceding.setdefault(operand, last)
                    live.remove(before)
            live.append(operand)
    leave_out_parts(tape, following, preceding)
    return Updates(following, _roots(preceding))


def leave_out_parts(tape: ProgramTape, following: dict[int, int], preceding: dict[int, int]) -> list[int]:
    """Leave out the values between that have single elements written, as by a loop over `w[j] -= rate * g[j]`; returns them.

    Nothing uses them but the statement that writes the next element.
    """
    found = []
    for id in sorted(set(following) & set(preceding)):
        statement = tape.statement(id) if tape.op(id) == "write" else None
        if statement is None or any(tape.statement(user) != statement for user in tape.users[id]):
            continue
        before, after = preceding.pop(id), following.pop(id)
        if following.get(before) == id:
            following[before] = after
        preceding[after] = before
        found.append(id)
    return found


def _last_value(earlier: list[tuple[int, ...]], following: dict[int, int], before: int, after: int) -> int:
    """The value just before a new one: this code position may not have seen each value of the variable."""
    last = before
    while following.get(last, after) < after:
        last = following[last]
    return last if last == before or _latest(earlier, after, deque((last,))) == last else before


def _roots(preceding: dict[int, int]) -> dict[int, int]:
    roots: dict[int, int] = {}
    for after, before in sorted(preceding.items()):
        roots[after] = roots.setdefault(before, before)
    return roots


def _latest(earlier: list[tuple[int, ...]], start: int, among: deque[int]) -> int | None:
    """The latest of some entries that this one is made of."""
    wanted, least = set(among), min(among, default=0)
    seen: set[int] = set()
    waiting = [start]
    found = -1
    while waiting and len(seen) < MAX_CHAIN:
        id = waiting.pop()
        if id in seen or id < least:
            continue
        seen.add(id)
        if id in wanted and id != start:
            found = max(found, id)
            continue
        waiting += earlier[id]
    return found if found >= 0 else None


def made_of(tape: ProgramTape, id: int) -> tuple[int, ...]:
    """The operands of which an entry is a newer value, if it is one."""
    op, operands = tape.op(id), tape.operands(id)
    version = tape.record.marks.versions.get(id)
    found = [] if version is None else [version]
    ids = tape.inputs[id]
    if op in ("add", "subtract"):
        shape = tape.value(id).shape
        kept = ids if op == "add" else ids[:1] if operands and not isinstance(operands[0], Literal) else ()
        found += [operand for operand in kept if tape.value(operand).shape == shape]
    elif op in ("multiply", "divide"):
        others = [each.value if isinstance(each, Literal) else float(tape.value(each)) for each in _scalars(tape, id)]
        if any(isinstance(each, float) and _DECAY[0] <= each <= _DECAY[1] for each in others):
            found += [each for each in ids if tape.value(each).shape == tape.value(id).shape][:1]
    elif op in ("write", "add_at"):
        found += [each for each in ids[:2] if tape.value(each).shape == tape.value(id).shape]
    elif op in _SAME and ids:
        found.append(ids[0])
    return tuple(dict.fromkeys(found))


def _scalars(tape: ProgramTape, id: int) -> list[int | Literal]:
    return [each for each in tape.operands(id) if isinstance(each, Literal) or not tape.value(each).shape]
