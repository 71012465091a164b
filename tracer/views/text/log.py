"""The step log: fixed columns, one line per node and at most two below it; pure ASCII in English."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

from tracer.analysis.broadcasting import grown_pair
from tracer.graph.record import Node, Phase, Step, Trace
from tracer.graph.structures.shared import PerStructure
from tracer.graph.structures.stacked import summarize
from tracer.i18n.language import ENGLISH, Language
from tracer.i18n.message import Message
from tracer.views.notation import (
    DIGITS,
    metric_text,
    node_number,
    number_of,
    number_text,
    phase_text,
    summary_text,
)
from tracer.views.own_gradients import own_text, true_text
from tracer.views.selection import EVERYTHING, Selection
from tracer.views.text.broadcasting import grown_text
from tracer.views.text.finiteness import FinitenessMonitor, nonfinite_text
from tracer.views.text.many_steps.number_texts import Numbers
from tracer.views.text.many_steps.rows import STEP, LogRows, Row
from tracer.views.worked import worked_element

INDENT = " " * 5


def log_lines(
    head: Trace,
    steps: Iterable[Step],
    digits: int = DIGITS,
    monitor: FinitenessMonitor | None = None,
    stopped: Callable[[], Message | None] = lambda: None,
    selection: Selection = EVERYTHING,
    tell: Language = ENGLISH,
) -> Iterator[str]:
    """Format the log of a run step by step; every chunk ends in a newline.

    A caller that already monitors the run passes its `monitor`, so that no step is checked twice. `stopped` is called after
    the last step and returns why the run stopped early, or None. The log of a partial `selection` has no summary at the end.
    """
    monitor = monitor or FinitenessMonitor()
    rows_of = PerStructure(lambda step: LogRows(step, digits, tell))
    yield _heading(head, tell)
    losses: list[float] = []
    nonfinite_from = ""
    for step in steps:
        rows = rows_of.of(step)
        if not rows.are_of(step):
            rows = LogRows(step, digits, tell)
        log = _StepLog(step, rows, selection, is_first=not losses)
        change = f"{number_text(losses[-1], digits)} -> " if losses else ""
        losses.append(step.loss)
        loss = f"{change}{number_text(step.loss, digits)}"
        kept = "" if all(node.is_kept for node in step.nodes) else f"   {tell('(not every value was kept)')}"
        lines = [tell("== step {step} ==  loss {loss}", step=step.index, loss=loss) + kept]
        culprit = monitor.check(step)
        lines.extend(log.lines(culprit))
        if culprit is not None:
            nonfinite_from = f"{node_number(step, culprit.id)} {log.labels[culprit.id]}"
        lines.extend(_metric_lines(step, digits, tell) if selection.has_metrics else ())
        yield "\n".join(lines) + "\n"
    if selection.is_whole:
        yield _ending(losses, nonfinite_from, stopped(), digits, tell)


def ending_lines(done: int, planned: int, why: Message, tell: Language = ENGLISH) -> str:
    """The last line of the log of an unfinished run.

    >>> ending_lines(3, 50, Message("interrupted"))
    '== interrupted ==  3 of 50 steps are whole\\n'
    """
    ending = tell("== {why} ==  {done} of {planned} steps are whole", why=tell.message(why), done=done, planned=planned)
    return f"{ending}\n"


def log_text(trace: Trace, digits: int = DIGITS, tell: Language = ENGLISH) -> str:
    """The log of a trace."""
    return "".join(trace_lines(trace, digits, tell=tell))


def trace_lines(trace: Trace, digits: int = DIGITS, selection: Selection = EVERYTHING, tell: Language = ENGLISH) -> Iterator[str]:
    """The log of a trace in chunks."""
    chunks = log_lines(trace, trace.steps, digits, stopped=lambda: trace.stopped, selection=selection, tell=tell)
    if not trace.unfinished or not selection.is_whole:
        yield from chunks
        return
    # The heading and the steps, without the ending of a finished run.
    yield from itertools.islice(chunks, 1 + len(trace.steps))
    yield ending_lines(len(trace.steps), trace.planned, trace.unfinished, tell)


def _heading(head: Trace, tell: Language) -> str:
    seed = {} if head.seed is None else {"seed": head.seed}
    set_here = {name: value for name, value in head.hyperparameters.items() if name not in head.defaults}
    settings = " ".join(f"{name}={value}" for name, value in {**seed, "dtype": head.dtype, **set_here}.items())
    versions = " ".join(f"{name} {version}" for name, version in head.versions.items())
    title = f": {tell.title(head.title)}" if head.title else ""
    lines = [f"{head.scenario}{title}", settings, *([versions] if versions else [])]
    return "".join(f"# {line}\n" for line in lines)


class _StepLog:
    """The lines of one step."""

    def __init__(self, step: Step, rows: LogRows, selection: Selection, *, is_first: bool) -> None:
        self._step = step
        self._nodes = tuple(step.nodes)
        self._rows = rows
        self._grown = grown_pair(step) if is_first else None
        self._tell = rows.tell
        self._digits = rows.digits
        self._selection = selection
        self.labels = rows.labels(self._nodes)
        self._numbers = Numbers(self._nodes, self.labels.noise, self._digits)
        own = step.own_gradients
        self._compared = {*own.values(), *(step.gradients[value] for value in own if value in step.gradients)}

    def lines(self, culprit: Node | None) -> Iterator[str]:
        """All lines below the heading; `culprit` is the node that made a result NaN or infinite first, if in this step."""
        phase = None
        for node, row in self._shown():
            if node.phase is not phase:
                phase = node.phase
                yield f"-- {phase_text(phase, self._tell)}"
            yield from self._node_lines(node, row)
            if self._grown is not None and node.id == self._grown.node.id:
                yield INDENT + self._tell("!! {grown}", grown=grown_text(self._step, self._grown, self._tell))
            if node is culprit:
                counts = nonfinite_text(node.summary, self._tell)
                yield INDENT + self._tell("!! {counts}: it reaches a result", counts=counts)

    def _shown(self) -> list[tuple[Node, Row]]:
        """The selected nodes. Their statistics are computed together."""
        labels, selection = self.labels, self._selection
        shown = [
            (node, self._rows.row(node, labels))
            for node in self._nodes
            if not labels.is_folded(node.id) and selection.shows(self._step, node, labels[node.id])
        ]
        summarize([node for node, row in shown if row.has_statistics])
        return shown

    def _node_lines(self, node: Node, row: Row) -> Iterator[str]:
        note = row.note
        if row.mark or self._step.own_gradients:
            note = self._tell("; ").join(part for part in (note, self._own(node), row.mark) if part)
        yield f"{row.equation} {note}".rstrip().replace(STEP, str(self._step.index))
        watched = self._selection.watched_index(node)
        if watched is None:
            worked = self._rows.worked(self._nodes, node, self.labels, self._numbers)
        else:
            worked = worked_element(self._nodes, node, self.labels, watched, self._digits, tell=self._tell)
            if not worked and node.is_kept:
                number = number_of(node, watched, self.labels.noise, self._digits)
                worked = f"{self.labels.element(node.id, watched)} = {number}"
        if node.shape or not worked:
            yield f"{INDENT}{self._content(node, row)}"
        norm = f"|g| = {number_text(node.summary.l2, self._digits)}" if row.has_norm else ""
        if worked or norm:
            yield f"{INDENT}{worked}{'    ' if worked and norm else ''}{norm}"

    def _own(self, node: Node) -> str:
        """How the gradients of the program compare with the true ones."""
        if node.id not in self._compared:
            return ""
        is_gradient = node.phase is Phase.BACKWARD and node.gradient_of is not None
        compared = true_text if is_gradient else own_text
        return compared(self._step, node, self.labels, self._tell)

    def _content(self, node: Node, row: Row) -> str:
        """The numbers of an array, or its statistics."""
        if row.is_in_full and node.is_kept:
            return self._numbers.array(node)
        return summary_text(node.summary, node.shape, node.dtype, self._digits)


def _metric_lines(step: Step, digits: int, tell: Language) -> Iterator[str]:
    measured = {name: value for name, value in step.metrics.items() if name not in ("step", "epoch", "loss")}
    if measured:
        texts = (f"{name} = {metric_text(value, digits)}" for name, value in measured.items())
        yield f"-- {tell('metrics')}"
        epoch = f"{tell('epoch {epoch}', epoch=step.metrics['epoch'])}  " if "epoch" in step.metrics else ""
        yield f"{INDENT}{epoch}{'  '.join(texts)}"


def _ending(losses: list[float], nonfinite_from: str, stopped: Message | None, digits: int, tell: Language) -> str:
    ending = tell("== end ==  {steps}", steps=tell.count(len(losses), "step"))
    if losses:
        first, last = (number_text(losses[at], digits) for at in (0, -1))
        ending += tell(", loss {first} -> {last}", first=first, last=last)
    if nonfinite_from:
        ending += tell(", NaN or infinite from {place} on", place=nonfinite_from)
    if stopped:
        ending += tell("; {reason}", reason=tell.message(stopped))
    return f"{ending}\n"
