"""Messages in a trace file: code and fields, beside the English text that readers of version 1.0 show."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from tracer.i18n.en import CODED
from tracer.i18n.message import Message
from tracer.i18n.template import forms_of
from tracer.store.version_1 import message_of_text

DEEPEST = 3
"""How many messages may lie in each other."""


def message_data(message: Message | None) -> dict[str, Any] | None:
    """A message as plain data.

    >>> message_data(Message("stopped_by_error", {"error": "ValueError"}))
    {'code': 'stopped_by_error', 'fields': {'error': 'ValueError'}}
    """
    if message is None:
        return None
    fields = {name: message_data(held) if isinstance(held, Message) else held for name, held in message.fields.items()}
    return {"code": message.code, "fields": fields}


def message_from(text: str, held: Mapping[str, Any] | None) -> Message | None:
    """The message that is stored as a text, and as data unless the file is of version 1.0; None where the text is empty.

    A code that only a later version knows is shown by its text. Raises ValueError where the data are those of no message.

    >>> message_from("stopped by ValueError", {"code": "stopped_by_error", "fields": {"error": "ValueError"}})
    Message(code='stopped_by_error', fields={'error': 'ValueError'})
    >>> str(message_from("paused until noon", {"code": "paused", "fields": {"hour": 12}}))
    'paused until noon'
    """
    if held is None:
        return message_of_text(text) if text else None
    try:
        return _message(held)
    except KeyError:
        return Message("text", {"text": text})


def _message(held: Any, depth: int = 1) -> Message:
    """Raises KeyError where a code is not known here."""
    if not isinstance(held, dict) or held.keys() != {"code", "fields"} or depth > DEEPEST:
        raise ValueError("a message is none")
    code, fields = held["code"], held["fields"]
    if not isinstance(code, str) or not isinstance(fields, dict):
        raise ValueError("a message is none")
    names = {name for form in forms_of(CODED[code]) for _, name, _, _ in string.Formatter().parse(form) if name is not None}
    if fields.keys() != names:
        raise ValueError("a message has other fields than its text")
    message = Message(code, {name: _field(value, depth) for name, value in fields.items()})
    try:
        str(message)
    except (TypeError, ValueError):
        raise ValueError("a field of a message is of another kind") from None
    return message


def _field(held: Any, depth: int) -> object:
    if isinstance(held, dict):
        return _message(held, depth + 1)
    if isinstance(held, (str, int, float)) or (isinstance(held, tuple) and all(isinstance(each, (str, int)) for each in held)):
        return held
    raise ValueError("a field of a message is of another kind")
