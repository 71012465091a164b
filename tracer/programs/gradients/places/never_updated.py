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
from tracer.programs.gradients.places.unused import MIN_STEPS, computed_gradients
from tracer.programs.gradients.report import BackpropReport, Fault, Following, ParameterFinding, Scale, Verdict
from tracer.programs.gradients.tape import ProgramTape
from tracer.programs.gradients.truth import true_gradients

_WEIGHTS = frozenset({"w", "weight", "weights", "kernel", "u", "v", "theta", "wx", "wh"})
_BIASES = frozenset({"b", "bias", "biases", "c", "intercept", "beta", "gamma"})
"""Names of parameters without their numbers, by which a parameter belongs to one that is updated."""

_ON_PURPOSE = re.compile(r"(?i)froz|freez|trainable|requires_grad|fine.?tun|pre.?train|stay|fixed")
"""Words in a program of which some parameters are not to be updated."""


@dataclass(frozen=True, slots=True)
class Still:
    """A parameter that is never updated: a value of it, its name, and the entry that computes its gradient, if any does.

    `is_meant` if that is so on purpose, as it seems.
    """

    id: int
    name: str
    gradient: int | None = None
    is_meant: bool = False


def with_still_parameters(report: BackpropReport, program: Program, attempt: Attempt) -> BackpropReport:
    """A report with the parameters that are never updated: a fault where the gradient of one is computed, else only said."""
    still = still_parameters(program, attempt)
    findings = (ParameterFinding(each.name, 0, Following.FIXED, each.gradient is not None) for each in still)
    parameters = (*report.parameters, *findings)
    faults = () if report.verdict is Verdict.UNKNOWN else tuple(_faults(program.tape, still))
    if not faults:
        return replace(report, parameters=parameters)
    return replace(
        report, verdict=Verdict.WRONG, other_loss=None, parameters=parameters, faults=(*report.faults, *faults), scale=Scale()
    )


def _faults(tape: ProgramTape, still: Sequence[Still]) -> Iterator[Fault]:
    """A fault for each line that computes gradients that nothing uses."""
    by_line: dict[int, list[Still]] = {}
    for each in still:
        if each.gradient is not None and not each.is_meant:
            by_line.setdefault(tape.line(each.gradient), []).append(each)
    for line, found in sorted(by_line.items()):
        names = tuple(each.name for each in found)
        reason = Message("backprop_never_updated", {"name": names[0]})
        if len(names) > 1:
            reason = Message("backprop_several_never_updated", {"names": names})
        yield Fault(line, tape.statement_text_of(found[0].gradient or 0), reason, parameters=names)


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
    left_open = list(_left_open(tape)) if found else []
    ending = tape.record.ending
    if not found or (left_open and (ending.was_stopped or ending.error is not None or tape.record.used_up)):
        return ()  # it may be updated later on
    truths = [true_gradients(tape, each.step.seeds, {*each.before.values(), *found}, program.cut) for each in steps]
    moving = {
        id: [np.asarray(truth.totals[id], np.float64) for truth in truths]
        for id in found
        if all(id in truth.totals and np.any(truth.totals[id]) for truth in truths)
    }
    computed = computed_gradients(program, attempt, moving, found)
    with_gradient = [last_name(found[id]) for id in computed]
    is_meant = _says_so(tape) or _are_whole_layers(with_gradient, list(names.values()))
    labels = numbered([found[id] for id in moving])
    return tuple(
        Still(id, label, computed.get(id), is_meant or any(_is_word(last_name(found[id]), text) for text in left_open))
        for id, label in zip(moving, labels, strict=True)
    )


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


def _says_so(tape: ProgramTape) -> bool:
    """Whether something in the program says that some parameters are to stay as they are."""
    return _ON_PURPOSE.search(tape.source(str(tape.record.path))) is not None


def _are_whole_layers(names: Sequence[str], updated: Sequence[str]) -> bool:
    """Whether all kinds of parameters are left out, as where only the last layer is trained: W1 and b1, but not W2 and b2.

    >>> _are_whole_layers(["W1", "b1"], ["W2", "b2"]), _are_whole_layers(["b1"], ["W1", "W2", "b2"])
    (True, False)
    >>> _are_whole_layers(["W1"], ["W2", "W3"]), _are_whole_layers(["W1", "W2"], ["W3"]), _are_whole_layers([], ["W1"])
    (False, True, False)
    """
    mine, theirs = ({re.sub(r"_?\d*$", "", name.lower()) for name in each} for each in (names, updated))
    return bool(mine) and theirs <= mine and (len(theirs) > 1 or len(names) >= len(updated))


def _is_word(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _left_open(tape: ProgramTape) -> Iterator[str]:
    """What statements like updates assign to that the program did not come to."""
    filename = str(tape.record.path)
    done = {statement for id in range(len(tape)) if (statement := tape.statement(id)) is not None}
    lines = {line for each in done if each.filename == filename for line in range(each.line, each.end + 1)}
    try:
        tree = ast.parse(tape.source(filename))
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        target = _changed(node)
        if target is not None and target.lineno not in lines:
            yield ast.unparse(target)


def _changed(node: ast.AST) -> ast.expr | None:
    """What a statement makes of itself by a sum or difference, if it is one that does; but no counter."""
    if isinstance(node, ast.AugAssign):
        return None if isinstance(node.value, ast.Constant) else node.target
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp) and isinstance(node.value.op, (ast.Add, ast.Sub)):
        return node.targets[0]
    return None
