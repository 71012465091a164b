"""`tracer render`: draws pictures of a run from its trace file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from tracer.analysis.blame import first_culprit
from tracer.cli.files import OutputFolder
from tracer.cli.output import say
from tracer.cli.parameter_types import WholeNumber, WholeNumbers
from tracer.cli.picture_files import PICTURES, TEXTS, PictureWriter
from tracer.cli.picture_options import PictureOptions, picture_options
from tracer.cli.trace_files import reading, step_of
from tracer.errors import UsageError, near_names
from tracer.graph.plain_values import json_text
from tracer.graph.record import Step, Trace
from tracer.rendering.engine import find_engine
from tracer.views.parameter_history import histories_of
from tracer.views.svg import PictureError
from tracer.views.text.finiteness import notice

KINDS = ("pdf", *PICTURES)

HELP = """\b
Examples:
  tracer render fruit -o fruit.pdf
  tracer render fruit -o loss.svg --step 3 --phase loss
  tracer render fruit -o one.svg --focus 'dL/dW1[0,2]'
  tracer render mnist -o model.mmd --zoom module --theme dark --lang zh

The pictures of a run, from its trace file: the booklet as PDF, or a picture of a step as SVG, PNG, DOT or Mermaid. At the
zoom `scenario` the five phases are a box each, at `module` every layer, at `tensor` every value with its gradient, at `scalar`
every number. Several pictures are called after their step and phase.
"""


@click.command("render", help=HELP)
@click.argument("file")
@click.option("-o", "--output", metavar="PATH", required=True, help=f"Where to write; ends in one of {', '.join(KINDS)}.")
@click.option(
    "--step",
    "single",
    metavar="N",
    type=WholeNumber(0),
    multiple=True,
    help="This step (default: the first, in a booklet also the last).",
)
@click.option("--steps", "several", metavar="LIST", type=WholeNumbers(0), default=(), help="These steps, such as 0,10,50.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@picture_options
def command(
    file: str, output: str, single: Sequence[int], several: Sequence[int], as_json: bool, options: PictureOptions
) -> None:
    path = Path(output)
    kind = path.suffix.removeprefix(".")
    if kind not in KINDS:
        raise UsageError(f"-o takes a name that ends in one of .{', .'.join(KINDS)}, this is {output!r}{_hint(kind)}")
    if options.extent and kind != "pdf":
        raise UsageError(f"--pages says how much a booklet holds, and {output} is none: leave it out, or write a PDF")
    wanted = [*single, *several]
    layout_engine = find_engine(options.engine) if kind not in TEXTS else None
    with reading(file) as trace:
        chosen = _steps(trace, wanted, with_last=kind == "pdf" and options.is_booklet)
        writer = PictureWriter(options, OutputFolder(path.parent), layout_engine)
        if kind == "pdf":
            histories = histories_of(trace) if options.is_booklet else []
            notice_text = notice(first_culprit(trace), options.style.tell) if options.is_booklet else ""
            document = writer.booklet(replace(trace, steps=chosen), path.name, histories, notice_text)
            written = [document] if document is not None else []
        else:
            written = list(writer.pictures(chosen, path.stem, kind))
    if not written and writer.replaced:
        raise PictureError(writer.replaced[0].reason)
    if not written:
        phases = ", ".join(options.spec.phases)
        raise UsageError(f"there is nothing of {phases} in these steps")
    tell = options.style.tell
    for warning in writer.warnings():
        click.echo(warning, err=True)
    say([json_text({"wrote": list(map(str, written))})] if as_json else (tell("wrote {path}", path=each) for each in written))


def _steps(trace: Trace, wanted: Sequence[int], *, with_last: bool) -> tuple[Step, ...]:
    """The requested steps, by default the first, with `with_last` also the last."""
    if wanted:
        return tuple(step_of(trace, index) for index in dict.fromkeys(wanted))
    first = step_of(trace, None)
    last = trace.steps[-1]
    return (first,) if last.index == first.index or not with_last else (first, last)


def _hint(kind: str) -> str:
    return near_names(kind, list(KINDS)) if kind else ""
