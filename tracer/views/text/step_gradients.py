"""What was found about the gradients of a program of another library, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracer.analysis.step_gradients import Element, ParameterGradient, RuleFinding, StepGradients, Verdict
from tracer.i18n.language import ENGLISH, Language
from tracer.views.aligned_text import table
from tracer.views.notation import shape_text

SEVERITY = (Verdict.RIGHT, Verdict.CHANGED, Verdict.STOPPED, Verdict.UNKNOWN, Verdict.WRONG)


def gradient_lines(found: StepGradients, tell: Language = ENGLISH) -> Iterator[str]:
    """The lines of `tracer check` of such a program: a table of the parameters, the verdict, what is wrong, what else to know."""
    rows = _worst_of_each(found.parameters)
    if rows:
        headings = (tell("parameter"), tell("shape"), tell("method"), tell("numbers"), tell("error"), tell("verdict"))
        yield from table([headings, *(_row(each, tell) for each in rows)])
    yield _verdict_line(found, rows, tell)
    for each in rows:
        yield from _reason_lines(each, tell)
    seen = set()
    for finding in found.findings:
        if (key := (finding.rule, finding.value, finding.reason)) not in seen:
            seen.add(key)
            yield _finding_line(finding, tell)
    for note in found.notes:
        what = tell.message(note.what)
        yield f"{note.place}: {what}" if note.place else what


def _worst_of_each(parameters: Sequence[ParameterGradient]) -> list[ParameterGradient]:
    """The parameters, each in the step in which most is wrong with it."""
    worst: dict[str, ParameterGradient] = {}
    for each in parameters:
        if each.name not in worst or _severity(each) > _severity(worst[each.name]):
            worst[each.name] = each
    return list(worst.values())


def _severity(each: ParameterGradient) -> tuple[int, float]:
    return SEVERITY.index(each.verdict), each.error or 0.0


def _row(each: ParameterGradient, tell: Language) -> Sequence[str]:
    if each.error is None:
        return each.name, shape_text(each.shape), "-", "-", "-", _verdict_text(each.verdict, tell)
    numbers = f"{each.elements:,}"
    if each.elements < each.size:
        numbers = tell("{count} of {size}", count=numbers, size=f"{each.size:,}")
    sums = f" + {tell.count(each.sums, 'sum')}" if each.sums else ""
    method = tell("differences") if each.sums or each.elements else tell("rules")
    return each.name, shape_text(each.shape), method, numbers + sums, f"{each.error:.1e}", _verdict_text(each.verdict, tell)


def _verdict_text(verdict: Verdict, tell: Language) -> str:
    return {
        Verdict.RIGHT: tell("right"),
        Verdict.CHANGED: tell("changed by the program"),
        Verdict.STOPPED: tell("no gradient"),
        Verdict.UNKNOWN: tell("cannot be told"),
        Verdict.WRONG: tell("WRONG"),
    }[verdict]


def _verdict_line(found: StepGradients, rows: Sequence[ParameterGradient], tell: Language) -> str:
    steps, rules = tell.count(found.steps, "step"), tell.count(found.rules, "rule")
    if not found.parameters and not found.findings:
        return tell("This cannot be told: {reason}", reason=tell("no gradient of a parameter is on record"))
    if found.verdict is Verdict.RIGHT:
        allowed = f"{max((each.allowed for each in rows), default=0.0):.0e}"
        right = sum(each.verdict is Verdict.RIGHT for each in rows)
        if right == len(rows):
            return tell(
                "right: all agree to {allowed} in {steps}, and so does each of {rules} by itself",
                allowed=allowed,
                steps=steps,
                rules=rules,
            )
        return tell(
            "right: {count} of {gradients} agree to {allowed} in {steps}, and so does each of {rules} by itself;"
            " the others the program itself stops or changes",
            count=right,
            gradients=tell.count(len(rows), "gradient"),
            allowed=allowed,
            steps=steps,
            rules=rules,
        )
    count = sum(each.verdict is found.verdict for each in rows)
    others = len({(each.rule, each.value) for each in found.findings if each.verdict is found.verdict})
    gradients = tell.count(len(rows), "gradient")
    if found.verdict is Verdict.WRONG:
        return tell(
            "wrong: {wrong} of {gradients}, {wrong_rules} of {rules}",
            wrong=count,
            gradients=gradients,
            wrong_rules=others,
            rules=rules,
        )
    return tell(
        "cannot be told: {count} of {gradients}, {others} of {rules}; the others are right",
        count=count,
        gradients=gradients,
        others=others,
        rules=rules,
    )


def _reason_lines(each: ParameterGradient, tell: Language) -> Iterator[str]:
    """Why the gradient of a parameter is not simply right, and the number that is off most."""
    gradient = tell("gradient with respect to {name}", name=each.name)
    if each.element is not None:
        numbers = _numbers(each.element, tell)
        yield tell("the {gradient} {numbers} by {method}", gradient=gradient, numbers=numbers, method=tell("differences"))
    if each.reason is not None:
        yield tell("the {gradient}: {reason}", gradient=gradient, reason=tell.message(each.reason))


def _finding_line(finding: RuleFinding, tell: Language) -> str:
    where = ", ".join(part for part in (finding.rule, finding.place) if part)
    reason = tell.message(finding.reason)
    text = f"{where}: {reason}" if where else reason
    if finding.element is None:
        return text
    return tell("{fault}: it {numbers}", fault=text, numbers=_numbers(finding.element, tell))


def _numbers(element: Element, tell: Language) -> str:
    found, expected = f"{element.found:.9g}", f"{element.expected:.9g}"
    if element.index:
        return tell("is {found} at {place}, expected {expected}", found=found, expected=expected, place=list(element.index))
    return tell("is {found}, expected {expected}", found=found, expected=expected)
