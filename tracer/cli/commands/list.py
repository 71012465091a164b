"""`tracer list`: lists the bundled scenarios."""

from __future__ import annotations

import click

from tracer.cli.options import language_option
from tracer.i18n.language import Language
from tracer.training.loading import SHORT_NAMES, bundled_names, load
from tracer.views.aligned_text import table

HELP = """\b
Example:
  tracer list

The scenarios that come with the project: name and short name, steps, parameters, and what each is.
"""


@click.command("list", help=HELP)
@language_option
def command(tell: Language) -> None:
    from tracer.training import Training

    rows = [(tell("NAME"), tell("STEPS"), tell("PARAMETERS"), "")]
    for name in bundled_names():
        training = Training(load(name))
        short = next((f" ({short})" for short, full in SHORT_NAMES.items() if full == name), "")
        steps = f"{training.steps:,}"
        if training.may_stop_early:
            steps = tell("up to {steps}", steps=steps)
        rows.append((name + short, steps, f"{training.parameter_count:,}", tell.title(training.scenario.title)))
    for line in table(rows, right=(1, 2)):
        click.echo(line)
