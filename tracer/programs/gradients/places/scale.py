"""By how much the gradients of a program differ from the true ones, told apart from its learning rate."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tracer.graph.record import Literal
from tracer.programs.gradients.attempts import Attempt
from tracer.programs.gradients.increments import Scaling, scalings
from tracer.programs.gradients.matching import Gradients, Looked, parameter_label
from tracer.programs.gradients.report import LossKind, Scale
from tracer.programs.gradients.tape import ProgramTape

_NEAR = 1e-3
_EXACT = 1e-6

_RATE = re.compile(r"(?i)(?:.*\.)?_?(?:lr|eta|alpha|(?:learning_?)?rate|step_?size)(?:_?\d+|_t)?")
"""The names of a learning rate."""

MIN_AVERAGED = 3
"""Values in a mean whose number is no coincidence: a factor of 2 is the derivative of a square too."""


def scale_of(attempt: Attempt) -> Scale:
    """What all gradients have in common.

    A number in an update is the learning rate if its name says so, or if it is the only one. Where neither is so, and no variable
    has the gradient, it cannot be told which numbers belong to the gradient: then only the size of the whole update is known.
    """
    if attempt.measure.kind is not LossKind.COMPUTED:
        return Scale()
    roots = sorted(attempt.judgement.follows)
    found = [_factor(attempt, root) for root in roots]
    known = [each for each in found if each is not None]
    if len(known) == len(found) and known:
        if any(abs(each / known[0] - 1) > _NEAR for each in known) or abs(known[0] - 1) <= _NEAR:
            return Scale()
        size, line = _averaged(attempt, known[0])
        return Scale(known[0], averaged=size, line=line, is_step=all(root in attempt.judgement.rates for root in roots))
    rates = [rate for root in roots for rate in attempt.judgement.rates.get(root, [np.nan])]
    if not rates or any(np.isnan(rates)) or max(rates) - min(rates) > _NEAR * abs(rates[0]):
        return Scale()
    return Scale(rate=float(np.median(rates)))


def _factor(attempt: Attempt, root: int) -> float | None:
    """The factor of the gradient of a parameter; None if it cannot be told apart from the learning rate."""
    gradients, looked = attempt.gradients, attempt.gradients.looked[0]
    stored = _stored(gradients, looked, root)
    if any(abs(abs(factor) - 1) <= _NEAR for _, factor in stored):
        return 1.0
    rates = attempt.judgement.rates.get(root)
    if rates is None:
        numbers = [_scalings(gradients.tape, looked, root, id) for id, _ in stored]
        return abs(stored[0][1]) if len(stored) == 1 and len(numbers[0]) <= 1 and all(numbers[0]) else None
    rate = _learning_rates(gradients, root)
    if rate is None:
        return None
    factors = [abs(mine / each) for mine, each in zip(rates, rate, strict=True) if not np.isnan(mine)]
    if not factors or max(factors) - min(factors) > _NEAR * factors[0]:
        return None
    factor = float(np.median(factors))
    if any(abs(abs(own) / factor - 1) > _NEAR for _, own in stored) and abs(factor - 1) > _NEAR:
        return None  # other numbers of the update may belong to the gradient, or to the learning rate
    return factor


def _stored(gradients: Gradients, looked: Looked, root: int) -> list[tuple[int, float]]:
    """The values of whole statements that are the gradient of a parameter, with their factors."""
    tape, target = gradients.tape, (parameter_label(root), None)
    found = []
    for id in sorted(looked.behind[root] - {looked.after[root]}):
        users = [user for user in tape.users[id] if user in looked.behind[root]]
        if any(tape.statement(user) == tape.statement(id) and tape.key(user).chain == tape.key(id).chain for user in users):
            continue
        if tape.statement(id) == tape.statement(looked.after[root]):
            continue
        found += [(id, match.factor) for match in gradients.matches(looked.labels[id])[:1] if match.target == target]
    return found


def _scalings(tape: ProgramTape, looked: Looked, root: int, id: int) -> list[bool]:
    """For each number that a gradient is multiplied by on its way into what an optimizer keeps: whether it is one by itself."""
    found: list[list[bool]] = [[]]
    for user in tape.users[id]:
        if user not in looked.behind[root] or tape.op(user) not in ("multiply", "divide"):
            continue
        others = [operand for operand in tape.operands(user) if operand != id]
        if len(others) == 1 and is_number(tape, others[0]):
            found.append([is_plain(tape, user, others[0]), *_scalings(tape, looked, root, user)])
    return max(found, key=len)


def is_number(tape: ProgramTape, operand: int | Literal) -> bool:
    """Whether an operand is a single number."""
    if isinstance(operand, Literal):
        return isinstance(operand.value, (int, float, complex))
    return tape.value(operand).size == 1 and tape.is_number(operand)


def _number(tape: ProgramTape, operand: int | Literal) -> float:
    value: Any = operand.value if isinstance(operand, Literal) else tape.value(operand).ravel()[0]
    return float(value.real)


def is_plain(tape: ProgramTape, user: int, operand: int | Literal) -> bool:
    """Whether a number stands in the program as it is: `0.1 * 2 / 5` is one for Python before the program runs."""
    if not isinstance(operand, Literal):
        return tape.op(operand) not in ("multiply", "divide")
    statement = tape.statement(user)
    if statement is None:
        return False
    try:
        nodes = list(ast.walk(ast.parse(tape.statement_text(statement))))
    except SyntaxError:
        return False
    written = [abs(node.value) for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, (int, float))]
    return abs(_number(tape, operand)) in written


def _learning_rates(gradients: Gradients, root: int) -> list[float] | None:
    """The learning rate in each step: the number that is named so, or the only one; None if it is not known."""
    tape, looked = gradients.tape, gradients.looked[0]
    found = list(scalings(gradients, root))
    names = {each: "" if isinstance(each.operand, Literal) else tape.operand_text(each.id, each.operand) for each in found}
    named = [each for each in found if _RATE.fullmatch(names[each]) and not each.divides]
    elsewhere = _named_rates(tape, looked, root)
    if len(named) == 1 and elsewhere <= {named[0].id}:
        if any(names[each] and each.number != round(each.number) for each in found if each not in named):
            return None  # another variable may be a part of the learning rate; a whole number is a count
        return _in_each(gradients, named[0])
    if len(found) != 1 or elsewhere:
        return None
    (only,) = found
    if only.divides or not is_plain(tape, only.id, only.operand):
        return None
    if isinstance(only.operand, int) and tape.inputs[only.operand]:
        return None
    rates = _in_each(gradients, only)
    return rates if rates is not None and max(rates) <= 1 else None


def _named_rates(tape: ProgramTape, looked: Looked, root: int) -> set[int]:
    """The operations behind an update that multiply by what is named a learning rate."""
    return {
        id
        for id in looked.behind[root]
        if tape.op(id) in ("multiply", "divide")
        for operand in tape.inputs[id]
        if tape.value(operand).size == 1 and _RATE.fullmatch(tape.operand_text(id, operand))
    }


def _in_each(gradients: Gradients, scaling: Scaling) -> list[float] | None:
    """A number in each of the steps."""
    tape, label = gradients.tape, gradients.looked[0].labels[scaling.id]
    found = []
    for looked in gradients.looked:
        here = looked.ids.get(label)
        if here is None:
            return None
        found.append(abs(_number(tape, tape.operands(here)[scaling.place])))
    return found if all(found) else None


# The number of values in a mean.


def _averaged(attempt: Attempt, factor: float) -> tuple[int, int]:
    """How many values the loss averages over, and the line, if the gradients have this factor as they are not divided by it."""
    gradients, looked = attempt.gradients, attempt.gradients.looked[0]
    size = round(factor)
    if size < MIN_AVERAGED or abs(factor - size) > _EXACT * size:
        return 0, 0
    lines = [gradients.tape.line(id) for id in _means(gradients.tape, looked.truth.forward, size)]
    if len(lines) != 1 or any(_means(gradients.tape, sorted(looked.backward), size, of_sums=False)):
        return 0, 0
    return size, lines[0]


def _means(tape: ProgramTape, ids: Sequence[int], size: int, *, of_sums: bool = True) -> Iterator[int]:
    """The operations that divide by a number of values: means, and sums that are divided by as many as they are of."""
    for id in ids:
        inputs = tape.inputs[id]
        if tape.op(id) == "mean":
            if tape.value(inputs[0]).size == size * tape.value(id).size:
                yield id
        elif tape.op(id) in ("multiply", "divide"):
            numbers = [_number(tape, each) for each in tape.operands(id) if is_number(tape, each)]
            wanted = size if tape.op(id) == "divide" else 1 / size
            is_by = any(abs(number - wanted) <= _EXACT * wanted for number in numbers)
            if is_by and (not of_sums or any(tape.op(each) == "sum" and _is_of(tape, each, size) for each in inputs)):
                yield id


def _is_of(tape: ProgramTape, id: int, size: int) -> bool:
    """Whether a sum is of so many values, or rows."""
    return size in (tape.value(tape.inputs[id][0]).size, *tape.value(tape.inputs[id][0]).shape[:1])
