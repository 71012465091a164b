"""Values that are not in a trace file: which they are, why, and where that is said."""

from __future__ import annotations

import copy
import json
import math
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from support.cli import run
from support.traces import recorded
from tracer.errors import UsageError
from tracer.graph.missing import NOT_RETAINED, combined, reasons_in
from tracer.graph.record import EMPTY, Node, Step, Trace
from tracer.graph.single_step import trace_of_step
from tracer.i18n.message import Message
from tracer.store import rows
from tracer.store.format import SCHEMA, user_version
from tracer.store.plain_json import STORABLE_DTYPES

LIMIT = 10_000
"""The size in bytes of an array that a file holds in these tests: above the size of inline values."""

FILES = Path(__file__).parent / "files"

TOO_LARGE = "an array of 16,000 bytes is larger than a file can hold (10,000 bytes)"
OTHER_DTYPE = "a file cannot hold arrays of dtype longdouble".replace("longdouble", str(np.dtype(np.longdouble)))
NOT_ASKED = "not all values were to be kept (record the run with --values all)"

SCENARIO = """import numpy as np
from tracer import SGD, Scenario

def data():
    return {"x": np.arange(2000.0).reshape(1000, 2) / 2000, "y": np.ones(1000)}

def model(x, w):
    h = x @ w
    long = h.astype(np.longdouble)
    return (long * 1).astype(np.float64)

def loss(p, y):
    return np.mean((p - y) ** 2)

scenario = Scenario(data=data, parameters={"w": [0.1, 0.2]}, model=model, loss=loss, optimizer=SGD(learning_rate=0.1), steps=3)
"""
"""A run with an array of 16,000 bytes, and with longdoubles."""

has_longdouble = pytest.mark.skipif(str(np.dtype(np.longdouble)) in STORABLE_DTYPES, reason="a longdouble is a double here")


@pytest.fixture(autouse=True)
def _small_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_VALUE_SIZE", LIMIT)
    monkeypatch.chdir(tmp_path)


# The record.


def leaves_only(*arrays: np.ndarray) -> Step:
    """A step of arrays of data, and a loss."""
    nodes = [
        Node(id, "data", (), EMPTY, array, array.shape, str(array.dtype), tracer.graph.record.Phase.INIT, f"x{id}", "")
        for id, array in enumerate((*arrays, np.array(0.5)))
    ]
    for node in nodes:
        node.value.flags.writeable = False
    return Step(0, nodes, len(arrays))


def expected_reason(node: Node, values: str) -> str | None:
    """The code of the reason why a file written with these values lacks that of a node."""
    if node.dtype not in STORABLE_DTYPES:
        return "dtype_not_storable"
    size = math.prod(node.shape) * np.dtype(node.dtype).itemsize
    if size > LIMIT:
        return "too_large"
    # A small broadcast array is stored as its one element.
    stored = np.dtype(node.dtype).itemsize if size <= rows.INLINE_KEPT and 0 in node.value.strides and size else size
    return "not_retained" if values == "summary" and stored > rows.INLINE else None


@given(
    kinds=st.lists(
        st.tuples(
            st.sampled_from(["?", "<i4", "<f8", "<c16", ">f8", "g", "G", "O"]),
            st.one_of(st.integers(0, 20), st.integers(480, 2600), st.integers(9_999, 10_001), st.sampled_from([625, 1250, 2500])),
            st.booleans(),
        ),
        min_size=1, max_size=5,
    ),
    values=st.sampled_from(["all", "sampled", "summary"]),
)  # fmt: skip
def test_every_missing_value_has_its_reason_and_no_other(
    kinds: list[tuple[str, int, bool]], values: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    arrays = [np.zeros(size, code) if not wide else np.broadcast_to(np.ones((), code), (size,)) for code, size, wide in kinds]
    step = leaves_only(*arrays)
    path = tmp_path_factory.mktemp("file") / "trace.sqlite"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        tracer.save(step, path, values)
    read = tracer.open(path).steps[0]
    expected = [expected_reason(node, values) for node in step.nodes]
    reasons = [node.why_missing for node in read.nodes]
    assert [None if why is None else why.code for why in reasons] == expected
    assert [node.is_kept for node in read.nodes] == [code is None for code in expected]
    assert all(node.why_missing is None for node in step.nodes)
    for original, node, copied in zip(step.nodes, read.nodes, pickle.loads(pickle.dumps(read)).nodes, strict=True):
        assert copied.why_missing == node.why_missing
        if node.why_missing is None:
            assert node.value.tobytes() == original.value.tobytes()
            continue
        if node.why_missing.code == "too_large":
            assert node.why_missing.fields == {"size": original.value.nbytes, "limit": LIMIT}
        elif node.why_missing.code == "dtype_not_storable":
            assert node.why_missing.fields == {"dtype": original.dtype}
        for each in (node, copied):
            with pytest.raises(UsageError, match="keeps only a summary of this value") as error:
                each.value.sum()
            assert str(node.why_missing) in str(error.value)
            assert ("tracer.run" in str(error.value)) is (node.why_missing != NOT_RETAINED)
            assert "\n" not in str(error.value)
    # `save` warns of exactly those that were asked for.
    left_out = sum(code in ("too_large", "dtype_not_storable") for code in expected) if values != "summary" else 0
    assert len(caught) == bool(left_out)
    if left_out:
        assert f" has only statistics of {left_out} value{'' if left_out == 1 else 's'}: " in str(caught[0].message)
        assert caught[0].filename == __file__


def test_several_sizes_and_dtypes_are_one_reason() -> None:
    sizes = [Message("too_large", {"size": size, "limit": 5}) for size in (700, 600, 6_000)]
    dtypes = [Message("dtype_not_storable", {"dtype": dtype}) for dtype in ("object", ">f8")]
    assert list(map(str, combined([*sizes, NOT_RETAINED, *dtypes, NOT_RETAINED]))) == [
        "a file cannot hold arrays of dtype >f8, object",
        str(NOT_RETAINED),
        "arrays of 600 to 6,000 bytes are larger than a file can hold (5 bytes)",
    ]
    assert combined([sizes[0]] * 3) == (sizes[0],)
    assert combined([]) == ()


def test_format_is_that_of_version_1_1() -> None:
    """The reason is found without storing it, so that earlier readers open new files."""
    assert user_version() == 1001
    assert set(SCHEMA) == {"run", "structure", "step", "value"}


@pytest.mark.parametrize("name", ["version-1-mnist-summary-cut-off", "version-1-overflow-sampled"])
def test_files_of_earlier_versions_tell_the_reason(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    trace = tracer.open(FILES / f"{name}.sqlite")
    reasons = {reason.code for step in trace.steps for reason in reasons_in(step.nodes)}
    assert reasons == {"not_retained"}


def test_file_that_was_saved_again_keeps_the_reason(tmp_path: Path) -> None:
    tracer.save(recorded("mnist", 1), "once.sqlite", "summary")
    once = tracer.open("once.sqlite")
    tracer.save(copy.deepcopy(once), "twice.sqlite")
    twice = tracer.open("twice.sqlite")
    for mine, theirs in zip(once.steps[0].nodes, twice.steps[0].nodes, strict=True):
        assert mine.why_missing == theirs.why_missing


# The commands.


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, err: str = "") -> str:
    capsys.readouterr()
    assert run(*arguments) == 0
    out, told = capsys.readouterr()
    assert err in told
    return out


def write_trace(*options: str, scenario: str = SCENARIO) -> None:
    Path("mine.py").write_text(scenario)
    assert run("trace", "./mine.py", "--format", "log", *options) == 0


@has_longdouble
@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--values", "all"), f"(3 steps), except 18 values: {OTHER_DTYPE}; {TOO_LARGE}\n"),
        ((), f"(3 steps), except 18 values: {OTHER_DTYPE}; {TOO_LARGE}\n"),
        (("--values", "sampled"), f"(3 steps, all values of 2 of them), except 12 values: {OTHER_DTYPE}; {TOO_LARGE}\n"),
        # The last step is kept at the end of the run.
        (
            ("--values", "sampled", "--steps", "4"),
            f"(4 steps, all values of 3 of them), except 18 values: {OTHER_DTYPE}; {TOO_LARGE}\n",
        ),
        (("--values", "summary"), "(3 steps, summaries of their values)\n"),
    ],
)
def test_trace_counts_what_it_leaves_out(options: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_trace(*options)
    assert f"wrote output/mine/trace.sqlite {text}" in capsys.readouterr().out
    trace = tracer.open("output/mine/trace.sqlite")
    hard = [why for step in trace.steps for why in reasons_in(step.nodes) if why != NOT_RETAINED]
    assert len(hard) == 6 * len(trace.steps)


def test_trace_that_keeps_all_says_nothing_of_it(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_VALUE_SIZE", 16_000)
    write_trace("--values", "all", scenario=SCENARIO.replace("np.longdouble", "np.float64"))
    assert "wrote output/mine/trace.sqlite (3 steps)\n" in capsys.readouterr().out


@has_longdouble
@pytest.mark.parametrize(
    ("node", "reason", "code"),
    [("x", TOO_LARGE, "too_large"), ("long", OTHER_DTYPE, "dtype_not_storable"), ("h", NOT_ASKED, "not_retained")],
)
def test_show_tells_the_reason(node: str, reason: str, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("--values", "summary" if node == "h" else "all")
    assert f"  (the file keeps only these statistics: {reason})\n" in printed(capsys, "show", "mine", node)
    element = f"{node}[0,0]" if node == "x" else f"{node}[0]"
    assert f"{element}: only statistics are kept of it ({reason})\n" in printed(capsys, "show", "mine", element)
    data = json.loads(printed(capsys, "show", "mine", node, "--json"))
    assert (data["is_kept"], data["why_missing"]["code"], data["why_missing"]["text"]) == (False, code, reason)
    assert json.loads(printed(capsys, "show", "mine", element, "--json"))["value"]["why_missing"] == data["why_missing"]
    kept = json.loads(printed(capsys, "show", "mine", "w", "--json"))
    assert kept["is_kept"]
    assert "why_missing" not in kept


@has_longdouble
def test_other_commands_name_the_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    write_trace("--values", "all")
    reasons = f"{OTHER_DTYPE}; {TOO_LARGE}"
    line = f"27 operations not computed again: the file keeps only statistics of their values ({reasons})\n"
    assert printed(capsys, "verify", "mine").endswith(line)
    data = json.loads(printed(capsys, "verify", "mine", "--json"))
    assert [each["code"] for each in data["why_missing"]] == ["dtype_not_storable", "too_large"]
    out = printed(capsys, "diff", "mine", "mine")
    assert f"in 3 steps only statistics could be compared of some values: a file keeps no more of them ({reasons})\n" in out
    data = json.loads(printed(capsys, "diff", "mine", "mine", "--json"))
    assert [each["code"] for each in data["why_missing"]] == ["dtype_not_storable", "too_large"]
    notice = f"not scalar: not all of its numbers are on record: {OTHER_DTYPE}\n"
    printed(capsys, "render", "mine", "-o", "x.svg", "--zoom", "scalar", err=notice)
    assert printed(capsys, "export", "mine", "-o", "x.npz") == f"wrote x.npz, except 18 values: {reasons}\n"
    data = json.loads(printed(capsys, "export", "mine", "-o", "x.npz", "--json"))
    assert (data["left_out"], [each["code"] for each in data["why_missing"]]) == (18, ["dtype_not_storable", "too_large"])
    with np.load("x.npz") as arrays:
        assert len(arrays) == sum(node.is_kept for step in tracer.open("output/mine/trace.sqlite").steps for node in step.nodes)


def test_advice_that_would_not_help_is_not_given(capsys: pytest.CaptureFixture[str]) -> None:
    """Of a run that kept all it could, nothing says that --values all would keep more."""
    write_trace("--values", "all")
    for arguments in (("show", "mine", "x"), ("verify", "mine"), ("diff", "mine", "mine"), ("export", "mine", "-o", "x.npz")):
        assert "--values" not in printed(capsys, *arguments)
    capsys.readouterr()
    assert run("render", "mine", "-o", "x.svg", "--zoom", "scalar") == 0
    assert "--values" not in capsys.readouterr().err


def overflowing(x: Any) -> Any:
    """Of an input of 16,000 bytes, the logarithm is not finite."""
    return np.sum(np.log(x) * 1.0)


def test_blame_names_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        step = tracer.trace(overflowing, np.r_[np.inf, np.ones(1999)])
        tracer.save(Trace("many", "", 0, "float64", {}, {}, trace_of_step(step).steps), "many.sqlite")
    assert run("blame", "many.sqlite") == 1
    out = capsys.readouterr().out
    assert "(some values were not kept: another number that is not finite may be the one that reaches it)\n" in out
    assert f"({TOO_LARGE})\n" in out
