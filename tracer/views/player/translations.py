"""The texts of the page in Chinese. The scripts have them in English, and look a translation up by it."""

from __future__ import annotations

from tracer.i18n import zh
from tracer.i18n.language import languages
from tracer.i18n.message import Message
from tracer.i18n.zh import player


def chinese(script: str) -> dict[str, str]:
    """The translations of all strings of a script that have one, by the English text.

    >>> chinese('button(t("play")) + t("value")')
    {'value': '值', 'play': '播放'}
    """
    return {english: text for english, text in ({**zh.MESSAGES, **player.MESSAGES}).items() if f'"{english}"' in script}


def in_languages(message: Message) -> dict[str, str]:
    """A message in each language of the page."""
    return {language.code: language.message(message) for language in languages()}
