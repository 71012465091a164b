"""Prints lines, coloured on a terminal and with control characters escaped."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable

import click

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_STYLES = {"== ": "cyan", "!! ": "red", "-  ": "red", "+  ": "green"}


def say(lines: Iterable[str]) -> None:
    """Print strings of one line or of several lines that end in a line break."""
    is_coloured = sys.stdout is not None and sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for piece in lines:
        for line in piece.removesuffix("\n").split("\n"):
            text = without_control_characters(line)
            click.echo(_coloured(text) if is_coloured else text)


def without_control_characters(text: str) -> str:
    """The text with control characters escaped.

    >>> without_control_characters("a\\x1b[2Jb"), without_control_characters("dL/dx")
    ('a\\\\x1b[2Jb', 'dL/dx')
    """
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


def _coloured(line: str) -> str:
    mark = line.lstrip()[:3]
    return click.style(line, fg=_STYLES[mark]) if mark in _STYLES else line
