"""Formulas of PyTorch's operations in the project's notation: `x @ W.T + b`, not `addmm(...)`; the rest as calls.

A rule names the arguments as the schema does, so an argument that is None shifts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracer.graph.record import Literal
from tracer.ops.foreign.names import PREFIX, base_name
from tracer.torch.formulas import creation, elementwise, losses, movement, normalization, products, reductions, updates
from tracer.torch.formulas.call import Call, Rule, Shape
from tracer.torch.schemas import Schema

FORMULAS: dict[str, Rule] = {
    **elementwise.RULES,
    **products.RULES,
    **reductions.RULES,
    **movement.RULES,
    **creation.RULES,
    **normalization.RULES,
    **losses.RULES,
    **updates.RULES,
}
"""The formula of an operation, by its name without namespace, overload and the underscore of the form in place."""

IGNORED = frozenset({"generator", "dtype", "input_dtype", "half_to_float", "implicit"})
"""Arguments that a call leaves out."""


@dataclass(frozen=True, slots=True)
class ForeignOperation:
    """What naming asks of an operation: its name, and the formula of a node with these inputs and this result."""

    name: str
    schema: Schema | None
    inputs: Sequence[int | Literal]
    shapes: Sequence[Shape]
    shape: Shape
    result: int = 0
    results: int = 1

    def template(self, count: int, parameters: Mapping[str, Any]) -> str:
        """The formula of the node."""
        if self.schema is None:
            return f"{self.name}({', '.join(f'{{{k}}}' for k in range(count))})"
        call = self._call(self.schema, parameters)
        name = base_name(f"{PREFIX}{self.schema.short}")
        rule = FORMULAS.get(name)
        if rule is None:
            return _as_call(name, call, self.results)
        try:
            return _applied(rule, call)
        except (LookupError, TypeError, ValueError):  # another form of the operation than the rule is for
            return _as_call(name, call, self.results)

    def _call(self, schema: Schema, parameters: Mapping[str, Any]) -> Call:
        given = dict(zip(schema.argument_names, parameters.get("arguments", ()), strict=False))
        given |= parameters.get("options", {})
        return Call(given, schema.defaults, self.inputs, self.shapes, self.shape, self.result, schema.result_names)


def _applied(rule: Rule, call: Call) -> str:
    if isinstance(rule, tuple):
        rule = rule[normalization.given_results(call)]
    return call.format(rule) if isinstance(rule, str) else rule(call)


def _as_call(name: str, call: Call, results: int) -> str:
    """The call: leading tensors by position, the rest by name, without those that have their default value."""
    written: list[str] = []
    is_leading = True
    for argument, given in call.arguments.items():
        value = call.value(argument)
        is_tensor = isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(each, Mapping) for each in value))
        is_leading = is_leading and is_tensor
        if value is None or argument in IGNORED or (argument in call.defaults and value == call.defaults[argument]):
            continue
        written.append(call.text(given) if is_leading else f"{argument}={call.text(given)}")
    called = f"{name.lstrip('_')}({', '.join(written)})"
    if results == 1:
        return called
    names = call.result_names
    known = names[call.result] if call.result < len(names) else ""
    return f"{called}.{known}" if known else f"{called}[{call.result}]"


__all__ = ["FORMULAS", "ForeignOperation"]
