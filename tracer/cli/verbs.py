"""The verbs of the command, a file each, read when they are asked for: help and a short run need few of them."""

from __future__ import annotations

import importlib

import click

VERBS = {
    "list": ("listing", "list_scenarios", "The scenarios that come with the project."),
    "trace": ("tracing", "trace", "Run a scenario and write its PDF and step log."),
    "check": ("checking", "check", "Check that the gradients of a scenario are right."),
    "log": ("logging", "log", "The step log of a run, whole or in part."),
    "show": ("showing", "show", "One node or element of a run, with all that is known of it."),
    "diff": ("comparing", "diff", "Where two runs part."),
    "verify": ("verifying", "verify", "Compute every recorded operation again."),
    "blame": ("blaming", "blame", "The first NaN or infinity, and how it came about."),
    "render": ("rendering", "render", "The pictures of a run, from its trace file."),
    "export": ("exporting", "export", "A run as JSON, GraphML, DOT, arrays or Parquet."),
}
"""The file of each verb, its function there, and what it does in a line."""


class Verbs(click.Group):
    """A group of commands whose files are read when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        file, function, _ = VERBS[cmd_name]
        found = getattr(importlib.import_module(f"tracer.cli.{file}"), function)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, VERBS[name][2]) for name in self.list_commands(ctx)])
