"""Traces of PyTorch in the views: one element worked out, views written in formulas, names, and all of it without PyTorch."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import tracer  # noqa: E402
import tracer.torch  # noqa: E402
from tracer.graph.record import Node, Step, Trace  # noqa: E402
from tracer.views.gradient_terms import gradient_terms  # noqa: E402
from tracer.views.notation import Labels  # noqa: E402
from tracer.views.text.log import log_text  # noqa: E402
from tracer.views.worked import input_elements, worked_element  # noqa: E402

ROOT = Path(__file__).parent.parent.parent


Module: Any = torch.nn.Module


class Block(Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.LayerNorm(6)
        self.inner = torch.nn.Linear(6, 6)

    def forward(self, x: Any) -> Any:
        return x + torch.relu(self.inner(self.norm(x)))


class Images(Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 2, 3, stride=2, padding=1)
        self.norm = torch.nn.BatchNorm2d(2)
        self.pool = torch.nn.MaxPool2d(2)
        self.head = torch.nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        return self.head(self.pool(torch.tanh(self.norm(self.conv(x)))).flatten(1))


def linear() -> Any:
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.GELU(), torch.nn.Linear(4, 2)), (5, 3), torch.nn.CrossEntropyLoss()


def blocks() -> Any:
    return torch.nn.Sequential(*(Block() for _ in range(6))), (4, 6), torch.nn.MSELoss()


def images() -> Any:
    return Images(), (3, 1, 8, 8), torch.nn.CrossEntropyLoss()


def groups() -> Any:
    layers = torch.nn.Conv1d(2, 4, 3), torch.nn.GroupNorm(2, 4), torch.nn.Flatten(), torch.nn.Linear(16, 2)
    return torch.nn.Sequential(*layers), (3, 2, 6), torch.nn.MSELoss()


def probabilities() -> Any:
    return torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Sigmoid()), (4, 3), torch.nn.BCELoss()


OPTIMIZERS = {
    "Adam": lambda p: torch.optim.Adam(p, lr=0.01, foreach=True),
    "fused": lambda p: torch.optim.AdamW(p, lr=0.01, fused=True),
    "SGD": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
}


def trained(make: Any, optimizer: str = "Adam", steps: int = 2) -> Trace:
    torch.manual_seed(3)
    model, shape, loss_function = make()
    update = OPTIMIZERS[optimizer](model.parameters())
    x = torch.randn(*shape)
    with torch.no_grad():
        output = model(x)
    y = (
        torch.arange(shape[0]) % output.shape[-1]
        if isinstance(loss_function, torch.nn.CrossEntropyLoss)
        else torch.rand(output.shape)
    )
    with tracer.torch.record(model, update) as run:
        for _ in range(steps):
            update.zero_grad()
            loss = loss_function(model(x), y)
            loss.backward()
            update.step()
    return run.trace


NAMESPACE = {
    **{name: getattr(np, name) for name in ("exp", "log", "sqrt", "square", "tanh", "maximum", "where", "abs", "logaddexp")},
    "max": lambda *numbers: max(numbers), "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "pi": math.pi,
    "ndtr": lambda x: 0.5 * (1 + math.erf(x / math.sqrt(2))), "gelu": lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))),
}  # fmt: skip


def elements(node: Node) -> list[tuple[int, ...]]:
    flat = sorted({0, node.size // 2, node.size - 1})
    return [tuple(int(at) for at in np.unravel_index(position, node.shape)) if node.shape else () for position in flat]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("make", [linear, blocks, images, groups, probabilities])
def test_the_arithmetic_of_an_element_gives_the_element(make: Any, optimizer: str) -> None:
    step = trained(make, optimizer).steps[1]
    labels, seen = Labels(step.nodes), set()
    for node in step.nodes:
        for index in elements(node):
            worked = worked_element(step.nodes, node, labels, index, digits=12, max_terms=1000)
            if worked:
                *_, arithmetic, result = worked.split(" = ")
                if "~0" in worked or "=" in arithmetic.replace("==", ""):
                    continue
                assert "..." not in arithmetic
                found = eval(arithmetic, dict(NAMESPACE))
                assert found == pytest.approx(float(node.value[index]), rel=1e-4, abs=1e-5), (node.op, worked)
                assert result
                seen.add(node.op)
    expected = {
        linear: {"aten.addmm", "aten.gelu", "aten._log_softmax", "aten.nll_loss_forward", "aten.nll_loss_backward", "aten.mm",
                 "aten._log_softmax_backward_data", "aten.gelu_backward"},
        blocks: {"aten.native_layer_norm", "aten.mse_loss", "aten.mse_loss_backward", "aten.threshold_backward"},
        images: {"aten.convolution", "aten.native_batch_norm", "aten.max_pool2d_with_indices", "aten.tanh_backward"},
        groups: {"aten.native_group_norm", "aten.convolution"},
        probabilities: {"aten.binary_cross_entropy", "aten.sigmoid", "aten.binary_cross_entropy_backward"},
    }  # fmt: skip
    assert expected[make] <= seen
    updates = {"Adam": "aten._foreach_addcdiv_.ScalarList", "fused": "aten._fused_adamw_", "SGD": "aten.add_.Tensor"}
    assert updates[optimizer] in seen


@pytest.mark.parametrize("make", [linear, blocks, images])
def test_an_element_depends_on_the_elements_that_are_listed(make: Any) -> None:
    """Other elements of an input may be NaN without changing it."""
    step = trained(make).steps[1]
    for node in step.nodes:
        if node.op not in ("aten.addmm", "aten.mm", "aten.convolution") or not node.size:
            continue
        index = elements(node)[1 if node.size > 1 else 0]
        used = input_elements(step.nodes, node, index)
        assert used is not None
        total = 0.0
        sums = [
            {tuple(map(int, each)): step.nodes[operand].value[tuple(map(int, each))] for each in places}
            for operand, places in used
        ]
        factors = [each for each in sums if len(each) > 1] or sums[-2:]
        total = sum(a * b for a, b in zip(*(each.values() for each in factors), strict=True))
        total += sum(next(iter(each.values())) for each in sums if each not in factors)
        assert total == pytest.approx(float(node.value[index]), rel=1e-3, abs=1e-5)


def test_views_are_written_in_the_formulas_that_use_them() -> None:
    step = trained(linear).steps[1]
    labels = Labels(step.nodes)
    output = step.node("out(0)")
    assert labels.equation(output) == "out(0) = x @ 0.weight.T + 0.bias"
    transposes = [node.id for node in step.nodes if node.op == "aten.t"]
    assert transposes
    assert all(labels.is_folded(id) for id in transposes)
    assert step.node("0.weight").id in labels.operands(output)
    text = log_text(trained(linear))
    assert "0.weight.T  " not in text
    assert not re.search(r"^\d+:\d+ 0\.weight\.T ", text, re.MULTILINE)


def test_a_view_with_a_name_of_the_users_has_a_row() -> None:
    weight = torch.nn.Parameter(torch.ones(2, 3))
    update = torch.optim.SGD([weight], lr=0.1)
    with tracer.torch.record(update) as run:
        turned = weight.t()
        loss = (torch.ones(4, 3) @ turned).sum()
        loss.backward()
        update.step()
    step = run.trace.steps[0]
    assert not Labels(step.nodes).is_folded(step.node("turned").id)


def test_every_parameter_has_a_gradient_term() -> None:
    for make in (linear, blocks, images):
        step = trained(make).steps[1]
        reached = {term.value for term in gradient_terms(step)}
        assert {node.id for node in step.parameters} <= reached
        for term in gradient_terms(step):
            assert term.value in Labels(step.nodes).operands(step.nodes[term.user])


def test_values_are_found_by_the_names_of_the_model() -> None:
    step = trained(linear).steps[1]
    assert step.gradient("0.weight").shape == step.updated("0.weight").shape == (4, 3)
    assert step.node("dL/d(0.weight)").shape == (4, 3)
    assert step.node("exp_avg(0.weight)").op == "state"
    assert step.nodes[step.updates[step.node("0.weight").id]].name == "0.weight#2"
    assert not [node.name for node in step.nodes if node.name.isdigit()]
    assert {node.scope for node in step.nodes if node.name.startswith("exp_avg(0.weight)#")} == {"Adam/0.weight"}


def test_counters_of_an_optimizer_have_their_names_from_the_first_step_on() -> None:
    for step in trained(linear).steps[:2]:
        counters = [step.node(f"step({node.name})") for node in step.parameters]
        assert {node.op for node in counters} == {"state"}
        assert [step.node(f"{node.name}#2").value - node.value for node in counters] == [1] * 4
        assert [node.name for node in step.nodes if node.op == "data" and node.shape] == ["x", "y"]


def test_heading_has_the_optimizer_and_the_versions() -> None:
    heading = log_text(trained(linear)).splitlines()[1:3]
    assert "optimizer=Adam lr=0.01" in heading[0]
    assert f"torch {torch.__version__}" in heading[1]


def test_repeated_modules_are_folded(tmp_path: Path) -> None:
    from tracer.views.diagrams.modules import fold_repeats, modules_of
    from tracer.views.player.pictures.sections import sections_of

    step: Step = trained(lambda: (torch.nn.Sequential(*(Block() for _ in range(12))), (4, 6), torch.nn.MSELoss())).steps[0]
    modules = modules_of(step)
    assert [module.scope for module in modules][:12] == [str(number) for number in range(12)]
    assert any(module.folded for module in fold_repeats(step, modules))
    assert [(each.title, len(each.cells)) for each in sections_of(step, Labels(step.nodes)) if each.is_repeated] == [
        ("0 ... 11", 12)
    ]


def test_a_trace_is_shown_where_pytorch_is_not_installed(tmp_path: Path) -> None:
    trace = trained(images)
    for name in ("one", "two"):
        tracer.save(trace, tmp_path / f"{name}.sqlite")
    code = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'")
sys.meta_path.insert(0, Missing())
from tracer.__main__ import main
commands = [["log", "one.sqlite"], ["show", "one.sqlite", "head.weight"], ["diff", "one.sqlite", "two.sqlite"],
            ["render", "one.sqlite", "-o", "a.svg", "--zoom", "module"],
            ["render", "one.sqlite", "-o", "b.svg", "--zoom", "tensor"],
            ["render", "one.sqlite", "-o", "c.pdf", "--pages", "overview"]]
for command in commands:
    sys.argv = ["tracer", *command]
    try:
        main()
    except SystemExit as done:
        assert not done.code, (command, done.code)
assert "torch" not in sys.modules
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "out(head) = " in done.stdout
    assert (tmp_path / "c.pdf").stat().st_size > 1000
