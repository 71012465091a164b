"""The text of a large structure gives the structure that node by node gives, and nothing invalid is read from it."""

from __future__ import annotations

import contextlib
import copy
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from support.traces import first_step, recorded
from tracer.analysis.diff import first_difference
from tracer.analysis.verify import verify
from tracer.graph.record import Node
from tracer.store import format as store_format
from tracer.store import rows
from tracer.store.plain_json import decode, json_data
from tracer.store.structures import table
from tracer.store.structures.column_text import KEY, column_text, read_column_text
from tracer.store.structures.reading import read_structure
from tracer.store.structures.structure import Structure, layouts_of, parse_structure, structure_text, without_values

FIELDS = [name for name in Node.__dataclass_fields__ if name not in ("content", "_summary")]
NAMES = ("fruit", "fruit-keras", "mnist", "tensors")


def structure_of(step: tracer.Step) -> Structure:
    return without_values(step, layouts_of(step))


def described(structure: Structure) -> Any:
    """Everything of a structure, as text: 1, 1.0 and True differ."""
    step = structure.step
    nodes = [[getattr(node, field) for field in FIELDS] for node in step.nodes]
    pairs = [dict(each) for each in (step.gradients, step.updates, step.losses, step.own_gradients, step.marks)]
    return repr((nodes, structure.layouts, step.loss_id, pairs))


def with_all_parts() -> tracer.Step:
    """A step that also has losses, gradients of its own and marks."""
    step = first_step("fruit-sgd")
    of, by = next(iter(step.gradients.items()))
    return replace(step, losses={step.loss_id: dict(step.gradients)}, own_gradients={of: by}, marks={by: "added"})


@pytest.mark.parametrize("name", [*NAMES, "all parts"])
def test_columns_give_the_structure(name: str) -> None:
    structure = structure_of(with_all_parts() if name == "all parts" else first_step(name))
    text = column_text(structure)
    found = read_structure(text)
    assert type(found.step.nodes).__name__ == "ColumnNodes"  # it was not read node by node
    assert described(found) == described(parse_structure(decode(json_data(structure_text(structure)))))
    assert column_text(found) == text
    assert found.forms() == structure.forms()
    assert [found.step.nodes[id].inputs for id in (-1, 5)] == [structure.step.nodes[id].inputs for id in (-1, 5)]
    for beyond in (len(structure.step.nodes), -len(structure.step.nodes) - 1):
        with pytest.raises(IndexError):
            found.step.nodes[beyond]


def places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every container of JSON data with every key in it."""
    if isinstance(data, (dict, list)):
        for key in data if isinstance(data, dict) else range(len(data)):
            yield data, key
            yield from places(data[key])


GOOD = json_data(column_text(structure_of(with_all_parts())))[KEY]
COUNT = len(GOOD["name"])
TEXTS = ["", "add", "parameter", "float32", "complex64", "loss", "backward", "{5}", "x" * 50_001, "W1"]
LISTS = [[], [0], [1, 2], [[0, 1], [1]], [None], [True], [1.5]]
OTHERS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, COUNT + 1),
    st.sampled_from([0.0, 1.0, 2.5, 1 << 70, {}, {"tuple": [1]}, {"dict": {"axis": 0}}, {"complex": [1.0, 2.0]}, *TEXTS, *LISTS]),
)


@given(place=st.integers(0, len(list(places(GOOD))) - 1), other=OTHERS)
def test_what_is_read_is_valid_node_by_node(place: int, other: Any) -> None:
    data = copy.deepcopy(GOOD)
    container, key = list(places(data))[place]
    container[key] = other
    try:
        found = read_structure(json.dumps({KEY: data}))
    except ValueError as error:
        assert "\n" not in str(error)
    else:
        assert described(found) == described(parse_structure(decode(json_data(structure_text(found)))))


LAST = COUNT - 1


@pytest.mark.parametrize(
    ("part", "at", "other", "problem"),
    [
        ("name", LAST, next(filter(None, GOOD["name"])), rf"node {LAST} .* is taken by an earlier node"),
        ("name", LAST, 7, "expected a list of texts"),
        ("name", LAST, "x" * 50_001, "expected a list of texts of up to 50000 characters"),
        ("gradient_of", LAST, LAST, rf"node {LAST} .* is not before it"),
        ("rule_of", 3, 3, "node 3 .* is not before it"),
        ("inputs", 0, LAST, "it uses a node that is not before it"),
        ("inputs", 0, -99, "expected integers from"),
        ("counts", LAST, 0, "expected .* integers"),
        ("source", 0, 999, "expected integers from -1 to"),
        ("formula", 0, ["{7}"] * 999, "its formula has a slot for input 7"),
        ("phase", 0, ["update", *GOOD["phase"][0][1:]], "comes after"),
        ("phase", 0, ["dusk"], "'dusk' is not a valid Phase"),
        ("op", 0, ["x" * 2001] * 999, "a text of many nodes has 2001 characters"),
        ("form", 0, [["float64", [7], None]] * 999, "has another shape or dtype|is no scalar"),
        ("gradients", 1, [0] * len(GOOD["gradients"][0]), "has another shape or dtype"),
        ("literals", 0, "1", "a literal is not a number"),
        ("parameters", 0, [{"tuple": []}] * 999, "its parameters are not a mapping"),
    ],
)
def test_what_is_invalid_is_named(part: str, at: int, other: Any, problem: str) -> None:
    data = copy.deepcopy(GOOD)
    data[part][at] = other
    with pytest.raises(ValueError, match=problem):
        read_column_text(data)


def test_leaf_with_inputs_and_missing_parts_are_refused() -> None:
    for data in (None, {}, {**GOOD, "more": []}, {name: GOOD[name] for name in GOOD if name != "op"}):
        with pytest.raises(ValueError, match="it is not the structure of a step"):
            read_column_text(data)
    data = copy.deepcopy(GOOD)
    of, _ = data["op"]
    data["op"][0] = ["parameter" if op == "multiply" else op for op in of]
    with pytest.raises(ValueError, match="a leaf has inputs"):
        read_column_text(data)


@pytest.fixture
def every_step_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (rows, table):
        monkeypatch.setattr(module, "LARGE_STEP", 1)


@pytest.mark.usefixtures("every_step_is_large")
@pytest.mark.parametrize("name", ["fruit", "fruit-keras"])
def test_file_of_large_steps_is_that_of_its_nodes(name: str, tmp_path: Path) -> None:
    trace = recorded(name, 2)
    tracer.save(trace, tmp_path / "a.sqlite")
    found = tracer.open(tmp_path / "a.sqlite")
    tracer.validate(found)
    assert verify(found).passed
    assert first_difference(trace, found) is None
    for step, other in zip(trace.steps, found.steps, strict=True):
        assert [repr(node) for node in step.nodes] == [repr(node) for node in other.nodes]
        count = len(step.nodes)
        for position in (-1, -count, 0, count - 1):
            assert repr(tracer.open(tmp_path / "a.sqlite").steps[step.index].nodes[position]) == repr(step.nodes[position])
        for position in (count, -count - 1, -2 * count):
            for nodes in (tracer.open(tmp_path / "a.sqlite").steps[step.index].nodes, other.nodes):
                with pytest.raises(IndexError):
                    nodes[position]


@pytest.mark.usefixtures("every_step_is_large")
def test_an_older_version_refuses_a_file_of_large_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracer.save(recorded("fruit", 1), tmp_path / "a.sqlite")
    with contextlib.closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (4004,)
    monkeypatch.setattr(store_format, "MINOR_VERSIONS", {1: 1, 2: 2, 3: 3})
    with pytest.raises(tracer.TraceFileError, match=r"newer version of tracer \(it needs reader 4, this is 3\)$"):
        tracer.open(tmp_path / "a.sqlite")


def test_only_a_large_step_is_written_by_columns(tmp_path: Path) -> None:
    def function(x: Any) -> Any:
        for _ in range(store_format.LARGE_STEP // 2):
            x = x * 1.01
        return x

    step = tracer.trace(function, 1.0)
    tracer.save(step, tmp_path / "large.sqlite")
    tracer.save(recorded("fruit", 1), tmp_path / "small.sqlite")
    for name, version, key in (("large", 4004, KEY), ("small", 1001, "dict")):
        with contextlib.closing(sqlite3.connect(tmp_path / f"{name}.sqlite")) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (version,)
            ((text,),) = connection.execute("SELECT content FROM structure")
        assert list(json.loads(text)) == [key]
    nodes = tracer.open(tmp_path / "large.sqlite").steps[0].nodes
    assert [node.formula for node in nodes] == [node.formula for node in step.nodes]
    assert verify(tracer.open(tmp_path / "large.sqlite")).exact == sum(not node.is_leaf for node in step.nodes)
