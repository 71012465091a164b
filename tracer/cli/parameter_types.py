"""Parameter types of click: invalid values are reported in one line that names the option."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from tracer.arguments import checked_dtype, whole_number
from tracer.errors import UsageError, close_names
from tracer.graph.record import Phase
from tracer.store.retention import size_in_bytes
from tracer.views.selection import Element, element_of

if TYPE_CHECKING:
    _Type: TypeAlias = click.ParamType[Any]
    _Choice: TypeAlias = click.Choice[str]
else:  # which have no parameters in older versions of click
    _Type, _Choice = click.ParamType, click.Choice

Parameter = click.Parameter | None
Context = click.Context | None


def _option(parameter: Parameter) -> str:
    """An option as it is written: `--steps`."""
    return max(parameter.opts, key=len) if parameter is not None else "the value"


class WholeNumber(click.IntRange):
    """A whole number from `least` on; of what it is at most so many, `unit` says."""

    def __init__(self, least: int = 1, most: int | None = None, unit: str = "") -> None:
        super().__init__(min=least, max=most)
        self.least, self.most, self.unit = least, most, unit

    def convert(self, value: Any, param: Parameter, ctx: Context) -> int:
        """The number that a text says."""
        number = whole_number(_option(param), value, least=self.least)
        if self.most is not None and number > self.most:
            raise UsageError(f"{_option(param)} takes up to {self.most} {self.unit}, this is {value}")
        return number


MOST_DIGITS = 17
"""Significant digits that tell every double from every other."""

DIGITS = WholeNumber(most=MOST_DIGITS, unit="digits")
"""A number of significant digits."""


class WholeNumbers(_Type):
    """Whole numbers from `least` on, with commas between them: `0,10,50`."""

    name = "list"

    def __init__(self, least: int = 1) -> None:
        self.least = least

    def convert(self, value: Any, param: Parameter, ctx: Context) -> tuple[int, ...]:
        """The numbers, in order; none of an empty text."""
        if not isinstance(value, str):
            return tuple(value)
        texts = value.split(",") if value else []
        return tuple(whole_number(_option(param), text.strip(), least=self.least) for text in texts)


class Names(_Type):
    """One or more of these names, with commas between them: `pdf,log`. `what` is what they are names of."""

    name = "list"

    def __init__(self, what: str, names: Sequence[str]) -> None:
        self.what, self.names = what, names

    def convert(self, value: Any, param: Parameter, ctx: Context) -> tuple[str, ...]:
        """The names, in order."""
        if not isinstance(value, str):
            return tuple(value)
        found = tuple(name.strip() for name in value.split(",") if name.strip())
        for name in found:
            if name not in self.names:
                raise UsageError(f"there is no {self.what} {name!r}{close_names(name, list(self.names))}")
        if not found:
            raise UsageError(f"{_option(param)} takes one or more of {', '.join(self.names)}")
        return found


class OneOf(_Choice):
    """One of a few words."""

    def convert(self, value: Any, param: Parameter, ctx: Context) -> Any:
        """The word as it is."""
        if value not in self.choices:
            listed = f"{', '.join(self.choices[:-1])} or {self.choices[-1]}"
            raise UsageError(f"{_option(param)} takes {listed}, this is {value!r}")
        return value


class NameOf(_Choice):
    """A name out of a registry, which is read when the option is."""

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        super().__init__(())
        self._names = names

    @property
    def choices(self) -> tuple[str, ...]:
        """The names that are registered."""
        return tuple(self._names())

    @choices.setter
    def choices(self, _: Any) -> None:
        """Nothing: click writes here what it was given."""


class PhaseName(_Choice):
    """A phase of a step."""

    def __init__(self, phases: Sequence[Phase]) -> None:
        super().__init__([phase.value for phase in phases])

    def convert(self, value: Any, param: Parameter, ctx: Context) -> Any:
        """The phase of that name."""
        return Phase(super().convert(value, param, ctx))


class Share(_Type):
    """A number from 0 to below 1."""

    name = "share"

    def convert(self, value: Any, param: Parameter, ctx: Context) -> float:
        """The number that a text says."""
        try:
            share = float(value)
        except ValueError:
            share = math.nan
        if not 0 <= share < 1:
            raise UsageError(f"{_option(param)} takes a number from 0 to below 1, this is {value!r}")
        return share


class Size(_Type):
    """A number of bytes, as `256MB`."""

    name = "size"

    def convert(self, value: Any, param: Parameter, ctx: Context) -> int:
        """The number of bytes."""
        return value if isinstance(value, int) else size_in_bytes(value)


class Dtype(_Type):
    """The dtype of floating data."""

    name = "dtype"

    def convert(self, value: Any, param: Parameter, ctx: Context) -> str:
        """Its name."""
        return checked_dtype(value)


class Setting(_Type):
    """NAME=VALUE: the name of a setting and the text of its value."""

    name = "name=value"

    def convert(self, value: Any, param: Parameter, ctx: Context) -> tuple[str, str]:
        """The name and the text, without blanks around them.

        >>> Setting().convert("shuffle = yes", None, None)
        ('shuffle', 'yes')
        """
        if not isinstance(value, str):
            return value[0], value[1]
        name, equals, text = value.partition("=")
        if not equals or not name:
            raise UsageError(f"{_option(param)} takes NAME=VALUE, this is {value!r}")
        return name.strip(), text.strip()


class ElementName(_Type):
    """An element of a node, as `W1[0,2]`."""

    name = "element"

    def convert(self, value: Any, param: Parameter, ctx: Context) -> Element:
        """The name of the node and the index."""
        element = value if isinstance(value, Element) else element_of(value)
        if element is None:
            raise UsageError(f"{_option(param)} takes an element such as W1[0,2], this is {value!r}")
        return element
