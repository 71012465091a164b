"""Parses why a run ended in files of version 1.0, which store it as English text only. No other text is parsed."""

from __future__ import annotations

import re

from tracer.i18n.message import Message

_STOPPED = re.compile(
    r"stopped after (?P<epochs>\d{1,15}) epochs?: (?P<monitor>.+) had not improved"
    r"(?: by (?P<tolerance>\S{1,15}))? for (?P<patience>\d{1,15}) epochs?(?: in a row)?",
    re.DOTALL,
)


def message_of_text(text: str) -> Message:
    """The message whose text in English this is: of a text that version 1.0 did not write, one that only holds it.

    >>> message_of_text("stopped after 1 epoch: val_loss had not improved by 1e-05 for 1 epoch").code
    'stopped_after_epochs'
    >>> message_of_text("because of the weather")
    Message(code='text', fields={'text': 'because of the weather'})
    """
    try:
        found = _known(text)
    except ValueError:  # a tolerance that is no number
        found = None
    return found if found is not None and str(found) == text else Message("text", {"text": text})


def _known(text: str) -> Message | None:
    for message in (Message("interrupted"), Message("not_ended")):
        if text == str(message):
            return message
    if text.startswith("stopped by "):
        return Message("stopped_by_error", {"error": text.removeprefix("stopped by ")})
    found = _STOPPED.fullmatch(text)
    if found is None:
        return None
    monitor, patience = found["monitor"], int(found["patience"])
    if found["tolerance"] is None:
        reason = Message("not_improved", {"monitor": monitor, "patience": patience})
    else:
        tolerance = float(found["tolerance"])
        reason = Message("not_improved_by", {"monitor": monitor, "tolerance": tolerance, "patience": patience})
    return Message("stopped_after_epochs", {"epochs": int(found["epochs"]), "reason": reason})
