"""Languages: English sentences are the keys of the catalogues.

Views write `tell("no gradient reached {name}", name=name)`: the sentence is looked up, then the fields are put in. Formulas,
names, numbers and keys are the same in every language, and stay ASCII. What records and findings say is a Message, a code and
fields, and becomes text where it is shown: `tell.message(trace.stopped)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tracer.errors import UsageError
from tracer.i18n import en, zh
from tracer.i18n.message import Message
from tracer.i18n.template import Template, forms_of


@dataclass(frozen=True, slots=True)
class Language:
    """A language by its code, and its catalogue; what that lacks stays English.

    In it are messages by their English text, counts of things, messages by their code, parts of a record, and titles of
    scenarios.
    """

    code: str
    messages: Mapping[str, str]
    counted: Mapping[str, str]
    coded: Mapping[str, Template]
    parts: Mapping[str, str]
    titles: Mapping[str, str]

    def __call__(self, message: str, /, **fields: object) -> str:
        """The message in this language, its `{fields}` put in.

        >>> ENGLISH("page {number}", number=3), CHINESE("page {number}", number=3)
        ('page 3', '第 3 页')
        """
        return self.messages.get(message, message).format(**fields)

    def count(self, count: int, word: str) -> str:
        """Format a count with a pluralised noun.

        >>> ENGLISH.count(1, "step"), ENGLISH.count(235146, "parameter"), CHINESE.count(3, "step")
        ('1 step', '235,146 parameters', '3 步')
        """
        if word in self.counted:
            return self.counted[word].format(count=f"{count:,}")
        return f"{count:,} {word}{'' if count == 1 else 's'}"

    def message(self, message: Message) -> str:
        """The text of a message in this language.

        >>> error = Message("stopped_by_error", {"error": "ValueError"})
        >>> ENGLISH.message(error), CHINESE.message(error)
        ('stopped by ValueError', '因 ValueError 而停止')
        """
        return message.text(self.coded)

    def part(self, key: str) -> str:
        """What a part of a record is called that has this key.

        >>> ENGLISH.part("inputs"), CHINESE.part("inputs"), CHINESE.part("dtype")
        ('inputs', '输入', 'dtype')
        """
        return self.parts.get(key, key)

    def title(self, title: str) -> str:
        """The title of a scenario: of one that comes along in this language, of any other as it stands."""
        return self.titles.get(title, title)


ENGLISH = Language("en", {}, {}, en.CODED, {}, {})
CHINESE = Language("zh", zh.MESSAGES, zh.COUNTED, zh.CODED, zh.PARTS, zh.TITLES)

LANGUAGES = {language.code: language for language in (ENGLISH, CHINESE)}
"""All languages, by their codes."""

CHARACTERS = frozenset(
    "".join(
        form
        for table in (zh.MESSAGES, zh.COUNTED, zh.CODED, zh.PARTS, zh.TITLES)
        for template in table.values()
        for form in forms_of(template)
    )
)
"""All characters of the catalogue, of which a test holds that the fonts have them."""


def language_of(code: str) -> Language:
    """The language of that code. Raises UsageError where there is none.

    >>> language_of("zh").code
    'zh'
    """
    if code not in LANGUAGES:
        raise UsageError(f"there is no language {code!r}: it is one of {', '.join(LANGUAGES)}")
    return LANGUAGES[code]


def language_of_locale(environment: Mapping[str, str]) -> Language:
    """The language that the variables of a locale ask for; English where they ask for none that is there.

    >>> language_of_locale({"LANG": "zh_CN.UTF-8"}).code, language_of_locale({"LC_ALL": "C", "LANG": "zh_CN"}).code
    ('zh', 'en')
    """
    asked = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return LANGUAGES.get(asked[:2], ENGLISH)
