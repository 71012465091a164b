"""`tracer list`: lists the bundled scenarios."""

from __future__ import annotations

import click

from tracer.cli.options import language_option
from tracer.i18n.language import Language
from tracer.training.bundled import SHORT_NAMES
from tracer.training.bundled.examples import examples
from tracer.training.bundled.facts import bundled_facts
from tracer.views.aligned_text import table

HELP = """\b
Examples:
  tracer list
  tracer list --all

The scenarios that come with the project: name and short name, steps, parameters, and what each is. With --all also the
examples, each a file of a screen: how it is written, and what it shows.
"""


@click.command("list", help=HELP)
@click.option("--all", "shows_examples", is_flag=True, help="Also the examples.")
@language_option
def command(shows_examples: bool, tell: Language) -> None:
    rows = [(tell("NAME"), tell("STEPS"), tell("PARAMETERS"), "")]
    for scenario in bundled_facts():
        short = next((f" ({short})" for short, full in SHORT_NAMES.items() if full == scenario.name), "")
        steps = f"{scenario.steps:,}"
        if scenario.may_stop_early:
            steps = tell("up to {steps}", steps=steps)
        rows.append((scenario.name + short, steps, f"{scenario.parameters:,}", tell.title(scenario.title)))
    for line in table(rows, right=(1, 2)):
        click.echo(line)
    if shows_examples:
        click.echo()
        click.echo(tell("Examples, run by tracer trace --example NAME and copied by tracer new FILE.py --example NAME:"))
        listed = [(tell("NAME"), tell("WRITTEN AS"), "")]
        for each in examples():
            kind = tell("a scenario") if each.kind == "scenario" else each.kind
            listed.append((each.name, kind, tell.title(each.title)))
        for line in table(listed):
            click.echo(line)
