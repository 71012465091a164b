"""The page of what to look at: whether gradients were checked, numbers that are not finite, gradients, units, parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from tracer.analysis.standouts import NEAR, activations, dead_units, saturated, unmoved
from tracer.graph.record import Node, Step
from tracer.views.aligned_text import table
from tracer.views.booklet.page import Heading, page
from tracer.views.booklet.summary import cards, example
from tracer.views.booklet.summary.context import Subject
from tracer.views.booklet.summary.fitting import fitted
from tracer.views.diagrams.theme import Kind
from tracer.views.grids import shortened
from tracer.views.notation import Labels, number_of, number_text

MAX_ROWS = 10
"""Maximum number of rows of a table and of lines of a kind; the rest are counted."""

NAME_LENGTH = 30


def findings_page(subject: Subject, notice: str | None) -> str:
    """The page of what to look at. `notice` is the first number that is not finite, empty if none is; None if nobody looked."""
    tell, trace = subject.style.tell, subject.trace
    last = trace.steps[-1]
    labels = subject.labels if last is subject.step else Labels(last.nodes)
    units = tell("Units and activations, step {step}", step=last.index)
    largest = tell("The largest gradients, step {step}", step=last.index)
    blocks = [
        _section(subject, tell("Are the gradients right?"), [_checked(subject)], Kind.BACKWARD),
        _section(subject, tell("Is everything finite?"), [_finite(subject, notice)], Kind.LOSS),
        _table(subject, largest, _gradients(subject, last, labels), Kind.BACKWARD),
        _section(subject, units, list(_units(subject, last, labels)), Kind.FORWARD),
        _section(subject, tell("Parameters that did not move"), list(_unmoved(subject)), Kind.PARAMETER),
    ]
    caption = tell("What the record says of this run.")
    heading = Heading(tell("What to look at"), 1)
    return page(heading, "\n".join([cards.placed(cards.plain(caption)), fitted([blocks], len(blocks), tell)]))


def _section(subject: Subject, title: str, lines: Sequence[str], kind: Kind) -> str:
    shown = list(lines[:MAX_ROWS])
    if len(lines) > MAX_ROWS:
        shown.append(subject.style.tell("and {count} more", count=len(lines) - MAX_ROWS))
    return cards.card([cards.plain(title, 12), *map(cards.plain, shown)], kind, subject.style, 5)


def _table(subject: Subject, title: str, lines: Sequence[str], kind: Kind) -> str:
    shown = list(lines[: MAX_ROWS + 1])  # with the headings
    if len(lines) > len(shown):
        shown.append(subject.style.tell("and {count} more", count=len(lines) - len(shown)))
    return cards.card([cards.plain(title, 12), cards.lines(shown, subject.style)], kind, subject.style, 5)


def _checked(subject: Subject) -> str:
    tell, verdict = subject.style.tell, subject.trace.verdict
    if verdict is not None:
        text = tell.message(verdict)
        return f"{text[:1].upper()}{text[1:]}{tell('.')}"
    return tell("Not checked.")


def _finite(subject: Subject, notice: str | None) -> str:
    tell = subject.style.tell
    if notice is None:
        return tell("Not looked at.")
    return notice or tell("Every loss, gradient and update on record is finite.")


def _gradients(subject: Subject, step: Step, labels: Labels) -> list[str]:
    """A line for each parameter: the length of its gradient, and its largest element."""
    tell = subject.style.tell
    found = [(node, step.nodes[step.gradients[node.id]]) for node in step.parameters if node.id in step.gradients]
    if not found:
        return [tell("No gradient is on record.")]
    rows = [(tell("gradient"), tell("length (l2)"), tell("largest element"))]
    for _, gradient in sorted(found, key=lambda each: -_length(each[1])):
        largest = example.largest_element(gradient, labels)
        where = f"{largest.name} = {number_of(gradient, largest.index, labels.noise)}" if largest is not None else "-"
        rows.append((shortened(labels[gradient.id], NAME_LENGTH), number_text(gradient.summary.l2), shortened(where, 48)))
    return list(table(rows, right=(1,)))


def _length(node: Node) -> float:
    return node.summary.l2 if math.isfinite(node.summary.l2) else math.inf


def _units(subject: Subject, step: Step, labels: Labels) -> Iterator[str]:
    tell = subject.style.tell
    looked = activations(step)
    dead, near = list(dead_units(step)), list(saturated(step))
    if not looked:
        yield tell("No result of an operation relu, tanh or sigmoid is on record.")
    elif not dead and not near:
        names = ", ".join(dict.fromkeys(node.op for node in looked))
        yield tell("No column of the results of {names} is 0 in every row, none of their numbers is near a limit.", names=names)
    for share in dead:
        yield tell("{name}: {count} of {total} columns are 0 in all {rows} rows", name=_name(share.node, labels),
                   count=share.count, total=share.total, rows=share.node.shape[0])  # fmt: skip
    for share in near:
        name, op = _name(share.node, labels), share.node.op
        yield tell("{name}: {count} of {total} numbers are within {near} of a limit of {op}", name=name, count=share.count,
                   total=share.total, near=NEAR, op=op)  # fmt: skip


def _unmoved(subject: Subject) -> Iterator[str]:
    tell, trace = subject.style.tell, subject.trace
    first, last = trace.steps[0], trace.steps[-1]
    if not last.updates:
        yield tell("This step updates no parameter.")
        return
    known = [node for node in first.parameters if node.is_kept]
    found = list(unmoved(first, last))
    for share in found:
        yield tell("{name}: {count} of {total} numbers are the same after step {last} as before step {first}",
                   name=shortened(share.node.name, NAME_LENGTH), count=share.count, total=share.total, last=last.index,
                   first=first.index)  # fmt: skip
    if not found and known:
        yield tell("Every number of every updated parameter is another after step {last} than before step {first}.",
                   last=last.index, first=first.index)  # fmt: skip
    if len(known) < len(first.parameters):
        yield tell(
            "The numbers of {arrays} are not on record.", arrays=tell.count(len(first.parameters) - len(known), "parameter array")
        )


def _name(node: Node, labels: Labels) -> str:
    return shortened(labels.equation(node), NAME_LENGTH)
