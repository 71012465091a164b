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


def _first(context: click.Context, name: str) -> str:
    """The first argument. Where an option still waits for its value, click has not given the arguments their names."""
    return context.params.get(name) or next(iter(context.args), "")


def complete_scenario(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of scenarios, and files."""
    return [*_starting(sorted([*SHORT_NAMES, *bundled_names()]), typed), CompletionItem(typed, type="file")]


def complete_example(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of examples."""
    from tracer.training.bundled.examples import example_files

    return _starting(example_files(), typed)


def complete_run(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of the runs under output/, and files."""
    from tracer.cli.trace_files import OUTPUT, SUFFIX

    names = sorted({path.parent.name for path in OUTPUT.glob(f"*/*{SUFFIX}")})
    return [*_starting(names, typed), CompletionItem(typed, type="file")]


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
    """Names of the settings of the scenario that was named before, each with the sign that its value follows."""
    from tracer.errors import TracerError
    from tracer.training.loading import load
    from tracer.training.settings import all_settings

    try:
        names = sorted(all_settings(load(_first(context, "scenario"))))
    except (TracerError, OSError):
        return []
    return _starting((f"{name}=" for name in names), typed)
