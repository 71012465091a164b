"""The last update of each parameter: nothing uses its result, so that it is told by its place in the code."""

from __future__ import annotations

from collections import defaultdict

from tracer.programs.gradients.attempts import Program
from tracer.programs.gradients.steps import parameters_behind
from tracer.programs.gradients.tape import Key, ProgramTape
from tracer.programs.gradients.updates import MAX_CHAIN, made_of


def add_last_updates(program: Program) -> None:
    """Add the last updates to those of the program."""
    tape, updates = program.tape, program.updates
    last = {root: old for old, root in updates.roots.items() if root in program.roots and old not in updates.following}
    if not last:
        return
    keys = {root: _key_of_update(program, root, id) for root, id in last.items()}
    places: dict[Key, list[int]] = defaultdict(list)
    wanted = {key for key in keys.values() if key is not None}
    for id in range(min(last.values()), len(tape)):
        if tape.key(id) in wanted:
            places[tape.key(id)].append(id)
    for root, old in last.items():
        key = keys[root]
        new = next((id for id in reversed(places[key]) if id > old and _is_made_of(tape, id, old)), None) if key else None
        if new is not None and new not in updates.roots:
            updates.following[old] = new
            updates.roots[new] = root
            program.cut.add(new)
    program.behind = parameters_behind(tape, updates, program.roots)


def _key_of_update(program: Program, root: int, last: int) -> Key | None:
    """The code position of the updates of a parameter; None if it has only its first value."""
    return program.tape.key(last) if last != root else None


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
