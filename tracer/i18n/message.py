"""Messages that are stored: a code and fields. Text is made when a message is read, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracer.i18n.en import CODED
from tracer.i18n.template import Template, fill


@dataclass(frozen=True, slots=True)
class Message:
    """A message by its code, with the fields that its text has: plain data, a tuple of names, or another Message.

    Its text in English is `str(message)`, in another language `tell.message(message)`. Codes are stored in files: one that a
    release has written keeps its meaning and its fields.

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
        """The text that a catalogue has for it; the English text where it has none."""
        template = catalogue[self.code] if self.code in catalogue else CODED[self.code]
        return fill(template, {name: _shown(value, catalogue) for name, value in self.fields.items()})


def _shown(value: object, catalogue: Mapping[str, Template]) -> object:
    if isinstance(value, Message):
        return value.text(catalogue)
    if isinstance(value, tuple) and value and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return value if isinstance(value, (str, int, float)) else str(value)
