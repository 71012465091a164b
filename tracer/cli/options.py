"""Options that several verbs take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
