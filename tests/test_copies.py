"""Copies of traces, steps and nodes, by pickle and copy.deepcopy, and saved single steps: from memory and from a file."""

from __future__ import annotations

import copy
import gc
import os
import pickle
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import tracer
from support.cli import run
from support.traces import recorded
from tracer.analysis.diff import first_difference
from tracer.analysis.verify import verify
from tracer.errors import TraceFileError, UsageError
from tracer.graph.record import Literal, Node, Step, Trace
from tracer.graph.strides import strides_of
from tracer.testing import Program, programs
from tracer.views.booklet.cover import cover
from tracer.views.diagrams.theme import Style
from tracer.views.text.log import log_text

COPIES: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda record: pickle.loads(pickle.dumps(record)),
    "deepcopy": copy.deepcopy,
}


@pytest.fixture(params=COPIES)
def copied(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    """A function that copies a record."""
    return COPIES[request.param]


def assert_same_nodes(one: Node, other: Node) -> None:
    """Assert that two nodes are equal, with the bits, the layout and the statistics of their values."""
    for field in fields(Node):
        if field.name not in ("content", "parameters", "inputs", "_summary"):
            assert getattr(one, field.name) == getattr(other, field.name), field.name
    assert repr(one.inputs) == repr(other.inputs)
    assert dict(one.parameters) == dict(other.parameters)
    assert repr(one.summary) == repr(other.summary)
    assert one.is_kept is other.is_kept
    if one.is_kept:
        assert (one.value.dtype, one.value.tobytes()) == (other.value.dtype, other.value.tobytes())
        assert strides_of(one.value) == strides_of(other.value)
        assert not other.value.flags.writeable


def assert_same(one: Trace, other: Trace) -> None:
    """Assert that two traces are equal."""
    for field in fields(Trace):
        if field.name not in ("steps", "metrics", "printed"):
            assert getattr(one, field.name) == getattr(other, field.name), field.name
    assert list(one.printed) == list(other.printed)
    assert repr([dict(row) for row in one.metrics]) == repr([dict(row) for row in other.metrics])
    assert len(one.steps) == len(other.steps)
    for mine, theirs in zip(one.steps, other.steps, strict=True):
        assert_same_steps(mine, theirs)


def assert_same_steps(one: Step, other: Step) -> None:
    """Assert that two steps are equal."""
    assert (one.index, one.loss_id, dict(one.gradients), dict(one.updates), repr(dict(one.metrics))) == (
        other.index, other.loss_id, dict(other.gradients), dict(other.updates), repr(dict(other.metrics))
    )  # fmt: skip
    assert len(one.nodes) == len(other.nodes)
    for node, twin in zip(one.nodes, other.nodes, strict=True):
        assert_same_nodes(node, twin)


def layouts(x: Any) -> Any:
    """A function whose values have many memory layouts."""
    turned = np.swapaxes(x, 0, 2)
    wide = np.broadcast_to(x[0], (5, 3, 4))
    reversed_rows = x[:, ::-2, ::2]
    return np.sum(turned) + np.sum(wide) + np.sum(reversed_rows) + np.sum(np.swapaxes(x, 1, 2) @ x) + np.sum(x.T[1:, 0])


def step_in_memory() -> Step:
    """A step that was not part of a run."""
    return tracer.trace(layouts, np.random.default_rng(0).normal(size=(2, 3, 4)))


def file_of(trace: Trace | Step, folder: Path, values: str = "all") -> Path:
    """The path of a new file."""
    path = folder / "trace.sqlite"
    tracer.save(trace, path, values)
    return path


# Copies.


@pytest.mark.parametrize("name", ["fruit", "fruit-keras", "linear-regression", "tensors"])
def test_copy_of_a_run_is_the_same(name: str, copied: Callable[[Any], Any], tmp_path: Path) -> None:
    trace = recorded(name, None if name == "tensors" else 3)
    other = copied(trace)
    assert_same(trace, other)
    tracer.validate(other)
    assert verify(other).passed
    assert log_text(other) == log_text(trace)
    for number, each in enumerate((trace, other)):
        (tmp_path / str(number)).mkdir()
        file_of(each, tmp_path / str(number))
    assert (tmp_path / "0" / "trace.sqlite").read_bytes() == (tmp_path / "1" / "trace.sqlite").read_bytes()


@given(program=programs())
def test_copy_of_any_step_is_the_same(program: Program) -> None:
    step = tracer.trace(program.function(), *program.arguments)
    for each in COPIES.values():
        assert_same_steps(step, each(step))
        assert_same_nodes(step.nodes[-1], each(step.nodes[-1]))


def test_memory_layouts_are_copied(copied: Callable[[Any], Any]) -> None:
    """The last digits of a sum depend on them."""
    step = step_in_memory()
    assert len({strides_of(node.value) for node in step.nodes}) > 4
    assert_same_steps(step, copied(step))


@pytest.mark.parametrize("values", ["all", "sampled", "summary"])
def test_copy_of_a_run_in_a_file_does_not_need_the_file(values: str, copied: Callable[[Any], Any], tmp_path: Path) -> None:
    path = file_of(recorded("mnist", 3), tmp_path, values)
    trace = tracer.open(path)
    other, step, node = copied(trace), copied(trace.steps[1]), copied(trace.steps[1].node("w1"))
    assert_same(trace, other)
    assert_same_steps(trace.steps[1], step)
    assert_same_nodes(trace.steps[1].node("w1"), node)
    assert copied(trace.steps)[2].loss == trace.steps[2].loss
    assert copied(trace.printed) == tuple(trace.printed)
    del trace
    gc.collect()
    path.unlink()
    assert_same_steps(other.steps[1], step)
    if values == "summary":
        with pytest.raises(
            UsageError, match=r"trace.sqlite keeps only a summary of this value: not all .*record the run with --values all"
        ):
            node.value.sum()
        again = tracer.open(file_of(other, tmp_path))
        assert [each.is_kept for each in again.steps[1].nodes] == [each.is_kept for each in step.nodes]


def test_copies_share_nothing_that_can_be_changed(copied: Callable[[Any], Any]) -> None:
    trace = recorded("fruit", 1)
    other = copied(trace)
    other.steps[0].metrics["loss"] = 0.0
    other.steps[0].gradients.clear()
    other.hyperparameters.clear()
    assert trace.steps[0].metrics["loss"] == trace.steps[0].loss
    assert trace.steps[0].gradients
    assert trace.hyperparameters["optimizer"] == "Adam"


def test_shallow_copy_is_the_record_itself() -> None:
    trace = recorded("fruit", 1)
    for record in (trace, trace.steps[0], trace.steps[0].nodes[0]):
        assert copy.copy(record) is record


def test_literals_and_values_of_other_dtypes_are_copied(copied: Callable[[Any], Any]) -> None:
    step = tracer.trace(lambda x: np.sum(x.astype(float) ** 2), np.array([1, 2], np.longdouble))
    other = copied(step)
    assert any(isinstance(operand, Literal) for node in other.nodes for operand in node.inputs)
    assert other.nodes[0].value.dtype == np.longdouble
    np.testing.assert_array_equal(other.nodes[0].value, [1, 2])


def test_copy_of_a_file_that_was_damaged_meanwhile_is_a_clear_error(copied: Callable[[Any], Any], tmp_path: Path) -> None:
    path = file_of(recorded("mnist", 1), tmp_path)
    trace = tracer.open(path)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(TraceFileError, match=f"{path} is damaged: "):
        copied(trace)


# Saved steps.


def test_single_step_is_saved(tmp_path: Path) -> None:
    step = step_in_memory()
    trace = tracer.open(file_of(step, tmp_path))
    assert (trace.scenario, trace.seed, trace.dtype) == ("step", None, "float64")
    assert dict(trace.steps[0].metrics) == {"step": 0, "loss": step.loss}
    for node, twin in zip(step.nodes, trace.steps[0].nodes, strict=True):
        assert_same_nodes(node, twin)
    assert first_difference(trace, tracer.open(file_of(trace.steps[0], tmp_path))) is None


def test_cover_of_a_step_shows_no_seed(tmp_path: Path) -> None:
    page = cover(tracer.open(file_of(step_in_memory(), tmp_path)), Style(), "")
    assert "dtype" in page
    assert "seed" not in page


def test_step_of_a_file_is_saved_with_its_number(tmp_path: Path) -> None:
    run_of_three = tracer.open(file_of(recorded("fruit", 3), tmp_path))
    (tmp_path / "one").mkdir()
    trace = tracer.open(file_of(run_of_three.steps[2], tmp_path / "one"))
    assert trace.step(2).loss == run_of_three.steps[2].loss
    assert dict(trace.steps[0].metrics) == dict(run_of_three.steps[2].metrics)


def test_file_is_written_over_itself(tmp_path: Path) -> None:
    path = file_of(recorded("mnist", 2), tmp_path)
    content, trace = path.read_bytes(), tracer.open(path)
    tracer.save(trace, path)
    assert path.read_bytes() == content


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["log"],
        ["show", "x"],
        ["diff", "trace.sqlite"],
        ["verify"],
        ["blame"],
        ["render", "-o", "x.pdf"],
        ["render", "-o", "x.svg"],
        *(["export", "-o", f"x.{kind}"] for kind in ("jsonl", "json", "graphml", "dot", "npz", "parquet")),
    ],
    ids=" ".join,
)
def test_every_command_takes_the_file_of_a_step(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file_of(step_in_memory(), tmp_path)
    monkeypatch.chdir(tmp_path)
    command, *rest = arguments
    assert run(command, "trace.sqlite", *rest) == 0
    captured = capsys.readouterr()
    assert not captured.err
    assert "None" not in captured.out


@pytest.mark.parametrize("given_value", [1, None, "x", np.ones(3), {"loss": 1.0}])
def test_what_is_neither_trace_nor_step_is_not_saved(given_value: Any, tmp_path: Path) -> None:
    name = type(given_value).__name__
    with pytest.raises(TypeError, match=f"a Trace or a Step can be saved, this is {name}"):
        tracer.save(given_value, tmp_path / "x.sqlite")
    assert not list(tmp_path.iterdir())


def test_node_and_nodes_are_not_saved(tmp_path: Path) -> None:
    step = step_in_memory()
    for given_value in (step.nodes, step.nodes[0], (step,)):
        with pytest.raises(TypeError, match="a Trace or a Step can be saved, this is "):
            tracer.save(given_value, tmp_path / "x.sqlite")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="the name of the trace file is empty"):
        tracer.save(step, "")
