"""Message templates with singular and plural forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plural:
    """Two forms of a text: `one` if the field named by `count` is 1, else `other`."""

    count: str
    one: str
    other: str


Template = str | Plural
"""A format string. Each language decides for each message whether it has a plural form."""


def forms_of(template: Template) -> tuple[str, ...]:
    """All forms of a template."""
    return (template.one, template.other) if isinstance(template, Plural) else (template,)


def fill(template: Template, fields: Mapping[str, object]) -> str:
    """Format a template with its fields.

    >>> epochs = Plural("count", "{count} epoch", "{count} epochs")
    >>> fill(epochs, {"count": 1}), fill(epochs, {"count": 2})
    ('1 epoch', '2 epochs')
    """
    if isinstance(template, Plural):
        template = template.one if fields[template.count] == 1 else template.other
    return template.format(**fields)
