"""bfloat16 and float16 of PyTorch programs are stored and shown as what they are; the states of generators once a step."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import tracer  # noqa: E402
from tracer.analysis.diff import first_difference  # noqa: E402
from tracer.analysis.verify import verify  # noqa: E402
from tracer.graph.record import Trace  # noqa: E402
from tracer.graph.validation import validate  # noqa: E402
from tracer.torch import record  # noqa: E402
from tracer.views.text.log import log_text  # noqa: E402


def trained(dtype: Any, values: str = "all", steps: int = 2) -> tuple[Trace, Any]:
    """A network of a dtype with dropout, trained; every step has the same operations."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(5, 6), torch.nn.ReLU(), torch.nn.Dropout(0.4), torch.nn.Linear(6, 3)).to(dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    x, y = torch.randn(4, 5).to(dtype), torch.tensor([0, 1, 2, 1])
    with record(model, optimizer, values=values) as run:
        for _ in range(steps):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
    return run.trace, model


@pytest.fixture(scope="module")
def bfloat16() -> tuple[Trace, Any]:
    return trained(torch.bfloat16)


def test_dtype_of_a_node_is_that_of_the_tensor(bfloat16: tuple[Trace, Any]) -> None:
    trace, model = bfloat16
    validate(trace)
    assert trace.dtype == "bfloat16"
    step = trace.steps[-1]
    assert {node.dtype for node in step.nodes} == {"bfloat16", "int64", "uint8"}
    assert not any("dtype" in node.parameters for node in step.nodes)
    for name, parameter in model.named_parameters():
        assert step.gradients[step.node(name).id]
        assert np.array_equal(step.updated(name), parameter.detach().float().numpy())
    assert "dtype=bfloat16" in log_text(trace)
    assert " bf16 n=30 " in log_text(trace)


def test_two_bytes_an_element_in_the_file(bfloat16: tuple[Trace, Any], tmp_path: Path) -> None:
    trace, _ = bfloat16
    tracer.save(trace, tmp_path / "a.sqlite")
    found = tracer.open(tmp_path / "a.sqlite")
    assert first_difference(trace, found) is None
    assert [node.dtype for node in found.steps[0].nodes] == [node.dtype for node in trace.steps[0].nodes]
    verdict = verify(found)
    assert verdict.passed
    assert verdict.exact == verdict.operations > 40
    with contextlib.closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (3003,)
        ((small,),) = connection.execute("SELECT length(small) FROM step WHERE position = 0")
    inline = [node for node in trace.steps[0].nodes if node.dtype != "uint8"]
    sizes = {"bfloat16": 2, "int64": 8}
    assert small <= sum(sizes[node.dtype] * node.size for node in inline)


def test_a_wrong_bfloat16_is_found(bfloat16: tuple[Trace, Any]) -> None:
    trace, _ = bfloat16
    step = trace.steps[0]
    node = next(node for node in step.nodes if node.op == "aten.addmm")
    value = np.array(node.value)
    value[0, 0] *= 1 + 2**-7
    nodes = [dataclasses.replace(each, content=value) if each is node else each for each in step.nodes]
    found = verify(dataclasses.replace(trace, steps=(dataclasses.replace(step, nodes=tuple(nodes)),)))
    assert found.deviations[0].node == node.id
    assert 0.05 < found.deviations[0].ulps < 64


@pytest.mark.parametrize("values", ["summary", "structure"])
def test_small_values_are_kept_by_their_size_in_the_file(values: str, tmp_path: Path) -> None:
    trace, _ = trained(torch.bfloat16, values)
    tracer.save(trace, tmp_path / "a.sqlite", "summary")
    kept = {node.size for node in tracer.open(tmp_path / "a.sqlite").steps[0].nodes if node.dtype == "bfloat16" and node.is_kept}
    assert max(kept) == 30


def test_float16_is_that_of_numpy(tmp_path: Path) -> None:
    trace, _ = trained(torch.float16)
    tracer.save(trace, tmp_path / "a.sqlite")
    found = tracer.open(tmp_path / "a.sqlite")
    assert {node.value.dtype for node in found.steps[0].nodes if node.dtype == "float16"} == {np.dtype(np.float16)}
    assert verify(found).passed
    assert int.from_bytes((tmp_path / "a.sqlite").read_bytes()[60:64]) == 1001


def test_random_numbers_of_another_device_are_not_drawn_again() -> None:
    """The state of a generator of CUDA has 16 bytes."""
    trace, _ = trained(torch.float32, steps=1)
    step = trace.steps[0]
    leaf = step.node("generator")
    other = np.zeros((leaf.shape[0], 16), np.uint8)
    nodes = [dataclasses.replace(each, content=other, shape=other.shape) if each is leaf else each for each in step.nodes]
    verdict = verify(dataclasses.replace(trace, steps=(dataclasses.replace(step, nodes=tuple(nodes)),)))
    assert verdict.passed
    assert any("bernoulli" in op or "dropout" in op for op in verdict.undetermined)


def test_states_of_the_generator_are_one_leaf_of_a_step(tmp_path: Path) -> None:
    """So the steps share their structure, and random operations are computed again."""
    trace, _ = trained(torch.float32, steps=4)
    for step in trace.steps:
        (leaf,) = (node for node in step.nodes if node.name == "generator")
        drawing = [node for node in step.nodes if "generator" in node.parameters]
        assert (leaf.op, leaf.shape[0]) == ("state", len({node.parameters["generator"]["row"] for node in drawing}))
        assert drawing
        assert all(leaf.id in node.operands for node in drawing)
    tracer.save(trace, tmp_path / "a.sqlite")
    with contextlib.closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection:
        structures = {structure for (structure,) in connection.execute("SELECT structure FROM step")}
    assert len(structures) == 2  # that of the first step, in which the optimizer has no state, and that of the others
    assert verify(tracer.open(tmp_path / "a.sqlite")).passed
