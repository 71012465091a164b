"""What is the same in most steps of a run is found out once.

Where the forward pass and the loss were recorded as in an earlier step (the same operations on the same operands with the
same parameters, giving the same shapes and dtypes), the derivative rules would record what they recorded then. So it is
computed without asking them: the same operations in the same order, and so the same bits.

That takes rules that look at shapes and not at values, see `Op.rules_see_only_shapes`. The user's own code always runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from tracer.graph.record import Literal
from tracer.ops.base import Op
from tracer.recording.tape import Entry, Marks


class Form(NamedTuple):
    """What a derivative rule can know of a recorded operation."""

    op: type[Op] | str
    operands: tuple[int | Literal, ...]
    kind: type | np.dtype[Any]
    """The dtype of an array, the type of a number."""
    shape: tuple[int, ...]
    parameters: str
    """As text: `==` takes 1, 1.0 and True for equal."""

    @staticmethod
    def of(entry: Entry) -> Form:
        """The form of one operation."""
        op, operands, parameters, value, _, _ = entry
        if type(value) is np.ndarray:
            return Form(op, operands, value.dtype, value.shape, repr(parameters))
        return Form(op, operands, type(value), (), repr(parameters))

    @property
    def literals(self) -> list[tuple[int, type, float]]:
        """The numbers of the code that take part: their positions among the operands, and what `==` does not tell of them."""
        found = ((position, x.value) for position, x in enumerate(self.operands) if isinstance(x, Literal))
        return [(position, type(number), _sign(number)) for position, number in found]


def _sign(number: Any) -> float:
    """The sign of a floating number, that of 0.0 and -0.0 too."""
    return math.copysign(1, number) if type(number) is float else 0.0


class Call(NamedTuple):
    """How the value of a later operation is computed: a function of values at some places, or a constant."""

    function: Callable[..., Any] | None
    places: tuple[int, ...]
    parameters: Mapping[str, Any]
    constant: Any


@dataclass(slots=True, eq=False)
class Pattern:
    """A step that others may be like: the forms up to its loss, and what was recorded after it, values left out.

    `literals` are the numbers in later operations; values stand behind them, in the order of the record. `exactly`
    are the numbers of the code before the loss: operation, position, type and sign.
    """

    forms: tuple[Form, ...]
    loss_id: int
    rest: tuple[Entry, ...]
    marks: Marks
    literals: tuple[Any, ...]
    exactly: tuple[tuple[int, int, type, float], ...]
    calls: tuple[Call, ...]
    example: object = None
    """A step of this pattern that was read, for those who read others."""

    def is_of(self, entries: Sequence[Entry], loss_id: int) -> bool:
        """Whether what was recorded up to the loss has the same forms."""
        if loss_id != self.loss_id or len(entries) != len(self.forms):
            return False
        for entry, (known_op, known_operands, kind, shape, text) in zip(entries, self.forms, strict=True):
            op, operands, parameters, value, _, _ = entry
            if op is not known_op or operands != known_operands:
                return False
            if type(value) is np.ndarray:
                if value.dtype != kind or value.shape != shape:
                    return False
            elif type(value) is not kind:
                return False
            if parameters and repr(parameters) != text:
                return False
        # Python takes 1, 1.0 and True for equal, and 0.0 and -0.0.
        for id, position, kind, sign in self.exactly:
            number = entries[id][1][position].value  # type: ignore[union-attr]
            if type(number) is not kind or (sign and _sign(number) != sign):
                return False
        return True

    def values_after(self, entries: Sequence[Entry]) -> list[Any]:
        """The values of everything behind the loss, for a step that has this pattern up to it."""
        values = [*self.literals, *[entry[3] for entry in entries]]
        start = len(values)
        for function, places, parameters, constant in self.calls:
            if function is None:
                value = constant
            elif parameters:
                value = function(*[values[place] for place in places], **parameters)
            elif len(places) == 2:
                value = function(values[places[0]], values[places[1]])
            else:
                value = function(*[values[place] for place in places])
            if type(value) is not np.ndarray:
                value = as_recorded(value, [values[place] for place in places])
            values.append(value)
        return values[start:]

    def entries_with(self, values: Sequence[Any]) -> list[Entry]:
        """What a recorder would have written down of these values."""
        return [
            (op, operands, parameters, value, context, offset)
            for (op, operands, parameters, _, context, offset), value in zip(self.rest, values, strict=True)
        ]


def pattern_of(entries: Sequence[Entry], start: int, loss_id: int, marks: Marks) -> Pattern | None:
    """The pattern of a step whose backward pass begins at `start`.

    None where a rule may look at values, so that another step of the same forms may have another backward pass.
    """
    if not all(isinstance(op, str) or op.rules_see_only_shapes for op, *_ in entries[:start]):
        return None
    forms = tuple(map(Form.of, entries[:start]))
    rest = entries[start:]
    literals = [x.value for _, operands, *_ in rest for x in operands if isinstance(x, Literal)]
    numbers = iter(range(len(literals)))
    calls = []
    for op, operands, parameters, value, _, _ in rest:
        # After the loss only constants are leaves, and rules make them of shapes.
        places = tuple(next(numbers) if isinstance(x, Literal) else len(literals) + x for x in operands)
        calls.append(Call(None, (), {}, value) if isinstance(op, str) else Call(op.value, places, parameters, None))
    return Pattern(
        forms=forms,
        loss_id=loss_id,
        rest=tuple((op, operands, parameters, None, context, offset) for op, operands, parameters, _, context, offset in rest),
        marks=replace(marks, names={id: name for id, name in marks.names.items() if id >= start}, fallback_names={}),
        literals=tuple(literals),
        exactly=tuple((id, *literal) for id, form in enumerate(forms) for literal in form.literals),
        calls=tuple(calls),
    )


def as_recorded(value: Any, given: Sequence[Any]) -> Any:
    """A result that is no array as it goes on record: NumPy returns scalars for arrays without axes.

    What is computed of Python numbers alone stays one.
    """
    weak = all(isinstance(each, (bool, int, float, complex)) for each in given)
    return value.item() if weak and isinstance(value, np.generic) else value if weak else np.asarray(value)
