"""Options that several verbs take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracer.arguments import whole_number
from tracer.errors import UsageError


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
