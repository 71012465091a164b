"""The count of terms that are not written, in the language of a page."""

from __future__ import annotations

import re

from tracer.i18n.language import ENGLISH, Language

_COUNT = re.compile(r"\[(\d+) (term|factor|number)s(?:, (\d+) of them 0)?\]")


def counted_terms(text: str, tell: Language = ENGLISH) -> str:
    """A worked element with the words in its brackets translated; logs have them in English, as they have formulas.

    >>> from tracer.i18n.language import CHINESE
    >>> counted_terms("s = 3 + ... [10 terms, 7 of them 0] = 9", CHINESE)
    's = 3 + ... [10 项，其中 7 个为 0] = 9'
    """
    return text if tell is ENGLISH else _COUNT.sub(lambda found: _counted(found, tell), text)


def _counted(found: re.Match[str], tell: Language) -> str:
    number = int(found[1])
    names = {"term": tell.count(number, "term"), "factor": tell.count(number, "factor"), "number": tell.count(number, "number")}
    count = names[found[2]]
    return f"[{tell('{count}, {zeros} of them 0', count=count, zeros=found[3]) if found[3] else count}]"
