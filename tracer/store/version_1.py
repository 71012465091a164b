"""Parses messages in files of version 1.0, which store the reason for the end of a run only as English text."""

from __future__ import annotations

import re

from tracer.i18n.message import Message

_STOPPED = re.compile(
    r"stopped after (?P<epochs>\d{1,15}) epochs?: (?P<monitor>.+) had not improved"
    r"(?: by (?P<tolerance>\S{1,15}))? for (?P<patience>\d{1,15}) epochs?(?: in a row)?",
    re.DOTALL,
)


def parse_message(text: str) -> Message:
    """The message with this English text; a `text` message if version 1.0 had no such message.

    >>> parse_message("stopped after 1 epoch: val_loss had not improved by 1e-05 for 1 epoch").code
    'stopped_after_epochs'
    >>> parse_message("because of the weather")
    Message(code='text', fields={'text': 'because of the weather'})
    """
    try:
        message = _parse(text)
    except ValueError:  # the tolerance is not a number
        message = None
    return message if message is not None and str(message) == text else Message("text", {"text": text})


def _parse(text: str) -> Message | None:
    for message in (Message("interrupted"), Message("not_ended")):
        if text == str(message):
            return message
    if text.startswith("stopped by "):
        return Message("stopped_by_error", {"error": text.removeprefix("stopped by ")})
    match = _STOPPED.fullmatch(text)
    if match is None:
        return None
    monitor, patience = match["monitor"], int(match["patience"])
    if match["tolerance"] is None:
        reason = Message("not_improved", {"monitor": monitor, "patience": patience})
    else:
        tolerance = float(match["tolerance"])
        reason = Message("not_improved_by", {"monitor": monitor, "tolerance": tolerance, "patience": patience})
    return Message("stopped_after_epochs", {"epochs": int(match["epochs"]), "reason": reason})
