"""The counts of terms that a formula leaves out, in the language of a view."""

from __future__ import annotations

from tracer.graph.expression import Expression, Text
from tracer.i18n.language import ENGLISH, Language
from tracer.ops.terms import Elided
from tracer.views.arithmetic.signs import mapped


def counted_in(tree: Expression, tell: Language) -> Expression:
    """A formula with the counts of the terms that it leaves out in a language.

    >>> from tracer.i18n.language import CHINESE
    >>> counted_in(Elided("term", 10, 7), ENGLISH).text, counted_in(Elided("term", 10, 7), CHINESE).text
    ('... [10 terms, 7 of them 0]', '... [10 项，其中 7 个为 0]')
    """
    return tree if tell is ENGLISH else mapped(tree, lambda part: _counted(part, tell))


def _counted(part: Expression, tell: Language) -> Expression:
    if not isinstance(part, Elided):
        return part
    # Every noun as a literal: a test looks for the words that need a translation.
    names = {
        "term": tell.count(part.count, "term"),
        "factor": tell.count(part.count, "factor"),
        "number": tell.count(part.count, "number"),
    }
    count = names[part.noun]
    return Text(f"... [{tell('{count}, {zeros} of them 0', count=count, zeros=part.zeros) if part.zeros else count}]")
