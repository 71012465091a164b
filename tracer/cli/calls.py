"""What the methods of traces, steps and runs do: the same as the commands of their names, from Python."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from tracer.analysis.blame import first_culprit
from tracer.analysis.doctor.examining import examine
from tracer.cli.drawing import Drawing
from tracer.cli.picture_files import page_of_run
from tracer.cli.picture_options import PictureOptions, picture_options
from tracer.cli.trace_files import step_of
from tracer.errors import UsageError
from tracer.graph.record import Node, Step, Trace
from tracer.graph.single_step import trace_of_step
from tracer.i18n.language import Language, language_of_locale
from tracer.rendering.engine import find_engine
from tracer.rendering.time_limits import TimedLayout
from tracer.store import save as save_trace
from tracer.views.notation import Labels
from tracer.views.player.frame import framed, note
from tracer.views.player.player import element_position
from tracer.views.selection import node_or_element, number_of_step
from tracer.views.slide.slide import slide_of
from tracer.views.text.blame import Request, blame_lines, target_finder
from tracer.views.text.detail import element_lines, node_lines
from tracer.views.text.doctor import doctor_lines
from tracer.views.text.log import trace_lines


class Text(str):
    """Lines that a notebook and the interactive Python show as they are, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Svg(str):
    """A picture as SVG text, which a notebook shows."""

    __slots__ = ()

    def _repr_svg_(self) -> str:
        return str(self)


class Html(str):
    """A page, which a notebook shows in a frame."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return framed(self, note(_language()))

    def _mime_(self) -> tuple[str, str]:
        """What marimo shows, which takes a string for text otherwise."""
        return "text/html", self._repr_html_()


def log(record: Trace | Step, digits: int) -> Text:
    """The step log."""
    return _text(trace_lines(_trace(record), digits, tell=_language()))


def show(record: Trace | Step, name: str, index: int | None, digits: int) -> Text:
    """One value, or one element."""
    trace, tell = _trace(record), _language()
    step = step_of(trace, index if index is not None else number_of_step(name))
    node, element = node_or_element(step, name, Labels(step.nodes))
    if element is None:
        return _text(node_lines(trace, step, node, digits, tell))
    return _text(element_lines(step, node, element, digits, tell))


def blame(record: Trace | Step, of: str, only_nan: bool, digits: int) -> Text:
    """The operation that made a result NaN or infinite."""
    trace = _trace(record)
    found = first_culprit(trace, only_nan=only_nan, target_in=target_finder(trace, of) if of else None)
    return _text(blame_lines(trace, found, Request(of, only_nan, digits), _language()))


def doctor(record: Trace | Step) -> Text:
    """What hinders the training."""
    trace = _trace(record)
    return _text(doctor_lines(trace, examine(trace), _language()))


def render(record: Trace | Step, path: str | Path, index: int | None, options: Mapping[str, Any]) -> list[Path]:
    """Draw into the file, or files, of a name."""
    drawing = Drawing.to(str(path), _picture_options(options), quiet=True)
    written, said = drawing.draw(_trace(record), [] if index is None else [index])
    for text in said:
        warnings.warn(text, stacklevel=3)
    return written


def slide(record: Trace | Step, index: int | None, sample: int | Sequence[int] | None, options: Mapping[str, Any]) -> Svg:
    """A step as one slide."""
    trace, given = _trace(record), {} if sample is None else {"sample": sample}
    parsed = _picture_options({**options, **given, "slide": True})
    title = "" if isinstance(record, Step) else trace.scenario
    assert parsed.slide is not None
    slides = slide_of(step_of(trace, index), title, parsed.style, parsed.slide.samples, has_weights=parsed.slide.has_weights)
    return Svg((slides.animated() if parsed.slide.is_series else slides.whole()).svg)


def player(record: Trace | Step, index: int | None, node: str | int | Node, options: Mapping[str, Any]) -> Html:
    """The page that plays a run, opened at a step and a node or an element."""
    parsed = _picture_options(options)
    trace, wanted = _trace(record), replace(parsed.player, follows_theme="theme" not in options)
    name = f"#{node.id}" if isinstance(node, Node) else f"#{node}" if isinstance(node, int) else node
    if index is not None or name:
        step = step_of(trace, index if index is not None else number_of_step(name))
        found, element = node_or_element(step, name or f"#{step.loss_id}", Labels(step.nodes))
        wanted = replace(wanted, start=(step.index, found.id, element_position(found, element)))
    return Html(page_of_run(trace, wanted, parsed.style, TimedLayout(find_engine(parsed.engine))))


def save(record: Trace | Step, path: str | Path, values: str) -> None:
    """Write a trace file."""
    save_trace(record, path, values)


def _trace(record: Trace | Step) -> Trace:
    return trace_of_step(record) if isinstance(record, Step) else record


def _text(lines: Iterable[str]) -> Text:
    return Text("\n".join(line.removesuffix("\n") for line in lines))


def _language() -> Language:
    return language_of_locale(os.environ)


@click.command()
@picture_options
def _parsed(options: PictureOptions) -> PictureOptions:
    return options


def _picture_options(given: Mapping[str, Any]) -> PictureOptions:
    """The options of pictures, given by their names as those of the command. Raises UsageError for others."""
    arguments = []
    for name, value in given.items():
        if name == "sample" and isinstance(value, (list, tuple)):
            value = ",".join(map(str, value))
        for each in value if isinstance(value, (list, tuple)) else [value]:
            option = f"--{name.replace('_', '-')}"
            if each is not False:
                arguments += [option] if each is True else [option, str(each)]
    try:
        options: PictureOptions = _parsed.main(arguments, prog_name="render", standalone_mode=False)
    except click.ClickException as error:
        raise UsageError(error.format_message()) from None
    return options
