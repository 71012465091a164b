"""`tracer list`: the scenarios that come with the project."""

from __future__ import annotations

import click

from tracer.loading import SHORT_NAMES, bundled_names, load

HELP = """\b
Example:
  tracer list

The scenarios that come with the project: name and short name, steps, parameters, and what each is.
"""


@click.command("list", help=HELP, short_help="The scenarios that come with the project.")
def list_scenarios() -> None:
    from tracer.training import Training

    rows = [("NAME", "STEPS", "PARAMETERS", "")]
    for name in bundled_names():
        training = Training(load(name))
        short = next((f" ({short})" for short, full in SHORT_NAMES.items() if full == name), "")
        steps = f"{'up to ' if training.may_stop_early else ''}{training.steps:,}"
        rows.append((name + short, steps, f"{training.parameter_count:,}", training.head.title))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for name, steps, parameters, title in rows:
        click.echo(f"{name:<{widths[0]}}  {steps:>{widths[1]}}  {parameters:>{widths[2]}}  {title}".rstrip())
