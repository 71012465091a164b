"""What the player says that elements of PyTorch's operations are made of: it gives the recorded numbers."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from support.torch_pages import run_of_many_operations  # noqa: E402
from tracer.graph.record import Node, Step  # noqa: E402
from tracer.ops import registry  # noqa: E402
from tracer.ops.foreign.names import base_name  # noqa: E402
from tracer.views.notation import Labels  # noqa: E402
from tracer.views.player.inspector.operands import worked_elements  # noqa: E402
from tracer.views.player.kinds import kind_of_arithmetic  # noqa: E402

WORKED_OUT = {
    "convolution", "convolution_backward", "native_batch_norm", "native_batch_norm_backward", "native_layer_norm",
    "native_layer_norm_backward", "embedding", "embedding_dense_backward", "max_pool2d_with_indices",
    "max_pool2d_with_indices_backward", "avg_pool2d", "avg_pool2d_backward", "_softmax", "_softmax_backward_data", "_log_softmax",
    "_log_softmax_backward_data", "nll_loss_forward", "nll_loss_backward", "mse_loss", "huber_loss", "bmm", "select", "transpose",
    "binary_cross_entropy_with_logits", "_scaled_dot_product_flash_attention_for_cpu", "select_backward",
}  # fmt: skip

NAMES = {
    "abs": np.abs, "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "square": np.square, "where": np.where, "max": max,
    "logaddexp": np.logaddexp, "erf": registry.named("erf").value, "tanh": np.tanh,
}  # fmt: skip


@pytest.fixture(scope="module")
def step() -> Step:
    return run_of_many_operations().steps[0]


def number(step: Step, operand: Any) -> float:
    if not isinstance(operand, list):
        return float(operand)
    id, at = operand
    return float(step.nodes[id].value.ravel()[at])


def given_by(step: Step, worked: dict[str, Any]) -> float | None:
    """The number that an element is said to be; None if terms are left out."""
    if "moved" in worked:
        return number(step, worked["moved"])
    if "terms" in worked:
        products = [float(np.prod([number(step, factor) for factor in term])) for term in worked["terms"]]
        return max(products) if worked.get("isExtreme") else sum(products) / worked.get("divisor", 1)
    if any(isinstance(piece, dict) for piece in worked["pieces"]):
        return None
    text = "".join(piece if isinstance(piece, str) else f"({number(step, piece)!r})" for piece in worked["pieces"])
    return float(eval(text, {}, NAMES))


def test_operations_without_a_rule_are_worked_out(step: Step) -> None:
    labels = Labels(step.nodes)
    found = worked_elements(step, labels, frozenset())
    assert {base_name(step.nodes[id].op) for id in found} >= WORKED_OUT
    checked = 0
    for id, written in found.items():
        node = step.nodes[id]
        assert not kind_of_arithmetic(node)
        assert node.size > 64 or len(written.elements) == node.size, node
        for at, worked in written.elements.items():
            value = given_by(step, worked)
            if value is not None:
                checked += 1
                assert value == pytest.approx(float(node.value.ravel()[at]), rel=1e-3, abs=1e-5), (node, at)
    assert checked > 500


@pytest.mark.parametrize("op", ["convolution", "_log_softmax", "native_layer_norm", "embedding", "convolution_backward"])
def test_a_number_that_the_terms_do_not_give_has_none(step: Step, op: str) -> None:
    node = next(each for each in step.nodes if base_name(each.op) == op)
    changed = node.value.copy()
    at = int(np.argmax(np.abs(changed)))
    changed.ravel()[at] *= 1.001
    nodes = [with_value(each, changed) if each.id == node.id else each for each in step.nodes]
    other = dataclasses.replace(step, nodes=tuple(nodes))
    assert at not in getattr(worked_elements(other, Labels(nodes), frozenset()).get(node.id), "elements", {})


def with_value(node: Node, value: np.ndarray) -> Node:
    return dataclasses.replace(node, content=value)
