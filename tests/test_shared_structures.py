"""What is worked out once per structure gives what working it out node by node gives: diff and verify."""

from __future__ import annotations

import copy
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from support.browser import page_of
from support.profile import PER_DOMAIN
from support.traces import recorded
from tracer.analysis.diff import first_difference, values_not_compared
from tracer.analysis.verify import verify
from tracer.graph.missing import reasons_in
from tracer.graph.record import Literal, Node, Step, Trace
from tracer.graph.strides import MAX_GAP_RATIO, bytes_as_memory, restore_array, stored_elements, strides_of
from tracer.graph.structures import shared
from tracer.ops import registry
from tracer.store.row_layout import RowLayout
from tracer.views.player import player

RUNS = {"fruit": 4, "fruit-keras": 3, "mnist": 2}
"""Runs with small values only, with Python numbers beside arrays in single precision, and with large values."""


@st.composite
def two_files(draw: Any, folder: Path) -> tuple[Trace, Trace]:
    """A run and the same run with one element of one node changed, or none; in two files."""
    name = draw(st.sampled_from(sorted(RUNS)))
    trace = recorded(name, RUNS[name])
    other = trace
    if draw(st.booleans()):
        at = draw(st.integers(0, len(trace.steps) - 1))
        step = trace.steps[at]
        node = step.nodes[draw(st.integers(0, len(step.nodes) - 1))]
        value = np.copy(node.value, order="K")
        flat = value.reshape(-1) if value.flags.c_contiguous else value.T.reshape(-1)
        if value.size and value.dtype.kind == "f":
            position = draw(st.integers(0, value.size - 1))
            flat[position] = np.nextafter(flat[position], np.inf)
        value.flags.writeable = False
        changed = Node(*(getattr(node, field) if field != "content" else value for field in FIELDS))
        nodes = (*step.nodes[: node.id], changed, *step.nodes[node.id + 1 :])
        other = replace(trace, steps=(*trace.steps[:at], replace(step, nodes=nodes), *trace.steps[at + 1 :]))
    choices = [draw(st.sampled_from(["all", "summary"]))] * 2 if draw(st.booleans()) else ["all", "summary"]
    found = []
    for number, (each, values) in enumerate(zip((trace, other), choices)):
        path = folder / f"{number}.sqlite"
        tracer.save(each, path, values)
        found.append(tracer.open(path))
    return found[0], found[1]


FIELDS = [name for name in Node.__dataclass_fields__ if name != "_summary"]


def in_plain_nodes(trace: Trace) -> Trace:
    """The trace with nodes that know neither a structure nor a digest."""
    return replace(trace, steps=tuple(replace(step, nodes=tuple(step.nodes)) for step in trace.steps))


@given(data=st.data())
def test_diff_of_files_is_that_of_their_nodes(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    one, other = data.draw(two_files(tmp_path_factory.mktemp("files")))
    tolerance = data.draw(st.sampled_from([0.0, 1e-6]))
    slow = first_difference(in_plain_nodes(one), in_plain_nodes(other), tolerance)
    assert repr(first_difference(one, other, tolerance)) == repr(slow)
    assert values_not_compared(one, other) == values_not_compared(in_plain_nodes(one), in_plain_nodes(other))


def test_diff_looks_at_what_was_replaced_in_a_step_from_a_file(tmp_path: Path) -> None:
    tracer.save(recorded("fruit", 2), tmp_path / "run.sqlite")
    trace = tracer.open(tmp_path / "run.sqlite")
    step = trace.steps[1]
    fewer = dict(list(step.gradients.items())[1:])
    other = replace(trace, steps=(trace.steps[0], replace(step, gradients=fewer)))
    found = first_difference(trace, other)
    assert found is not None
    assert (found.step, found.node, found.what) == (1, None, "gradients")


def test_diff_of_equal_files_makes_no_nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "other"):
        tracer.save(recorded("fruit", 2), tmp_path / f"{name}.sqlite")
    monkeypatch.setattr(RowLayout, "inline_values", None)  # a value would need it
    one, other = (tracer.open(tmp_path / f"{name}.sqlite") for name in ("one", "other"))
    assert first_difference(one, other) is None
    assert values_not_compared(one, other).steps == 0


# Verify.


def computed_again(step: Step) -> tuple[int, int, list[int]]:
    """The number of operations computed, of those with missing values, and the nodes that deviate: node by node."""
    numbers: set[int] = set()
    count = missing = 0
    deviating = []
    for node in step.nodes:
        if node.op == "hyperparameter":
            numbers.add(node.id)
        if node.is_leaf:
            continue
        if list(reasons_in([node, *(step.nodes[operand] for operand in node.operands)])):
            missing += 1
            continue
        op = registry.named(node.op)
        assert op is not None
        inputs: list[Any] = []
        for each in node.inputs:
            if isinstance(each, Literal):
                inputs.append(each.value)
            else:
                inputs.append(step.nodes[each].value.item() if each in numbers else step.nodes[each].value)
        with np.errstate(all="ignore"):
            result = op.value(*inputs, **node.parameters)
        if not isinstance(result, np.ndarray) and all(isinstance(each, (bool, int, float, complex)) for each in inputs):
            numbers.add(node.id)
        count += 1
        if np.asarray(result).tobytes() != node.value.tobytes():
            deviating.append(node.id)
    return count, missing, deviating


@given(data=st.data())
@settings(max_examples=PER_DOMAIN)
def test_verify_computes_what_the_nodes_say(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    for trace in data.draw(two_files(tmp_path_factory.mktemp("files"))):
        slow = [computed_again(step) for step in in_plain_nodes(trace).steps]
        for each in (trace, in_plain_nodes(trace), copy.deepcopy(trace)):
            found = verify(each)
            assert (found.operations, found.not_kept) == (sum(count for count, *_ in slow), sum(each for _, each, _ in slow))
            assert found.exact == found.operations - sum(len(deviating) for *_, deviating in slow)
            deviations = {deviation.step: deviation for deviation in found.deviations}
            for step, (*_, deviating) in zip(trace.steps, slow):
                deviation = deviations.get(step.index)
                is_update = deviation is not None and step.nodes[deviation.node].op == "parameter"
                assert is_update or (deviation.node if deviation is not None else None) == next(iter(deviating), None)


def test_verify_computes_what_files_have_without_looking_at_each_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, steps in RUNS.items():
        tracer.save(recorded(name, steps), tmp_path / "run.sqlite")
        trace = tracer.open(tmp_path / "run.sqlite")
        one_by_one = verify(in_plain_nodes(trace))
        with monkeypatch.context() as patch:
            patch.setattr("tracer.analysis.verify._deviations", None)  # it would look at each
            assert verify(trace) == one_by_one
            assert one_by_one.exact == one_by_one.operations > 0


@pytest.mark.parametrize("name", RUNS)
def test_one_other_bit_in_any_value_is_noticed(name: str, tmp_path: Path) -> None:
    tracer.save(recorded(name, 2), tmp_path / "run.sqlite")
    nodes: Any = tracer.open(tmp_path / "run.sqlite").steps[1].nodes
    values = [node.value for node in nodes]
    assert nodes.have_bits(values)
    for id, value in enumerate(values):
        bits = bytearray(value.tobytes())
        bits[-1] ^= 1
        other: np.ndarray = np.frombuffer(bytes(bits), value.dtype).reshape(value.shape)
        assert not nodes.have_bits([*values[:id], other, *values[id + 1 :]]), nodes[id]
        assert nodes.have_bits([*values[:id], None, *values[id + 1 :]])


# Reading.


@given(
    shape=st.lists(st.integers(0, 4), max_size=3).map(tuple),
    axes=st.permutations(range(3)),
    steps=st.lists(st.sampled_from([1, 2, -1]), min_size=3, max_size=3),
    broadcast=st.booleans(),
)
def test_elements_are_the_memory_where_that_is_said(
    shape: tuple[int, ...], axes: list[int], steps: list[int], broadcast: bool
) -> None:
    array = np.arange(MAX_GAP_RATIO * 64.0)[: int(np.prod(shape))].reshape(shape)
    array = array.transpose([axis for axis in axes if axis < array.ndim])[
        tuple(slice(None, None, each) for each in steps[: array.ndim])
    ]
    if broadcast:
        array = np.broadcast_to(array, (3, *array.shape))
    strides = strides_of(array)
    data = stored_elements(array, strides).tobytes()
    as_memory = bytes_as_memory("float64", array.shape, strides)
    if as_memory is not None:
        restored = restore_array(data, "float64", array.shape, strides)
        direct: np.ndarray = np.ndarray(array.shape, as_memory[0], data, 0, as_memory[1])
        assert not direct.flags.writeable
        assert direct.tobytes() == restored.tobytes() == array.tobytes()
        assert strides_of(direct) == strides_of(restored) == strides


def test_damaged_row_is_reported_when_its_values_are_read(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    tracer.save(recorded("fruit", 2), path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE step SET small = substr(small, 2) WHERE position = 1")
    connection.commit()
    connection.close()
    trace = tracer.open(path)
    with pytest.raises(tracer.TraceFileError, match="step 1 is not what was written"):
        verify(trace)


def test_page_works_out_the_operations_of_a_structure_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is the page of steps that are looked at one by one."""
    tracer.save(recorded("fruit", 4), tmp_path / "run.sqlite")
    trace = tracer.open(tmp_path / "run.sqlite")
    calls: list[int] = []
    original = player.nodes_of
    monkeypatch.setattr(player, "nodes_of", lambda step, labels: calls.append(step.index) or original(step, labels))
    page = page_of(trace)
    assert calls == [0]
    monkeypatch.setattr(shared, "shared_structure", lambda step: None)
    assert page_of(trace) == page
    assert calls == [0, 0, 1, 2, 3]
