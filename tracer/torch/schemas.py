"""What the schema of a PyTorch operation says: what it writes, whether it returns a view, whether it draws random numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

WRITES_UNDECLARED = {
    "aten::native_batch_norm": ((3, 4), 5),
    "aten::cudnn_batch_norm": ((3, 4), 5),
    "aten::miopen_batch_norm": ((3, 4), 5),
}
"""Operations that write into arguments that their schema does not mark: the running mean and variance, if argument 5 is true."""

COLLECTIVES = "c10d"
"""The namespace of communication between processes: what ends in `_` writes its first argument, which no schema there marks."""

LITERAL = "aten::lift_fresh"
"""The operation on numbers of Python that become a tensor."""

SAME_VALUE = frozenset({"aten::detach", "aten::alias", LITERAL})
"""Operations whose result is their input under another identity."""

IGNORED = frozenset({"profiler::_record_function_enter_new", "profiler::_record_function_exit", "prim::device"})


@dataclass(frozen=True, slots=True)
class Schema:
    """An overload. `op` is the name of a node of it: `aten.addmm`, and the overload if it is not the default one.

    `written` are the positions of the arguments that it writes into; `undeclared` further ones that it writes if the argument at
    `condition` is true. `is_list` tells that it does the same to every tensor of a list, `has_lists_of_numbers` that it takes
    lists that may have numbers of several types.
    """

    operation: Any
    op: str
    name: str
    argument_names: tuple[str, ...]
    written: tuple[int, ...]
    undeclared: tuple[int, ...]
    condition: int
    is_view: bool
    is_random: bool
    is_list: bool
    has_lists_of_numbers: bool
    is_ignored: bool
    keeps_value: bool
    is_literal: bool
    defaults: Mapping[str, Any]
    result_names: tuple[str, ...]

    @property
    def short(self) -> str:
        """The name without namespace and overload: `addmm`."""
        return self.name.partition("::")[2]


_known: dict[int, Schema] = {}
"""By the ids of overloads, which live as long as their schemas: their hash is computed in Python."""


def schema_of(operation: Any) -> Schema | None:
    """The schema of an overload; None for what is no overload, such as a higher-order operation."""
    found = _known.get(id(operation))
    if found is None and isinstance(operation, torch._ops.OpOverload):
        found = _known[id(operation)] = _read(operation)
    return found


def _read(operation: Any) -> Schema:
    schema = operation._schema
    arguments = schema.arguments
    undeclared, condition = WRITES_UNDECLARED.get(schema.name, ((), -1))
    namespace, _, short = schema.name.partition("::")
    written = tuple(i for i, each in enumerate(arguments) if each.alias_info is not None and each.alias_info.is_write)
    if namespace == COLLECTIVES and short.endswith("_"):
        written = (0,)
    return Schema(
        operation=operation,
        op=str(operation).removesuffix(".default"),
        name=schema.name,
        argument_names=tuple(each.name for each in arguments),
        written=written,
        undeclared=undeclared,
        condition=condition,
        is_view=bool(operation.is_view),
        is_random=torch.Tag.nondeterministic_seeded in operation.tags,
        is_list=short.startswith(("_foreach_", "_fused_")),
        has_lists_of_numbers=any(_takes_numbers(str(each.type)) for each in arguments),
        is_ignored=schema.name in IGNORED,
        keeps_value=schema.name in SAME_VALUE,
        is_literal=schema.name == LITERAL,
        defaults={each.name: each.default_value for each in arguments if each.has_default_value()},
        result_names=tuple(each.name for each in schema.returns),
    )


def _takes_numbers(type_text: str) -> bool:
    """Whether arguments of a type may be lists of numbers that are not all whole numbers or all true or false.

    >>> [_takes_numbers(each) for each in ("List[int]", "number", "Optional[List[float]]", "List[number]", "Any")]
    [False, False, True, True, True]
    """
    return any(each in type_text for each in ("List[float]", "List[number]", "List[complex]", "Any"))
