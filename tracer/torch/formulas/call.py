"""A call of an operation as its formula sees it: arguments by the names of the schema, as text, as numbers, and their shapes."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tracer.graph.record import Literal

Shape: TypeAlias = tuple[int, ...]

_OTHER_NAMES = {
    "other": ("scalar", "scalars"),
    "value": ("scalars",),
    "end": ("tensors1",),
    "weight": ("weights",),
    "min": ("other", "scalar", "scalars"),
    "max": ("other", "scalar", "scalars"),
    "p": ("ord",),
}
"""Names that operations on lists have for an argument of the operation on one tensor."""

LONG_NUMBER = 10
"""The length from which on a number is written with six digits: 1 - 0.9 is 0.09999999999999998 in the program."""


@dataclass(frozen=True, slots=True)
class Call(Mapping[str, str]):
    """The arguments of a call, and which of its results the formula is for. As a mapping, it has the text of each argument.

    `arguments` has what was given, as plain data: {"input": position} for a tensor or a number, {"text": ...} for what is only
    known by its text. `defaults` has those of the schema. `inputs` are the inputs of the node, `shapes` their shapes; `shape` is
    that of the result.
    """

    arguments: Mapping[str, Any]
    defaults: Mapping[str, Any]
    inputs: Sequence[int | Literal]
    shapes: Sequence[Shape]
    shape: Shape
    result: int = 0
    result_names: Sequence[str] = field(default=())

    def __getitem__(self, name: str) -> str:
        return self.text(self._argument(name))

    def __iter__(self) -> Iterator[str]:
        return iter({**self.defaults, **self.arguments})

    def __len__(self) -> int:
        return len({**self.defaults, **self.arguments})

    def format(self, template: str) -> str:
        """A template with the names of arguments as fields."""
        return string.Formatter().vformat(template, (), self)

    def _argument(self, name: str) -> Any:
        for each in (name, *_OTHER_NAMES.get(name, ())):
            if each in self.arguments:
                return self.arguments[each]
        return self.defaults[name]

    def text(self, argument: Any) -> str:
        """An argument as text; a tensor or a short number as a slot."""
        if isinstance(argument, Mapping):
            if "input" not in argument:
                return str(argument.get("text", "")).removeprefix("torch.")
            given = self.inputs[argument["input"]]
            if isinstance(given, Literal) and len(repr(given.value)) > LONG_NUMBER:
                return number_text(given.value)
            return f"{{{argument['input']}}}"
        if isinstance(argument, (list, tuple)):
            if len(argument) == 1 and isinstance(argument[0], Mapping):
                return self.text(argument[0])
            return f"({', '.join(map(self.text, argument))}{',' if len(argument) == 1 else ''})"
        return number_text(argument) if isinstance(argument, float) else repr(argument)

    def value(self, name: str) -> Any:
        """An argument as plain data: the number, the list of numbers, or the text. A tensor is {"input": position}."""
        argument = self._argument(name)
        if isinstance(argument, Mapping):
            given = self.inputs[argument["input"]] if "input" in argument else argument.get("text")
            return given.value if isinstance(given, Literal) else argument if isinstance(given, int) else given
        if isinstance(argument, list) and len(argument) == 1 and isinstance(argument[0], float):
            return argument[0]  # of an operation on lists
        return argument

    def has(self, name: str) -> bool:
        """Whether an argument was given, and is not None."""
        return self.arguments.get(name) is not None

    def shape_of(self, name: str) -> Shape:
        """The shape of a tensor among the arguments."""
        argument = self._argument(name)
        first = argument[0] if isinstance(argument, list) else argument
        return self.shapes[first["input"]] if isinstance(first, Mapping) and "input" in first else ()

    def options(self, **names: str) -> str:
        """Arguments as options under other names, those with the default value left out: `, axis=1, keepdims=True`."""
        found = ""
        for name, shown in names.items():
            value = self.value(name) if name in self else None
            if value is None or value is False or value == [] or name not in self.arguments:
                continue
            if name in self.defaults and plain(value) == plain(self.defaults[name]):
                continue
            found += f", {shown}={option_text(value)}" if not isinstance(value, Mapping) else f", {shown}={self[name]}"
        return found

    def axes(self) -> str:
        """The options `axis` and `keepdims` of a reduction."""
        return axis_text(self.value("dim") if "dim" in self else None) + (
            ", keepdims=True" if "keepdim" in self and self.value("keepdim") else ""
        )


Rule: TypeAlias = str | tuple[str, ...] | Callable[[Call], str]
"""The formula of an operation: a template, one for each result, or a function of the call."""


def plain(value: Any) -> Any:
    """A value with tuples as lists, so that equal ones compare equal."""
    return list(value) if isinstance(value, (list, tuple)) else value


def number_text(value: Any) -> str:
    """A number; a long one with six digits.

    >>> number_text(1 - 0.9), number_text(0.5), number_text(3), number_text(-0.05263157894736844)
    ('0.1', '0.5', '3', '-0.0526316')
    """
    text = repr(value)
    return text if len(text) <= LONG_NUMBER or not isinstance(value, float) else f"{value:.6g}"


def option_text(value: Any) -> str:
    """The value of an option; a list of equal numbers as the number.

    >>> option_text([2, 2]), option_text([1, 2]), option_text("tanh"), option_text(0.25)
    ('2', '(1, 2)', "'tanh'", '0.25')
    """
    if isinstance(value, (list, tuple)):
        numbers = [number_text(each) for each in value]
        return numbers[0] if len(set(numbers)) == 1 else f"({', '.join(numbers)})"
    return number_text(value)


def axis_text(axis: Any) -> str:
    """The option `axis`; empty for all axes.

    >>> axis_text([0]), axis_text(-1), axis_text([0, 2]), axis_text(None), axis_text([])
    (', axis=0', ', axis=-1', ', axis=(0, 2)', '', '')
    """
    if axis is None or axis == []:
        return ""
    if isinstance(axis, (list, tuple)):
        axis = axis[0] if len(axis) == 1 else tuple(axis)
    return f", axis={axis!r}"


def times(factor: Any, text: str) -> str:
    """A product, or one of its factors if the other is 1.

    >>> times(1, "x @ W"), times(0.5, "x @ W")
    ('x @ W', '0.5 * (x @ W)')
    """
    return text if factor == 1 else f"{number_text(factor)} * ({text})"


def plus(first: str, factor: Any, text: str) -> str:
    """A sum of a term and a multiple of another; a negative multiple is subtracted.

    >>> plus("x", 1, "y"), plus("x", -1, "y"), plus("x", -0.1, "y"), plus("x", 0.1, "y")
    ('x + y', 'x - y', 'x - 0.1 * y', 'x + 0.1 * y')
    """
    if not isinstance(factor, (int, float)):
        return f"{first} + {factor} * {text}"
    sign, size = ("-", -factor) if factor < 0 else ("+", factor)
    return f"{first} {sign} {text}" if size == 1 else f"{first} {sign} {number_text(size)} * {text}"
