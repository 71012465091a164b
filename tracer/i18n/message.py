"""Messages in the record: a code with fields, formatted as text in the language of the reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracer.i18n.en import CODED
from tracer.i18n.template import Template, fill


@dataclass(frozen=True, slots=True)
class Message:
    """A message code with fields: plain data, a tuple of names, or another Message.

    The English text is `str(message)`, that in another language `tell.message(message)`. Codes are stored in files: once
    released, a code keeps its meaning and its fields.

    >>> reason = Message("not_improved", {"monitor": "val_loss", "patience": 5})
    >>> str(Message("stopped_after_epochs", {"epochs": 7, "reason": reason}))
    'stopped after 7 epochs: val_loss had not improved for 5 epochs in a row'
    >>> str(Message("differences", {"operations": ("arcsinh", "softplus")}))
    'differences in arcsinh, softplus'
    """

    code: str
    fields: Mapping[str, object] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return self.text(CODED)

    def text(self, catalogue: Mapping[str, Template]) -> str:
        """The text in a catalogue; the English text if the catalogue lacks the code."""
        template = catalogue[self.code] if self.code in catalogue else CODED[self.code]
        return fill(template, {name: _format_field(value, catalogue) for name, value in self.fields.items()})


def _format_field(value: object, catalogue: Mapping[str, Template]) -> object:
    if isinstance(value, Message):
        return value.text(catalogue)
    if isinstance(value, tuple) and value and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return value if isinstance(value, (str, int, float)) else str(value)
