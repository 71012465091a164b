"""The command group. Command modules are imported on demand, which keeps `--help` fast."""

from __future__ import annotations

import importlib

import click

from tracer.cli.importing import importing
from tracer.errors import close_names

COMMANDS = {
    "list": "The scenarios and examples that come with the project.",
    "trace": "Run a scenario or a script and write its PDF and step log.",
    "new": "A file to start from: a small scenario, or a copy of an example.",
    "check": "Check that the gradients of a scenario or a script are right.",
    "log": "The step log of a run, whole or in part.",
    "show": "One node or element of a run, with all that is known of it.",
    "diff": "Where two runs part.",
    "verify": "Compute every recorded operation again.",
    "blame": "What made a result NaN or infinite, and how it came about.",
    "doctor": "What is wrong with how a run trains.",
    "render": "The pictures of a run, from its trace file.",
    "export": "A run as JSON, GraphML, DOT, arrays or Parquet.",
}
"""One-line help of each command, which is `command` in the module of that name in `tracer.cli.commands`."""


class CommandGroup(click.Group):
    """A click group that imports command modules lazily."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = f"tracer.cli.commands.{cmd_name}"
        with importing(module):
            found = importlib.import_module(module).command
        assert isinstance(found, click.Command)
        return found

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            raise click.UsageError(f"there is no command {name!r}{_hint(name)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])


def _hint(name: str) -> str:
    """What may have been meant by a word that is no command: a scenario to trace, or a command of a similar name."""
    from tracer.training.bundled import SHORT_NAMES, bundled_names, is_path

    if is_path(name) or name in (*SHORT_NAMES, *bundled_names()):
        return f": to run a scenario, write tracer trace {name}"
    return close_names(name, list(COMMANDS))
