"""Messages in a trace file: a code with fields, and English text for readers of version 1.0."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from tracer.i18n.en import CODED
from tracer.i18n.message import Message
from tracer.i18n.template import forms_of
from tracer.store.version_1 import parse_message

MAX_DEPTH = 3
"""Maximum nesting depth of messages."""


def encode_message(message: Message | None) -> dict[str, Any] | None:
    """Encode a message as plain data.

    >>> encode_message(Message("stopped_by_error", {"error": "ValueError"}))
    {'code': 'stopped_by_error', 'fields': {'error': 'ValueError'}}
    """
    if message is None:
        return None
    fields = {name: encode_message(value) if isinstance(value, Message) else value for name, value in message.fields.items()}
    return {"code": message.code, "fields": fields}


def decode_message(text: str, data: Mapping[str, Any] | None) -> Message | None:
    """Decode a message from its text and data; files of version 1.0 have no data. None if there is no message.

    A code of a later version becomes a message with that text. Raises ValueError if the data are invalid.

    >>> decode_message("stopped by ValueError", {"code": "stopped_by_error", "fields": {"error": "ValueError"}})
    Message(code='stopped_by_error', fields={'error': 'ValueError'})
    >>> str(decode_message("paused until noon", {"code": "paused", "fields": {"hour": 12}}))
    'paused until noon'
    """
    if data is None:
        return parse_message(text) if text else None
    try:
        return _decode(data)
    except KeyError:
        return Message("text", {"text": text})


def _decode(data: Any, depth: int = 1) -> Message:
    """Raises KeyError for an unknown code."""
    if not isinstance(data, dict) or data.keys() != {"code", "fields"} or depth > MAX_DEPTH:
        raise ValueError("a message is malformed")
    code, fields = data["code"], data["fields"]
    if not isinstance(code, str) or not isinstance(fields, dict):
        raise ValueError("a message is malformed")
    names = {name for form in forms_of(CODED[code]) for _, name, _, _ in string.Formatter().parse(form) if name is not None}
    if fields.keys() != names:
        raise ValueError("a message has other fields than its text")
    message = Message(code, {name: _decode_field(value, depth) for name, value in fields.items()})
    try:
        str(message)
    except (TypeError, ValueError):
        raise ValueError("a field of a message has the wrong type") from None
    return message


def _decode_field(data: Any, depth: int) -> object:
    if isinstance(data, dict):
        return _decode(data, depth + 1)
    if isinstance(data, (str, int, float)) or (isinstance(data, tuple) and all(isinstance(each, (str, int)) for each in data)):
        return data
    raise ValueError("a field of a message has the wrong type")
