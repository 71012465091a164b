"""Values of dtype bfloat16, which NumPy does not have: arrays of float32 with their numbers, two bytes each in a file."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import tracer
from support.traces import recorded
from tracer.errors import TraceFileError, UsageError
from tracer.graph.record import Step, Trace
from tracer.graph.strides import restore_array, stored_elements, strides_of, to_stored
from tracer.graph.validation import validate
from tracer.store import format as store_format
from tracer.views.export.events import json_lines
from tracer.views.notation import summary_text
from tracer.views.text.detail import node_lines

BITS = arrays(np.uint16, array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))


def of_bits(bits: np.ndarray) -> np.ndarray:
    return (bits.astype(np.uint32) << 16).view(np.float32) if bits.ndim else np.asarray(np.uint32(bits) << 16).view(np.float32)


@given(BITS, st.booleans())
def test_every_bfloat16_is_stored_in_its_two_bytes(bits: np.ndarray, transposed: bool) -> None:
    """NaNs with their bits, infinities and numbers below the normal ones too."""
    values = of_bits(bits).T if transposed else of_bits(bits)
    elements = to_stored(stored_elements(values, strides_of(values)), "bfloat16")
    assert elements.nbytes == 2 * bits.size
    again = restore_array(elements.tobytes(), "bfloat16", values.shape, strides_of(values))
    assert (again.dtype, again.flags.writeable) == (np.float32, False)
    assert again.tobytes() == values.tobytes()
    assert strides_of(again) == strides_of(values)


@given(st.floats(width=32).filter(lambda number: np.float32(number).view(np.uint32) & 0xFFFF))
def test_another_number_is_not_stored(number: float) -> None:
    with pytest.raises(ValueError, match="a number that is no bfloat16"):
        to_stored(np.array([1, number], np.float32), "bfloat16")


def with_bfloat16(step: Step) -> Step:
    """A step whose data is of dtype bfloat16."""
    x = next(node for node in step.nodes if node.name == "x")
    value = of_bits((x.value.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16))
    value.flags.writeable = False
    nodes = [replace(node, content=value, dtype="bfloat16") if node is x else node for node in step.nodes]
    return replace(step, nodes=tuple(nodes))


@pytest.fixture(scope="module")
def trace() -> Trace:
    found = recorded("fruit")
    return replace(found, steps=tuple(map(with_bfloat16, found.steps[:2])), metrics=tuple(found.metrics[:2]))


def version_of(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        ((version,),) = connection.execute("PRAGMA user_version")
    return int(version)


@pytest.mark.parametrize("values", ["all", "summary"])
def test_file_has_the_dtype(values: str, trace: Trace, tmp_path: Path) -> None:
    tracer.save(trace, tmp_path / "a.sqlite", values)
    found = tracer.open(tmp_path / "a.sqlite")
    validate(found)
    assert version_of(tmp_path / "a.sqlite") == 3003
    for step, stored in zip(trace.steps, found.steps, strict=True):
        for node, other in zip(step.nodes, stored.nodes, strict=True):
            assert (node.dtype, node.shape, str(node.summary)) == (other.dtype, other.shape, str(other.summary))
            if other.is_kept:
                assert node.value.tobytes() == other.value.tobytes()


def test_only_a_file_with_such_a_value_needs_a_newer_reader(trace: Trace, tmp_path: Path) -> None:
    """An older version refuses it in one line; in a run whose second step has the first one, too."""
    later = replace(trace, steps=(recorded("fruit").steps[0], trace.steps[1]))
    tracer.save(recorded("fruit"), tmp_path / "a.sqlite")
    tracer.save(later, tmp_path / "b.sqlite")
    assert [version_of(tmp_path / name) for name in ("a.sqlite", "b.sqlite")] == [1001, 3003]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_format, "MINOR_VERSIONS", {1: 1, 2: 2})
        tracer.open(tmp_path / "a.sqlite")
        with pytest.raises(TraceFileError, match=r"newer version of tracer \(it needs reader 3, this is 2\)$"):
            tracer.open(tmp_path / "b.sqlite")


def test_value_that_is_no_bfloat16_is_refused(trace: Trace, tmp_path: Path) -> None:
    step = trace.steps[0]
    (x,) = (node for node in step.nodes if node.dtype == "bfloat16")
    wrong = np.full(x.shape, np.float32(0.1))
    wrong.flags.writeable = False
    nodes = [replace(node, content=wrong) if node is x else node for node in step.nodes]
    with pytest.raises(UsageError, match=rf"step 0: node {x.id}: it has a number that is no bfloat16"):
        tracer.save(replace(step, nodes=tuple(nodes)), tmp_path / "a.sqlite")


def test_views_tell_the_dtype(trace: Trace) -> None:
    step = trace.steps[0]
    (x,) = (node for node in step.nodes if node.dtype == "bfloat16")
    assert " bf16 n=20 " in summary_text(x.summary, x.shape, x.dtype)
    assert "bfloat16" in "\n".join(node_lines(trace, step, x))
    (event,) = (each for each in map(json.loads, json_lines(trace)) if each.get("step") == 0 and each.get("id") == x.id)
    assert event["dtype"] == "bfloat16"
