"""What people read, in their language: English sentences are the keys, the other languages translate them.

Views write `tell("no gradient reached {name}", name=name)`: the sentence is looked up, then the fields are put in. Formulas,
names, numbers and keys are the same in every language, and stay ASCII.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tracer.chinese import COUNTED, MESSAGES
from tracer.errors import UsageError

LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Language:
    """A language by its code, and what its catalogue makes of the English sentences; what it lacks stays English."""

    code: str
    messages: Mapping[str, str]
    counted: Mapping[str, str]

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


ENGLISH = Language("en", {}, {})
CHINESE = Language("zh", MESSAGES, COUNTED)


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
