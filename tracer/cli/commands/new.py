"""`tracer new`: writes a file to start from."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from tracer.cli.options import language_option
from tracer.cli.shell.completion import complete_example
from tracer.errors import UsageError
from tracer.i18n.language import Language
from tracer.training.bundled import bundled_folder
from tracer.training.bundled.examples import example_file

HELP = """\b
Examples:
  tracer new mine.py
  tracer new mine.py --example attention

Write a small scenario to start from: data, parameters, model, loss. It runs as it stands. With --example it is a copy of that
example; `tracer list --all` shows them. A file that exists is not overwritten.
"""


@click.command("new", help=HELP)
@click.argument("file")
@click.option("--example", metavar="NAME", shell_complete=complete_example, help="Copy this example of `tracer list --all`.")
@language_option
def command(file: str, example: str | None, tell: Language) -> None:
    source = example_file(example) if example is not None else bundled_folder() / "_start.py"
    path = Path(file)
    if path.suffix != ".py":
        raise UsageError(f"{file!r} is no name of a Python file: tracer new {path.stem or 'mine'}.py")
    try:
        with path.open("x", encoding="utf-8") as written:
            written.write(source.read_text("utf-8"))
    except FileExistsError:
        raise UsageError(f"{file} is there already: another name is needed") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from None
    click.echo(tell("wrote {path}", path=path))
    click.echo(tell("run it with"))
    click.echo(f"  tracer trace {shlex.quote(str(path) if path.parent != Path() else f'./{path}')}")
