"""The trace file: bitwise round trips, lazy reading, retention of values, and compatibility."""

from __future__ import annotations

import contextlib
import gc
import json
import math
import os
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tracer
from support.strategies import CASES, Case, seeds
from support.traces import recorded
from tracer.analysis.verify import verify
from tracer.errors import TraceFileError, UsageError
from tracer.graph.record import LEAVES, PHASES, Literal, Node, Phase, Source, Step, Trace
from tracer.graph.strides import normalize, restore_array, stored_elements, strides_of
from tracer.graph.structures.shared import shared_structure
from tracer.graph.summary import summary_of
from tracer.i18n.language import CHINESE, ENGLISH
from tracer.i18n.message import Message
from tracer.store.plain_json import NUMPY_DTYPES, from_json, to_json
from tracer.store.reading import TraceFile, read
from tracer.store.retention import RetentionPolicy, size_in_bytes
from tracer.store.writing import TraceWriter, save
from tracer.testing import Program, programs
from tracer.training import Training
from tracer.training.bundled import bundled_names
from tracer.training.callbacks import EarlyStopping
from tracer.views.booklet.booklet import booklet
from tracer.views.diagrams.theme import Style
from tracer.views.diagrams.zoom import ViewSpec, diagrams
from tracer.views.export.events import json_document, json_lines
from tracer.views.export.tables import graphml
from tracer.views.svg import Drawing
from tracer.views.text.log import log_text

FILES = Path(__file__).parent / "files"
TEXTS = st.text(st.characters(codec=None), max_size=20)
"""Any characters, including lone surrogates, which file names may have."""


# Strategies.


@st.composite
def arrays(draw: Any) -> np.ndarray:
    """Any bits of any dtype, including every kind of NaN, in any memory layout."""
    dtype = np.dtype(draw(st.sampled_from(sorted(NUMPY_DTYPES))))
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=draw(st.sampled_from([3, 12]))))
    count = math.prod(shape) * dtype.itemsize
    content = np.random.default_rng(draw(seeds)).bytes(count)
    array = np.frombuffer(content, np.uint8).copy()
    array = (array % 2 if dtype == np.bool_ else array).view(dtype).reshape(shape)
    array = array.transpose(draw(st.permutations(range(len(shape)))))
    if array.ndim and draw(st.booleans()):
        array = array[tuple(slice(None, None, draw(st.sampled_from([1, 2, -1]))) for _ in shape)]
    if draw(st.booleans()):
        array = np.broadcast_to(array, (draw(st.integers(1, 3)), *array.shape))
    array.flags.writeable = False
    return array


literals = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.complex_numbers(allow_nan=True, allow_infinity=True)
)
plain = st.recursive(
    st.one_of(literals, TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.lists(inner, max_size=3).map(tuple), st.dictionaries(TEXTS, inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def steps(draw: Any, index: int) -> Step:
    """A step with arbitrary operations, names and values in a valid order."""
    nodes: list[Node] = []
    count = draw(st.integers(2, 6))
    phases = sorted((draw(st.sampled_from(PHASES)) for _ in range(count)), key=PHASES.index)
    names = draw(st.lists(TEXTS, min_size=count, max_size=count, unique=True))
    for id, (phase, name) in enumerate(zip(phases, names, strict=True)):
        inputs = st.one_of(st.integers(0, id - 1), literals.map(Literal)) if id else st.nothing()
        operands = draw(st.lists(inputs, max_size=3)) if id else []
        op = draw(st.sampled_from(["add", "matmul", "gone"] if operands else [*LEAVES, *["gone"] * bool(id)]))
        value = draw(arrays()) if id else np.asarray(draw(st.floats()))
        value.flags.writeable = False
        nodes.append(
            Node(
                id, op, tuple(operands), draw(st.dictionaries(TEXTS, plain, max_size=2)), value, value.shape, str(value.dtype),
                phase, name, draw(st.sampled_from(["", *["{0} + 1"] * bool(operands), "constant"])), draw(TEXTS),
                draw(st.one_of(st.none(), st.builds(Source, TEXTS, st.integers(0, 9999), TEXTS))),
                draw(st.integers(0, id - 1)) if phase is Phase.BACKWARD and id else None,
                draw(st.one_of(st.none(), st.integers(0, id - 1))) if id else None,
            )
        )  # fmt: skip
    alike = [(of.id, by.id) for of in nodes for by in nodes if of.shape == by.shape and of.dtype == by.dtype]
    pairs = st.lists(st.sampled_from(alike), max_size=3).map(dict)
    metrics = draw(st.dictionaries(st.sampled_from(["accuracy", "x"]), plain, max_size=2))
    return Step(index, tuple(nodes), 0, draw(pairs), draw(pairs), metrics | {"step": index})


REASONS = st.builds(
    lambda monitor, patience: Message("not_improved", {"monitor": monitor, "patience": patience}), TEXTS, st.integers(1, 2**40)
)
ENDS = st.one_of(
    st.none(),
    st.just(Message("interrupted")),
    st.builds(lambda text: Message("text", {"text": text}), TEXTS),
    st.builds(
        lambda epochs, why: Message("stopped_after_epochs", {"epochs": epochs, "reason": why}), st.integers(1, 99), REASONS
    ),
)
"""Reasons why a run ended."""


@st.composite
def traces(draw: Any) -> Trace:
    """Any trace: steps of the same structure with different values, and steps of different structures."""
    first = draw(steps(0))
    found = [first]
    for index in range(1, draw(st.integers(1, 3))):
        if draw(st.booleans()):
            found.append(replace(first, index=index, metrics={"step": index}))
        else:
            found.append(draw(steps(index)))
    return Trace(
        draw(TEXTS), draw(TEXTS), draw(st.integers(0, 2**60)), draw(TEXTS), draw(st.dictionaries(TEXTS, plain, max_size=3)),
        draw(st.dictionaries(TEXTS, TEXTS, max_size=2)), tuple(found), tuple(step.metrics for step in found),
        tuple(draw(st.lists(TEXTS, max_size=3))), draw(ENDS), draw(ENDS), draw(TEXTS), draw(TEXTS),
        defaults=tuple(draw(st.lists(TEXTS, max_size=2))),
    )  # fmt: skip


# Equality.


def identity(data: Any) -> Any:
    """Plain data in a form that distinguishes types and the bits of floats."""
    if isinstance(data, float):
        return "float", np.float64(data).tobytes()
    if isinstance(data, complex):
        return "complex", np.complex128(data).tobytes()
    if isinstance(data, dict):
        return "dict", {key: identity(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data).__name__, [identity(each) for each in data]
    return type(data).__name__, data


def assert_same(one: Trace, other: Trace) -> None:
    """Assert that two traces are equal, including the memory layout of values."""
    for field in fields(Trace):
        if field.name not in ("steps", "metrics", "printed", "hyperparameters", "versions", "finite_steps"):
            assert getattr(one, field.name) == getattr(other, field.name), field.name
    assert identity(dict(one.hyperparameters)) == identity(dict(other.hyperparameters))
    assert dict(one.versions) == dict(other.versions)
    assert list(one.printed) == list(other.printed)
    assert identity([dict(row) for row in one.metrics]) == identity([dict(row) for row in other.metrics])
    assert len(one.steps) == len(other.steps)
    for mine, theirs in zip(one.steps, other.steps, strict=True):
        assert (mine.index, mine.loss_id) == (theirs.index, theirs.loss_id)
        assert (dict(mine.gradients), dict(mine.updates)) == (dict(theirs.gradients), dict(theirs.updates))
        assert identity(dict(mine.metrics)) == identity(dict(theirs.metrics))
        assert len(mine.nodes) == len(theirs.nodes)
        for node, twin in zip(mine.nodes, theirs.nodes, strict=True):
            assert_same_node(node, twin)


def assert_same_node(node: Node, twin: Node) -> None:
    for field in fields(Node):
        if field.name not in ("content", "parameters", "inputs", "_summary"):
            assert getattr(node, field.name) == getattr(twin, field.name), field.name
    assert [identity(x.value) if isinstance(x, Literal) else x for x in node.inputs] == [
        identity(x.value) if isinstance(x, Literal) else x for x in twin.inputs
    ]
    assert identity(dict(node.parameters)) == identity(dict(twin.parameters))
    assert (twin.value.dtype, twin.value.shape) == (node.value.dtype, node.value.shape)
    assert twin.value.tobytes() == node.value.tobytes()
    assert strides_of(twin.value) == strides_of(node.value)
    assert not twin.value.flags.writeable
    assert repr(twin.summary) == repr(node.summary)


def written(trace: Trace, folder: Path, values: str = "all") -> Trace:
    """The trace read back from a file."""
    path = folder / "trace.sqlite"
    save(trace, path, values)
    return read(path)


# Tests.


@pytest.mark.slow
@given(traces())
def test_any_trace_round_trips(tmp_path_factory: pytest.TempPathFactory, trace: Trace) -> None:
    folder = tmp_path_factory.mktemp("file")
    found = written(trace, folder)
    assert_same(trace, found)
    # Writing it again gives the same bytes.
    save(found, folder / "again.sqlite")
    assert (folder / "again.sqlite").read_bytes() == (folder / "trace.sqlite").read_bytes()


def test_nan_metrics_are_written_once(tmp_path: Path) -> None:
    """NaN is not equal to itself, so the run's metrics were considered different from those of its steps."""
    row = {"accuracy": float("nan")}
    step = replace(tracer.trace(lambda x: x.sum(), [1.0]), metrics=row)
    trace = Trace("nan", "", 0, "float64", {}, {}, (step,), (row,))
    again = written(trace, tmp_path)
    first = (tmp_path / "trace.sqlite").read_bytes()
    written(again, tmp_path)
    assert (tmp_path / "trace.sqlite").read_bytes() == first


@pytest.mark.slow
@given(programs())
def test_views_of_random_programs_are_the_same_from_a_file(tmp_path_factory: pytest.TempPathFactory, program: Program) -> None:
    """Log, diagrams and exports are equal to the byte."""
    step = tracer.trace(program.function(), *program.arguments)
    trace = Trace("program", "", 0, "float64", {}, {}, (step,))
    found = written(trace, tmp_path_factory.mktemp("file"))
    assert_same(trace, replace(found, metrics=()))
    assert_same_views(trace, replace(found, metrics=()))


@pytest.mark.parametrize("name", sorted(CASES))
@settings(max_examples=5)
@given(data=st.data())
def test_every_operation_round_trips(tmp_path_factory: pytest.TempPathFactory, name: str, data: Any) -> None:
    case: Case = data.draw(CASES[name])

    def function(*arrays: Any) -> Any:
        return np.sum(case.function(*arrays))

    trace = Trace("case", "", 0, "float64", {}, {}, (tracer.trace(function, *case.arrays),))
    found = written(trace, tmp_path_factory.mktemp("file"))
    assert_same(trace, replace(found, metrics=()))
    assert verify(found).passed


def assert_same_views(one: Trace, other: Trace) -> None:
    assert log_text(one) == log_text(other)
    in_full = sum(node.size for node in one.steps[0].nodes) < 100_000
    assert list(json_lines(one, in_full=in_full)) == list(json_lines(other, in_full=in_full))
    assert list(json_document(one)) == list(json_document(other))
    for mine, theirs in zip(one.steps, other.steps, strict=True):
        for spec in (ViewSpec(), ViewSpec("scenario"), ViewSpec("module"), ViewSpec("tensor", phases=tuple(Phase)[1:])):
            assert list(diagrams(mine, spec, Style())) == list(diagrams(theirs, spec, Style()))
        assert list(graphml(one, mine)) == list(graphml(other, theirs))


def drawing(dot: str) -> Drawing:
    """A substitute for a layout engine: an empty picture with a size that depends on the amount of text."""
    return Drawing("<svg/>", 300.0, len(dot) / 40)


@pytest.mark.parametrize("name", bundled_names())
def test_every_view_is_the_same_from_a_file(name: str, tmp_path: Path) -> None:
    scenario = tracer.load(name)
    trace = tracer.run(scenario, steps=2 if scenario.optimizer else 1)
    found = written(trace, tmp_path)
    tracer.validate(found)
    assert_same(trace, found)
    assert_same_views(trace, found)
    assert booklet(trace, drawing, Style()) == booklet(found, drawing, Style())
    assert found.source == (Path(__file__).parent.parent / f"scenarios/{name.replace('-', '_')}.py").read_text()
    # Views also work without values.
    short = written(trace, tmp_path, "summary")
    assert "min=" in log_text(short)
    assert booklet(short, drawing, Style())
    assert [node.summary for step in short.steps for node in step.nodes] == [
        node.summary for step in trace.steps for node in step.nodes
    ]


def test_steps_and_values_are_read_lazily(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    query = TraceFile._query

    def noted(self: TraceFile, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        asked.append(sql)
        return query(self, sql, *parameters)

    monkeypatch.setattr(TraceFile, "_query", noted)
    counts = []
    for count in (2, 12):
        save(recorded("mnist", count), tmp_path / f"{count}.sqlite")
        asked.clear()
        trace = read(tmp_path / f"{count}.sqlite")
        opened = len(asked)
        step = trace.steps[1]
        read_step = len(asked) - opened
        assert not any("FROM value" in question for question in asked)
        assert step.node("w1").summary.count == 200_704
        value = step.node("w1").value
        assert sum("FROM value" in question for question in asked) == 1
        assert step.node("w1").value is value
        counts.append((opened, read_step))
    assert counts[0] == counts[1]
    assert counts[0][0] <= 5
    assert counts[0][1] <= 4


def test_slices_of_a_run(tmp_path: Path) -> None:
    trace = recorded("linear-regression")
    found = written(trace, tmp_path)
    assert len(found.steps) == len(found.metrics) == 50
    assert found.steps[-1].index == 49
    assert [step.index for step in found.steps[10:40:10]] == [10, 20, 30]
    assert [row["loss"] for row in found.metrics] == [row["loss"] for row in trace.metrics]
    assert found.metrics[-1] == trace.metrics[-1]
    assert list(found.printed) == list(trace.printed)
    assert found.printed[-1].startswith("After 50 iterations")
    with pytest.raises(IndexError, match="there are 50 steps, there is none at 50"):
        found.steps[50]
    assert found.step(7).index == 7
    assert found.steps[np.int64(7)].index == 7
    with pytest.raises(TypeError):
        found.steps[1.5]  # type: ignore[call-overload]
    with pytest.raises(KeyError, match="there is no step 50: linear-regression has steps 0 to 49 on record"):
        found.step(50)


def test_file_can_be_read_by_threads_and_after_it_is_deleted(tmp_path: Path) -> None:
    trace = recorded("mnist", 3)
    found = written(trace, tmp_path)
    losses: list[float] = []
    threads = [threading.Thread(target=lambda: losses.extend(step.loss for step in found.steps)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(losses) == sorted([step.loss for step in trace.steps] * 4)


def test_file_is_closed_with_its_trace(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    found = written(recorded("fruit", 1), tmp_path)
    del found
    gc.collect()
    assert not recwarn.list


def test_equal_values_are_written_once(tmp_path: Path) -> None:
    """Data that every step uses, and a parameter that is the result of the previous update."""
    few, many = tmp_path / "few.sqlite", tmp_path / "many.sqlite"
    scenario = tracer.load("mnist")
    save(tracer.run(scenario, steps=2), few)
    save(tracer.run(scenario, steps=3), many)
    step = tracer.run(scenario, steps=1).steps[0]
    full_size = sum(node.value.nbytes for node in step.nodes)
    assert many.stat().st_size - few.stat().st_size < 0.85 * full_size


# Retention of values.


def kept_steps(trace: Trace) -> list[int]:
    return [step.index for step in trace.steps if all(node.is_kept for node in step.nodes)]


def test_values_sampled_and_summary(tmp_path: Path) -> None:
    trace = recorded("linear-regression")
    assert kept_steps(written(trace, tmp_path)) == list(range(50))
    sampled = written(trace, tmp_path, "sampled")
    assert kept_steps(sampled) == [*range(0, 50, 2), 49]
    with pytest.raises(UsageError, match=r"keeps only a summary of this value: not all .*record the run with --values all"):
        _ = sampled.steps[1].nodes[0].value
    short = written(trace, tmp_path, "summary")
    assert kept_steps(short) == []
    assert [step.loss for step in short.steps] == [step.loss for step in trace.steps]
    assert short.steps[3].nodes[0].summary == trace.steps[3].nodes[0].summary


def test_sample_includes_every_nonfinite_step(tmp_path: Path) -> None:
    trace = tracer.run(tracer.load("linear-regression"), settings={"learning_rate": 1})
    sampled = written(trace, tmp_path, "sampled")
    assert kept_steps(sampled) == [*range(0, 40, 2), *range(40, 50)]
    assert sampled.finite_steps == 40
    found = sampled.first_nonfinite()
    assert found is not None
    assert (found[0].index, found[1].name) == (40, "loss")


def test_sampling_starts_at_the_budget(tmp_path: Path) -> None:
    trace = recorded("mnist", 24)
    path = tmp_path / "trace.sqlite"
    sizes = {}
    for budget in (10**9, 60 * 10**6, 25 * 10**6):
        writer = TraceWriter(path, trace, budget=budget)
        for step in trace.steps:
            writer.write(step)
        writer.end()
        found = read(path)
        kept = kept_steps(found)
        sizes[budget] = path.stat().st_size
        assert kept[0] == 0
        assert kept[-1] == 23
        assert (len(kept) == 24) == (budget == 10**9)
        assert writer.retention.is_sampled == (budget != 10**9)
        assert writer.retention.kept == len(kept)
        assert [step.loss for step in found.steps] == [step.loss for step in trace.steps]
    # The first, second and last step are kept for any budget; the second determines the size.
    assert all(size < 1.3 * budget for budget, size in sizes.items())
    assert sizes[60 * 10**6] > 25 * 10**6


def test_sampling_interval_doubles_until_the_rest_fits() -> None:
    retention = RetentionPolicy("", planned=100, budget=1000)
    assert retention.should_keep(0, lambda: True)
    retention.add(0, 100, was_kept=True)
    assert retention.every == 1
    retention.add(1, 50, was_kept=True)
    assert retention.every == 8  # 150 + 50 * (98 // 8) = 750
    assert [position for position in range(20) if retention.should_keep(position, lambda: True)] == [0, 8, 16]
    assert retention.should_keep(3, lambda: False)
    assert RetentionPolicy("all", 100, 1).every == 1
    with pytest.raises(UsageError, match="values are kept as one of all, sampled, summary, not as 'some'"):
        RetentionPolicy("some", 1)


@pytest.mark.parametrize("text", ["", "MB", "-1MB", "nan", "1e400", "5 apples", "1 0", "0x10", "inf"])
def test_invalid_sizes_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--budget takes a size such as 256MB"):
        size_in_bytes(text)


# Parts of the format.


@given(arrays())
def test_memory_layouts_round_trip(array: np.ndarray) -> None:
    strides = strides_of(array)
    again = restore_array(stored_elements(array, strides).tobytes(), str(array.dtype), array.shape, strides)
    assert again.tobytes() == array.tobytes()
    assert strides_of(again) == strides
    assert again.flags.c_contiguous == array.flags.c_contiguous
    assert again.flags.f_contiguous == array.flags.f_contiguous
    if strides is not None:
        assert normalize(array.shape, strides) == strides


@given(plain)
def test_plain_data_round_trips(data: Any) -> None:
    assert identity(from_json(to_json(data))) == identity(data)


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"a":1,"b":2}', '{"float":"00"}', '{"float":5}', '{"tuple":5}', '{"dict":[]}', '{"what":1}', "[" * 100_000,
     '{"array":["float64",[2],"00"]}', '{"array":["object",[0],""]}', '{"complex":[1]}', '{"number":["int8",[1],"00"]}', None,
     '{"array":["int8",[-1],""]}', '{"array":["int8",[1.5],"00"]}', '{"array":["int8",[' + "1," * 70 + '1],"00"]}'],
)  # fmt: skip
def test_invalid_plain_data_is_refused(text: Any) -> None:
    with pytest.raises(ValueError):  # the reader adds the position
        from_json(text)


def test_unsupported_values_are_stored_as_text() -> None:
    assert from_json(to_json({"at": Path("a"), "x": np.float32(0.5), "y": np.arange(2)}))["at"] == "a"
    found = from_json(to_json([np.float32(0.1), np.arange(3)]))
    assert found[0] == np.float32(0.1)
    assert found[0].dtype == np.float32
    assert found[1].tolist() == [0, 1, 2]


@given(arrays())
def test_summary_of_any_array(array: np.ndarray) -> None:
    found = summary_of(array)
    values = np.abs(array) if array.dtype.kind == "c" else array
    with np.errstate(all="ignore"):
        finite = values[np.isfinite(values)].astype(np.longdouble)
    assert (found.count, found.zeros) == (array.size, np.count_nonzero(values == 0))
    assert (found.nans, found.infinities) == (np.count_nonzero(np.isnan(values)), np.count_nonzero(np.isinf(values)))
    assert found.is_finite == (finite.size == array.size)
    if finite.size:
        assert (found.minimum, found.maximum) == (finite.min(), finite.max())
        largest = float(np.max(np.abs(finite))) or 1.0
        if largest < 1e150:
            assert found.mean == pytest.approx(float(finite.mean()), rel=1e-12, abs=1e-15 * largest)
            assert found.std == pytest.approx(float(finite.std()), rel=1e-9, abs=1e-12 * largest)
    if found.is_finite and finite.size:
        expected = float(largest * np.sqrt(np.sum((finite / largest) ** 2)))
        assert found.l2 == pytest.approx(expected, rel=1e-12) or not math.isfinite(expected)


def test_summary_of_many_numbers() -> None:
    """The standard deviation is accurate far from zero and over several chunks."""
    numbers = np.random.default_rng(0).standard_normal(100_000) + 1e6
    found = summary_of(numbers.reshape(100, 1000).T)
    assert found.std == pytest.approx(float(np.std(numbers)), rel=1e-9)
    assert found.mean == pytest.approx(float(np.mean(numbers)), rel=1e-15)
    assert summary_of(np.full(50, 1e307)).mean == pytest.approx(1e307)
    assert summary_of(np.array([1e200, 3e200])).std == pytest.approx(1e200)


# Writing.


def test_earlier_file_is_kept_until_a_step_is_finished(tmp_path: Path) -> None:
    trace = recorded("fruit", 1)
    path = tmp_path / "trace.sqlite"
    save(trace, path)
    before = path.read_bytes()
    writer = TraceWriter(path, trace)
    assert path.read_bytes() == before
    writer.end()
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["trace.sqlite"]
    with pytest.raises(UsageError, match="a trace without steps is not written"):
        save(replace(trace, steps=()), path)
    assert path.read_bytes() == before


def test_interruption_during_a_step_rolls_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = recorded("fruit", 3)
    writer = TraceWriter(tmp_path / "trace.sqlite", trace)
    writer.write(trace.steps[0])
    writer.write(trace.steps[1])

    def interrupted(self: TraceWriter, row: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(TraceWriter, "_insert", interrupted)
        writer.write(trace.steps[2])
    writer.end(unfinished=Message("interrupted"))
    found = read(tmp_path / "trace.sqlite")
    assert len(found.steps) == 2
    assert found.unfinished == Message("interrupted")
    assert log_text(found).splitlines()[-1] == "== interrupted ==  2 of 3 steps are whole"
    assert [step.loss for step in found.steps] == [step.loss for step in trace.steps[:2]]


def test_rolled_back_structure_is_written_with_the_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = recorded("fruit", 1).steps[0], recorded("linear-regression", 1).steps[0]
    writer = TraceWriter(tmp_path / "trace.sqlite", recorded("fruit", 1))
    writer.write(first)

    def interrupted(self: TraceWriter, row: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(TraceWriter, "_insert", interrupted)
        writer.write(second)
    writer.write(second)
    writer.end()
    assert [step.loss for step in read(tmp_path / "trace.sqlite").steps] == [first.loss, second.loss]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("again", [False, True])
def test_an_interrupted_commit_is_rolled_back(again: bool, after: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before or after the commit itself; the values of the step are written again if the step is."""
    trace = recorded("mnist", 2)
    writer = TraceWriter(tmp_path / "trace.sqlite", trace, "all")
    writer.write(trace.steps[0])

    def interrupted(self: TraceWriter) -> None:
        if after:
            self._connection.execute("COMMIT")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(TraceWriter, "_commit", interrupted)
        writer.write(trace.steps[1])
    if again:
        writer.write(trace.steps[1])
    writer.end(unfinished=Message("interrupted"))
    found = read(tmp_path / "trace.sqlite")
    assert len(found.steps) == 1 + again
    for step, original in zip(found.steps, trace.steps):
        assert all(map(np.array_equal, [node.value for node in step.nodes], [node.value for node in original.nodes]))


def test_file_of_a_running_run_can_be_read(tmp_path: Path) -> None:
    training = Training(tracer.load("fruit"))
    writer = TraceWriter(tmp_path / "trace.sqlite", training.head)
    for count, step in enumerate(training, start=1):
        writer.write(step)
        found = read(tmp_path / "trace.sqlite")
        assert len(found.steps) == count
        assert found.unfinished == Message("not_ended")
        assert found.steps[-1].loss == step.loss
    writer.end()
    assert read(tmp_path / "trace.sqlite").unfinished is None


# Invalid files and other versions.


def test_invalid_file_is_reported_in_one_line(tmp_path: Path) -> None:
    good = tmp_path / "good.sqlite"
    save(recorded("fruit", 1), good)
    content = good.read_bytes()
    wrong = {
        "it is empty": b"",
        "is no trace file": b"text, not a file of SQLite" * 10,
        "another SQLite database": content[:68] + bytes(4) + content[72:],
        "newer version of tracer": content[:60] + (9000).to_bytes(4) + content[64:],
        "its version is 0": content[:60] + bytes(4) + content[64:],
        "is damaged": content[: len(content) // 2],
    }
    for message, changed in wrong.items():
        path = tmp_path / "wrong.sqlite"
        path.write_bytes(changed)
        with pytest.raises(TraceFileError, match=message) as error:
            log_text(read(path))
        assert "\n" not in str(error.value)
        assert error.value.exit_code == 4
    with pytest.raises(UsageError, match="there is no file"):
        read(tmp_path / "none.sqlite")
    with pytest.raises(UsageError, match="is a folder"):
        read(tmp_path)
    os.mkfifo(tmp_path / "pipe.sqlite")
    with pytest.raises(TraceFileError, match="it is a device or a pipe"):
        read(tmp_path / "pipe.sqlite")
    os.mkfifo(tmp_path / "good.sqlite-journal")
    with pytest.raises(TraceFileError, match="is no journal of a trace file"):
        read(good)


def test_later_minor_version_may_have_more_tables(tmp_path: Path) -> None:
    path = tmp_path / "trace.sqlite"
    trace = recorded("fruit", 1)
    save(trace, path)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE notes (text)")
    connection.commit()
    with pytest.raises(TraceFileError, match="its tables are not those of one"):
        read(path)
    connection.execute("PRAGMA user_version = 1002")
    connection.commit()
    assert log_text(read(path)) == log_text(trace)
    connection.execute("CREATE TRIGGER run_me AFTER INSERT ON notes BEGIN DELETE FROM step; END")
    connection.commit()
    connection.close()
    with pytest.raises(TraceFileError, match="it holds the trigger 'run_me'"):
        read(path)


def every_file() -> Sequence[str]:
    return sorted(path.name for path in FILES.glob("*.sqlite"))


@pytest.mark.parametrize("name", every_file())
def test_files_of_earlier_versions_open(name: str) -> None:
    """Each was written by the version in its name and must open in every later one."""
    found = read(FILES / name)
    expected = json.loads((FILES / name).with_suffix(".json").read_text())
    assert len(found.steps) == expected["steps"]
    assert [float(step.loss).hex() for step in found.steps] == expected["losses"]
    assert str(found.unfinished or "") == expected["unfinished"]
    assert str(found.stopped or "") == expected.get("stopped", "")
    assert kept_steps(found) == expected["kept"]
    for step in found.steps:
        for node in step.nodes:
            assert node.summary.count == node.size
            assert not node.is_kept or node.value.shape == node.shape
    log = log_text(found)
    assert all(line in log for line in expected["lines"])
    tracer.validate(found)


def structures_in(path: Path) -> int:
    import sqlite3

    with contextlib.closing(sqlite3.connect(path)) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM structure")
    return int(count)


def test_structure_of_steps_from_different_files_is_written_once(tmp_path: Path) -> None:
    trace = recorded("fruit", 3)
    assert len({id(shared_structure(step)) for step in trace.steps}) == 1
    assert shared_structure(trace.steps[0]) is not None
    plain = replace(trace, steps=tuple(replace(step, nodes=tuple(step.nodes)) for step in trace.steps))
    first, *others = trace.steps
    fewer = dict(list(others[0].gradients.items())[1:])
    mixed = replace(trace, steps=(first, replace(others[0], gradients=fewer), plain.steps[2]))
    for number, (each, count) in enumerate([(trace, 1), (plain, 1), (mixed, 2)]):
        path = tmp_path / f"{number}.sqlite"
        save(each, path)
        assert structures_in(path) == count
        assert_same(each, read(path))


@pytest.mark.parametrize(
    ("name", "english", "chinese"),
    [
        ("version-1-stopped", "stopped after 2 epochs: loss had not improved by 1e+09 for 1 epoch",
         "在 2 轮后停止：loss 在 1 轮内的改善未达到 1e+09"),
        ("version-1-mnist-summary-cut-off", "the run did not end", "运行没有结束"),
        ("version-1.1-fruit-sgd", "stopped after 7 epochs: loss had not improved by 0.001 for 5 epochs in a row",
         "在 7 轮后停止：loss 连续 5 轮的改善未达到 0.001"),
    ],
)  # fmt: skip
def test_end_of_runs_of_earlier_versions_is_translated(name: str, english: str, chinese: str) -> None:
    found = read(FILES / f"{name}.sqlite")
    why = found.stopped or found.unfinished
    assert why is not None
    assert (str(why), CHINESE.message(why)) == (english, chinese)
    for tell, text in ((ENGLISH, english), (CHINESE, chinese)):
        assert text in log_text(found, tell=tell).splitlines()[-1]


def layout_of(path: Path) -> tuple[int, dict[str, str], dict[str, dict[str, str]]]:
    """What a reader checks first: the version, the tables, and the types of the parts' fields."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        ((version,),) = connection.execute("PRAGMA user_version")
        tables = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'"))
        parts = dict(connection.execute("SELECT part, content FROM run"))
    kinds = {part: {name: type(value).__name__ for name, value in from_json(text).items()} for part, text in parts.items()}
    return version // 1000, tables, kinds


def test_verdict_is_stored_and_earlier_files_have_none(tmp_path: Path) -> None:
    verdict = Message("check_right", {"step": 0, "numbers": 22, "rules": 31})
    save(replace(recorded("fruit", 1), verdict=verdict), tmp_path / "trace.sqlite")
    found = read(tmp_path / "trace.sqlite").verdict
    assert found == verdict and found is not None
    assert CHINESE.message(found).startswith("第 0 步的梯度正确：22 个数")
    assert read(FILES / "version-1-stopped.sqlite").verdict is None


@pytest.mark.parametrize("unfinished", [None, Message("interrupted")])
def test_current_file_can_be_read_by_version_0_1_0(unfinished: Message | None, tmp_path: Path) -> None:
    """A current file has everything in a file of 0.1.0, which ignores additional fields of the parts.

    It requires reader version 1, exactly its own tables, and the expected types of the fields it knows.
    """
    path = tmp_path / "trace.sqlite"
    stopped = Message("stopped_after_epochs", {"epochs": 2, "reason": EarlyStopping(patience=1).reason()})
    save(replace(recorded("fruit", 1), stopped=stopped, unfinished=unfinished), path)
    reader, tables, kinds = layout_of(path)
    old_reader, old_tables, old_kinds = layout_of(FILES / "version-1-stopped.sqlite")
    assert (reader, tables) == (old_reader, old_tables)
    assert kinds["head"] == old_kinds["head"] | {"defaults": "list"}
    assert kinds["end"] == old_kinds["end"] | {"messages": "dict", "verdict": "str"}
    with contextlib.closing(sqlite3.connect(path)) as connection:
        ((end,),) = connection.execute("SELECT content FROM run WHERE part = 'end'")
    message = "stopped after 2 epochs: loss had not improved for 1 epoch"
    assert (from_json(end)["stopped"], from_json(end)["unfinished"]) == (message, "interrupted" if unfinished else "")


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("interrupted", {"more": 1}), ("stopped_by_error", {}), ("stopped_by_error", {"error": None}),
        ("stopped_by_error", {"error": [1]}), ("not_improved_by", {"monitor": "loss", "tolerance": "much", "patience": 1}),
        (5, {}), ("interrupted", []),
    ],
)  # fmt: skip
def test_invalid_message_is_reported_as_damage(code: Any, fields: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracer.store.writing.encode_message", lambda message: {"code": code, "fields": fields})
    save(recorded("fruit", 1), tmp_path / "trace.sqlite")
    with pytest.raises(TraceFileError, match=r"is damaged: its end: a (field of a )?message") as error:
        read(tmp_path / "trace.sqlite")
    assert "\n" not in str(error.value)


def test_unknown_message_code_is_shown_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"code": "paused", "fields": {"hour": 12, "by": [None]}}
    monkeypatch.setattr("tracer.store.writing.encode_message", lambda message: data if message else None)
    save(replace(recorded("fruit", 1), unfinished=Message("text", {"text": "paused until noon"})), tmp_path / "trace.sqlite")
    found = read(tmp_path / "trace.sqlite")
    assert found.stopped is None
    for tell in (ENGLISH, CHINESE):
        assert "paused until noon" in log_text(found, tell=tell).splitlines()[-1]


def test_files_of_earlier_versions_exist() -> None:
    assert len(every_file()) >= 5
