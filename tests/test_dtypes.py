"""Every dtype, byte order and layout: where arrays enter a record, and in trace files. What `save` takes, `open` takes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tracer.arguments import numeric_array
from tracer.data.archives import array_bytes, read_arrays
from tracer.data.idx import FILES, read_digits
from tracer.errors import RecordingError, UsageError
from tracer.graph.record import EMPTY, Node, Phase, Step, Trace
from tracer.nn.layers import log_softmax, one_hot, softmax
from tracer.nn.losses import categorical_cross_entropy, cross_entropy, hinge, mean_squared_error
from tracer.nn.metrics import accuracy, quality_of_classes
from tracer.nn.summaries import classification_report
from tracer.ops import Op
from tracer.store.plain_json import STORABLE_DTYPES, from_json, to_json

pytestmark = pytest.mark.filterwarnings("ignore:.* has only statistics of ")
"""Files of dtypes that no file holds are written on purpose."""

CODES = ["?", *"bhilq", *"BHILQ", *"efdg"]
ORDERED = [order + code for code in CODES for order in ("<", ">")]
"""Booleans, integers and floats, each in both byte orders."""

OTHERS = ["F", "D", "G", ">F", ">D", ">G", "O", "U3", "S2", "M8[s]", "m8[D]", "V4"]


def forms(dtype: np.dtype) -> list[np.ndarray]:
    """Small numbers of a dtype, contiguous or transposed, reversed, with gaps, broadcast, or in a packed record."""
    values = np.arange(6).reshape(2, 3) % 2
    array = values.astype(dtype) if dtype.kind != "V" else np.zeros((2, 3), dtype)
    packed = np.zeros((2, 3), [("pad", "i1"), ("x", dtype)])
    packed["x"] = array
    return [
        array,
        array.T,
        array[::-1],
        array[:, ::2],
        np.broadcast_to(array[0], (2, 3)),
        packed["x"],
        array[:0],
        array[0, 0, ...],
    ]


layouts = st.sampled_from(ORDERED).flatmap(lambda dtype: st.sampled_from(forms(np.dtype(dtype))))


def loss_of(x: Any) -> Any:
    """A loss that any kind of number takes part in."""
    return np.sum(np.ones(3) * np.sum(x * 1.0))


def trace_of(step: Step) -> Trace:
    """A run of one step."""
    return Trace("scenario", "", 0, "float64", EMPTY, EMPTY, (step,), (step.metrics,))


def saved(trace: Trace, folder: Path) -> Trace:
    """The trace read back from a file."""
    tracer.save(trace, folder / "trace.sqlite")
    return tracer.open(folder / "trace.sqlite")


def assert_read_back(trace: Trace, folder: Path) -> None:
    """Everything in the file can be read: values where a file holds the dtype, and everywhere what is known of them."""
    again = saved(trace, folder)
    for node, twin in zip(trace.steps[0].nodes, again.steps[0].nodes, strict=True):
        assert (twin.dtype, twin.shape) == (node.dtype, node.shape)
        assert list(map(repr, map(float, twin.summary.as_dict().values()))) == [
            repr(float(number)) for number in node.summary.as_dict().values()
        ]
        assert {type(number) for number in node.summary.as_dict().values()} <= {int, float}
        assert twin.is_kept is (node.dtype in STORABLE_DTYPES)
        if twin.is_kept:
            assert twin.value.dtype == node.value.dtype
            assert twin.value.tobytes() == node.value.tobytes()


# Where arrays enter.


@given(array=layouts)
def test_arrays_enter_in_native_byte_order(array: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> None:
    wanted = array.dtype.newbyteorder("=")
    assert numeric_array(array, "x", None).dtype == wanted
    as_argument = tracer.trace(lambda x: loss_of(x), array)
    as_constant = tracer.trace(lambda x: loss_of(array) * x, 1.0)
    assert as_argument.nodes[0].value.dtype == wanted
    assert {np.dtype(node.dtype).isnative for step in (as_argument, as_constant) for node in step.nodes} == {True}
    np.testing.assert_array_equal(as_argument.nodes[0].value, array)
    for step in (as_argument, as_constant):
        if step.nodes[step.loss_id].dtype == "float64":
            assert_read_back(trace_of(step), tmp_path_factory.mktemp("run"))


@given(order=st.sampled_from("<>"), code=st.sampled_from("hilqHILQ"))
def test_index_arrays_of_both_byte_orders_select_the_same(order: str, code: str) -> None:
    index = np.array([2, 0, 2]).astype(order + code)
    step = tracer.trace(lambda x: np.sum(x[index] * x[np.array([2, 0, 2])]), np.array([1.0, 2.0, 3.0]))
    assert step.loss == 19
    assert step.gradient("x").tolist() == [2, 0, 12]
    assert all(np.dtype(node.dtype).isnative for node in step.nodes)


def test_data_parameters_and_checkpoints_are_native(tmp_path: Path) -> None:
    """Also optimizer state, and what a scenario's batches, metrics and checkpoint are made of."""
    scenario = tracer.Scenario(
        data=lambda: {"x": np.arange(6.0).astype(">f4"), "y": np.array([0, 1, 0, 1, 1, 0], ">u2")},
        parameters={"w": np.array([0.5, -0.5], ">f8")},
        model=lambda x, w: x[:, None] * w,
        loss=lambda logits, y: cross_entropy(logits, y),
        optimizer=tracer.Adam(),
        epochs=2,
        batch_size=2,
        shuffle=True,
        metrics={"seen": lambda y: y.astype(">i4")},
    )
    path = tmp_path / "start.npz"
    path.write_bytes(array_bytes({"w": np.array([0.25, 1], ">f4")}))
    assert read_arrays(path)["w"].dtype == np.float32
    trace = tracer.run(scenario, parameters=path)
    assert all(np.dtype(node.dtype).isnative for step in trace.steps for node in step.nodes)
    assert trace.steps[0].node("w").value.tolist() == [0.25, 1]
    again = saved(trace, tmp_path)
    assert [step.loss for step in again.steps] == [step.loss for step in trace.steps]
    seen = again.metrics[2]["seen"]
    assert isinstance(seen, np.ndarray)
    assert seen.tolist() == [0, 1, 0, 1, 1, 0]


def test_digits_of_any_byte_order_are_read(tmp_path: Path) -> None:
    images, labels = np.zeros((2, 28, 28), np.uint8), np.array([7, 1])
    for part in ("train", "test"):
        header = struct.pack(">IIII", 2051, 2, 28, 28)
        (tmp_path / FILES[f"x_{part}"]).write_bytes(header + images.tobytes())
        (tmp_path / FILES[f"y_{part}"]).write_bytes(struct.pack(">II", 2049, 2) + labels.astype(np.uint8).tobytes())
    path = tmp_path / "digits.npz"
    parts = {f"{kind}_{part}": values for part in ("train", "test") for kind, values in {"x": images, "y": labels}.items()}
    path.write_bytes(array_bytes({name: array.astype(array.dtype.newbyteorder(">")) for name, array in parts.items()}))
    for source in (tmp_path, path):
        found = read_digits(source)
        assert all(array.dtype.isnative for array in found.values())
        assert found["y_test"].tolist() == [7, 1]


class Swapped(Op):
    """An operation whose result has the other byte order."""

    formula = "swapped({x})"

    @staticmethod
    def value(x: Any) -> Any:
        return np.asarray(x).astype(">f8") if np.dtype(">f8") != np.float64 else np.asarray(x).astype("<f8")

    @staticmethod
    def gradient_x(g: Any, out: Any, x: Any) -> Any:
        return g


class Named(Op):
    """An operation that returns no numbers."""

    formula = "named({x})"

    @staticmethod
    def value(x: Any) -> Any:
        return np.array(["a", "b"])


def test_results_of_user_defined_operations_are_native_numbers(tmp_path: Path) -> None:
    step = tracer.trace(lambda x: np.sum(Swapped.apply(x) * 2), np.array([1.0, 2.0]))
    assert {node.dtype for node in step.nodes} <= {"float64", "int64"}
    assert_read_back(trace_of(step), tmp_path)
    with pytest.raises(RecordingError, match="the operation named returned an array of <U1: a record holds numbers"):
        tracer.trace(lambda x: np.sum(Named.apply(x)), np.array([1.0, 2.0]))


@pytest.mark.parametrize("dtype", ["O", "U3", "S2", "M8[s]", "m8[D]"])
def test_arrays_that_are_no_numbers_are_refused(dtype: str) -> None:
    array = np.zeros(2, dtype)
    with pytest.raises(UsageError, match="is not numeric"):
        tracer.trace(lambda x: np.sum(x), array)
    with pytest.raises(RecordingError, match="numbers are needed here"):
        tracer.trace(lambda x: np.sum(x * array), np.ones(2))
    with pytest.raises(RecordingError, match="a Tensor holds numbers: it cannot become"):
        tracer.trace(lambda x: np.sum(x.astype(dtype)), np.ones(2))


@pytest.mark.parametrize("seed", [None, [1, 2], -1, 1.5, "x"])
def test_seed_that_a_file_cannot_hold_is_refused(seed: Any) -> None:
    with pytest.raises(UsageError, match="the seed takes a whole number from 0 on"):
        tracer.run(tracer.load("fruit"), steps=1, seed=seed)
    assert tracer.run(tracer.load("fruit"), steps=1, seed=np.int64(3)).seed == 3  # type: ignore[arg-type]


# Labels.

LABELS: dict[str, Callable[[np.ndarray], Any]] = {
    **{dtype: lambda labels, dtype=dtype: labels.astype(dtype) for dtype in ["?", "b", "B", ">i2", ">u4", "<i8", ">i8", "Q"]},
    "list": lambda labels: labels.tolist(),
    "list of booleans": lambda labels: labels.astype(bool).tolist(),
}


@pytest.mark.parametrize("form", LABELS)
@given(labels=st.lists(st.integers(0, 1), min_size=1, max_size=4), scores=st.lists(st.floats(-3, 3), min_size=8, max_size=8))
def test_labels_of_every_kind_are_the_same_labels(form: str, labels: list[int], scores: list[float]) -> None:
    """As an index, booleans would be a mask; 8-bit integers would wrap around."""
    whole, given_labels = np.array(labels), LABELS[form](np.array(labels))
    logits = np.array(scores).reshape(4, 2)[: len(labels)]
    expected = tracer.trace(lambda x: cross_entropy(x, whole), logits)
    of_rows = tracer.trace(lambda x: categorical_cross_entropy(x, one_hot(whole, 2)), logits)
    calls: list[Callable[[Any, Any], Any]] = [cross_entropy, lambda x, y: categorical_cross_entropy(x, one_hot(y, 2))]
    for call, known in zip(calls, (expected, of_rows), strict=True):
        assert float(call(logits, given_labels)) == known.loss
        recorded = [tracer.trace(lambda x, call=call: call(x, given_labels), logits)]
        recorded += [tracer.trace(lambda x, y, call=call: call(x, y), logits, np.asarray(given_labels))]
        for step in recorded:
            assert step.loss == known.loss
            assert step.gradient("x").tobytes() == known.gradient("x").tobytes()
    assert accuracy(logits, given_labels) == accuracy(logits, whole)
    predicted = np.argmax(logits, axis=1)
    assert quality_of_classes(given_labels, predicted.tolist()) == quality_of_classes(whole, predicted)
    assert classification_report(given_labels, predicted) == classification_report(whole, predicted)
    assert classification_report(given_labels, predicted.tolist()) == classification_report(whole, predicted)
    assert classification_report(predicted, given_labels) == classification_report(predicted, whole)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: accuracy(np.eye(2), np.array([0, 2])), "accuracy takes labels from 0 to 1, these go from 0 to 2"),
        (lambda: accuracy(np.eye(2), np.array([0.0, 1.0])), "accuracy takes labels that are whole numbers, these are float64"),
        (lambda: accuracy(np.eye(2), np.array(["0", "1"])), "accuracy takes labels that are whole numbers, these are <U1"),
        (lambda: quality_of_classes([0.5], [0.2]), "quality_of_classes takes labels that are whole numbers, these are float64"),
        (lambda: quality_of_classes([0, 1], [0]), r"quality_of_classes takes labels of shape \(2,\)"),
        (lambda: cross_entropy(np.zeros((2, 2, 3)), np.zeros((2, 2), int)), r"logits \[samples, classes\], these have shape"),
        (lambda: cross_entropy(np.zeros(3), 1), r"logits \[samples, classes\], these have shape \(3,\)"),
        (lambda: hinge(np.ones(2), [True, False]), "hinge takes labels of -1 and 1"),
    ],
)
def test_labels_that_are_none_are_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call()


@pytest.mark.parametrize("dtype", ["b", "B", ">i4", "Q", "?"])
def test_signs_of_every_dtype_give_the_same_hinge_loss(dtype: str) -> None:
    decision = np.array([0.5, 3.0, -1.0])
    signs = np.ones(3).astype(dtype)
    assert float(hinge(decision, signs)) == float(hinge(decision, signs.tolist())) == float(hinge(decision, np.ones(3)))


@given(
    code=st.sampled_from("?bBhHiIlLqQ"), order=st.sampled_from("<>"), numbers=st.lists(st.integers(0, 1), min_size=2, max_size=5)
)
def test_whole_numbers_do_not_wrap_around(code: str, order: str, numbers: list[int]) -> None:
    """0 - 1 of unsigned integers is their largest number."""
    given_array, floats = np.array(numbers).astype(order + code), np.array(numbers, float)
    assert mean_squared_error(given_array, given_array[::-1]) == mean_squared_error(floats, floats[::-1])
    assert softmax(given_array).tolist() == softmax(floats).tolist()
    assert log_softmax(given_array).tolist() == log_softmax(floats).tolist()
    step = tracer.trace(lambda x, w: np.sum(softmax(x) * w), given_array, np.ones(len(numbers)))
    assert step.loss == pytest.approx(1)


# Trace files.


@pytest.mark.parametrize("dtype", [*ORDERED, *OTHERS])
def test_what_save_takes_open_takes(dtype: str, tmp_path: Path) -> None:
    loss = np.asarray(0.5)
    loss.flags.writeable = False
    for position, array in enumerate(map(np.asarray, forms(np.dtype(dtype)))):
        array.flags.writeable = False
        nodes = tuple(
            Node(id, "data", (), {}, value, value.shape, str(value.dtype), Phase.INIT, name, "")
            for id, (name, value) in enumerate([("x", array), ("loss", loss)])
        )
        folder = tmp_path / str(position)
        folder.mkdir()
        if array.dtype.kind in "biufcO":
            assert_read_back(trace_of(Step(0, nodes, 1)), folder)
        else:
            with pytest.raises(UsageError, match=f"cannot write {folder}/trace.sqlite: step 0: node 0: its dtype is "):
                saved(trace_of(Step(0, nodes, 1)), folder)
            assert not list(folder.iterdir())
        if not array.shape and array.dtype.kind in "biuf":
            as_loss = trace_of(Step(0, nodes, 0))
            if str(array.dtype) in STORABLE_DTYPES:
                assert saved(as_loss, folder).steps[0].loss == float(array)
            else:
                with pytest.raises(UsageError, match=r"step 0: the loss is \S+, a float64 is needed"):
                    saved(as_loss, folder)


def test_large_broadcast_array_of_another_byte_order_is_read_back(tmp_path: Path) -> None:
    """The reader takes such an array for one of 16 bytes per element, as it does not know the dtype."""
    array = np.broadcast_to(np.ones((), np.dtype(float).newbyteorder("S")), (5_000_000,))
    step = tracer.trace(lambda x: x * 1.0, 0.5)
    node = Node(0, "data", (), {}, array, array.shape, str(array.dtype), Phase.INIT, "x", "")
    nodes = (node, *(replace(each, id=1, name="loss") for each in step.nodes[:1]))
    assert_read_back(trace_of(Step(0, nodes, 1)), tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": np.int64(3)}, r"the seed of the trace is np.int64\(3\)"),
        ({"title": None}, "the title of the trace is None"),
        ({"hyperparameters": {1: 2}}, "the hyperparameters of the trace is {1: 2}"),
        ({"metrics": ({1: 2},)}, "the metrics of the trace must be values by name"),
    ],
)
def test_trace_that_open_would_refuse_is_not_written(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    trace = replace(tracer.run(tracer.load("fruit"), steps=1), **changes)
    with pytest.raises(UsageError, match=message):
        saved(trace, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metrics": {"step": np.int64(0)}}, "step 0: its metrics must be values by name"),
        ({"gradients": {0: 999}}, "step 0: a gradient points outside the step"),
        ({"loss_id": 0}, "step 0: the loss is no scalar node"),
    ],
)
def test_step_that_open_would_refuse_is_not_written(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    step = tracer.run(tracer.load("fruit"), steps=1).steps[0]
    with pytest.raises(UsageError, match=message):
        saved(replace(trace_of(replace(step, **changes)), metrics=()), tmp_path)
    assert not list(tmp_path.iterdir())


def test_values_beyond_double_precision_have_statistics(tmp_path: Path) -> None:
    """A longdouble of this machine may be larger than any double."""
    largest = np.finfo(np.longdouble).max
    step = tracer.trace(lambda x: np.sum(x.astype(np.float64) * 0) + 1, np.array([largest, 1]))
    again = saved(trace_of(step), tmp_path)
    summary = again.steps[0].nodes[0].summary
    assert (summary.minimum, summary.infinities) == (1, 0)
    if float(largest) == np.inf:
        assert summary.maximum == np.inf
        assert not again.steps[0].nodes[0].is_kept


def test_values_of_other_dtypes_do_not_cost_the_others(tmp_path: Path) -> None:
    """A run that is saved again keeps every value that its file has, although one of them has a dtype that no file holds."""
    step = tracer.trace(lambda x, y: np.sum(x) * np.sum(y.astype(float)), np.ones(100), np.ones(3, np.longdouble))
    once = saved(trace_of(step), tmp_path)
    if once.steps[0].node("y").is_kept:
        pytest.skip("a longdouble is a double here")
    (tmp_path / "again").mkdir()
    twice = saved(once, tmp_path / "again")
    assert [node.is_kept for node in twice.steps[0].nodes] == [node.is_kept for node in once.steps[0].nodes]
    assert twice.steps[0].node("x").value.tolist() == [1] * 100


@given(array=layouts)
def test_arrays_among_metrics_keep_their_numbers(array: np.ndarray) -> None:
    read = from_json(to_json([array]))[0]
    if str(array.dtype.newbyteorder("=")) in STORABLE_DTYPES:
        assert read.dtype == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(read, array)


def test_long_expression_is_cut_in_the_record(tmp_path: Path) -> None:
    """A table of numbers in the code is longer than a text in a file may be."""
    numbers = "0.125, " * 20_000
    path = tmp_path / "table.py"
    path.write_text(f"import numpy as np\ndef function(x):\n    return np.sum(x * np.array([{numbers}]))\n")
    names: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path), "exec"), names)
    step = tracer.trace(names["function"], 2.0)
    again = saved(trace_of(step), tmp_path)
    assert again.steps[0].loss == 5000
    assert max(len(node.source.text) for node in again.steps[0].nodes if node.source) == 10_004
