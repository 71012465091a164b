"""`tracer blame`: the operation that made a result NaN or infinite, past what masks and indices discard."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from support.cli import SCENARIO_TEXT, run
from tracer.analysis.blame import Cause, Culprit, Target, culprit_of_step, first_culprit, results_of
from tracer.analysis.carrying import carriers
from tracer.analysis.largest_way import largest_way
from tracer.graph.missing import NOT_RETAINED
from tracer.graph.record import Phase, Step
from tracer.graph.single_step import trace_of_step
from tracer.nn.layers import softmax
from tracer.ops import Op, registry
from tracer.views.sentence_names import DistinctLabels
from tracer.views.text.blame import Request, blame_lines
from tracer.views.text.finiteness import FinitenessMonitor, notice
from tracer.views.text.log import log_text

NAN, INF = np.nan, np.inf


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def trace_of(step: Step) -> tracer.Trace:
    return tracer.Trace("mine", "", 0, "float64", {}, {}, (step,))


def blamed(function: Callable[..., Any], *arrays: Any, **options: Any) -> Culprit:
    found = culprit_of_step(tracer.trace(function, *arrays), **options)
    assert found is not None
    return found


def what(found: Culprit) -> str:
    """The name of the culprit, or else its operation."""
    return found.node.name or found.node.op


X = np.array([1.0, NAN, 3.0])
W = np.array([0.5, 0.25, 2.0])


# What is passed over.


def causal_attention(x: Any) -> Any:
    scores = np.where(np.tril(np.ones((3, 3), dtype=bool)), np.outer(x, x), -np.inf)
    return np.sum(softmax(scores) @ x)


@pytest.mark.parametrize(
    ("function", "arrays"),
    [
        (lambda x, w: np.sum(np.where(np.isnan(x), 0.0, x) * w), (X, W)),
        (lambda x, w: np.sum((x * w)[np.array([0, 2])]), (X, W)),
        (lambda x, w: np.sum((x * w)[2:] + w[0]), (X, W)),
        (lambda w: np.sum(np.minimum(np.array([INF, 1.0, 2.0]), w)), (W,)),
        (lambda w: np.sum(w / np.array([1.0, INF, 1.0])), (W,)),
        (causal_attention, (W,)),
        (lambda x: np.sum(softmax(x + np.array([0.0, -INF, 0.0])) * x), (W,)),
    ],
    ids=["where", "index", "slice", "minimum", "quotient", "causal mask", "added mask"],
)
def test_discarded_values_are_not_blamed(function: Any, arrays: Any) -> None:
    step = tracer.trace(function, *arrays)
    gradients = [step.nodes[step.gradients[node.id]] for node in step.parameters]
    if all(node.is_finite for node in gradients):
        assert culprit_of_step(step) is None
    else:
        # The derivative of a product with NaN is NaN: the gradient itself is at fault, and not the loss.
        found = culprit_of_step(step)
        assert found is not None
        assert found.result.phase is Phase.BACKWARD
    assert step.first_nonfinite() is not None
    assert culprit_of_step(step, target=Target(step.nodes[step.loss_id])) is None


def test_mask_alone_gives_no_notice() -> None:
    step = tracer.trace(causal_attention, W)
    monitor = FinitenessMonitor()
    assert monitor.check(step) is None
    assert (monitor.notice(), monitor.finite_steps) == ("", 0)
    text = log_text(trace_of(step))
    assert "-inf" in text
    assert "!!" not in text
    assert "NaN" not in text.splitlines()[-1]
    lines = list(blame_lines(trace_of(step), None, Request()))
    assert lines[0] == "every loss, gradient and update of the 1 step on record is finite"
    assert re.fullmatch(r"passed over: 0:\d+ scores \(infinite in 3 of 9 elements\); --of \d+ asks for it", lines[1])


# What is blamed.


def masked_and_wrong(x: Any, w: Any) -> Any:
    known = np.where(np.isnan(x), 0.0, x)
    wrong = np.log(known * w - 10)
    return np.mean(wrong)


def test_the_fault_is_found_behind_a_mask() -> None:
    found = blamed(masked_and_wrong, X, W)
    assert (what(found), found.cause, found.result.name) == ("wrong", Cause.COMPUTED, "loss")
    assert what(culprit_of_step(found.step, target=Target(found.step.node("x")))) == "x"  # type: ignore[arg-type]


def product_with_mask(x: Any, w: Any) -> Any:
    return np.sum(x * np.array([1.0, 0.0, 1.0]) * w)


def test_a_mask_by_multiplication_discards_nothing() -> None:
    assert what(blamed(product_with_mask, X, W)) == "x"


def fully_masked(x: Any) -> Any:
    scores = np.where(np.array([[True, True], [False, False]]), np.outer(x, x), -np.inf)
    return np.sum(softmax(scores) @ x)


def test_intended_infinities_are_not_blamed_for_nan() -> None:
    """A row that is masked altogether: the subtraction -inf - -inf makes NaN, and not the mask."""
    found = blamed(fully_masked, np.array([1.0, 2.0]))
    assert (found.node.op, found.index) == ("subtract", (1, 0))
    lines = list(blame_lines(trace_of(found.step), found, Request()))
    assert "  why        an input is infinite, none is NaN; subtract makes it NaN" in lines
    assert any(re.fullmatch(r"  numbers    .*\[1,0\] = -inf - \(-inf\) = nan", line) for line in lines)


def test_an_infinity_that_was_computed_is_blamed_for_nan() -> None:
    def overflow(x: Any) -> Any:
        large = np.exp(x)
        return np.sum(large / np.sum(large))

    assert what(blamed(overflow, np.array([1000.0, 1.0]))) == "large"
    nan = blamed(overflow, np.array([1000.0, 1.0]), only_nan=True)
    assert nan.node.op == "divide"


def test_nan_in_the_gradient_only() -> None:
    def safe_log(x: Any) -> Any:
        positive = x > 0
        return np.sum(np.where(positive, np.log(x), 0.0))

    found = blamed(safe_log, np.array([0.0, 1.0]))
    assert (found.node.phase, found.node.op, found.result.name) == (Phase.BACKWARD, "divide", "dL/dx")
    assert found.index == (0,)
    assert np.isfinite(found.step.loss)


def test_written_infinity_is_blamed_if_it_reaches_the_loss() -> None:
    found = blamed(lambda x: np.sum(np.where(x > 1, x, -np.inf)), W)
    assert (found.node.op, found.cause) == ("where", Cause.WRITTEN)
    assert "  why        a number that is not finite is written in the code; where passes it on" in list(
        blame_lines(trace_of(found.step), found, Request())
    )


def test_nan_in_a_parameter_and_in_the_data() -> None:
    assert what(blamed(lambda x, w: np.sum(x * w), W, X)) == "w"
    found = blamed(lambda x: np.sum(x[1:] * 2), X)
    assert (what(found), found.index, found.cause) == ("x", (1,), Cause.ENTERED)


def test_several_losses_are_told_apart() -> None:
    def total(x: Any) -> Any:
        fit = np.mean(np.square(x))
        penalty = np.sum(np.sqrt(x - 1.5))
        return fit + penalty

    found = blamed(total, W)
    assert found.node.op == "sqrt"
    labels = [found.step.nodes[id].name for id in found.way]
    assert labels[-1] == "loss"
    assert "penalty" in labels
    assert "fit" not in labels


def test_the_element_that_is_asked_for_is_followed() -> None:
    def two_faults(x: Any) -> Any:
        roots = np.sqrt(x)
        logs = np.log(-1 - x)
        both = np.concatenate([roots, logs])
        return np.sum(both)

    step = tracer.trace(two_faults, np.array([-1.0, 0.25]))
    both = step.node("both")
    assert what(culprit_of_step(step, target=Target(both, (0,)))) == "roots"  # type: ignore[arg-type]
    assert what(culprit_of_step(step, target=Target(both, (3,)))) == "logs"  # type: ignore[arg-type]
    assert culprit_of_step(step, target=Target(both, (1,))) is None


def test_update_that_overflows_is_a_result() -> None:
    """The second moment of Adam overflows. The parameters stay finite, and no longer move."""
    scenario = tracer.Scenario(
        data=lambda: {"x": np.array([1e200])},
        parameters={"w": 1.0},
        model=lambda x, w: x * w,
        loss=lambda p: np.sum(p),
        optimizer=tracer.Adam(learning_rate=0.1),
        steps=2,
    )
    trace = tracer.run(scenario)
    found = first_culprit(trace)
    assert found is not None
    assert (found.step.index, found.node.phase) == (0, Phase.UPDATE)
    assert found.result in results_of(found.step)
    assert all(node.is_finite for node in trace.steps[0].nodes if node.id in trace.steps[0].updates.values())


def test_results_are_the_loss_the_gradients_and_the_new_values() -> None:
    step = tracer.run(tracer.load("fruit"), steps=1).steps[0]
    names = {node.name for node in results_of(step)}
    assert {"loss", "dL/dW1", "dL/db2", "W1_new", "m_W1_new", "v_b2_new"} <= names
    assert "dL/dh1" not in names


# Properties.


@given(st.integers(0, 2**32 - 1))
def test_the_culprit_makes_the_result_finite_when_it_is_replaced(seed: int) -> None:
    """Faults and masks at random places: repairing what is blamed repairs those elements, and a masked fault is never blamed."""
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=4), rng.normal(size=4)
    x[rng.random(4) < 0.4] = rng.choice([NAN, INF, -INF])
    kept = rng.random(4) < 0.6

    def program(x: Any, w: Any) -> Any:
        hidden = np.where(kept, x * w, 1.0)
        root = np.sqrt(np.abs(hidden) + 1.0)
        return np.sum(root[kept]) + np.sum(np.log(w * w + 1))

    step = tracer.trace(program, x, w)
    found = culprit_of_step(step, target=Target(step.nodes[step.loss_id]))
    reaches = not np.all(np.isfinite(x[kept]))
    assert (found is not None) == reaches
    if found is not None:
        assert what(found) == "x"
        assert found.index is not None
        assert kept[found.index]
        assert not np.isfinite(x[found.index])


ELEMENTWISE = [op for op in registry if op.name in ("add", "multiply", "maximum", "minimum", "where", "clip", "divide", "power")]


@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
@given(st.data())
def test_carriers_are_those_whose_repair_matters(op: type[Op], data: st.DataObject) -> None:
    """An element that carries makes the output not finite while all others are finite; an element that does not, cannot."""
    number = st.sampled_from([NAN, INF, -INF, 0.5, 2.0])
    inputs = [np.array(data.draw(st.lists(number, min_size=3, max_size=3))) for _ in op.inputs]
    if op.name == "where":
        inputs[0] = np.isfinite(inputs[0])
    with np.errstate(all="ignore"):
        out = np.asarray(op.value(*inputs))
        wanted = [int(i) for i in np.flatnonzero(~np.isfinite(out))]
        found = carriers(op, inputs, {}, out.shape, wanted)
        for element, sources in found.items():
            bad = {(position, element) for position, array in enumerate(inputs) if not np.isfinite(array[element])}
            assert set(sources) <= bad
            repaired = [array.copy() for array in inputs]
            for position, at in bad:
                repaired[position][at] = 0.5
            assert bool(sources) == bool(np.isfinite(op.value(*repaired)[element]))


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("max", [-INF, INF, 1.0], [1]),
        ("max", [-INF, NAN, 1.0], [1]),
        ("max", [-INF, -INF, -INF], [0, 1, 2]),
        ("min", [INF, -INF, NAN], [2, 1]),
        ("sum", [INF, NAN, 1.0], [1, 0]),
        ("sum", [1e308, 1e308, NAN], [2]),
        ("sum", [1e308, 1e308, 1.0], []),
        ("sum", [1e308, 1e308, INF], []),
        ("prod", [0.0, INF, 1.0], [1]),
        ("mean", [NAN, NAN, 1.0], [0, 1]),
    ],
)
def test_elements_that_carry_through_a_reduction(name: str, values: list[float], found: list[int]) -> None:
    op = registry.named(name)
    assert op is not None
    with np.errstate(all="ignore"):
        result = carriers(op, [np.array(values)], {"axis": None, "keepdims": False}, (), [0])
    assert result == {0: [(0, at) for at in found]}


def test_nan_beside_an_overflow_is_followed() -> None:
    """The sum overflows by itself, and the NaN that makes NaN of it entered with the data."""
    found = blamed(lambda x: np.sum(x), np.array([1e308, 1e308, NAN]))
    assert (what(found), found.index, found.cause) == ("x", (2,), Cause.ENTERED)
    assert blamed(lambda x: np.sum(x), np.array([1e308, 1e308, 1.0])).cause is Cause.COMPUTED


# Values that were not kept.


def test_without_values_the_report_says_what_it_cannot_tell() -> None:
    found = blamed(masked_and_wrong, X, W)
    assert found.is_certain

    class Statistics:
        """Only the statistics of a value."""

        is_kept = False
        why_missing = NOT_RETAINED

        def __init__(self, value: np.ndarray) -> None:
            self.summary = tracer.graph.summary.summary_of(value)

    def without_values(step: Step) -> Step:
        return replace(step, nodes=tuple(replace(node, content=Statistics(node.value)) for node in step.nodes))

    same = culprit_of_step(without_values(found.step))
    assert same is not None
    assert (what(same), same.index, same.is_certain) == ("wrong", None, False)
    doubtful = culprit_of_step(without_values(tracer.trace(product_with_mask, X, W)))
    assert doubtful is not None
    assert not doubtful.is_certain
    text = "\n".join(blame_lines(trace_of(doubtful.step), doubtful, Request()))
    assert "(some values were not kept: another number that is not finite may be the one that reaches it)" in text
    assert f"({NOT_RETAINED})" in text


def test_operation_that_is_not_registered_is_followed_by_statistics() -> None:
    found = blamed(masked_and_wrong, X, W)
    renamed = tuple(node if node.is_leaf else replace(node, op=f"{node.op}_of_old") for node in found.step.nodes)
    other = culprit_of_step(replace(found.step, nodes=renamed))
    assert other is not None
    assert what(other) == "wrong"
    text = "\n".join(blame_lines(trace_of(other.step), other, Request()))
    assert ("(an operation is not known here: " in text) is not other.is_certain
    assert "some values were not kept" not in text


# The command.


OVERFLOW = ["trace", "linear-regression", "--set", "learning_rate=1", "-q", "--format", "log"]
MASKED = "h = h + np.where(x[:, 0] > 3.0, -np.inf, 0.0); h = np.where(np.isfinite(h), h, {otherwise})"


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int) -> str:
    capsys.readouterr()
    assert run(*arguments) == code
    out, err = capsys.readouterr()
    assert err == ""
    return out


def write_scenario(model: str) -> None:
    Path("mine.py").write_text(SCENARIO_TEXT.format(model=model))
    assert run("trace", "mine.py", "-q", "--format", "log") == 0


def test_exit_code_is_1_where_something_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*OVERFLOW) == 0
    text = printed(capsys, "blame", "linear-regression", code=1)
    assert text.startswith("40:09 loss = mean(square(y - prediction))\n  is the first that is not finite: ")
    assert "  source     linear_regression.py:22  mean_squared_error(prediction, y)\n" in text
    assert "  the way from w to it, along the largest terms and numbers\n    40:02 w  -8.258e+151\n" in text
    found = json.loads(printed(capsys, "blame", "linear-regression", "--json", code=1))
    assert (found["step"], found["node"]["name"], found["node"]["source"]["line"]) == (40, "loss", 22)
    assert (found["cause"], found["result"]["name"], found["is_certain"]) == ("computed", "loss", True)
    assert run(*OVERFLOW, "--values", "summary") == 0
    assert printed(capsys, "blame", "linear-regression", code=1).startswith("40:09 loss = mean(square(y - prediction))\n")
    assert run("trace", "fruit", "-q", "--format", "log") == 0
    assert printed(capsys, "blame", "fruit", code=0) == "every number of the 6 steps on record is finite\n"
    assert printed(capsys, "blame", "fruit", "--nan", code=0) == "every number of the 6 steps on record is finite\n"
    assert json.loads(printed(capsys, "blame", "fruit", "--json", code=0)) == {"found": False, "steps": 6}


def test_mask_is_passed_over_unless_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    write_scenario(MASKED.format(otherwise="0.0"))
    assert "!!" not in Path("output/mine/steps.log").read_text()
    assert "NaN or infinite" not in printed(capsys, "trace", "mine.py", "--format", "log", code=0)
    passed = printed(capsys, "blame", "mine", code=0)
    assert passed.startswith("every loss, gradient and update of the 3 steps on record is finite\npassed over: 0:")
    (number,) = re.findall(r"--of (\d+) asks for it", passed)
    assert "written in the code" in printed(capsys, "blame", "mine", "--of", number, code=1)
    assert printed(capsys, "blame", "mine", "--of", "h#3", code=0) == "h#3 is finite in the 3 steps on record\n"
    assert printed(capsys, "blame", "mine", "--nan", code=0).startswith("no loss, gradient or update has a NaN in the 3 steps")
    capsys.readouterr()
    assert run("blame", "mine", "--of", "hh") == 2
    assert "tracer: step 0 has no node 'hh'" in capsys.readouterr().err


def test_nan_made_of_a_mask_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    write_scenario(MASKED.format(otherwise="h - h"))
    for options in ((), ("--nan",)):
        text = printed(capsys, "blame", "mine", *options, code=1)
        assert "  why        an input is infinite, none is NaN; subtract makes it NaN\n" in text
        assert re.search(r"^  numbers +\(h#2 - h#2\)\[2\] = -inf - \(-inf\) = nan$", text, re.MULTILINE)
        assert re.search(r"^  reaches +0:\d+ h#3 -> .*-> 0:\d+ loss$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("model", "data", "first", "message"),
    [
        ("h = h + np.log(-1.0 - h * h)", "1.0", "log(-1.0 - h * h)", "every input is finite; log makes it NaN"),
        ("h = h + np.sqrt(h * 0.0)", "1.0", "", "every input is finite"),
        ("h = h * 1.0", "float('nan')", "x", "it came in with the data: no operation of this step computed it"),
    ],
)
def test_blame_in_forward_backward_and_data(
    model: str, data: str, first: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    x = f"np.array([[{data}, 1.0], [2.0, 1.0], [1.0, 2.0]])"
    Path("mine.py").write_text(SCENARIO_TEXT.format(model=model).replace("np.arange(6.0).reshape(3, 2)", x))
    assert run("trace", "mine.py", "-q", "--format", "log") == 0
    out = printed(capsys, "blame", "mine", code=1)
    assert message in out
    if first:
        assert out.splitlines()[0].split(" ", 1)[1] == first
    else:
        found = first_culprit(tracer.open("output/mine/trace.sqlite"))
        assert found is not None
        assert found.node.phase is Phase.BACKWARD
        assert "mine.py:9" in out


def test_notice_names_the_culprit() -> None:
    found = blamed(masked_and_wrong, X, W)
    assert re.search(r"^NaN or infinite from 0:\d+ wrong \(test_blame\.py:\d+\) on: NaN in 3 of 3 elements$", notice(found))


def test_value_without_a_finite_element_has_no_largest() -> None:
    """It was told as "largest 0", which is no element of it."""
    step = tracer.trace(lambda w: np.sum((np.log(w) - np.log(w)) * np.array([1.0, 2.0])), np.zeros(2))
    trace = trace_of_step(step)
    told = [line for line in blame_lines(trace, first_culprit(trace), Request()) if "(2,)" in line]
    assert any("[-inf -inf]" in line for line in told)
    for line in told:
        assert ("largest" in line) == ("inf" not in line and "nan" not in line), line


def test_infinite_elements_are_told_apart_from_the_largest_finite_one() -> None:
    step = tracer.trace(lambda w: np.sum(np.log(w)), np.array([0.0, 2.0]))
    lines = list(blame_lines(trace_of(step), culprit_of_step(step), Request()))
    told = [line for line in lines if "largest" in line and "(2,)" in line]
    assert any("[-inf 0.6931]  largest finite 0.6931" in line for line in told)
    assert all(("largest finite" in line) == ("inf" in line) for line in told)


def test_the_operation_that_makes_nan_of_the_infinity_is_told() -> None:
    def spread(x: Any) -> Any:
        large = np.exp(x)
        return np.sum((large - large) * 2)

    found = blamed(spread, np.array([1.0, 1000.0]))
    assert what(found) == "large"
    assert found.nan_made is not None
    assert (found.nan_made.node.op, found.nan_made.index) == ("subtract", (1,))
    text = "\n".join(blame_lines(trace_of(found.step), found, Request()))
    assert re.search(r"turns NaN  0:\d+ large - large\n +\(large - large\)\[1\] = inf - inf = nan\n", text)
    assert blamed(lambda x: np.sum(np.log(x)), np.array([0.0])).nan_made is None


def test_later_node_with_the_expression_of_an_earlier_one_is_called_by_its_number() -> None:
    found = blamed(lambda x, w: np.sum((x * 2) / (x * 2 - w) + np.log(x * 2 - w)), np.ones(1), np.full(1, 2.0))
    labels = DistinctLabels(found.step)
    texts = [labels[node.id] for node in found.step.nodes if not labels.is_folded(node.id)]
    assert len(set(texts)) == len(texts)
    later = next(node for node in found.step.nodes if re.fullmatch(r"0:\d+", labels[node.id]))
    assert labels.equation(later) == "x * 2"


def test_way_follows_the_largest_term_of_a_sum() -> None:
    """The weights are smaller than the bias, but what they contribute is larger."""

    def layer(w: Any, b: Any) -> Any:
        z = np.array([77.0, 30.0]) @ w + b
        return np.sum(np.log(1 - np.exp(z) / (np.exp(z) + 1)))

    found = blamed(layer, np.array([0.3, 0.5]), np.array(0.6))
    way = largest_way(found.step, found.node)
    assert way[0].node.name == "w"
    text = "\n".join(blame_lines(trace_of(found.step), found, Request()))
    assert "the way from w to it, along the largest terms and numbers" in text
    assert "z = 77*0.3 + 30*0.5 + 0.6 = 38.7" in text
