"""Options that several verbs take."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from tracer.arguments import whole_number
from tracer.errors import UsageError
from tracer.i18n.language import LANGUAGES, Language, language_of, language_of_locale

Verb = TypeVar("Verb", bound=Callable[..., Any])


def language_option(verb: Verb) -> Verb:
    """Give a verb the option --lang, and its function the Language that is meant as `tell`."""
    help = "Language of what is printed and written (default: that of the locale)."
    choice = click.Choice(LANGUAGES)
    return click.option("--lang", "tell", type=choice, callback=_language, help=help)(verb)


def _language(context: click.Context, parameter: click.Parameter, code: str | None) -> Language:
    return language_of_locale(os.environ) if code is None else language_of(code)


def settings_of(given: Sequence[str]) -> dict[str, Any]:
    """Settings by name, from NAME=VALUE each.

    >>> settings_of(["learning_rate=0.1", "shuffle = yes"])
    {'learning_rate': '0.1', 'shuffle': 'yes'}
    """
    settings = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"--set takes NAME=VALUE, this is {text!r}")
        settings[name.strip()] = value.strip()
    return settings


MOST_DIGITS = 17
"""Significant digits that tell every double from every other."""


def precision_of(text: str) -> int:
    """A number of significant digits.

    >>> precision_of("6")
    6
    """
    digits = whole_number("--precision", text)
    if digits > MOST_DIGITS:
        raise UsageError(f"--precision takes up to {MOST_DIGITS} digits, this is {text}")
    return digits
