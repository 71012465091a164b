"""What the player says that elements of PyTorch's operations are made of: it gives the recorded numbers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from support.operands import given_by  # noqa: E402
from support.torch_pages import run_of_many_operations  # noqa: E402
from tracer.graph.record import Node, Phase, Step  # noqa: E402
from tracer.ops.foreign.names import base_name  # noqa: E402
from tracer.torch import record  # noqa: E402
from tracer.views.notation import Labels  # noqa: E402
from tracer.views.player.form import form_of  # noqa: E402
from tracer.views.player.inspector.operands import worked_elements  # noqa: E402
from tracer.views.player.inspector.running_lines import running_lines  # noqa: E402
from tracer.views.player.kinds import kind_of_arithmetic  # noqa: E402

WORKED_OUT = {
    "convolution", "convolution_backward", "native_batch_norm", "native_batch_norm_backward", "native_layer_norm",
    "native_layer_norm_backward", "embedding", "embedding_dense_backward", "max_pool2d_with_indices",
    "max_pool2d_with_indices_backward", "avg_pool2d", "avg_pool2d_backward", "_softmax", "_softmax_backward_data", "_log_softmax",
    "_log_softmax_backward_data", "nll_loss_forward", "nll_loss_backward", "mse_loss", "huber_loss", "bmm", "select", "transpose",
    "binary_cross_entropy_with_logits", "_scaled_dot_product_flash_attention_for_cpu", "select_backward",
}  # fmt: skip


@pytest.fixture(scope="module")
def step() -> Step:
    return run_of_many_operations().steps[0]


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


def test_backward_passes_are_run_by_their_lines(step: Step) -> None:
    lines = running_lines(step)
    computed = [node for node in step.nodes if node.phase is Phase.BACKWARD and not node.is_leaf]
    assert computed and set(lines) == {node.id for node in computed}
    assert {line.text for line in lines.values()} == {"loss.backward()"}
    differentiated = {node.source for node in computed if node.id != step.gradients[step.loss_id]}
    assert len(differentiated) > 5 and not differentiated & set(lines.values())


def test_each_loss_has_the_line_of_its_own_pass() -> None:
    model = torch.nn.Linear(2, 1)
    with record(model) as run:
        out = model(torch.ones(3, 2))
        first, second = out.square().mean(), out.abs().mean()
        first.backward(retain_graph=True)
        second.backward()
        torch.optim.SGD(model.parameters(), lr=0.1).step()
    step = run.trace.steps[0]
    lines = running_lines(step)
    texts = {"first": "first.backward(retain_graph=True)", "second": "second.backward()"}
    for loss, gradients in step.losses.items():
        text = texts[step.nodes[loss].name]
        assert lines[gradients[loss]].text == text
    sums = [node for node in step.nodes if node.phase is Phase.BACKWARD and node.id not in lines and not node.is_leaf]
    for node in sums:  # of gradients of both
        assert {lines[operand].text for operand in node.operands} == set(texts.values())


def test_a_record_without_the_line_has_none(step: Step) -> None:
    """Files of earlier versions have the line of the loss there."""
    loss = step.nodes[step.loss_id]
    seed = step.gradients[step.loss_id]
    nodes = [dataclasses.replace(each, source=loss.source) if each.id == seed else each for each in step.nodes]
    assert not running_lines(dataclasses.replace(step, nodes=tuple(nodes)))


def test_values_of_memory_that_is_not_initialized_are_known() -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Dropout(0.5), torch.nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model) as run:
        model(torch.ones(2, 3)).square().mean().backward()
        optimizer.step()
    (step,) = run.trace.steps
    undefined = form_of(step, Labels(step.nodes))["undefined"]
    assert {base_name(step.nodes[id].op) for id in undefined} == {"empty_like"}
    assert all(id not in undefined for id in step.gradients.values())
