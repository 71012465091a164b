"""What-if of PyTorch programs: the page computes a step again, with the numbers that PyTorch gives for that parameter."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import resources
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn.functional import cross_entropy, mse_loss  # noqa: E402

from support.browser import Page, page_of  # noqa: E402
from tracer.graph.record import Trace  # noqa: E402
from tracer.torch import record  # noqa: E402

Opened = Callable[..., Page]

OPTIMIZERS: dict[str, Callable[..., Any]] = {
    "relu": lambda given: torch.optim.Adam(given, lr=0.01),
    "tanh": lambda given: torch.optim.SGD(given, lr=0.1, momentum=0.9, weight_decay=0.01),
    "sigmoid": lambda given: torch.optim.AdamW(given, lr=0.01),
}


def trained(name: str, change: float = 0.0) -> Trace:
    """Two steps of a small network; before the first, one weight is changed."""
    torch.manual_seed(0)
    x, labels, targets = torch.randn(8, 3), torch.randint(0, 2, (8,)), torch.randn(8, 2)
    model = nn.Sequential(nn.Linear(3, 4), {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}[name](), nn.Linear(4, 2))
    with torch.no_grad():
        model[2].weight[0, 1] += change
    optimizer = OPTIMIZERS[name](model.parameters())
    with record(model) as run:
        for _ in range(2):
            loss = mse_loss(model(x), targets) if name == "tanh" else cross_entropy(model(x), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run.trace


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_if_gives_the_numbers_of_pytorch(opened: Opened, name: str) -> None:
    trace, other = trained(name), trained(name, 0.25).steps[0]
    step = trace.steps[0]
    weight = step.node("2.weight")
    at = int(np.ravel_multi_index((0, 1), weight.shape))
    value = float(other.node("2.weight").value[0, 1])
    page = opened(page_of(trace), f"#op={weight.id}&at={at}&edits={weight.id}~{at}~{value!r}")
    assert page.text(".edited").startswith("recomputed, not recorded"), page.text(".inspector")
    values = page.page.evaluate("() => player.step.values.map(value => value && Array.from(value.data))")
    assert len(step.nodes) == len(other.nodes)
    for node in other.nodes:
        np.testing.assert_allclose(values[node.id], node.value.ravel(), rtol=1e-3, atol=1e-6, err_msg=repr(node))
    assert abs(values[step.loss_id][0] - step.loss) > 1e-4


def test_operations_of_pytorch_that_the_page_computes_exist() -> None:
    text = (resources.files("tracer.views.player") / "static" / "torchkernels.js").read_text()
    tables = "".join(re.findall(r"^const (?:ELEMENTWISE|OTHERS) = \{\n(.*?)^\};", text, re.MULTILINE | re.DOTALL))
    names = set(re.findall(r"(?:^  |, )(\w+): (?:\(|Math|product)", tables, re.MULTILINE))
    assert len(names) > 25
    assert not {name for name in names if not hasattr(torch.ops.aten, name)}
