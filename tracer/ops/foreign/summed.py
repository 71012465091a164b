"""Sums over axes that are kept with length 1 and dropped by a view right after, as PyTorch computes the gradient of a bias."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from tracer.graph.expression import Expression, FunctionCall
from tracer.graph.record import Node, Phase
from tracer.ops.foreign.names import base_name

_KEPT = re.compile(r", axis=\(?([-\d, ]+)\)?, keepdims=True\)$")
_DROPPING = frozenset({"view", "_unsafe_view", "reshape", "squeeze"})


def sums_behind_views(nodes: Sequence[Node]) -> Mapping[int, int]:
    """The sum that each such view drops the axes of; nothing else uses it, and it has no name."""
    views = [node for node in nodes if base_name(node.op) in _DROPPING and len(node.operands) == 1]
    uses = Counter(operand for node in nodes for operand in node.operands) if views else Counter()
    found: dict[int, int] = {}
    for node in views:
        source = nodes[node.operands[0]]
        if _keeps_axes(source) and uses[source.id] == 1 and node.shape == _without_axes(source):
            found[node.id] = source.id
    return found


def without_kept_axes(tree: Expression) -> Expression:
    """The sum that a view of one shows.

    >>> from tracer.graph.formula import parse
    >>> without_kept_axes(parse("reshape(sum(g, axis=0, keepdims=True), (4,))")).text
    'sum(g, axis=0)'
    """
    inner = tree.arguments[0] if isinstance(tree, FunctionCall) and tree.arguments else None
    if not isinstance(inner, FunctionCall) or inner.function != "sum":
        return tree
    return FunctionCall(inner.function, inner.arguments, tuple(each for each in inner.options if each[0] != "keepdims"))


def index_in_sum(index: Sequence[int], source: Node) -> tuple[int, ...]:
    """The place in a sum of an element of the view of it."""
    given, axes = iter(index), _axes(source)
    return tuple(0 if axis in axes else next(given) for axis in range(len(source.shape)))


def _keeps_axes(node: Node) -> bool:
    return base_name(node.op) == "sum" and node.phase is Phase.BACKWARD and not node.name and bool(_axes(node))


def _axes(node: Node) -> set[int]:
    """The axes that a sum keeps with length 1; none if it keeps none, or sums over all."""
    found = _KEPT.search(node.formula)
    return {int(axis) % len(node.shape) for axis in found[1].split(",") if axis.strip()} if found and node.shape else set()


def _without_axes(node: Node) -> tuple[int, ...]:
    axes = _axes(node)
    return tuple(size for axis, size in enumerate(node.shape) if axis not in axes)
