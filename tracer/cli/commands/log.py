"""`tracer log`: prints the step log of a trace file, or parts of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from tracer.cli.options import language_option, precision_option
from tracer.cli.output import say
from tracer.cli.parameter_types import ElementName, PhaseName, WholeNumber
from tracer.cli.shell.completion import complete_node, complete_run
from tracer.cli.trace_files import reading, step_of
from tracer.graph.record import PHASES, Phase
from tracer.i18n.language import Language
from tracer.views.selection import Element, Selection
from tracer.views.text.log import trace_lines

HELP = """\b
Examples:
  tracer log fruit
  tracer log fruit --step 3 --phase backward
  tracer log output/mnist/trace.sqlite --node 'dL/*' --watch 'w1[400,0]' --precision 6

The step log of a run, from its trace file: FILE is a path, or the name of a scenario for its newest file under output/.
"""


@click.command("log", help=HELP)
@click.argument("file", shell_complete=complete_run)
@click.option("--step", "steps", metavar="N", type=WholeNumber(0), multiple=True, help="Only this step; may be given again.")
@click.option("--phase", "phases", type=PhaseName(PHASES), multiple=True, help="Only this phase.")
@click.option(
    "--node",
    "nodes",
    metavar="PATTERN",
    multiple=True,
    shell_complete=complete_node,
    help="Only nodes of this name; * stands for anything.",
)
@click.option(
    "--watch",
    "watched",
    metavar="ELEMENT",
    type=ElementName(),
    multiple=True,
    shell_complete=complete_node,
    help="Work out this element, such as W1[0,2].",
)
@precision_option(4)
@click.option("--json", "as_json", is_flag=True, help="JSON Lines: a head, an event for every step and node, an end.")
@language_option
def command(
    file: str,
    steps: Sequence[int],
    phases: Sequence[Phase],
    nodes: Sequence[str],
    watched: Sequence[Element],
    digits: int,
    as_json: bool,
    tell: Language,
) -> None:
    is_filtered = bool(steps or phases or nodes)
    selection = Selection(tuple(phases), tuple(nodes), tuple(watched), is_whole=not is_filtered)
    with reading(file) as trace:
        if steps:
            trace = replace(trace, steps=tuple(step_of(trace, index) for index in dict.fromkeys(steps)))
        if trace.steps:
            selection.check(trace.steps[0])
        if as_json:
            from tracer.views.export.events import json_lines  # the text needs none of it

            say(json_lines(trace, selection))
        else:
            say(trace_lines(trace, digits, selection, tell))
