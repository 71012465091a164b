"""Options shared by several commands."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from tracer.i18n.language import CODES, Language, language_of, language_of_locale

Command = TypeVar("Command", bound=Callable[..., Any])


def language_option(command: Command) -> Command:
    """Add --lang to a command; its function gets the Language as `tell`."""
    help = "Language of what is printed and written (default: that of the locale)."
    choice = click.Choice(CODES)
    return click.option("--lang", "tell", type=choice, callback=_language, help=help)(command)


def _language(context: click.Context, parameter: click.Parameter, code: str | None) -> Language:
    return language_of_locale(os.environ) if code is None else language_of(code)


def precision_option(default: int) -> Callable[[Command], Command]:
    """Add --precision to a command; its function gets it as `digits`."""
    from tracer.cli.parameter_types import DIGITS  # not for `tracer list`: it imports NumPy

    help = "Significant digits."
    return click.option("--precision", "digits", metavar="DIGITS", type=DIGITS, default=default, show_default=True, help=help)
