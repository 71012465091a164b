"""The updates of a program with one pass: new values that nothing uses where the old ones were used, told by their variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracer.programs.gradients.attempts import Program
from tracer.programs.gradients.losses import last_name
from tracer.programs.gradients.tape import ProgramTape
from tracer.programs.gradients.updates import MAX_CHAIN, Updates, made_of
from tracer.programs.record import ProgramRecord


@dataclass(frozen=True, slots=True)
class UnusedValue:
    """A new value of a variable under another name that no operation uses, and the line that computes it."""

    name: str
    line: int
    of: str


def program_of(record: ProgramRecord, loss: str | None = None) -> Program:
    """A recorded program with its updates; `loss` is the name of the loss, if given."""
    return with_single_updates(Program(ProgramTape(record), loss))


def with_single_updates(program: Program) -> Program:
    """The program with the updates of its only pass, if it has none that are used again."""
    if program.roots:
        return program
    updates = _single_updates(program)
    found = program if updates is None else Program(program.tape, program.wanted, updates)
    return found if found.roots else program


def unused_value(program: Program) -> UnusedValue | None:
    """The last value that would update a variable, if it were assigned to it: `W_new = W - rate * dW`; None if there is none."""
    tape = program.tape
    for id, start in reversed(list(_new_values(tape))):
        name, before = tape.name(id), _names_of(tape, start)
        if name and before and not tape.users[id]:
            return UnusedValue(last_name(name), tape.line(id), min(before))
    return None


def _single_updates(program: Program) -> Updates | None:
    """The updates on record, with new values of variables that are not used before the last of them; None if there are none."""
    tape, updates = program.tape, program.updates
    found = {
        start: id
        for id, start in _new_values(tape)
        if start not in updates.roots and id not in updates.roots and _is_same_variable(tape, start, id)
    }
    end = max(found.values(), default=0)
    # What is used earlier is prepared data, as `X = X - X.mean(axis=0)`.
    found = {start: id for start, id in found.items() if all(user > end for user in tape.users[id])}
    if not found:
        return None
    roots = {each: start for start, id in found.items() for each in (start, id)}
    return Updates({**updates.following, **found}, {**updates.roots, **roots})


def _new_values(tape: ProgramTape) -> Iterator[tuple[int, int]]:
    """Values that are a newer value of one that nothing on record computed, each with that one."""
    for id in range(len(tape)):
        if tape.op_class(id) is not None and tape.is_float(id) and (start := _start_of(tape, id)) is not None:
            yield id, start


def _start_of(tape: ProgramTape, id: int) -> int | None:
    """The value that nothing on record computed and that this is a newer value of; None unless there is one."""
    shape, found, seen, waiting = tape.value(id).shape, set[int](), {id}, [id]
    while waiting and len(seen) < MAX_CHAIN:
        for each in made_of(tape, waiting.pop()):
            if each in seen:
                continue
            seen.add(each)
            if tape.op_class(each) is not None:
                waiting.append(each)
            elif tape.value(each).shape == shape:
                found.add(each)
    return found.pop() if len(found) == 1 else None


def _is_same_variable(tape: ProgramTape, start: int, id: int) -> bool:
    """Whether a value is written into the array of another, or assigned to its variable."""
    version = tape.record.marks.versions.get(id)
    while version is not None and version != start:
        version = tape.record.marks.versions.get(version)
    return version == start or last_name(tape.name(id)) in _names_of(tape, start)


def _names_of(tape: ProgramTape, start: int) -> set[str]:
    """The variables by which operations have a value."""
    return {last_name(text) for user in tape.users[start] if (text := tape.operand_text(user, start))}
