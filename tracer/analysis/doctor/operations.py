"""Which operations of a forward pass are activations and products, in NumPy's and PyTorch's names."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.analysis.doctor.reading import forward_nodes, literal
from tracer.graph.record import Literal, Node, Step

_PRODUCTS = frozenset(
    {
        "matmul", "dot", "einsum", "tensordot", "inner",
        "aten.mm", "aten.addmm", "aten.bmm", "aten.baddbmm", "aten.matmul", "aten.linear", "aten.convolution",
        "aten.native_conv2d", "aten.mkldnn_convolution",
    }
)  # fmt: skip

_RELUS = frozenset({"relu", "aten.relu", "aten.relu_", "aten.clamp_min", "aten.clamp_min_"})
_TANHS = frozenset({"tanh", "aten.tanh", "aten.tanh_"})
_SIGMOIDS = frozenset({"expit", "sigmoid", "aten.sigmoid", "aten.sigmoid_"})

_MOVING = frozenset(
    {
        "reshape", "transpose", "broadcast_to", "expand_dims", "squeeze", "astype", "copy", "swapaxes", "ravel",
        "aten.t", "aten.view", "aten.transpose", "aten.permute", "aten.expand", "aten.unsqueeze", "aten.reshape",
        "aten._unsafe_view", "aten._to_copy", "aten.clone", "aten.alias", "aten.squeeze",
    }
)  # fmt: skip


def is_product(node: Node) -> bool:
    """Whether an operation is a product of matrices, or a convolution."""
    return node.op in _PRODUCTS


def is_relu(step: Step, node: Node) -> bool:
    """Whether an operation sets negative numbers to 0 and keeps the others."""
    if node.op in ("aten.clamp_min", "aten.clamp_min_"):
        return literal(node, 1) == 0
    if node.op in _RELUS:
        return True
    if node.op == "clip":
        last = node.inputs[2] if len(node.inputs) > 2 else None
        return literal(node, 1) == 0 and isinstance(last, Literal) and last.value is None
    if node.op == "maximum":
        return 0 in (literal(node, 0), literal(node, 1))
    return False


def is_tanh(node: Node) -> bool:
    """Whether an operation is a hyperbolic tangent."""
    return node.op in _TANHS


def is_sigmoid(step: Step, node: Node) -> bool:
    """Whether an operation is a logistic function, or the last one of `1 / (1 + exp(-x))`."""
    if node.op in _SIGMOIDS:
        return True
    if node.op != "divide" or literal(node, 0) != 1 or len(node.operands) != 1:
        return False
    below = step.nodes[node.operands[0]]
    if below.op != "add" or 1 not in (literal(below, 0), literal(below, 1)) or len(below.operands) != 1:
        return False
    return step.nodes[below.operands[0]].op == "exp"


def source_of(step: Step, id: int) -> Node:
    """The node that an operand is, but for its shape, order and dtype."""
    node = step.nodes[id]
    while node.op in _MOVING and node.operands:
        node = step.nodes[node.operands[0]]
    return node


def hidden(step: Step) -> set[int]:
    """The nodes that enter a product with a parameter later in the forward pass: those of hidden layers."""
    found: set[int] = set()
    for node in reversed(list(forward_nodes(step))):
        is_layer = is_product(node) and any(source_of(step, each).op == "parameter" for each in node.operands)
        if is_layer or node.id in found:
            found.update(node.operands)
    return found


def unit_axis(step: Step, node: Node) -> int | None:
    """The axis of a layer's units: that which is not summed in the product with the weights; None if that cannot be told."""
    if len(node.shape) > 2:
        return 1 if node.op.startswith("aten.") else None
    if len(node.shape) != 2:
        return None
    waiting, seen = list(node.operands), set[int]()
    while waiting:
        below = step.nodes[waiting.pop()]
        if below.id in seen or below.is_leaf:
            continue
        seen.add(below.id)
        if not is_product(below):
            waiting += [each for each in below.operands if step.nodes[each].shape == node.shape]
            continue
        if below.op.startswith("aten."):
            return 1
        weights = [place for place, each in enumerate(below.operands) if source_of(step, each).op == "parameter"]
        if below.op in ("matmul", "dot") and len(weights) == 1 and len(below.operands) == 2:
            return 0 if weights[0] == 0 else 1
        return None
    return None


def layers(step: Step) -> Iterator[tuple[Node, Node]]:
    """The products of a forward pass, each with the parameter that is a factor of it."""
    for node in forward_nodes(step):
        if is_product(node) or node.op == "multiply":
            for operand in node.operands:
                source = source_of(step, operand)
                if source.op == "parameter":
                    yield node, source
                    break
