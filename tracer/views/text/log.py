"""The step log: fixed columns, one line per node and at most two below it; pure ASCII in English."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from tracer.analysis.broadcasting import grown_pair
from tracer.graph.expression import Derivative
from tracer.graph.losses import passes, symbol_of
from tracer.graph.missing import mark_message
from tracer.graph.record import Node, Phase, Step, Trace
from tracer.graph.structures.shared import PerStructure
from tracer.i18n.language import ENGLISH, Language
from tracer.i18n.message import Message
from tracer.views.aligned_text import padded
from tracer.views.notation import (
    DIGITS,
    MAX_FULL_SIZE,
    Labels,
    content_text,
    kind_text,
    metric_text,
    node_number,
    number_of,
    number_text,
    phase_text,
)
from tracer.views.own_gradients import own_text, true_text
from tracer.views.selection import EVERYTHING, Selection
from tracer.views.text.broadcasting import grown_text
from tracer.views.text.finiteness import FinitenessMonitor, nonfinite_text
from tracer.views.text.worked_plans import WorkedPlans
from tracer.views.worked import worked_element

EQUATION_WIDTH = 48
SHAPES_WIDTH = 30
INDENT = " " * 5
MAX_DATA_SIZE = 64
"""Maximum size of an array of data that is written in full: what is computed can be followed from there."""

MAX_ALSO_NAMES = 4
"""Maximum number of names listed for values that share a gradient; the rest are counted."""


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
    texts = PerStructure(lambda step: _StructureTexts(step, digits, tell))
    yield _heading(head, tell)
    losses: list[float] = []
    nonfinite_from = ""
    for step in steps:
        log = _StepLog(step, texts.of(step), selection, is_first=not losses)
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


class _StructureTexts:
    """What the log says of all steps of a structure: the texts without numbers, and how elements are worked out."""

    def __init__(self, step: Step, digits: int, tell: Language) -> None:
        self.digits = digits
        self.tell = tell
        self.worked = WorkedPlans(digits, tell)
        self._labels = Labels(step.nodes).of_step(())  # without values: do not keep a finished step's arrays alive
        self._equations: dict[int, str] = {}
        self._places: dict[int, str] = {}

    def labels(self, step: Step) -> Labels:
        """The labels of a step of the structure."""
        return self._labels.of_step(step.nodes)

    def equation(self, node: Node, labels: Labels) -> str:
        """The equation and the shapes of a node, in columns; `labels` are those of its step."""
        if node.id not in self._equations:
            shapes = padded(labels.shapes(node), SHAPES_WIDTH)
            self._equations[node.id] = f"{padded(labels.equation(node), EQUATION_WIDTH)} {shapes}"
        return self._equations[node.id]

    def place(self, node: Node) -> str:
        """The kind of a leaf; the source and the scope of an operation."""
        if node.id not in self._places:
            self._places[node.id] = self._place(node)
        return self._places[node.id]

    def _place(self, node: Node) -> str:
        if node.is_leaf and node.phase is Phase.INIT:
            return kind_text(node, self.tell)
        if node.phase is Phase.UPDATE and (node.source is None or node.source.file.startswith("tracer/")):
            return node.scope  # an optimizer of this package: its lines are irrelevant
        return " ".join(part for part in (str(node.source or ""), node.scope) if part)


class _StepLog:
    """The lines of one step."""

    def __init__(self, step: Step, texts: _StructureTexts, selection: Selection, *, is_first: bool) -> None:
        self._step = step
        self._nodes = tuple(step.nodes)
        self._texts = texts
        self._grown = grown_pair(step) if is_first else None
        self._tell = texts.tell
        self._digits = texts.digits
        self._selection = selection
        self.labels = texts.labels(step)
        self._derived: dict[int, list[tuple[int, str]]] = defaultdict(list)
        """The values that a node is the gradient of, with the symbol of the loss."""
        for one in passes(step):
            for of, gradient in one.gradients.items():
                self._derived[gradient].append((of, symbol_of(step, one)))

    def lines(self, culprit: Node | None) -> Iterator[str]:
        """All lines below the heading; `culprit` is the node that made a result NaN or infinite first, if in this step."""
        phase = None
        for node in self._nodes:
            if self.labels.is_folded(node.id) or not self._selection.shows(self._step, node, self.labels[node.id]):
                continue
            if node.phase is not phase:
                phase = node.phase
                yield f"-- {phase_text(phase, self._tell)}"
            yield from self._node_lines(node)
            if self._grown is not None and node.id == self._grown.node.id:
                yield INDENT + self._tell("!! {grown}", grown=grown_text(self._step, self._grown, self._tell))
            if node is culprit:
                counts = nonfinite_text(node.summary, self._tell)
                yield INDENT + self._tell("!! {counts}: it reaches a result", counts=counts)

    def _node_lines(self, node: Node) -> Iterator[str]:
        yield f"{node_number(self._step, node.id)} {self._texts.equation(node, self.labels)} {self._note(node)}".rstrip()
        watched = self._selection.watched_index(node)
        if watched is None:
            worked = self._texts.worked.text(self._nodes, node, self.labels)
        else:
            worked = worked_element(self._nodes, node, self.labels, watched, self._digits, tell=self._tell)
        if watched is not None and not worked and node.is_kept:
            number = number_of(node, watched, self.labels.noise, self._digits)
            worked = f"{self.labels.element(node.id, watched)} = {number}"
        if node.shape or not worked:
            full_size = MAX_DATA_SIZE if node.op == "data" else MAX_FULL_SIZE
            yield f"{INDENT}{content_text(node, self.labels.noise, self._digits, full_size)}"
        norm = ""
        if node.id in self._derived and node.size > 1:
            norm = f"|g| = {number_text(node.summary.l2, self._digits)}"
        below = "    ".join(part for part in (worked, norm) if part)
        if below:
            yield f"{INDENT}{below}"

    def _note(self, node: Node) -> str:
        """The last column: kind of a leaf, source and scope of an operation, forward twin of a gradient."""
        if node.phase is Phase.BACKWARD and node.gradient_of is not None:
            true = true_text(self._step, node, self.labels, self._tell)
            return self._tell("; ").join(part for part in (self._gradient_note(node), true) if part)
        mark = self._step.marks.get(node.id)
        marked = self._tell.message(mark_message(mark)) if mark else ""
        own = own_text(self._step, node, self.labels, self._tell)
        return self._tell("; ").join(part for part in (self._texts.place(node), own, marked) if part)

    def _gradient_note(self, node: Node) -> str:
        twin_id = node.gradient_of if node.rule_of is None else node.rule_of
        if twin_id is None:
            return ""
        twin = node_number(self._step, twin_id)
        known = [Derivative(self.labels.tree(of), loss).text for of, loss in self._derived.get(node.id, ())]
        others = [name for name in known if name != node.name]
        names, more = ", ".join(others[:MAX_ALSO_NAMES]), len(others) - MAX_ALSO_NAMES
        if more > 0:
            return self._tell("backward of {twin}, also {names} and {count} more", twin=twin, names=names, count=more)
        return (
            self._tell("backward of {twin}, also {names}", twin=twin, names=names)
            if others
            else self._tell("backward of {twin}", twin=twin)
        )


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
