"""Click parameter types. Errors are one line and name the option."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from tracer.arguments import checked_dtype, whole_number
from tracer.errors import UsageError, close_names
from tracer.graph.record import Phase

if TYPE_CHECKING:
    from tracer.views.selection import Element

    _Type: TypeAlias = click.ParamType[Any]
    _Choice: TypeAlias = click.Choice[str]
else:  # not generic in older versions of click
    _Type, _Choice = click.ParamType, click.Choice

Parameter = click.Parameter | None
Context = click.Context | None


def _option(parameter: Parameter) -> str:
    """The option as typed: `--steps`."""
    return max(parameter.opts, key=len) if parameter is not None else "the value"


class WholeNumber(click.IntRange):
    """A whole number from `minimum` to `maximum`; `unit` names what is counted in the error message."""

    def __init__(self, minimum: int = 1, maximum: int | None = None, unit: str = "") -> None:
        super().__init__(min=minimum, max=maximum)
        self.minimum, self.maximum, self.unit = minimum, maximum, unit

    def convert(self, value: Any, param: Parameter, ctx: Context) -> int:
        """Parse the number."""
        number = whole_number(_option(param), value, least=self.minimum)
        if self.maximum is not None and number > self.maximum:
            raise UsageError(f"{_option(param)} takes up to {self.maximum} {self.unit}, this is {value}")
        return number


MAX_DIGITS = 17
"""Significant digits that identify every double uniquely."""

DIGITS = WholeNumber(maximum=MAX_DIGITS, unit="digits")
"""A number of significant digits."""


MAX_NUMBERS = 10_000_000
"""Numbers that a range in a list may have."""


class WholeNumbers(_Type):
    """A comma-separated list of whole numbers from `minimum` on and ranges of them, with both ends: `0,1,50-60`."""

    name = "list"

    def __init__(self, minimum: int = 1) -> None:
        self.minimum = minimum

    def convert(self, value: Any, param: Parameter, ctx: Context) -> tuple[int, ...]:
        """The numbers in order.

        >>> WholeNumbers(0).convert("0,10,5-7", None, None)
        (0, 10, 5, 6, 7)
        """
        if not isinstance(value, str):
            return tuple(value)
        return tuple(number for text in value.split(",") for number in self._range(text, _option(param)))

    def _range(self, text: str, option: str) -> range:
        """The numbers of `7` or `5-7`."""
        first, dash, last = (part.strip() for part in text.partition("-"))
        if dash and not first:  # -1 is no range
            first, dash = text.strip(), ""
        start = whole_number(option, first, least=self.minimum)
        end = whole_number(option, last, least=start) if dash else start
        if end - start > MAX_NUMBERS:
            raise UsageError(f"{option} takes up to {MAX_NUMBERS:,} numbers, this is {text.strip()!r}")
        return range(start, end + 1)


class Names(_Type):
    """A comma-separated list of known names: `pdf,log`. `what` says in the error message what they name."""

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
    """One of a fixed set of words."""

    def convert(self, value: Any, param: Parameter, ctx: Context) -> Any:
        """The word unchanged."""
        if value not in self.choices:
            listed = f"{', '.join(self.choices[:-1])} or {self.choices[-1]}"
            raise UsageError(f"{_option(param)} takes {listed}, this is {value!r}")
        return value


class NameOf(_Choice):
    """A name in a registry that is read when the option is parsed."""

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        super().__init__(())
        self._names = names

    @property
    def choices(self) -> tuple[str, ...]:
        """The registered names."""
        return tuple(self._names())

    @choices.setter
    def choices(self, _: Any) -> None:
        """Do nothing: click's constructor assigns the choices."""


class PhaseName(_Choice):
    """A phase of a step."""

    def __init__(self, phases: Sequence[Phase]) -> None:
        super().__init__([phase.value for phase in phases])

    def convert(self, value: Any, param: Parameter, ctx: Context) -> Any:
        """The phase with this name."""
        return Phase(super().convert(value, param, ctx))


class Fraction(_Type):
    """A number in [0, 1)."""

    name = "share"

    def convert(self, value: Any, param: Parameter, ctx: Context) -> float:
        """Parse the number."""
        try:
            fraction = float(value)
        except ValueError:
            fraction = math.nan
        if not 0 <= fraction < 1:
            raise UsageError(f"{_option(param)} takes a number from 0 to below 1, this is {value!r}")
        return fraction


class Size(_Type):
    """A size in bytes, such as `256MB`."""

    name = "size"

    def convert(self, value: Any, param: Parameter, ctx: Context) -> int:
        """The number of bytes."""
        from tracer.store.retention import size_in_bytes  # only commands that write a file need it

        return value if isinstance(value, int) else size_in_bytes(value)


class Dtype(_Type):
    """A floating-point dtype."""

    name = "dtype"

    def convert(self, value: Any, param: Parameter, ctx: Context) -> str:
        """The name of the dtype."""
        return checked_dtype(value)


class Setting(_Type):
    """NAME=VALUE: the name of a setting and the text of its value."""

    name = "name=value"

    def convert(self, value: Any, param: Parameter, ctx: Context) -> tuple[str, str]:
        """The name and the text, stripped of surrounding whitespace.

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
    """An element of a node, such as `W1[0,2]`."""

    name = "element"

    def convert(self, value: Any, param: Parameter, ctx: Context) -> Element:
        """The node name and the index."""
        from tracer.views.selection import Element, element_of

        element = value if isinstance(value, Element) else element_of(value)
        if element is None:
            raise UsageError(f"{_option(param)} takes an element such as W1[0,2], this is {value!r}")
        return element
