"""The Chinese catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from tracer.i18n.template import Template
from tracer.i18n.zh import booklet, commands, doctor, pictures, programs, records, summary
from tracer.i18n.zh.records import COUNTED, PARTS, TITLES

__all__ = ["CODED", "COUNTED", "MESSAGES", "PARTS", "TITLES"]

MESSAGES: Mapping[str, str] = {
    **commands.MESSAGES,
    **pictures.MESSAGES,
    **booklet.MESSAGES,
    **summary.MESSAGES,
    **programs.MESSAGES,
    **doctor.MESSAGES,
}
"""Messages by their English text, with the same fields. A test checks that none is missing."""

CODED: Mapping[str, Template] = {**records.CODED, **programs.CODED, **doctor.CODED}
"""Messages by code; the English ones are in `en`."""
