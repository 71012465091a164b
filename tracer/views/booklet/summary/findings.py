"""The page of what to look at: whether gradients were checked, numbers that are not finite, gradients, units, parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from tracer.analysis.doctor.examining import RULES
from tracer.analysis.doctor.findings import Diagnosis, Finding
from tracer.graph.record import Node, Step
from tracer.views.booklet.page import Heading, page
from tracer.views.booklet.summary import cards, example
from tracer.views.booklet.summary.context import Subject
from tracer.views.booklet.summary.course import course_lines
from tracer.views.booklet.summary.fitting import fitted
from tracer.views.diagrams.theme import Kind
from tracer.views.explaining.next_commands import NextCommand
from tracer.views.explaining.unmoved import unmoved
from tracer.views.grids import shortened
from tracer.views.notation import Labels, number_in, number_of, number_text
from tracer.views.text.doctor import place_of

MAX_FINDINGS = 8
"""Maximum number of findings of the doctor; the rest are counted."""

MAX_ROWS = 10
"""Maximum number of rows of a table and of lines of a kind; the rest are counted."""

NAME_LENGTH = 30

UNCHECKED = ("check_too_large", "check_without_values")
"""Codes of verdicts that say why there was no check."""


def findings_page(subject: Subject, notice: str | None, found: Diagnosis | None) -> str:
    """The page of what to look at. `notice` is the first number that is not finite, empty if none is; None if nobody looked.

    `found` is what the rules of `tracer doctor` found.
    """
    tell, trace = subject.style.tell, subject.trace
    last = trace.steps[-1]
    labels = subject.labels if last is subject.step else Labels(last.nodes)
    largest = tell("The largest gradients, step {step}", step=last.index)
    blocks = [
        _checked(subject),
        _section(subject, tell("Is everything finite?"), [_finite(subject, notice)], Kind.LOSS),
        _section(subject, tell("What was measured, from the first step to the last"), list(course_lines(trace, tell)), Kind.LOSS),
        _table(subject, largest, _gradients(subject, last, labels), Kind.BACKWARD),
        _section(subject, tell("What training debuggers look for"), list(_diagnosis(subject, found)), Kind.FORWARD),
        _section(subject, tell("Did every parameter move?"), list(_unmoved(subject)), Kind.PARAMETER),
    ]
    caption = tell("What the record says of this run.")
    heading = Heading(tell("What to look at"), 1)
    return page(heading, "\n".join([cards.placed(cards.plain(caption)), fitted([blocks], len(blocks), tell)]))


def _section(subject: Subject, title: str, lines: Sequence[str], kind: Kind) -> str:
    shown = list(lines[:MAX_ROWS])
    if len(lines) > MAX_ROWS:
        shown.append(subject.style.tell("and {count} more", count=len(lines) - MAX_ROWS))
    return cards.card([cards.plain(title, 12), *map(cards.plain, shown)], kind, subject.style, 5)


def _table(subject: Subject, title: str, rows: Sequence[Sequence[str]], kind: Kind) -> str:
    shown = rows[: MAX_ROWS + 1]  # with the headings
    parts = [cards.plain(title, 12), cards.table(shown, ("left", "right", "left"), subject.style)]
    if len(rows) > len(shown):
        parts.append(cards.plain(subject.style.tell("and {count} more", count=len(rows) - len(shown))))
    return cards.card(parts, kind, subject.style, 5)


def _checked(subject: Subject) -> str:
    """Whether the gradients were found right, or the command that checks them."""
    tell, verdict, program = subject.style.tell, subject.trace.verdict, subject.names.program
    sentence = tell("Not checked.")
    if verdict is not None:
        text = tell.message(verdict)
        sentence = f"{text[:1].upper()}{text[1:]}{tell('.')}"
    parts = [cards.plain(tell("Are the gradients right?"), 12)]
    if program and (verdict is None or verdict.code in UNCHECKED):
        next_sentence = tell("This command checks them:")
        parts.append(cards.plain(tell("{sentence} {next}", sentence=sentence, next=next_sentence)))
        parts.append(cards.numbers(NextCommand("check", program, "").line, subject.style))
    else:
        parts.append(cards.plain(sentence))
    return cards.card(parts, Kind.BACKWARD, subject.style, 5)


def _finite(subject: Subject, notice: str | None) -> str:
    tell = subject.style.tell
    if notice is None:
        return tell("Not looked at.")
    return notice or tell("Every loss, gradient and update on record is finite.")


def _gradients(subject: Subject, step: Step, labels: Labels) -> list[tuple[str, ...]]:
    """A row for each parameter: the length of its gradient, and its largest element; before them their titles."""
    tell = subject.style.tell
    found = [(node, step.nodes[step.gradients[node.id]]) for node in step.parameters if node.id in step.gradients]
    if not found:
        return [(tell("No gradient is on record."),)]
    rows: list[tuple[str, ...]] = [(tell("gradient"), tell("length (l2)"), tell("largest element"))]
    for _, gradient in sorted(found, key=lambda each: -_length(each[1])):
        largest = example.largest_element(gradient, labels)
        where = f"{largest.name} = {number_of(gradient, largest.index, labels.noise)}" if largest is not None else "-"
        rows.append((shortened(labels[gradient.id], NAME_LENGTH), number_text(gradient.summary.l2), shortened(where, 48)))
    return rows


def _length(node: Node) -> float:
    return node.summary.l2 if math.isfinite(node.summary.l2) else math.inf


def _diagnosis(subject: Subject, found: Diagnosis | None) -> Iterator[str]:
    """What the checks of training debuggers found, each with the place."""
    tell = subject.style.tell
    if found is None:
        yield tell("Not looked at.")
        return
    if not found.findings:
        yield tell("The {count} checks of tracer doctor found nothing.", count=len(RULES))
    for finding in found.findings[:MAX_FINDINGS]:
        place = _place(subject, finding, found.sizes)
        yield f"{finding.code}: {tell.message(finding.what)}" + (f"   {place}" if place else "")
    if len(found.findings) > MAX_FINDINGS:
        yield tell("and {count} more", count=len(found.findings) - MAX_FINDINGS)
    for each in found.unseen:
        text = tell("not looked at: {what} ({why})", what=tell.message(each.what), why=tell.message(each.why))
        yield f"{text[:1].upper()}{text[1:]}{tell('.')}"
    yield tell(
        "These checks look for what is not finite; a loss that does not fall, oscillates or begins too high; gradients that"
        " vanish, explode or are 0; updates that are too large or too small, and parameters that never move; dead or saturated"
        " units; unscaled inputs; classes of unequal size."
    )


def _place(subject: Subject, finding: Finding, sizes: Mapping[int, int]) -> str:
    """The node of a finding and its line; of a step that is not in the booklet, the number of the node."""
    if finding.step is None or finding.node is None:
        return ""
    if any(step.index == finding.step for step in subject.trace.steps):
        return place_of(subject.trace, finding, subject.style.tell)
    return number_in(finding.step, finding.node, sizes.get(finding.step, 0))


def _unmoved(subject: Subject) -> Iterator[str]:
    tell, trace = subject.style.tell, subject.trace
    first, last = trace.steps[0], trace.steps[-1]
    if not last.updates:
        yield tell("This step updates no parameter.")
        return
    known = [node for node in first.parameters if node.is_kept]
    found = list(unmoved(first, last))
    for share in found:
        yield tell("{name}: {count:,} of {total:,} numbers are the same after step {last} as before step {first}.",
                   name=shortened(share.node.name, NAME_LENGTH), count=share.count, total=share.total, last=last.index,
                   first=first.index)  # fmt: skip
    if not found and known:
        yield tell("Every number of every updated parameter differs after step {last} from what it was before step {first}.",
                   last=last.index, first=first.index)  # fmt: skip
    if len(known) < len(first.parameters):
        yield tell(
            "The numbers of {arrays} are not on record.", arrays=tell.count(len(first.parameters) - len(known), "parameter array")
        )
