"""Updates whose result is not used where the old value was, as that of the last one: they are told by their place in the code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from tracer.programs.gradients.attempts import Program
from tracer.programs.gradients.steps import parameters_behind
from tracer.programs.gradients.tape import Key, ProgramTape
from tracer.programs.gradients.updates import MAX_CHAIN, Updates, leave_out_parts, made_of


def add_last_updates(program: Program) -> None:
    """Add the updates of values that have no next one, the last of each parameter among them."""
    tape, updates = program.tape, program.updates
    ends = {id: root for id, root in updates.roots.items() if root in program.roots and id not in updates.following}
    places = _places(tape, {tape.key(id) for id, root in ends.items() if id != root}, min(ends, default=0))
    taken = set(updates.following.values())
    for old, root in sorted(ends.items()):
        found = (id for id in places.get(tape.key(old), ()) if id > old and id not in taken)
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


def with_gaps(program: Program) -> Updates | None:
    """The updates of a program of which not all steps are on record: a step after a gap starts from values that are new.

    None if there is no such step.
    """
    tape, updates = program.tape, program.updates
    known = [new for old, new in updates.following.items() if updates.roots[old] in program.roots]
    found = Updates(dict(updates.following), dict(updates.roots))
    places = _places(tape, {tape.key(new) for new in known}, min(known, default=0))
    taken = set(updates.following.values())
    for id in sorted(id for ids in places.values() for id in ids):
        start = None if id in taken else _first(tape, id)
        if start is not None and start not in found.roots and start not in found.following:
            found.following[start] = id
            found.roots[start] = found.roots[id] = start
    return found if len(found.following) > len(updates.following) else None


def _first(tape: ProgramTape, id: int) -> int | None:
    """The value that nothing on record computed and that an entry is made of; None if there is none."""
    seen = {id}
    waiting = [id]
    while waiting and len(seen) < MAX_CHAIN:
        for each in made_of(tape, waiting.pop()):
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
