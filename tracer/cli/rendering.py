"""`tracer render`: the pictures of a run, from its trace file alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from tracer.arguments import whole_number
from tracer.cli.files import OutputFolder
from tracer.cli.opening import reading, step_of
from tracer.cli.output import say
from tracer.cli.pictures import PICTURES, write_booklet, write_diagrams
from tracer.errors import UsageError, close_names
from tracer.graph import PHASES, Step, Trace
from tracer.rendering.engine import ENGINES, Engine, find_engine
from tracer.views.events import json_text
from tracer.views.finiteness import notice

KINDS = ("pdf", *PICTURES)

HELP = """\b
Examples:
  tracer render fruit -o fruit.pdf
  tracer render fruit -o loss.svg --step 3 --phase loss

The pictures that `tracer trace` makes, from the trace file: the booklet as PDF, or diagrams as SVG, PNG or DOT, of the first
and the last step or of those asked for. Several diagrams are called after their step and phase.
"""


@click.command("render", help=HELP, short_help="The pictures of a run, from its trace file.")
@click.argument("file")
@click.option("-o", "--output", metavar="PATH", required=True, help=f"Where to write; ends in one of {', '.join(KINDS)}.")
@click.option("--step", "steps", metavar="N", multiple=True, help="This step (default: the first and the last).")
@click.option("--phase", "phases", type=click.Choice([each.value for each in PHASES[1:]]), multiple=True, help="Only this phase.")
@click.option("--engine", type=click.Choice(ENGINES), default="auto", show_default=True, help="What lays the diagrams out.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def render(file: str, output: str, steps: Sequence[str], phases: Sequence[str], engine: str, as_json: bool) -> None:
    path = Path(output)
    kind = path.suffix.removeprefix(".")
    if kind not in KINDS:
        raise UsageError(f"-o takes a name that ends in one of .{', .'.join(KINDS)}, this is {output!r}{_hint(kind)}")
    if kind == "pdf" and phases:
        raise UsageError("--phase chooses among diagrams: a PDF has all phases of its steps")
    wanted = [whole_number("--step", text, least=0) for text in steps]
    layout_engine = find_engine(engine) if kind != "dot" else None
    with reading(file) as trace:
        chosen = _steps(trace, wanted)
        folder = OutputFolder(path.parent)
        if kind == "pdf" and layout_engine is not None:
            written = [_write_pdf(trace, chosen, folder, path.name, layout_engine)]
        else:
            written = list(write_diagrams(chosen, folder, path.stem, kind, layout_engine, phases))
    if not written:
        raise UsageError(f"there is nothing of {', '.join(phases)} in these steps")
    say([json_text({"wrote": list(map(str, written))})] if as_json else (f"wrote {each}" for each in written))


def _write_pdf(trace: Trace, steps: tuple[Step, ...], folder: OutputFolder, name: str, engine: Engine) -> Path:
    return write_booklet(replace(trace, steps=steps), notice(trace.first_nonfinite()), folder, name, engine)


def _steps(trace: Trace, wanted: Sequence[int]) -> tuple[Step, ...]:
    if wanted:
        return tuple(step_of(trace, index) for index in dict.fromkeys(wanted))
    first = step_of(trace, None)
    last = trace.steps[-1]
    return (first,) if last.index == first.index else (first, last)


def _hint(kind: str) -> str:
    return close_names(kind, list(KINDS)) if kind else ""
