"""Templates of messages, with singular and plural forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plural:
    """Two forms of a text: `one` where the field called `count` is 1, else `other`."""

    count: str
    one: str
    other: str


Template = str | Plural
"""A text with `{fields}`, as of `str.format`; a language chooses for each message whether it has a plural."""


def forms_of(template: Template) -> tuple[str, ...]:
    """The texts that may be chosen."""
    return (template.one, template.other) if isinstance(template, Plural) else (template,)


def fill(template: Template, fields: Mapping[str, object]) -> str:
    """The text with its fields.

    >>> epochs = Plural("count", "{count} epoch", "{count} epochs")
    >>> fill(epochs, {"count": 1}), fill(epochs, {"count": 2})
    ('1 epoch', '2 epochs')
    """
    if isinstance(template, Plural):
        template = template.one if fields[template.count] == 1 else template.other
    return template.format(**fields)
