"""Calls of NumPy functions that have no derivative rule. They are recorded as values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tracer.errors import MissingRuleError
from tracer.ops.base import Array, Op
from tracer.ops.indices import Shape

MAX_EXTRA_SIZE = 10_000
"""How much larger than all inputs a number in the arguments may be, for a call from an untrusted file to be executed."""


class NumpyCall(Op):
    """A NumPy function without a derivative rule. A gradient that has to pass through it is an error.

    `arguments` and `options` are those of the call, with {"input": position} in place of each array. `part` is the position
    among several results.
    """

    formula = "numpy_call({x}, ...)"

    @staticmethod
    def value(
        *inputs: Array, function: str, arguments: Sequence[Any], options: Mapping[str, Any], part: int | None = None
    ) -> Array:
        called = numpy_function(function)
        result = called(*_filled(arguments, inputs), **{name: _filled(each, inputs) for name, each in options.items()})
        return result if part is None else result[part]

    @classmethod
    def differentiable(cls, position: int) -> bool:
        return True

    @classmethod
    def has_rules(cls, count: int) -> bool:
        return False

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        raise MissingRuleError(parameters["function"])

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        largest = MAX_EXTRA_SIZE + math.prod(result) + sum(map(math.prod, shapes))
        return all(abs(number) <= largest for number in _numbers([parameters["arguments"], parameters["options"]]))

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        written = [_written(each) for each in parameters["arguments"]]
        written += [f"{name}={_written(each)}" for name, each in parameters["options"].items()]
        name = parameters["function"].rpartition(".")[2]
        part = parameters.get("part")
        return f"{name}({', '.join(written)})" + ("" if part is None else f"[{part}]")


def numpy_function(name: str) -> Callable[..., Any]:
    """The public function of NumPy with that name, such as "linalg.cond". Raises ValueError if there is none.

    >>> numpy_function("linalg.cond") is np.linalg.cond
    True
    """
    found: Any = np
    for part in name.split("."):
        found = getattr(found, part, None) if not part.startswith("_") else None
    if not (isinstance(found, np.ufunc) or hasattr(found, "_implementation")):
        raise ValueError(f"NumPy has no function {name!r}")
    function: Callable[..., Any] = found
    return function


def _filled(argument: Any, inputs: Sequence[Array]) -> Any:
    if isinstance(argument, Mapping):
        return inputs[argument["input"]]
    if isinstance(argument, (list, tuple)):
        # NumPy takes tuples for all but a few lists; a tuple such as axis=(0, 1) comes back from a file as a list.
        return tuple(_filled(each, inputs) for each in argument)
    return argument


def _written(argument: Any) -> str:
    if isinstance(argument, Mapping):
        return f"{{{argument['input']}}}"
    if isinstance(argument, (list, tuple)):
        return f"[{', '.join(map(_written, argument))}]"
    return repr(argument)


def _numbers(arguments: Any) -> Iterator[float]:
    if isinstance(arguments, Mapping):
        yield from _numbers([each for name, each in arguments.items() if name != "input"])
    elif isinstance(arguments, (list, tuple)):
        for each in arguments:
            yield from _numbers(each)
    elif isinstance(arguments, (int, float)):
        yield arguments
