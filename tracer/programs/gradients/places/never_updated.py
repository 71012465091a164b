"""Parameters that no update changes: those whose gradient is computed and not used, and those that stay as they are."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tracer.i18n.message import Message
from tracer.programs.gradients.attempts import Attempt, Program
from tracer.programs.gradients.losses import last_name
from tracer.programs.gradients.matching import Looked
from tracer.programs.gradients.naming import parameter_name
from tracer.programs.gradients.places.faults import text_at
from tracer.programs.gradients.places.unused import MIN_STEPS, computed_gradients
from tracer.programs.gradients.report import BackpropReport, Fault, Following, ParameterFinding, Verdict
from tracer.programs.gradients.tape import ProgramTape
from tracer.programs.gradients.truth import true_gradients

_WEIGHTS = frozenset({"w", "weight", "weights", "kernel", "u", "v", "theta", "wx", "wh"})
_BIASES = frozenset({"b", "bias", "biases", "c", "intercept", "beta", "gamma"})
"""Names of parameters without their numbers, by which a parameter belongs to one that is updated."""

_ON_PURPOSE = re.compile(r"(?i)froz|freez|trainable|requires_grad|fine.?tun|pre.?train|stay|fixed")
"""Words in a program of which some parameters are not to be updated."""


@dataclass(frozen=True, slots=True)
class Still:
    """A parameter that is never updated: a value of it, its name, and the entry that computes its gradient, if any does."""

    id: int
    name: str
    gradient: int | None = None


def with_still_parameters(report: BackpropReport, program: Program, attempt: Attempt) -> BackpropReport:
    """A report with the parameters that are never updated: a fault where the gradient of one is computed, else only said."""
    still = still_parameters(program, attempt)
    parameters = (*report.parameters, *(ParameterFinding(each.name, 0, Following.FIXED) for each in still))
    faults = () if report.verdict is Verdict.UNKNOWN else tuple(_faults(program.tape, still))
    if not faults:
        return replace(report, parameters=parameters)
    return replace(
        report, verdict=Verdict.WRONG, other_loss=None, parameters=parameters, faults=(*report.faults, *faults), factor=1.0
    )


def _faults(tape: ProgramTape, still: Sequence[Still]) -> Iterator[Fault]:
    """A fault for each line that computes gradients that nothing uses."""
    by_line: dict[int, list[Still]] = {}
    for each in still:
        if each.gradient is not None:
            by_line.setdefault(tape.line(each.gradient), []).append(each)
    for line, found in sorted(by_line.items()):
        names = tuple(each.name for each in found)
        reason = Message("backprop_never_updated", {"name": names[0]})
        if len(names) > 1:
            reason = Message("backprop_several_never_updated", {"names": names})
        yield Fault(line, text_at(tape, found[0].gradient or 0), reason, parameters=names)


def still_parameters(program: Program, attempt: Attempt) -> tuple[Still, ...]:
    """The values that are named as the parameters that are updated, that the loss depends on, and that never change."""
    steps = attempt.gradients.looked
    if len(steps) < MIN_STEPS:
        return ()
    tape = program.tape
    names = {root: last_name(parameter_name(tape, steps[0], root)) for root in steps[0].before}
    found = {}
    for id in _unchanged(program, steps):
        name = _name(tape, id, steps[0])
        if name and any(belongs(last_name(name), other) for other in names.values()):
            found[id] = name
    if not found or _is_left_open(tape):
        return ()
    truths = [true_gradients(tape, each.step.seeds, {*each.before.values(), *found}, program.cut) for each in steps]
    moving = {
        id: [np.asarray(truth.totals[id], np.float64) for truth in truths]
        for id in found
        if all(id in truth.totals and np.any(truth.totals[id]) for truth in truths)
    }
    computed = computed_gradients(program, attempt, moving, found) if _is_meant(tape) else {}
    labels = numbered([found[id] for id in moving])
    return tuple(Still(id, label, computed.get(id)) for id, label in zip(moving, labels, strict=True))


def numbered(names: Sequence[str]) -> list[str]:
    """Names, of which those that occur more than once are numbered.

    >>> numbered(["W", "b", "b"])
    ['W', 'b #1', 'b #2']
    """
    repeated, numbers = Counter(names), Counter[str]()
    found = []
    for name in names:
        numbers[name] += 1
        found.append(f"{name} #{numbers[name]}" if repeated[name] > 1 else name)
    return found


def belongs(name: str, other: str) -> bool:
    """Whether a variable is called as one that is a parameter: the same with another number, or its weights or bias.

    >>> [belongs(*names) for names in (("b1", "b2"), ("b1", "W1"), ("bias", "weights"), ("x", "w"), ("W", "x"), ("h1", "W1"))]
    [True, True, True, False, False, False]
    """
    one, two = (re.fullmatch(r"(.*?)_?(\d*)", each.lower()) for each in (name, other))
    if one is None or two is None or not one[1] or not two[1]:
        return False
    if one[1] == two[1]:
        return one[2] != two[2]
    return all(each[1] in _WEIGHTS | _BIASES for each in (one, two)) and one[2] == two[2]


def _unchanged(program: Program, steps: Sequence[Looked]) -> list[int]:
    """The values that the forward pass of every step uses as they are, and that no update is made of or makes."""
    tape, roots = program.tape, program.updates.roots
    reached = [tape.ancestors(each.step.seeds, stop=program.cut) for each in steps]
    common = set.intersection(*reached)
    used = {operand for each in reached for id in each - common for operand in tape.varying(id)}
    return [id for id in sorted(used & common) if id not in roots and tape.is_number(id) and id not in tape.record.unknown]


def _name(tape: ProgramTape, id: int, looked: Looked) -> str:
    """The variable that a value is where a step uses it, or that it was assigned to."""
    reached = (tape.operand_text(user, id) for user in tape.users[id] if user >= looked.start or user in looked.forward)
    names = [tape.name(id), *reached]
    return next((name for name in names if name), "")


# On purpose.


def _is_meant(tape: ProgramTape) -> bool:
    """Whether nothing in the program says that some parameters are to stay as they are."""
    return _ON_PURPOSE.search(tape.source(str(tape.record.path))) is None


def _is_left_open(tape: ProgramTape) -> bool:
    """Whether a program that was stopped has a statement like an update that it did not come to: it may update more later on."""
    ending = tape.record.ending
    if not ending.was_stopped and ending.error is None and not tape.record.used_up:
        return False
    filename = str(tape.record.path)
    done = {statement for id in range(len(tape)) if (statement := tape.statement(id)) is not None}
    lines = {line for each in done if each.filename == filename for line in range(each.line, each.end + 1)}
    return any(line not in lines for line in _changing_lines(tape.source(filename)))


def _changing_lines(text: str) -> Iterator[int]:
    """The lines of statements that make something of itself by a sum or difference."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        value = node.value if isinstance(node, ast.Assign) else None
        is_sum = isinstance(value, ast.BinOp) and isinstance(value.op, (ast.Add, ast.Sub))
        if isinstance(node, ast.AugAssign) or (isinstance(node, ast.Assign) and is_sum):
            yield node.lineno
