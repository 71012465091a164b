"""What a shell completes: names of scenarios and recorded runs, nodes of a trace file, and settings.

A mistake in what was typed so far completes nothing: the shell shows no messages here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

from tracer.training.bundled import SHORT_NAMES, bundled_names

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

_TYPED = re.compile(r"[\w./#()]+")
"""Names that need no quotes."""


def _starting(names: Iterable[str], typed: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(typed)]


def _names_or_files(names: Iterable[str], typed: str) -> list[CompletionItem]:
    # Not both: bash drops the names where files are asked for too.
    return _starting(names, typed) or [CompletionItem(typed, type="file")]


def _first(context: click.Context, name: str) -> str:
    """The first argument. Where an option still waits for its value, click has not given the arguments their names."""
    return context.params.get(name) or next(iter(context.args), "")


def complete_scenario(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of scenarios, and where none fits, files."""
    return _names_or_files(sorted([*SHORT_NAMES, *bundled_names()]), typed)


def complete_example(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of examples."""
    from tracer.training.bundled.examples import example_files

    return _starting(example_files(), typed)


def complete_run(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of the runs under output/, and where none fits, files."""
    from tracer.cli.trace_files import OUTPUT, SUFFIX

    names = sorted({path.parent.name for path in OUTPUT.glob(f"*/*{SUFFIX}")})
    return _names_or_files(names, typed)


def complete_node(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of the nodes of the run that was named before."""
    from tracer.cli.trace_files import reading, step_of
    from tracer.errors import TracerError

    try:
        with reading(_first(context, "file")) as trace:
            nodes = step_of(trace, None).nodes
            names = dict.fromkeys(node.name for node in nodes if node.name and _TYPED.fullmatch(node.name))
    except (TracerError, OSError, click.ClickException):
        return []
    return _starting(names, typed)


def complete_setting(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """The settings of the scenario that was named before, each with its value: shells end what they complete by a space."""
    from tracer.errors import TracerError
    from tracer.training.loading import load
    from tracer.training.settings import all_settings

    try:
        settings = all_settings(load(_first(context, "scenario")))
    except (TracerError, OSError):
        return []
    plain = (f"{name}={value}" for name, value in sorted(settings.items()) if isinstance(value, (bool, int, float, str)))
    return _starting((each for each in plain if " " not in each), typed)
