"""Reports a gradient check: a table of comparisons, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from tracer.checking.results import Check, Comparison, Difference, Fault, Outcome
from tracer.i18n.language import ENGLISH, Language
from tracer.views.aligned_text import table
from tracer.views.notation import shape_text

SHOWN_PLACES = 3
"""At most this many elements without an error are named in a line."""


def check_table(check: Check, tell: Language = ENGLISH) -> list[str]:
    """A table with a row per parameter: shape, method, number of elements, largest relative error, verdict."""
    headings = (tell("parameter"), tell("shape"), tell("method"), tell("numbers"), tell("error"), tell("verdict"))
    return table([headings, *(_row(each, tell) for each in check.comparisons)])


def verdict_line(check: Check, examples: int = 1, requested: int = 1, tell: Language = ENGLISH) -> str:
    """The result in one line. On failure it names the failing parameter set, the last of `examples`, out of `requested`."""
    rules = tell.count(check.rules, "rule")
    allowed = max((each.worst.allowed for each in check.comparisons if each.worst is not None), default=0.0)
    if check.passed:
        sets = tell(" at {sets} of parameters", sets=tell.count(examples, "set")) if examples > 1 else ""
        return tell(
            "right: all agree to {allowed}{sets}, and so does each of {rules} by itself",
            allowed=f"{allowed:.0e}",
            sets=sets,
            rules=rules,
        )
    allowed = max((each.worst.allowed for each in check.comparisons if each.worst is not None), default=0.0)
    if any(fault.is_of_the_record for fault in check.faults):
        return tell("wrong: the recorded run is not that of the same functions on plain arrays")
    wrong = sum(each.outcome is check.outcome for each in check.comparisons)
    wrong_rules = sum(bool(fault.input) and fault.outcome is check.outcome for fault in check.faults)
    gradients = tell.count(len(check.comparisons), "gradient")
    if check.outcome is Outcome.NOT_JUDGED:
        return tell(
            "not judged: {unjudged} of {gradients}, {unjudged_rules} of {rules}; the others agree to {allowed}",
            unjudged=wrong,
            gradients=gradients,
            unjudged_rules=wrong_rules,
            rules=rules,
            allowed=f"{allowed:.0e}",
        )
    found = tell(
        "wrong: {wrong} of {gradients}, {wrong_rules} of {rules}",
        wrong=wrong,
        gradients=gradients,
        wrong_rules=wrong_rules,
        rules=rules,
    )
    if requested > 1:
        found += tell(
            ", first at set {examples} of {asked} (again with the same --seed and --examples {examples})",
            examples=examples,
            asked=requested,
        )
    return found


def report(check: Check, tell: Language = ENGLISH) -> str:
    """The full report: table, verdict, failures, notes."""
    lines = [*check_table(check, tell), verdict_line(check, tell=tell), *failure_lines(check, tell), *note_lines(check, tell)]
    return "\n".join(lines)


def failure_lines(check: Check, tell: Language = ENGLISH) -> list[str]:
    """What is wrong or not judged: the worst element first, then the elements without an error, then each faulty node."""
    lines = []
    wrong = [each for each in check.comparisons if each.worst is not None and each.worst.is_wrong]
    worst = max(wrong, key=lambda each: each.error, default=None)
    if worst is not None and worst.worst is not None:
        gradient, numbers = gradient_text(worst, tell), _numbers(worst.worst, tell)
        method = tell.message(worst.method)
        lines.append(tell("the {gradient} {numbers} by {method}", gradient=gradient, numbers=numbers, method=method))
    lines += [line for each in check.comparisons for line in _unrated_lines(each, tell)]
    return lines + [fault_text(fault, tell) for fault in check.faults]


def note_lines(check: Check, tell: Language = ENGLISH) -> list[str]:
    """What could not be compared, where that is no fault."""
    return [tell.message(note) for note in check.notes]


def _unrated_lines(comparison: Comparison, tell: Language) -> list[str]:
    """A line for the elements that are not finite, one for those that have no reference, and one for projections of all."""
    gradient, lines = gradient_text(comparison, tell), []
    for outcome in (Outcome.WRONG, Outcome.NOT_JUDGED):
        elements = [each for each in comparison.unrated if each.outcome is outcome and each.index is not None]
        if not elements:
            continue
        places = ", ".join(str(list(each.index or ())) for each in elements[:SHOWN_PLACES])
        more = len(elements) - SHOWN_PLACES
        if comparison.unrated_count > sum(each.index is not None for each in comparison.unrated):
            places = tell("{places} and more", places=places)
        elif more > 0:
            places = tell("{places} and {count} more", places=places, count=more)
        found, expected, reason = elements[0].found, elements[0].expected, tell.message(elements[0].reason)
        if outcome is Outcome.WRONG and isfinite(expected):
            lines.append(
                tell(
                    "the {gradient} is {found} at {places}, expected {expected} by {method}",
                    gradient=gradient,
                    found=found,
                    places=places,
                    expected=expected,
                    method=tell.message(comparison.method),
                )
            )
        elif outcome is Outcome.WRONG:
            lines.append(tell("the {gradient} is {found} at {places}", gradient=gradient, found=found, places=places))
        else:
            lines.append(
                tell("the {gradient} cannot be judged at {places}: {reason}", gradient=gradient, places=places, reason=reason)
            )
    for each in comparison.unrated:
        if each.index is None:
            reason = tell.message(each.reason)
            lines.append(tell("the {gradient} cannot be judged as a whole: {reason}", gradient=gradient, reason=reason))
    return lines


def gradient_text(comparison: Comparison, tell: Language = ENGLISH) -> str:
    """The name of the compared derivative."""
    if comparison.order == 1:
        return tell("gradient with respect to {name}", name=comparison.name)
    return tell("second derivative with respect to {name}", name=comparison.name)


def fault_text(fault: Fault, tell: Language = ENGLISH) -> str:
    """A fault at a node: its location and a description."""
    where = f" ({fault.source}: {fault.source.text})" if fault.source else ""
    place, what = f"{fault.node}, {fault.label}{where}", tell.message(fault.what)
    if fault.input:
        rule = tell("the rule of {op} for its input {input} {what}", op=fault.op, input=fault.input, what=what)
        text = tell("node {place}: {what}", place=place, what=rule)
    else:
        text = tell("node {place}: it {what}", place=place, what=what)
    if fault.difference is None:
        return text
    return tell("{fault}: it {numbers}", fault=text, numbers=_numbers(fault.difference, tell))


def _numbers(difference: Difference, tell: Language) -> str:
    found, expected = repr(difference.found), repr(difference.expected)
    if difference.index is None:
        return tell("is {found} in a random sum over all numbers, expected {expected}", found=found, expected=expected)
    if not difference.index:
        return tell("is {found}, expected {expected}", found=found, expected=expected)
    return tell("is {found} at {place}, expected {expected}", found=found, place=list(difference.index), expected=expected)


def _row(comparison: Comparison, tell: Language) -> Sequence[str]:
    name = comparison.name if comparison.order == 1 else tell("{name}, 2nd order", name=comparison.name)
    numbers = f"{comparison.entries:,}"
    if comparison.entries < comparison.size:
        numbers = tell("{count} of {size}", count=numbers, size=f"{comparison.size:,}")
    sums = f" + {tell.count(comparison.projections, 'sum')}" if comparison.projections else ""
    verdicts = {Outcome.RIGHT: tell("right"), Outcome.NOT_JUDGED: tell("not judged"), Outcome.WRONG: tell("WRONG")}
    method = tell.message(comparison.method)
    error = f"{comparison.error:.1e}" if comparison.worst is not None else "-"
    return name, shape_text(comparison.shape), method, numbers + sums, error, verdicts[comparison.outcome]
