"""Updates whose result is not used where the old value was, as that of the last one: they are told by their place in the code."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from copy import copy

from tracer.programs.gradients.attempts import Program
from tracer.programs.gradients.steps import parameters_behind
from tracer.programs.gradients.tape import Key, ProgramTape
from tracer.programs.gradients.updates import MAX_CHAIN, Updates, leave_out_parts, made_of


def with_last_updates(program: Program) -> Program:
    """The program with the updates of values that have no next one, the last of each parameter among them."""
    tape = program.tape
    program = copy(program)
    program.updates = updates = Updates(dict(program.updates.following), dict(program.updates.roots))
    program.cut = set(program.cut)
    ends = {id: root for id, root in updates.roots.items() if root in program.roots and id not in updates.following}
    updated = set(updates.following.values())
    keys: dict[int, set[Key]] = defaultdict(set)  # of each parameter, which may be updated in one branch or another
    for id, root in updates.roots.items():
        if root in program.roots and id in updated:
            keys[root].add(tape.key(id))
    places = _places(tape, set().union(*keys.values()), min(ends, default=0))
    taken = set(updated)
    for old, root in sorted(ends.items()):
        found = sorted(id for key in keys[root] for id in places.get(key, ()) if id > old and id not in taken)
        new = next((id for id in found if updates.roots.get(id, root) == root and _is_made_of(tape, id, old)), None)
        if new is not None:
            updates.following[old] = new
            updates.roots[new] = root
            program.cut.add(new)
            taken.add(new)
    for id in leave_out_parts(tape, updates.following, {after: before for before, after in updates.following.items()}):
        del updates.roots[id]
        program.cut.discard(id)
    program.behind = parameters_behind(tape, updates, program.roots)
    return program


def with_gaps(program: Program) -> Updates | None:
    """The updates of a program of which not all steps are on record: a step after a gap starts from values that are new.

    They are of the parameters that were updated at the same places before. None if there are none.
    """
    tape, updates, gap = program.tape, program.updates, program.tape.record.gaps[0]
    known: dict[Key, list[int]] = defaultdict(list)
    others: set[Key] = set()
    for old, new in sorted(updates.following.items(), key=lambda each: each[1]):
        root, key = updates.roots[old], tape.key(new)
        if new < gap and root not in program.roots:
            others.add(key)
        elif new < gap and root not in known[key]:
            known[key].append(root)
    found = Updates(dict(updates.following), dict(updates.roots))
    # What was no parameter before is none now, though few of its values are on record: an average of losses.
    dropped = {
        root for root in updates.roots.values() if root >= gap and tape.key(updates.following[root]) in others - set(known)
    }
    for id in [id for id, root in updates.roots.items() if root in dropped & program.roots]:
        found.roots.pop(id)
        found.following.pop(id, None)
    places = _places(tape, set(known), gap)
    preceding = {new: old for old, new in updates.following.items()}
    for key, ids in places.items():
        starts: list[int] = []
        for id in ids:
            start = _first(tape, id) if id not in preceding else updates.roots[id]
            if start is None or start < gap or start in starts or (id not in preceding and start in updates.roots):
                continue
            if start not in found.following:
                found.following[start] = id
                found.roots[start] = found.roots[id] = start
            starts.append(start)
        for place, start in enumerate(starts):  # in each stretch, the parameters of a place are updated in the same order
            root = known[key][place % len(known[key])]
            if tape.value(start).shape == tape.value(root).shape:
                found.roots.update((id, root) for id, first in list(found.roots.items()) if first == start)
    return found if found != updates else None


def _first(tape: ProgramTape, id: int) -> int | None:
    """The value that nothing on record computed and that an entry is made of; None if there is none."""
    seen = {id}
    waiting = deque([id])  # the nearest first: of `w + v` it is w, and not what the velocity v is made of
    while waiting and len(seen) < MAX_CHAIN:
        for each in made_of(tape, waiting.popleft()):
            if tape.op_class(each) is None and tape.value(each).shape == tape.value(id).shape:
                return each
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    return None


def _places(tape: ProgramTape, wanted: set[Key], start: int) -> Mapping[Key, Sequence[int]]:
    """The entries at some code positions."""
    found: dict[Key, list[int]] = defaultdict(list)
    for id in range(start, len(tape)):
        key = tape.key(id)
        if key in wanted:
            found[key].append(id)
    return found


def _is_made_of(tape: ProgramTape, new: int, old: int) -> bool:
    waiting, seen = [new], {new}
    while waiting and len(seen) < MAX_CHAIN:
        for id in made_of(tape, waiting.pop()):
            if id == old:
                return True
            if id > old and id not in seen:
                seen.add(id)
                waiting.append(id)
    return False
