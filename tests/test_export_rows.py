"""Exports write what steps share once, and statistics of many arrays at once: the text is that of each node by itself."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import tracer
from support.traces import recorded
from tracer.graph.plain_values import json_numbers, json_text
from tracer.graph.record import Step, Trace
from tracer.graph.structures.stacked import MIN_ROWS, Statistics, StatisticsTable, statistics_of
from tracer.graph.summary import summary_of
from tracer.testing import Program, programs
from tracer.views.export.events import json_document, json_lines, step_data
from tracer.views.export.node_rows import NodeRows
from tracer.views.export.tables import write_parquet
from tracer.views.node_data import node_data
from tracer.views.notation import Labels

FILES = sorted((Path(__file__).parent / "files").glob("*.sqlite"))

SPECIAL = [
    [0.0, -0.0],
    [0.0, -0.0, 1.0, -1.0],
    [0.0, -0.0, np.nan, np.inf, -np.inf, 1.0],
    [1e-320, 1e200, 3e-300],
    [1e308, -1e308],
    [1.0, 1.0 + 2**-52],
]
"""Numbers that are hard to add up, or to order."""


@st.composite
def values(draw: Any) -> np.ndarray:
    """An array of any dtype, as programs make them or with numbers that are hard to add up, in any layout."""
    dtype = np.dtype(draw(st.sampled_from(["float64", "float32", "float16", "int64", "bool", "complex128"])))
    shape = draw(st.one_of(array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5), st.just((37, 13)), st.just((520,))))
    if draw(st.booleans()) and dtype.kind == "f":
        with np.errstate(all="ignore"):
            value = draw(arrays(np.float64, shape, elements=st.sampled_from(draw(st.sampled_from(SPECIAL))))).astype(dtype)
    else:
        rng = np.random.default_rng(draw(st.integers(0, 2**20)))
        value = (rng.standard_normal(shape) * 10 ** rng.uniform(-3, 3)).astype(dtype)
        value += value.dtype.type(draw(st.sampled_from([0, 1]))) if dtype.kind != "b" else np.False_
    value = value.T if draw(st.booleans()) else value
    return np.asarray(value[..., ::-1] if value.ndim and draw(st.booleans()) else value)


def statistics_of_arrays(many: list[np.ndarray]) -> list[Statistics]:
    table = StatisticsTable(len(many))
    table.put_many(range(len(many)), many)
    return table.rows()


@given(found=st.lists(values(), max_size=3), repeats=st.integers(1, 2 * MIN_ROWS))
def test_statistics_of_many_arrays_are_those_of_each(found: list[np.ndarray], repeats: int) -> None:
    many = [np.roll(value, turn) if turn % 2 else value for value in found for turn in range(repeats)]
    single = [tuple(summary_of(value).as_dict().values()) for value in many]
    assert list(map(repr, statistics_of_arrays(many))) == list(map(repr, single))


def statistics_of_nodes(steps: Sequence[Step]) -> list[Statistics]:
    return [tuple(node.summary.as_dict().values()) for step in steps for node in step.nodes]


@settings(max_examples=20)
@given(program=programs(), value=values())
def test_statistics_of_steps_in_a_file_are_those_of_each_value(program: Program, value: np.ndarray) -> None:
    with np.errstate(all="ignore"), tempfile.TemporaryDirectory() as folder:
        step = tracer.trace(program.function(), *program.arguments)
        other = tracer.trace(lambda x: np.sum(np.abs(x.T * 1.0)), value.real)
        steps = [replace(each, index=index) for index, each in enumerate([step, other, step, step, other, other])]
        tracer.save(replace(recorded("fruit", 1), steps=tuple(steps)), Path(folder) / "run.sqlite", "all")
        stored = tracer.open(Path(folder) / "run.sqlite").steps
        expected = list(map(repr, statistics_of_nodes(stored)))
        assert list(map(repr, statistics_of(stored).rows())) == expected
        assert list(map(repr, statistics_of(steps).rows())) == expected


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_statistics_of_files_of_earlier_versions_are_those_of_each_value(path: Path) -> None:
    steps = tracer.open(path).steps
    assert list(map(repr, statistics_of(steps).rows())) == list(map(repr, statistics_of_nodes(steps)))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_statistics_have_the_same_bits_at_every_size(dtype: str) -> None:
    rng = np.random.default_rng(0)
    for size in range(1, 513):
        rows = [rng.standard_normal(size).astype(dtype) + np.dtype(dtype).type(turn % 3) for turn in range(MIN_ROWS)]
        single = [tuple(summary_of(value).as_dict().values()) for value in rows]
        assert statistics_of_arrays(rows) == single, size


@given(st.lists(st.one_of(st.floats(), st.integers(-(2**70), 2**70), st.booleans(), st.complex_numbers(), st.text()), max_size=5))
def test_numbers_are_written_as_single_ones_are(numbers: list[Any]) -> None:
    assert list(map(str, json_numbers(numbers))) == [json_text(number) for number in numbers]


def slow_lines(trace: Trace, *, in_full: bool) -> Iterator[str]:
    """The steps as JSON Lines, each node by itself."""
    for step in trace.steps:
        labels = Labels(step.nodes)
        yield json_text({"event": "step"} | step_data(step)) + "\n"
        for node in step.nodes:
            data = node_data(step, node, labels, in_full=in_full)
            yield json_text({"event": "node", "step": step.index} | data) + "\n"


def assert_exported_as_nodes(trace: Trace, choices: tuple[bool, ...] = (False, True)) -> None:
    for in_full in choices:
        lines = list(json_lines(trace, in_full=in_full))
        assert lines[1:-1] == list(slow_lines(trace, in_full=in_full))
        document = json.loads("".join(json_document(trace, in_full=in_full)))
        nodes = [node for step in document["steps"] for node in step["nodes"]]
        events = [event for event in map(json.loads, lines) if event["event"] == "node"]
        assert nodes == [{name: part for name, part in event.items() if name not in ("event", "step")} for event in events]
        assert json.loads(lines[-1])["events"] == len(lines)


@pytest.mark.parametrize(
    ("name", "kept"), [("fruit", "all"), ("fruit-keras", "summary"), ("mnist", "summary"), ("tensors", "all")]
)
def test_json_is_that_of_each_node(name: str, kept: str, tmp_path: Path) -> None:
    trace = recorded(name, 1 if name in ("mnist", "tensors") else 3)
    assert_exported_as_nodes(trace, (False,) if name == "mnist" else (False, True))
    tracer.save(trace, tmp_path / "run.sqlite", kept)
    stored = tracer.open(tmp_path / "run.sqlite")
    if kept == "all":
        assert_exported_as_nodes(stored)
    else:  # the last step has its values, and they are not all small
        assert list(json_lines(stored))[1:-1] == list(slow_lines(stored, in_full=False))
        assert '"kept": false' in "".join(json_lines(stored))


@settings(max_examples=10)
@given(program=programs())
def test_json_of_random_programs_is_that_of_each_node(program: Program) -> None:
    with np.errstate(all="ignore"):
        step = tracer.trace(program.function(), *program.arguments)
    trace = recorded("fruit", 1)
    several = [replace(step, index=index) for index in range(3)]
    assert_exported_as_nodes(replace(trace, steps=tuple(several)))


def test_percent_signs_and_braces_of_a_program_stay_as_they_are() -> None:
    step = recorded("fruit", 1).steps[0]
    odd = 'a%s {0} "%d" 100%'
    nodes = tuple(replace(node, scope=odd, parameters={odd: odd}) for node in step.nodes)
    for _, rows in NodeRows(in_full=False).of([replace(step, nodes=nodes)]):
        for row in rows:
            data = json.loads("{" + row)
            assert data["scope"] == data["parameters"][odd] == odd


def test_parquet_has_a_row_of_each_node() -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    trace = recorded("fruit", 3)
    file = io.BytesIO()
    count = write_parquet(trace, file)
    rows = parquet.read_table(file).to_pylist()
    assert count == len(rows) == sum(len(step.nodes) for step in trace.steps)
    run = {"scenario": trace.scenario, "seed": trace.seed, "hyperparameters": json_text(dict(trace.hyperparameters))}
    expected = []
    for step in trace.steps:
        labels = Labels(step.nodes)
        for node in step.nodes:
            data = node_data(step, node, labels)
            source = data["source"] or {"file": None, "line": None, "text": None}
            same = {name: data[name] for name in ("phase", "op", "name", "label", "formula", "shape", "dtype", "scope")}
            places = {"file": source["file"], "line": source["line"], "expression": source["text"]}
            twins = {"gradient_of": node.gradient_of, "rule_of": node.rule_of}
            value = {"value": float(node.value) if not node.shape else None}
            at = {"step": step.index, "loss": step.loss, "node": node.id}
            expected.append(run | at | same | places | twins | value | data["statistics"])
    assert [dict(sorted(row.items())) for row in rows] == [dict(sorted(row.items())) for row in expected]
