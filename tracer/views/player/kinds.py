"""How the page works out an element of an operation: by rules of its own for common kinds, else not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tracer.graph.record import Literal, Node
from tracer.ops.elementwise import Elementwise
from tracer.ops.foreign.given import Given
from tracer.ops.foreign.lookup import operation_named
from tracer.ops.foreign.names import base_name
from tracer.ops.foreign.reductions import ReducedSum

ELEMENTWISE = "elementwise"

KINDS = frozenset({
    "matmul", "dot", "addmm", "sum", "mean", "max", "min", "take", "scatter", "transpose", "reshape", "ravel", "squeeze",
    "expand_dims", "broadcast_to", "astype", "stop_gradient", "copy",
})  # fmt: skip
"""The other kinds, named as the operations of NumPy."""

_FOREIGN = {
    "mm": "matmul", "addmm": "addmm", "sum": "sum", "mean": "mean", "t": "transpose", "numpy_T": "transpose", "view": "reshape",
    "reshape": "reshape", "_unsafe_view": "reshape", "flatten": "reshape", "unsqueeze": "expand_dims", "squeeze": "squeeze",
    "expand": "broadcast_to", "clone": "copy", "detach": "stop_gradient", "_to_copy": "astype",
}  # fmt: skip


def kind_of_arithmetic(node: Node) -> str:
    """The kind of an operation; empty if the page has no rule for it."""
    op = operation_named(node.op)
    if op is None or node.is_leaf:
        return ""
    if issubclass(op, Elementwise):
        return ELEMENTWISE
    foreign = base_name(node.op)
    kind = _FOREIGN.get(foreign, "") if foreign else node.op
    if kind == "addmm" and set(node.parameters) != {"arguments"}:
        return ""  # multiples of the product or of what is added
    return kind if kind in KINDS else ""


def parameters_of(node: Node) -> Mapping[str, Any]:
    """The parameters of an operation as those of NumPy's: the axes of a sum of PyTorch's are among its arguments."""
    if base_name(node.op) not in ("sum", "mean"):
        return node.parameters
    arrays = [np.asarray(each.value) if isinstance(each, Literal) else np.empty(()) for each in node.inputs]
    given = Given(ReducedSum.names, arrays, node.parameters)
    return {"axis": given.value("dim") or None, "keepdims": bool(given.value("keepdim", False))}
