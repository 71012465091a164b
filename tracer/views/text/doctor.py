"""What the rules of a training debugger found in a run, as text and as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from textwrap import wrap
from typing import Any

from tracer.analysis.doctor.examining import RULES
from tracer.analysis.doctor.findings import Diagnosis, Finding, Unseen
from tracer.graph.record import Trace
from tracer.i18n.language import ENGLISH, Language
from tracer.views.node_data import message_data
from tracer.views.notation import Labels, node_number
from tracer.views.sentence_names import called
from tracer.views.text.detail import titled_line

WIDTH = 110
"""Characters of a line of advice."""


def doctor_lines(trace: Trace, found: Diagnosis, tell: Language = ENGLISH) -> Iterator[str]:
    """A block for each finding, and a line for what was not looked at."""
    steps, count = tell.count(found.steps, "step"), len(found.looked_at)
    yield tell("{name}: {steps}, {count} of them looked at closely", name=trace.scenario, steps=steps, count=count)
    if not found.findings:
        count = len(RULES)
        if found.unseen:
            yield tell("nothing was found, as far as the {count} rules could look", count=count)
        else:
            yield tell("nothing was found by the {count} rules", count=count)
    for _, group in groupby(found.findings, key=lambda each: (each.what.code, str(each.advice))):
        alike = list(group)
        yield ""
        for finding in alike:
            yield f"{finding.code}: {tell.message(finding.what)}"
            place = place_of(trace, finding, tell)
            if place:
                yield titled_line(tell("at"), place)
        title = tell("advice")
        for line in wrap(tell.message(alike[0].advice), WIDTH, break_long_words=False):
            yield titled_line(title, line)
            title = ""
    if found.unseen:
        yield ""
    for each in found.unseen:
        yield tell("not looked at: {what} ({why})", what=tell.message(each.what), why=tell.message(each.why))


def doctor_data(trace: Trace, found: Diagnosis) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "scenario": trace.scenario,
        "steps": found.steps,
        "looked_at": list(found.looked_at),
        "findings": [_finding_data(trace, each) for each in found.findings],
        "not_looked_at": [_unseen_data(each) for each in found.unseen],
    }


def place_of(trace: Trace, finding: Finding, tell: Language = ENGLISH) -> str:
    """The node of a finding with its line in the code; of a gradient, the line of what it is the gradient of."""
    if finding.step is None or finding.node is None:
        return ""
    step = trace.step(finding.step)
    node, labels = step.nodes[finding.node], Labels(step.nodes)
    text = f"{node_number(step, node.id)} {called(node, labels, tell)}"
    return text if node.source is None else f"{text}  {node.source}  {node.source.text}"


def _finding_data(trace: Trace, finding: Finding) -> dict[str, Any]:
    data: dict[str, Any] = {
        "code": finding.code,
        "text": str(finding.what),
        "fields": message_data(finding.what)["fields"],
        "numbers": dict(finding.numbers),
        "advice": str(finding.advice),
    }
    if finding.step is None or finding.node is None:
        return data | {"step": None, "node": None, "source": None}
    step = trace.step(finding.step)
    node = step.nodes[finding.node]
    source = None if node.source is None else {"file": node.source.file, "line": node.source.line, "text": node.source.text}
    return data | {"step": step.index, "node": node_number(step, node.id), "label": Labels(step.nodes)[node.id], "source": source}


def _unseen_data(unseen: Unseen) -> dict[str, Any]:
    return {"what": message_data(unseen.what), "why": message_data(unseen.why)}
