"""The names of parameters and gradients in a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from tracer.programs.gradients.attempts import Attempt
from tracer.programs.gradients.matching import Gradients, Looked, Target
from tracer.programs.gradients.report import Following, ParameterFinding
from tracer.programs.gradients.tape import ProgramTape


def parameter_name(tape: ProgramTape, looked: Looked, root: int) -> str:
    """What a parameter is called: by the target of its update, or by what uses it."""
    names = [tape.name(looked.after[root]), tape.name(looked.before[root])]
    before = looked.before[root]
    names += [tape.operand_text(user, before) for user in tape.users[before] if user in looked.labels]
    found = [name for name in names if name]
    plain = [name for name in found if name.isidentifier() and name not in ("param", "p")]
    return next(iter([*plain[:1], *found]), "")


def parameter_findings(attempt: Attempt, departing: Collection[int] | None = None) -> tuple[ParameterFinding, ...]:
    """What is said of each parameter, in the order of their updates; parameters of one name are numbered.

    `departing` are those that do not follow their gradients, if that is known better than by how many move alike.
    """
    tape, looked, judged = attempt.gradients.tape, attempt.gradients.looked[0], attempt.judgement
    roots = sorted(looked.after, key=lambda root: looked.after[root])
    names = {root: parameter_name(tape, looked, root) or f"parameter {tape.value(root).shape}" for root in roots}
    repeated = {name for name, count in Counter(names.values()).items() if count > 1}
    numbers: Counter[str] = Counter()
    found = []
    for root in roots:
        name = names[root]
        if name in repeated:
            numbers[name] += 1
            name = f"{name} #{numbers[name]}"
        departs = root in judged.bad or root in judged.uneven or judged.is_uphill is not attempt.is_maximised
        if departing is not None:
            departs = root in departing
        following = Following.DEPARTS if departs else Following.UNKNOWN if root in judged.unknown else Following.FOLLOWS
        found.append(ParameterFinding(name, tape.line(looked.after[root]), following))
    return tuple(found)


def target_text(gradients: Gradients, looked: Looked, target: Target) -> str:
    """What a gradient is with respect to: a variable, or the expression."""
    tape = gradients.tape
    id = looked.ids[target[0]]
    if id in looked.before.values():
        return parameter_name(tape, looked, next(root for root, before in looked.before.items() if before == id))
    return tape.name(id) or tape.text(id)


def path_text(gradients: Gradients, looked: Looked, target: Target) -> str:
    """The value that a part of a gradient comes through: a variable, or the expression; empty for a whole gradient."""
    of, rule = looked.ids[target[0]], None if target[1] is None else looked.ids[target[1]]
    if rule is None or all(each == rule for id, each in looked.truth.uses if id == of):
        return ""
    return gradients.tape.name(rule) or gradients.tape.text(rule)
