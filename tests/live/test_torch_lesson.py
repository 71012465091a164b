"""The network of the lesson as a PyTorch program, beside the scenario `fruit-pytorch` from the same weights: the same numbers."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import tracer  # noqa: E402
from tracer.graph.record import Trace  # noqa: E402
from tracer.torch import record  # noqa: E402
from tracer.views.explaining.optimizer_words import learning_rate, operation_words  # noqa: E402
from tracer.views.local_rules import local_rules  # noqa: E402
from tracer.views.notation import Labels  # noqa: E402
from tracer.views.text.log import log_text  # noqa: E402

REFERENCE = Path(__file__).parent.parent / "reference/fruit_pytorch.json"
NAMES = {"0.weight": "W1", "0.bias": "b1", "1.weight": "W2", "1.bias": "b2"}


@cache
def scenario() -> Trace:
    initial = json.loads(REFERENCE.read_text())["initial"]
    return tracer.run(tracer.load("fruit-pytorch"), parameters=initial, dtype="float32")


@cache
def program() -> Trace:
    first = scenario().steps[0]
    x, y = (torch.tensor(first.node(name).value) for name in ("x", "y"))
    network = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Linear(4, 2))
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(torch.tensor(first.node(NAMES[name]).value.T))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    with record(network, optimizer) as run:
        for _ in range(6):
            optimizer.zero_grad()
            output = network(x)
            loss = torch.nn.functional.cross_entropy(output, y)
            loss.backward()
            optimizer.step()
    return run.trace


def test_every_step_has_the_same_numbers() -> None:
    """Loss, outputs, gradients, new weights, and the state of Adam, to the last digits of float32."""
    assert len(program().steps) == len(scenario().steps) == 6
    for step, other in zip(program().steps, scenario().steps, strict=True):
        assert step.loss == pytest.approx(other.loss, rel=1e-6)
        np.testing.assert_allclose(step.node("output").value, other.node("logits").value, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(step.gradient("output"), other.gradient("logits"), rtol=1e-5, atol=1e-7)
        for name, called in NAMES.items():
            np.testing.assert_allclose(step.gradient(name).T, other.gradient(called), rtol=1e-4, atol=1e-7)
            np.testing.assert_allclose(step.updated(name).T, other.updated(called), rtol=1e-4, atol=1e-6)
            for state, letter in (("exp_avg", "m"), ("exp_avg_sq", "v")):
                new = next(node for node in reversed(step.nodes) if node.name.startswith(f"{state}({name})"))
                np.testing.assert_allclose(new.value.T, other.node(f"{letter}_{called}_new").value, rtol=1e-3, atol=1e-9)


def test_gradient_of_a_bias_is_one_row() -> None:
    """PyTorch sums over the batch with the axis kept, and drops it: the log and the picture show the sum."""
    step = program().steps[1]
    labels = Labels(step.nodes)
    (row,) = (node for node in step.nodes if node.id == step.gradients[step.node("0.bias").id])
    assert labels.equation(row) == "dL/d(0.bias) = sum(dL/d(out(0)), axis=0)"
    assert labels.shapes(row) == "(10,4) -> (4,)"
    log = log_text(program())
    assert "keepdims=True)  " not in log
    first = re.search(r"^     dL/d\(0\.bias\)\[0\] = (.*) \+ \.\.\. \[10 terms\] = (\S+)", log, re.MULTILINE)
    assert first is not None
    bias = program().steps[0].gradient("0.bias")
    assert float(first[2]) == pytest.approx(bias[0], rel=1e-3)
    gradient = program().steps[0].gradient("out(0)")[:, 0]
    largest = sorted(gradient.tolist(), key=abs, reverse=True)[:3]
    assert [float(each) for each in first[1].split(" + ")] == pytest.approx(largest, rel=1e-3)
    rules = {rule.text for rule in local_rules(step, labels)}
    assert "sum(g, axis=0)" in rules
    assert not any("reshape" in rule for rule in rules)


def test_batch_of_a_sum_over_an_axis_of_length_one() -> None:
    """A bias of one element: the sum has the shape (1, 1)."""
    layer = torch.nn.Linear(3, 1)
    with record(layer) as run:
        layer(torch.ones(5, 3)).square().mean().backward()
        torch.optim.SGD(layer.parameters(), lr=0.1).step()
    step = run.trace.steps[0]
    labels = Labels(step.nodes)
    row = step.nodes[step.gradients[step.node("bias").id]]
    assert labels.formula(row).startswith("sum(")
    assert labels.formula(row).endswith(", axis=0)")
    assert labels.shapes(row) == "(5,1) -> (1,)"


def test_adam_is_told_in_the_same_words() -> None:
    """The running means of each parameter with their shares, and what corrects them, with the number of the update."""
    for step, other in zip(program().steps, scenario().steps, strict=True):
        rate = learning_rate(program(), step)
        assert rate == learning_rate(scenario(), other) == 0.01
        told = [operation_words(step, node, Labels(step.nodes), rate=rate) for node in step.nodes]
        means = [operation_words(other, node, Labels(other.nodes)) for node in other.nodes]
        assert sorted(filter(_is_mean, told)) == sorted(filter(_is_mean, means)) != []
        corrected = [text for text in told if "corrects" in text]
        assert len(corrected) == len(NAMES)
        assert all(f"** {step.index + 1})" in text and f"; {step.index + 1} counts the updates" in text for text in corrected)


def _is_mean(text: str) -> bool:
    return text.startswith("a running mean of")
