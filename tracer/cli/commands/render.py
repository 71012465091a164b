"""`tracer render`: draws pictures of a run from its trace file."""

from __future__ import annotations

from collections.abc import Sequence

import click

from tracer.cli.drawing import KINDS, Drawing
from tracer.cli.output import say
from tracer.cli.parameter_types import WholeNumber, WholeNumbers
from tracer.cli.picture_options import PictureOptions, picture_options
from tracer.cli.shell.completion import complete_run
from tracer.cli.trace_files import reading
from tracer.graph.plain_values import json_text
from tracer.training.bundled import SHORT_NAMES, bundled_names
from tracer.views.explaining.next_commands import RunNames

HELP = """\b
Examples:
  tracer render fruit -o fruit.pdf
  tracer render fruit -o loss.svg --step 3 --phase loss
  tracer render fruit -o one.svg --focus 'dL/dW1[0,2]'
  tracer render mnist -o model.mmd --zoom module --theme dark --lang zh
  tracer render fruit -o fruit.svg --slide --open

The pictures of a run, from its trace file: the booklet as PDF, or a picture of a step as SVG, PNG, DOT or Mermaid. At the
zoom `scenario` the five phases are a box each, at `module` every layer, at `tensor` every value with its gradient, at `scalar`
every number. Several pictures are called after their step and phase. With --slide a step is one slide for a lesson.
"""


@click.command("render", help=HELP)
@click.argument("file", shell_complete=complete_run)
@click.option("-o", "--output", metavar="PATH", help=f"Where to write; ends in one of {', '.join(KINDS)} (default: NAME.pdf).")
@click.option(
    "--step",
    "single",
    metavar="N",
    type=WholeNumber(0),
    multiple=True,
    help="This step (default: the first, in a booklet also the last).",
)
@click.option("--steps", "several", metavar="LIST", type=WholeNumbers(0), default=(), help="These steps, such as 0,10,50-60.")
@click.option("--open", "opens", is_flag=True, help="Open what was written.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@picture_options
def command(
    file: str,
    output: str | None,
    single: Sequence[int],
    several: Sequence[int],
    opens: bool,
    as_json: bool,
    options: PictureOptions,
) -> None:
    drawing = Drawing.to(output, options) if output is not None else None
    with reading(file) as trace:
        drawing = drawing or Drawing.to(Drawing.default_name(trace.scenario, options), options)
        is_bundled = trace.scenario in (*SHORT_NAMES, *bundled_names())
        names = RunNames(file, trace.scenario if is_bundled else "")
        written, warnings = drawing.draw(trace, [*single, *several], names)
    tell = options.style.tell
    for warning in warnings:
        click.echo(warning, err=True)
    say([json_text({"wrote": list(map(str, written))})] if as_json else (tell("wrote {path}", path=each) for each in written))
    if opens and click.launch(str(written[0])):
        click.echo(tell("nothing opened {path}: open it yourself", path=written[0]), err=True)
