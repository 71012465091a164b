"""The booklet of eight pages: the run, forward, loss, backward, update, curves, what to look at, where to go on."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.graph.record import Trace
from tracer.views.booklet.page import document
from tracer.views.booklet.summary.backward import backward_page
from tracer.views.booklet.summary.commands import commands_page
from tracer.views.booklet.summary.context import Subject
from tracer.views.booklet.summary.curves import curves_page
from tracer.views.booklet.summary.example import row_count, sample_of
from tracer.views.booklet.summary.findings import findings_page
from tracer.views.booklet.summary.fitting import DEFINITIONS
from tracer.views.booklet.summary.followed import followed_elements
from tracer.views.booklet.summary.operations import forward_page, loss_page
from tracer.views.booklet.summary.run import run_page
from tracer.views.booklet.summary.update import update_page
from tracer.views.booklet.summary.whole_run import WholeRun
from tracer.views.diagrams.theme import Style
from tracer.views.notation import Labels
from tracer.views.svg import Layout


def summary(trace: Trace, layout: Layout, style: Style, whole: WholeRun | None = None) -> str:
    """The document of a trace with steps: its first step is followed, its last one is looked at; `whole` is of the whole run."""
    step, whole = trace.steps[0], whole or WholeRun()
    labels, sample = Labels(step.nodes), sample_of(step)
    followed = followed_elements(step, labels, sample, row_count(step))
    row = sample if followed.row is None else followed.row
    subject = Subject(trace, step, labels, style, whole.names, row, followed)
    return document(trace.scenario, _pages(subject, layout, whole), style)


def _pages(subject: Subject, layout: Layout, whole: WholeRun) -> Iterator[str]:
    others = [
        forward_page(subject),
        loss_page(subject),
        backward_page(subject),
        update_page(subject),
        curves_page(subject, whole.histories),
        findings_page(subject, whole.notice, whole.diagnosis),
        commands_page(subject),
    ]
    yield DEFINITIONS
    yield run_page(subject, layout, whole.notice or "", has_noise=any("~0" in each for each in others))
    yield from others
