"""`tracer show`: prints details of a node or of one of its elements."""

from __future__ import annotations

import click

from tracer.cli.options import language_option, precision_option
from tracer.cli.output import say
from tracer.cli.parameter_types import WholeNumber
from tracer.cli.shell.completion import complete_node, complete_run
from tracer.cli.trace_files import reading, step_of
from tracer.graph.plain_values import json_text
from tracer.i18n.language import Language
from tracer.views.notation import Labels
from tracer.views.selection import node_or_element, number_of_step
from tracer.views.text.detail import element_detail, element_lines, node_detail, node_lines

HELP = """\b
Examples:
  tracer show fruit 'dL/dW1'
  tracer show fruit 'W1[0,2]' --step 3

One node of a run: formula, numbers, inputs, statistics, source line, what was added up into it, and its value over the
steps. Of one element: the sum it is made of, written out, forward and backward. A node is called by its name, by its
expression, or by its number in the log.
"""


@click.command("show", help=HELP)
@click.argument("file", shell_complete=complete_run)
@click.argument("node", shell_complete=complete_node)
@click.option(
    "--step", "index", metavar="N", type=WholeNumber(0), help="Of this step (default: the first, or that of the number)."
)
@precision_option(4)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@language_option
def command(file: str, node: str, index: int | None, digits: int, as_json: bool, tell: Language) -> None:
    with reading(file) as trace:
        found = step_of(trace, index if index is not None else number_of_step(node))
        subject, element = node_or_element(found, node, Labels(found.nodes))
        if element is None:
            if as_json:
                say([json_text(node_detail(trace, found, subject), indent=1)])
            else:
                say(node_lines(trace, found, subject, digits, tell))
        elif as_json:
            say([json_text(element_detail(found, subject, element), indent=1)])
        else:
            say(element_lines(found, subject, element, digits, tell))
