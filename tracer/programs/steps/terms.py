"""A loss that is added up over several updates: each of them is a step of its own, with the term that it was made for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from tracer.graph.record import Literal
from tracer.programs.gradients.attempts import Program


def passes_of(program: Program, updates: Mapping[int, int]) -> list[dict[int, int]]:
    """Updates in order, split where a parameter is updated again."""
    found: list[dict[int, int]] = []
    roots: set[int] = set()
    for old, new in sorted(updates.items(), key=lambda each: each[1]):
        root = program.updates.roots[old]
        if not found or root in roots:
            found.append({})
            roots = set()
        found[-1][old] = new
        roots.add(root)
    return found


def split_by_terms(
    program: Program, losses: Sequence[int], updates: Mapping[int, int]
) -> Iterator[tuple[list[int], dict[int, int]]]:
    """The terms of a loss, and the updates that belong to them; a term belongs to the last values of parameters that it is of."""
    passes = passes_of(program, updates)
    if len(passes) < 2:
        yield list(losses), dict(updates)
        return
    place = {old: position for position, each in enumerate(passes) for old in each}
    terms: dict[int, list[int]] = defaultdict(list)
    for loss in losses:
        for term in _terms(program, loss):
            reached = program.tape.ancestors([term], stop=program.cut)
            last = max((place[old] for old in reached if old in place), default=None)
            if last is not None:
                terms[last].append(term)
    for position in sorted(terms):
        yield terms[position], passes[position]


def _terms(program: Program, loss: int) -> list[int]:
    """What a loss is the sum of; a factor that is a number is left out, as in `total / n`."""
    tape = program.tape
    found = []
    waiting = [loss]
    while waiting:
        id = waiting.pop()
        varying = [each for each in tape.inputs[id] if program.depends[each]]
        if id in program.cut or tape.value(id).size != 1 or not _adds_up(program, id):
            found.append(id)
        else:
            waiting += varying
    return sorted(set(found))


def _adds_up(program: Program, id: int) -> bool:
    """Whether a value is a sum, or another one times a number that does not change."""
    tape, operands = program.tape, program.tape.operands(id)
    if tape.op(id) == "add":
        return True
    fixed = [isinstance(each, Literal) or not program.depends[each] for each in operands]
    return (tape.op(id) == "multiply" and fixed.count(True) == 1) or (tape.op(id) == "divide" and fixed == [False, True])
