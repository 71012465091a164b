"""What people read, in their language: English sentences are the keys, the other languages translate them.

Views write `tell("no gradient reached {name}", name=name)`: the sentence is looked up, then the fields are put in. Formulas,
names, numbers and keys are the same in every language, and stay ASCII. What records and findings say in words is kept in
English, as JSON has it, and told again in another language where it is shown: `tell.again(trace.stopped)`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tracer.errors import UsageError
from tracer.i18n.zh import COUNTED, MESSAGES, RECORDED, TITLES

LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Language:
    """A language by its code, and what its catalogue makes of what is said in English; what it lacks stays English.

    That are messages, counts of things, what records say, and titles of scenarios.
    """

    code: str
    messages: Mapping[str, str]
    counted: Mapping[str, str]
    recorded: Mapping[str, str]
    titles: Mapping[str, str]

    def __call__(self, message: str, /, **fields: object) -> str:
        """The message in this language, its `{fields}` put in.

        >>> ENGLISH("page {number}", number=3), CHINESE("page {number}", number=3)
        ('page 3', '第 3 页')
        """
        return self.messages.get(message, message).format(**fields)

    def count(self, count: int, word: str) -> str:
        """So many of something.

        >>> ENGLISH.count(1, "step"), ENGLISH.count(235146, "parameter"), CHINESE.count(3, "step")
        ('1 step', '235,146 parameters', '3 步')
        """
        if word in self.counted:
            return self.counted[word].format(count=f"{count:,}")
        return f"{count:,} {word}{'' if count == 1 else 's'}"

    def again(self, said: str) -> str:
        """What was said in English before, in this language: found by its form. A field `{reason}` is told again in its turn.

        >>> ENGLISH.again("the run did not end"), CHINESE.again("the run did not end"), CHINESE.again("a text of someone else")
        ('the run did not end', '运行没有结束', 'a text of someone else')
        >>> CHINESE.again("stopped by ValueError")
        '因 ValueError 而停止'
        """
        for form, message in self.recorded.items():
            found = re.fullmatch(_pattern(form), said, re.DOTALL)
            if found is not None:
                fields = found.groupdict()
                return message.format(**{name: self.again(fields[name]) if name == "reason" else fields[name] for name in fields})
        return said

    def title(self, title: str) -> str:
        """The title of a scenario: of one that comes along in this language, of any other as it stands."""
        return self.titles.get(title, title)


def _pattern(form: str) -> str:
    """What a text matches that was made of this form.

    >>> _pattern("stopped by {error}")
    'stopped\\\\ by\\\\ (?P<error>.+)'
    """
    parts = re.split(r"\{(\w+)\}", form)
    return "".join(f"(?P<{part}>.+)" if place % 2 else re.escape(part) for place, part in enumerate(parts))


ENGLISH = Language("en", {}, {}, {}, {})
CHINESE = Language("zh", MESSAGES, COUNTED, RECORDED, TITLES)

CHARACTERS = frozenset("".join(text for table in (MESSAGES, COUNTED, RECORDED, TITLES) for text in table.values()))
"""All characters of the catalogue, of which a test holds that the fonts have them."""


def language_of(code: str) -> Language:
    """The language of that code. Raises UsageError where there is none.

    >>> language_of("zh").code
    'zh'
    """
    if code not in LANGUAGES:
        raise UsageError(f"there is no language {code!r}: it is one of {', '.join(LANGUAGES)}")
    return CHINESE if code == "zh" else ENGLISH


def language_of_locale(environment: Mapping[str, str]) -> Language:
    """The language that the variables of a locale ask for; English where they ask for none that is there.

    >>> language_of_locale({"LANG": "zh_CN.UTF-8"}).code, language_of_locale({"LC_ALL": "C", "LANG": "zh_CN"}).code
    ('zh', 'en')
    """
    asked = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return CHINESE if asked.startswith("zh") else ENGLISH
