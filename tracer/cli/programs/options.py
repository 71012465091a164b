"""What a command was asked to do with a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from tracer.errors import UsageError
from tracer.programs.detection import is_program
from tracer.training.bundled import is_path
from tracer.training.bundled.examples import example_file


@dataclass(frozen=True, slots=True)
class ProgramRun:
    """A program, its arguments, and what is kept of it.

    `kept` are the steps to keep, None for all of them; `loss` is the name of the loss, None if it is to be found.
    """

    path: Path
    arguments: tuple[str, ...]
    kept: frozenset[int] | None = None
    loss: str | None = None


def scenario_or_example(scenario: str | None, example: str | None, done: str) -> str:
    """The name or path of what is to be `done` something with. Raises UsageError unless it is one of the two."""
    if example is None:
        if scenario is None:
            raise UsageError(f"what is to be {done}? a scenario of `tracer list`, a Python file, or --example NAME")
        return scenario
    if scenario is not None:
        raise UsageError(f"--example {example} is {done} by itself: {scenario} is not needed")
    return str(example_file(example))


def program_path(name: str) -> Path | None:
    """The path of a program; None for a scenario, and for what is neither."""
    return Path(name) if is_path(name) and is_program(Path(name)) else None


def refuse_options(context: click.Context, names: Sequence[str], *, of: str, why: str) -> None:
    """Raise UsageError for an option that was given though it does not go with what is run."""
    for option in context.command.params:
        if option.name in names and context.get_parameter_source(option.name) == click.core.ParameterSource.COMMANDLINE:
            raise UsageError(f"{max(option.opts, key=len)} is for {of}: {why}")


def refuse_arguments(arguments: Sequence[str]) -> None:
    """Raise UsageError for arguments of a program that are given to a scenario."""
    if arguments:
        raise UsageError(
            f"a scenario takes no arguments, this is {arguments[0]!r}: they are for a program that is run as it stands"
        )


def refuse_structure(values: str | None) -> None:
    """Raise UsageError if only shapes are to be kept of what is not a program of PyTorch."""
    if values == "structure":
        raise UsageError("--values structure is for programs of PyTorch: of NumPy, summary keeps the least")


def steps_text(steps: frozenset[int]) -> str:
    """The first of some numbers of steps."""
    few = [str(index) for index in sorted(steps)[:5]]
    return ", ".join([*few, *(["..."] if len(steps) > len(few) else [])])
