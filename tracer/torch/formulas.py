"""Formulas of PyTorch's operations in the project's notation: `x @ W.T + b`, not `addmm(...)`; the rest as calls."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_INFIX = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "**": "pow", ">": "gt", "<": "lt", ">=": "ge", "<=": "le", "==": "eq", "!=": "ne",
}  # fmt: skip

_CALLS = (
    "abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "erf", "exp", "expm1", "floor", "isfinite", "isinf", "isnan", "log", "log1p",
    "log2", "mish", "round", "rsqrt", "sigmoid", "sign", "silu", "sin", "sinh", "softplus", "sqrt", "square", "tan", "tanh",
)  # fmt: skip

FORMULAS: dict[str, str] = {
    **{name: f"{{0}} {sign} {{1}}" for sign, name in _INFIX.items()},
    **{name: f"{name}({{0}})" for name in _CALLS},
    "neg": "-{0}",
    "relu": "maximum({0}, 0)",
    "reciprocal": "1 / {0}",
    "t": "{0}.T",
    "mm": "{0} @ {1}",
    "bmm": "{0} @ {1}",
    "mv": "{0} @ {1}",
    "dot": "{0} @ {1}",
    "addmm": "{1} @ {2} + {0}",
    "baddbmm": "{1} @ {2} + {0}",
    "clone": "{0}",
    "copy": "{1}",
    "fill": "{1}",
    "addcmul": "{0} + {3} * {1} * {2}",
    "addcdiv": "{0} + {3} * {1} / {2}",
    "lerp": "{0} + {2} * ({1} - {0})",
    "where": "where({0}, {1}, {2})",
    "masked_fill": "where({1}, {2}, {0})",
    "_log_softmax": "log_softmax({0})",
    "_softmax": "softmax({0})",
    "threshold_backward": "{0} * ({1} > {2})",
    "tanh_backward": "{0} * (1 - square({1}))",
    "sigmoid_backward": "{0} * {1} * (1 - {1})",
}
"""The formula of an operation, by its name without namespace and overload; `{0}` is the first tensor or number of the call."""


@dataclass(frozen=True, slots=True)
class ForeignOperation:
    """What naming asks of an operation: its name, and the formula of a node."""

    name: str
    outputs: int = 1

    def template(self, count: int, parameters: Mapping[str, Any]) -> str:
        """The formula of a node with so many inputs."""
        short = self.name.rpartition("aten.")[2].partition(".")[0].strip("_") if "aten." in self.name else self.name
        formula = FORMULAS.get(short) or FORMULAS.get(f"_{short}")
        if formula is not None and all(position < count for position in _positions(formula)):
            return formula
        written = ", ".join(_written(each) for each in parameters.get("arguments", ()))
        options = "".join(f", {name}={_written(each)}" for name, each in parameters.get("options", {}).items())
        return f"{short}({written or ', '.join(f'{{{k}}}' for k in range(count))}{options if written else ''})"


def _positions(formula: str) -> set[int]:
    return {int(field) for _, field, _, _ in string.Formatter().parse(formula) if field}


def _written(argument: Any) -> str:
    if isinstance(argument, Mapping):
        return f"{{{argument['input']}}}" if "input" in argument else str(argument.get("text", ""))
    if isinstance(argument, (list, tuple)):
        return f"[{', '.join(map(_written, argument))}]"
    return repr(argument)
