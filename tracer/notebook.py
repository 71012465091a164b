"""Notebooks: rich display of traces and steps as the player, of these and nodes as a diagram and as text; `%%trace`."""

from __future__ import annotations

import functools
import importlib
import linecache
import os
import shlex
from dataclasses import replace
from html import escape
from types import TracebackType
from typing import Any

from tracer.errors import UsageError
from tracer.graph.expression import Name
from tracer.graph.formula import formula
from tracer.graph.record import Node, Step, Trace
from tracer.graph.single_step import trace_of_step
from tracer.i18n.language import language_of_locale
from tracer.programs.fragments import run_cell
from tracer.programs.loops.user_code import is_user_file
from tracer.programs.steps.finding import find_training, why_none
from tracer.programs.steps.trace import trace_of
from tracer.rendering.engine import find_engine
from tracer.rendering.time_limits import TimedLayout
from tracer.views.diagrams.boxes import box_key
from tracer.views.diagrams.diagram import Box, Column, Diagram
from tracer.views.diagrams.fallback import Replacement, drawn, laid_out
from tracer.views.diagrams.overview import overview
from tracer.views.diagrams.theme import Style, kind_of
from tracer.views.diagrams.zoom import ViewSpec
from tracer.views.grids import content_lines, wrapped
from tracer.views.noise import Noise
from tracer.views.notation import Labels, shape_text
from tracer.views.player.frame import framed, note, picture
from tracer.views.player.options import PlayerOptions
from tracer.views.player.player import player
from tracer.views.text.found import found_lines

MAX_PAGE = 2_000_000
"""Maximum size in bytes of a page that a notebook keeps."""

MAX_PLAYED = 20_000
"""Maximum number of operations that are played in a notebook by themselves; `trace.player()` plays more."""


def mime_bundle(record: Trace | Step | Node) -> dict[str, str]:
    """The representations of a record by MIME type.

    A trace and a step are played in a page of up to MAX_PAGE bytes. Where pages are not shown, the diagram of a trace has the
    phases of its first step, that of a step its nodes with values; if it is too large, a coarser one is shown, and the text says
    so. A node does not know its step: it is a box, and a line that says how its step shows its inspector.
    """
    style = Style(tell=language_of_locale(os.environ))
    bundle = {"text/plain": repr(record)}
    try:
        layout = TimedLayout(find_engine())
        if isinstance(record, Step):
            replaced: list[Replacement] = []
            pictures = list(drawn(record, ViewSpec(), style, functools.partial(laid_out, layout=layout), replaced.append))
            if pictures:
                bundle["image/svg+xml"] = pictures[0].result.svg
            bundle["text/plain"] = "\n".join([repr(record), *(each.text(style.tell) for each in replaced)])
        elif (diagram := _diagram(record, style)) is not None:
            bundle["image/svg+xml"] = laid_out(diagram, style, layout).svg
        if html := _html(record, bundle.get("image/svg+xml", ""), style):
            bundle["text/html"] = html
    except UsageError:
        return bundle  # no layout engine, or it failed: text only
    return bundle


def _html(record: Trace | Step | Node, svg: str, style: Style) -> str:
    """A record as HTML, with its picture; empty if the picture alone shows it."""
    if isinstance(record, Node):
        call = f"step.player(node={record.name or record.id!r})"
        said = escape(style.tell("{call} shows its numbers, where they are from and what they are used for", call=call))
        return f"{picture(svg, repr(record))}<p>{said}</p>"
    page = _page(record, style)
    return framed(page, picture(svg, repr(record)) + note(style.tell), repr(record)) if page else ""


def _page(record: Trace | Step, style: Style) -> str:
    """The page that plays a record; empty if there is nothing to play, or if it is too large for a notebook."""
    trace = record if isinstance(record, Trace) else trace_of_step(record)
    if not trace.steps or sum(len(step.nodes) for step in trace.steps) > MAX_PLAYED:
        return ""
    page = player(trace, TimedLayout(find_engine()).place, style, PlayerOptions(budget=MAX_PAGE // 2, follows_theme=True))
    return page if len(page) <= MAX_PAGE else ""


def _diagram(record: Trace | Node, style: Style) -> Diagram | None:
    if isinstance(record, Node):
        return Diagram((_box(record, style),))
    first = record.steps[0] if record.steps else None
    return overview(first, Labels(first.nodes), style) if first is not None else None


def _box(node: Node, style: Style) -> Box:
    """The box of a single node. Its step is not known, so inputs are labelled with their ids."""
    computed = formula(node.formula, node.inputs, lambda id: Name(f"#{id}")).text
    lines = tuple(wrapped(f"= {computed}")) if computed else ()
    columns = (Column(style.tell("value"), tuple(content_lines(node, Noise(), style.tell))),)
    note = shape_text(node.shape) if node.shape else ""
    return Box(box_key(node.id), kind_of(node), node.name or f"#{node.id}", note, lines, columns)


def load_extension(shell: Any) -> None:
    """Register `%%trace`: called by `%load_ext tracer`."""
    shell.register_magic_function(functools.partial(trace_cell, shell), magic_kind="cell", magic_name="trace")


def trace_cell(shell: Any, line: str, cell: str) -> None:
    """`%%trace [NAME] [--loss LOSS]`: run the cell as it stands, record what it trains, and show it.

    The trace is kept in the variable NAME, if there is one. LOSS is the name of the loss, by default it is found. An exception of
    the cell is raised, after what was recorded before it is shown.
    """
    name, loss = _options(line)
    # The lines of the cell count from that of the magic, as the notebook numbers them.
    text = "\n" + shell.transform_cell(cell)
    filename = f"Cell {shell.execution_count}"
    linecache.cache[filename] = len(text), None, text.splitlines(keepends=True), filename
    record = run_cell(text, filename, shell.user_ns)
    training = find_training(record, loss)
    if training is not None:
        trace = replace(trace_of(training), scenario="notebook", source=cell)
        if name:
            shell.user_ns[name] = trace
        found = found_lines(training.record, training, language_of_locale(os.environ))
        shell.display_pub.publish({"text/plain": "\n".join(found)})
        shell.display_pub.publish(mime_bundle(trace))
    error = record.ending.error
    if error is not None:
        raise error.with_traceback(_of_user(error.__traceback__))
    if training is None:
        raise _usage_error(f"nothing to show of the cell: {why_none(record, loss)}")


def _of_user(trace: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames of this package at its start."""
    while trace is not None and not is_user_file(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _usage_error(text: str) -> Exception:
    """An error that a notebook shows as one line."""
    kind: type[Exception] = importlib.import_module("IPython.core.error").UsageError
    return kind(text)


def _options(line: str) -> tuple[str, str | None]:
    """The variable and the loss that `%%trace` was given.

    >>> _options("run --loss J"), _options("")
    (('run', 'J'), ('', None))
    """
    words = shlex.split(line)
    loss = None
    if "--loss" in words[:-1]:
        at = words.index("--loss")
        loss = words[at + 1]
        del words[at : at + 2]
    if len(words) > 1 or not all(word.isidentifier() for word in words):
        raise _usage_error(f"%%trace takes a variable for the trace, and --loss NAME: this is {line.strip()!r}")
    return (words[0] if words else ""), loss
