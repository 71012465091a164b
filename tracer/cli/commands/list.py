"""`tracer list`: lists the bundled scenarios."""

from __future__ import annotations

import click

from tracer.cli.options import language_option
from tracer.i18n.language import Language
from tracer.training.bundled import SHORT_NAMES
from tracer.training.bundled.facts import bundled_facts
from tracer.views.aligned_text import table

HELP = """\b
Example:
  tracer list

The scenarios that come with the project: name and short name, steps, parameters, and what each is.
"""


@click.command("list", help=HELP)
@language_option
def command(tell: Language) -> None:
    rows = [(tell("NAME"), tell("STEPS"), tell("PARAMETERS"), "")]
    for scenario in bundled_facts():
        short = next((f" ({short})" for short, full in SHORT_NAMES.items() if full == scenario.name), "")
        steps = f"{scenario.steps:,}"
        if scenario.may_stop_early:
            steps = tell("up to {steps}", steps=steps)
        rows.append((scenario.name + short, steps, f"{scenario.parameters:,}", tell.title(scenario.title)))
    for line in table(rows, right=(1, 2)):
        click.echo(line)
