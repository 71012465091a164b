"""The last page: commands to go on with, with the names of this run."""

from __future__ import annotations

from tracer.views.booklet.page import Heading, page
from tracer.views.booklet.summary import cards
from tracer.views.booklet.summary.context import Subject
from tracer.views.booklet.summary.fitting import fitted
from tracer.views.diagrams.theme import Kind
from tracer.views.explaining.next_commands import commands


def commands_page(subject: Subject) -> str:
    """The page of the commands."""
    tell, style = subject.style.tell, subject.style
    found = list(commands(subject.trace, subject.names, tell))
    blocks = [
        cards.card(
            [cards.plain(f"{each.what[:1].upper()}{each.what[1:]}"), cards.numbers(each.line, style, 10)], Kind.UPDATE, style, 4
        )
        for each in found
    ]
    texts = []
    if not subject.names.file:
        texts.append(tell("Here trace.sqlite stands for the trace file of the run."))
    texts.append(tell("{number} is the number of an operation, here and in every command: step {step}, operation {id}.",
                      number=subject.number(subject.step.loss_id), step=subject.step.index, id=subject.step.loss_id))  # fmt: skip
    heading = Heading(tell("Where to go on"), 1)
    body = [*(cards.placed(cards.plain(text)) for text in texts), fitted([blocks], len(blocks), tell)]
    return page(heading, "\n".join(body))
