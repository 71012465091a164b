"""Names of foreign operations."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

PREFIX = "aten."
"""The namespace of PyTorch's operations."""

VIEWS = frozenset({
    "t", "numpy_T", "transpose", "permute", "view", "_unsafe_view", "reshape", "_reshape_alias", "flatten", "unsqueeze",
    "squeeze", "expand", "expand_as", "select", "slice", "movedim", "clone", "contiguous",
    "split", "split_with_sizes", "unbind",
})  # fmt: skip
"""Operations that only show or copy their first input; formulas contain them instead of a name."""


@functools.cache
def base_name(op: str) -> str:
    """The name without namespace, overload, and what tells of lists and of writing in place; empty if it is no name of PyTorch's.

    >>> base_name("aten.add_.Tensor"), base_name("aten._foreach_addcdiv_.ScalarList"), base_name("aten.__and__"), base_name("add")
    ('add', 'addcdiv', '__and__', '')
    """
    if not op.startswith(PREFIX):
        return ""
    name = op.removeprefix(PREFIX).partition(".")[0].removeprefix("_foreach_")
    return name if name.endswith("__") else name.removesuffix("_")


UNINITIALIZED = frozenset({"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided"})
"""Operations whose values mean nothing before they are written over."""


def generator_of(inputs: Sequence[Any], parameters: Mapping[str, Any]) -> Any:
    """The input with the states of a random number generator, which is no part of the formula; None if there is none."""
    drawn = parameters.get("generator")
    position = drawn.get("input") if isinstance(drawn, Mapping) else None
    return inputs[position] if isinstance(position, int) and 0 <= position < len(inputs) else None


COUNTS = frozenset({"nll_loss_forward", "nll_loss2d_forward"})
"""Losses whose second result is what the sum is divided by."""


def needs_no_row(op: str, output: int = 0) -> bool:
    """Whether an operation only shows or copies its first input, or its values mean nothing, or it only counts.

    >>> needs_no_row("aten.t"), needs_no_row("aten.slice.Tensor"), needs_no_row("aten.addmm"), needs_no_row("transpose")
    (True, True, False, False)
    """
    name = base_name(op)
    return name in VIEWS or name in UNINITIALIZED or (output == 1 and name in COUNTS)
