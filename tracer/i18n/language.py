"""Languages. English sentences are the keys of the catalogues.

Views call `tell("no gradient reached {name}", name=name)`: the sentence is translated, then formatted with the fields. Formulas,
names, numbers and keys are the same in every language, and stay ASCII. Records and findings have a Message, a code with
fields, which becomes text when it is shown: `tell.message(trace.stopped)`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from tracer.errors import UsageError
from tracer.i18n import en
from tracer.i18n.message import Message
from tracer.i18n.template import Template, forms_of


@dataclass(frozen=True, slots=True)
class Language:
    """A language code and a catalogue; entries that it lacks stay English.

    The catalogue has messages by their English text, counts of things, messages by code, parts of a record, and titles of
    scenarios.
    """

    code: str
    messages: Mapping[str, str]
    counted: Mapping[str, str]
    coded: Mapping[str, Template]
    parts: Mapping[str, str]
    titles: Mapping[str, str]

    def __call__(self, message: str, /, **fields: object) -> str:
        """Translate a message, and format it with the fields.

        >>> ENGLISH("page {number}", number=3), language_of("zh")("page {number}", number=3)
        ('page 3', '第 3 页')
        """
        return self.messages.get(message, message).format(**fields)

    def count(self, count: int, word: str) -> str:
        """Format a count with a pluralized noun.

        >>> ENGLISH.count(1, "step"), ENGLISH.count(235146, "parameter"), language_of("zh").count(3, "step")
        ('1 step', '235,146 parameters', '3 步')
        """
        if word in self.counted:
            return self.counted[word].format(count=f"{count:,}")
        return f"{count:,} {word}{'' if count == 1 else 's'}"

    def message(self, message: Message) -> str:
        """The text of a message in this language.

        >>> error = Message("stopped_by_error", {"error": "ValueError"})
        >>> ENGLISH.message(error), language_of("zh").message(error)
        ('stopped by ValueError', '因 ValueError 而停止')
        """
        return message.text(self.coded)

    def part(self, key: str) -> str:
        """The name of the part of a record with this key.

        >>> ENGLISH.part("inputs"), language_of("zh").part("inputs"), language_of("zh").part("dtype")
        ('inputs', '输入', 'dtype')
        """
        return self.parts.get(key, key)

    def title(self, title: str) -> str:
        """The title of a scenario; only those of the built-in scenarios are translated."""
        return self.titles.get(title, title)


ENGLISH = Language("en", {}, {}, en.CODED, {}, {})

CHINESE: Language
"""Its catalogue is imported on first access: most commands write English."""

CODES = ("en", "zh")
"""The codes of all languages."""


def __getattr__(name: str) -> Language:
    if name != "CHINESE":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _chinese()


@functools.cache
def _chinese() -> Language:
    from tracer.i18n import zh

    return Language("zh", zh.MESSAGES, zh.COUNTED, zh.CODED, zh.PARTS, zh.TITLES)


def languages() -> tuple[Language, ...]:
    """All languages."""
    return tuple(map(language_of, CODES))


@functools.cache
def characters() -> frozenset[str]:
    """All characters of the catalogue. A test checks that the fonts have them."""
    from tracer.i18n import zh

    tables: tuple[Mapping[str, Template], ...] = (zh.MESSAGES, zh.COUNTED, zh.CODED, zh.PARTS, zh.TITLES)
    return frozenset("".join(form for table in tables for template in table.values() for form in forms_of(template)))


def language_of(code: str) -> Language:
    """The language with this code. Raises UsageError if there is none.

    >>> language_of("zh").code
    'zh'
    """
    if code not in CODES:
        raise UsageError(f"there is no language {code!r}: it is one of {', '.join(CODES)}")
    return ENGLISH if code == ENGLISH.code else _chinese()


def language_of_locale(environment: Mapping[str, str]) -> Language:
    """The language of the locale in the environment; English if there is no such language.

    >>> language_of_locale({"LANG": "zh_CN.UTF-8"}).code, language_of_locale({"LC_ALL": "C", "LANG": "zh_CN"}).code
    ('zh', 'en')
    """
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return language_of(locale[:2]) if locale[:2] in CODES else ENGLISH
