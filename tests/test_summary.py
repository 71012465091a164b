"""The booklet of eight pages: its pages, its type, what is on them, and that every number is of the record."""

from __future__ import annotations

import functools
import io
import itertools
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from support.cli import run as run_command
from support.programs import IN_THE_LOSS, traced
from support.traces import recorded
from tracer.analysis.doctor.examining import RULES, examine
from tracer.analysis.doctor.losses import MIN_STEPS
from tracer.graph.record import Phase, Step, Trace
from tracer.i18n.language import CHINESE, ENGLISH, Language, language_of
from tracer.i18n.message import Message
from tracer.i18n.zh.summary import MESSAGES
from tracer.nn.layers import stop_gradient
from tracer.rendering.document import pdf
from tracer.rendering.engine import find_engine
from tracer.training.bundled import bundled_names
from tracer.views.booklet.summary.course import course_lines
from tracer.views.booklet.summary.example import largest_element, row_count, sample_of, worked
from tracer.views.booklet.summary.findings import MAX_FINDINGS
from tracer.views.booklet.summary.summary import summary
from tracer.views.booklet.summary.whole_run import WholeRun
from tracer.views.diagrams.theme import Style, theme_of
from tracer.views.explaining.largest import largest_index
from tracer.views.explaining.meaning import meaning, nudge
from tracer.views.explaining.next_commands import OTHER, RunNames, commands, next_two
from tracer.views.notation import Labels, node_number, number_text
from tracer.views.parameter_history import histories_of

PROGRAMS = Path(__file__).parent / "programs" / "backprop"
PAGES = 8
FOOTER, ABOVE_FOOTER = 19, 34
"""Where the number of a page stands, and the lowest line above it, in points."""

MIN_SIZE = 6.9
"""The smallest type in points: captions of the picture of the model."""


def document_of(trace: Trace, style: Style | None = None, **of_run: Any) -> str:
    ends = replace(trace, steps=tuple(dict.fromkeys((trace.steps[0], trace.steps[-1]))))
    return summary(ends, find_engine("pure").layout, style or Style(), WholeRun(histories_of(trace), **of_run))


def reader_of(document: str) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf(document)))


@functools.cache
def texts_of(name: str, code: str = "en") -> list[str]:
    """The texts of the pages of a scenario, on one line each."""
    document = document_of(recorded(name), Style(tell=language_of(code)), notice="", names=RunNames(name, name))
    return [" ".join(page.extract_text().split()) for page in reader_of(document).pages]


def wide_model(layers: int) -> Trace:
    """A run of a network of many layers."""
    rng = np.random.default_rng(0)
    parameters = {f"W{number}": rng.normal(size=(5, 5)) for number in range(layers)}

    def model(x: Any, **weights: Any) -> Any:
        for weight in weights.values():
            x = np.tanh(x @ weight)
        return x

    scenario = tracer.Scenario(
        data=lambda: {"x": rng.normal(size=(6, 5))}, parameters=parameters, model=model,
        loss=lambda p: (p * p).mean(), optimizer=tracer.Adam(learning_rate=0.01), steps=3,
    )  # fmt: skip
    return tracer.run(scenario)


# Eight pages, of readable type.


@pytest.mark.parametrize("name", bundled_names())
def test_every_scenario_has_eight_pages(name: str) -> None:
    assert len(texts_of(name)) == PAGES
    titles = ["Step 0: forward", "Step 0: loss", "Step 0: backward", "Step 0: update", "The run in curves", "What to look at"]
    for text, title in zip(texts_of(name)[1:], [*titles, "Where to go on"], strict=True):
        assert text.startswith(title)


@pytest.mark.parametrize("layers", [1, 30])
def test_networks_of_any_depth_have_eight_pages(layers: int) -> None:
    reader = reader_of(document_of(wide_model(layers)))
    texts = [page.extract_text() for page in reader.pages]
    assert len(texts) == PAGES
    assert all(y >= ABOVE_FOOTER for _, _, _, y in sizes_in(reader) if round(y) != FOOTER), "what does not fit is counted"
    more = re.findall(r"and (\d+) more", texts[3])
    assert bool(more) is (layers == 30)
    if more:
        named = re.findall(r"^dL/d([^\s\[]+) = ", texts[3], re.MULTILINE)
        step = wide_model(layers).steps[0]
        gradients = [node for node in step.nodes if node.phase is Phase.BACKWARD and node.gradient_of is not None]
        assert len(named) + int(more[-1]) == len([node for node in gradients if node.name and not node.is_leaf])
        assert named[0].startswith("W")  # parameters come first


def test_steps_without_loss_update_or_values_have_eight_pages() -> None:
    step = tracer.trace(lambda x: np.sum(x * 2), [1.0, 2.0])
    trace = Trace("f", "", 0, "float64", {}, {}, (step,), ({"step": 0, "epoch": 0, "loss": step.loss},))
    texts = [page.extract_text() for page in reader_of(document_of(trace)).pages]
    assert len(texts) == PAGES
    assert "This step updates no parameter." in texts[4]


def test_large_values_and_long_names_have_eight_pages() -> None:
    step = tracer.trace(lambda x: np.sum(np.exp(x) * x), np.linspace(0, 1, 4000).reshape(40, 100))
    nodes = tuple(replace(node, name="a" * 3_000 if node.id == 0 else node.name, scope="b" * 500) for node in step.nodes)
    trace = Trace("f" * 300, "g " * 900, 0, "float64", {"h" * 90: "i" * 900}, {}, (replace(step, nodes=nodes),), ({"loss": 1.0},))
    notice = "NaN " * 300
    assert len(reader_of(document_of(trace, notice=notice)).pages) == PAGES


@functools.cache
def program_trace(folder: Path, name: str) -> Path:
    assert run_command("trace", str(PROGRAMS / name), "-o", str(folder / "out"), "--steps", "4", "-q") == 0
    return folder / "out"


def test_program_with_gradients_by_hand_has_eight_pages(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = program_trace(tmp_path_factory.mktemp("program"), "ok-adam-class.py")
    pages = [page.extract_text() for page in pypdf.PdfReader(folder / "steps.pdf").pages]
    assert len(pages) == PAGES
    assert "Own gradient" in pages[4]


def test_page_of_the_backward_pass_begins_with_the_first_gradient() -> None:
    text = " ".join(reader_of(document_of(recorded("fruit"))).pages[3].extract_text().split())
    assert "The first gradient is dL/dloss = 1." in text
    assert "where g = dL/dloss arrives dL/d(mean(of_label)) = -1 " in text  # a number that is no sum has its value
    lines = [line.strip() for line in reader_of(document_of(recorded("fruit"))).pages[3].extract_text().splitlines()]
    assert not [line for line in lines if line.endswith((" -", " +", " *"))]


def test_wide_equation_is_below_the_line_of_the_program() -> None:
    """It would be printed over it: mathematics is not broken into lines. Others are beside it."""
    page = reader_of(document_of(recorded("fruit"))).pages[2]
    at: dict[str, float] = {}

    def visit(text: str, matrix: Any, text_matrix: Any, font: Any, size: float) -> None:
        for part in ("0:024", "stop_", "0:025", "shifted"):
            if part in text:
                at.setdefault(part, matrix[3] * text_matrix[5] + matrix[5])

    page.extract_text(visitor_text=visit)
    assert at["0:024"] - at["stop_"] > 8
    assert abs(at["0:025"] - at["shifted"]) < 8


def sizes_in(reader: pypdf.PdfReader) -> Iterator[tuple[int, float, float, float]]:
    """The page, size and position of every text."""
    found: list[tuple[int, float, float, float]] = []
    for number, page in enumerate(reader.pages, 1):

        def visit(text: str, matrix: Any, text_matrix: Any, font: Any, size: float, number: int = number) -> None:
            if text.strip():
                scale = abs(matrix[3] * text_matrix[3])
                x = matrix[0] * text_matrix[4] + matrix[4]
                y = matrix[3] * text_matrix[5] + matrix[5]
                found.append((number, size * scale, x, y))

        page.extract_text(visitor_text=visit)
    yield from found


@pytest.mark.parametrize("name", ["fruit", "mnist", "linear-regression", "tensors"])
def test_type_is_readable_and_nothing_is_outside_the_page(name: str) -> None:
    for number, size, x, y in sizes_in(reader_of(document_of(recorded(name)))):
        assert size >= MIN_SIZE, (number, size)
        assert 35 <= x <= 560 and 14 <= y <= 836, (number, x, y)


@pytest.mark.parametrize("theme", ["dark", "print"])
@pytest.mark.parametrize("tell", [ENGLISH, CHINESE])
def test_other_themes_and_languages_have_eight_pages(theme: str, tell: Language) -> None:
    assert len(reader_of(document_of(recorded("fruit"), Style(theme_of(theme), tell))).pages) == PAGES


def test_chinese_pages_have_no_english_sentence() -> None:
    for text in texts_of("fruit", "zh")[1:]:
        for message in MESSAGES:
            parts = [part.strip() for part in re.split(r"\{\w+\}", message)]
            assert not any(len(part) > 10 and part in text for part in parts), message


def test_same_run_gives_the_same_document() -> None:
    trace = recorded("linear-regression")
    assert document_of(trace) == document_of(tracer.run(tracer.load("linear-regression")))


# The numbers.


@pytest.mark.parametrize("name", ["fruit", "mnist", "linear-regression"])
def test_elements_on_pages_are_of_the_record(name: str) -> None:
    step = recorded(name).steps[0]
    document = document_of(recorded(name)).replace('" + box("', "").replace('") + "', "")
    elements = re.findall(r'"((?:dL/d)?\w+)\[(\d+(?:,\d+)*)\] = ([^"\[]*[^"]*)"', document)
    checked = 0
    for label, index, text in elements:
        value = step.node(label).value[tuple(map(int, index.split(",")))]
        if value.shape:
            assert text.strip("[]").split() == [number_text(number) for number in value.ravel()], (label, index)
        else:
            assert text.rpartition(" = ")[2] == number_text(value), (label, index)
        checked += 1
    assert checked >= (4 if name == "linear-regression" else 12)


@pytest.mark.parametrize("name", bundled_names())
def test_worked_elements_are_not_zero_and_have_their_largest_terms_first(name: str) -> None:
    step = recorded(name, 1).steps[0]
    labels = Labels(step.nodes)
    sums = 0
    for node in step.nodes:
        example = largest_element(node, labels)
        if example is None:
            assert not node.size or not node.is_kept or not np.any(node.value) or labels.noise.at(node, largest_index(node) or ())
            continue
        assert node.value[example.index] != 0
        for text in worked(step, labels, example) if node.op == "matmul" else ():
            arithmetic = text.partition(" = ")[2].rpartition(" = ")[0].partition(" + ...")[0]
            products = re.fullmatch(r"-?[\d.e-]+\*-?[\d.e-]+( \+ -?[\d.e-]+\*-?[\d.e-]+)+", arithmetic)
            if products:
                terms = [abs(float(one) * float(other)) for one, other in (each.split("*") for each in arithmetic.split(" + "))]
                assert all(before >= after * (1 - 1e-3) for before, after in itertools.pairwise(terms)), text
                sums += 1
    assert sums or name in ("linear-regression", "tensors", "fruit-sgd")


def test_largest_element_of_a_row_is_not_that_of_another() -> None:
    step = tracer.trace(lambda x: np.sum(x * 2.0), [[1.0, -3.0], [9.0, 0.5]])
    doubled = next(node for node in step.nodes if node.op == "multiply")
    assert largest_index(doubled) == (1, 0)
    assert largest_index(doubled, row=0) == (0, 1)
    zeros = tracer.trace(lambda x: np.sum(x), np.zeros(3)).nodes[0]
    assert largest_index(zeros) is None


def test_row_that_is_followed_is_not_all_zero() -> None:
    scenario = tracer.Scenario(
        data=lambda: {"x": [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]]}, parameters={"w": [[1.0], [2.0]]}, model=lambda x, w: x @ w,
        loss=lambda p: (p * p).mean(), optimizer=tracer.SGD(0.1), steps=1,
    )  # fmt: skip
    step = tracer.run(scenario).steps[0]
    assert (row_count(step), sample_of(step)) == (3, 1)


def test_meaning_is_the_change_of_the_loss_to_first_order() -> None:
    trace = recorded("fruit")
    step = trace.steps[0]
    labels = Labels(step.nodes)
    for name in ("W1", "b1", "W2", "b2"):
        gradient = step.nodes[step.gradients[step.node(name).id]]
        for index in np.ndindex(gradient.shape):
            text = meaning(step, gradient, index, labels)
            found = re.fullmatch(r"To first order, raising (\S+) by (\S+) (raises|lowers) loss by (\S+)\.", text)
            assert found and found[1] == labels.element(step.node(name).id, index)
            change = float(found[2]) * float(gradient.value[index])
            assert (found[3] == "raises") is (change > 0)
            assert float(found[4]) == pytest.approx(abs(change), rel=1e-3)
    assert meaning(step, step.nodes[step.gradients[step.node("h1").id]], (0, 0), labels) == ""


def test_meaning_of_any_gradient_but_of_stopped_ones() -> None:
    def loss(x: Any, w: Any) -> Any:
        h = x * w
        return np.sum(h * h * h)

    x, w = np.array([1.0, -2.0, 0.5]), np.array([0.5, 0.25, 3.0])
    step = tracer.trace(loss, x, w)
    node = next(node for node in step.nodes if node.name == "h")
    gradient, labels = step.nodes[step.gradients[node.id]], Labels(step.nodes)
    for at in range(3):
        found = re.fullmatch(
            rf"To first order, raising h\[{at}\] by (\S+) raises \S.* by (\S+)\.",
            meaning(step, gradient, (at,), labels, of_any=True),
        )
        assert found is not None
        change = float(found[1]) * 1e-4  # so small that the first order is all
        expected = (node.value[at] + change) ** 3 - node.value[at] ** 3
        assert float(found[2]) * 1e-4 == pytest.approx(expected, rel=1e-3)
    stopped = tracer.trace(lambda x, w: loss(x, w) * stop_gradient(np.sum(w)), x, w)
    node = next(node for node in stopped.nodes if node.name == "h")
    assert meaning(stopped, stopped.nodes[stopped.gradients[node.id]], (0,), Labels(stopped.nodes), of_any=True) == ""


@pytest.mark.parametrize("value", [0.3574, -12.0, 1e-9, 5e20])
def test_nudge_is_small_and_a_power_of_ten(value: float) -> None:
    assert abs(value) / 100 <= nudge(value) <= abs(value) / 10
    assert re.fullmatch(r"1e[+-]\d+", f"{nudge(value):.0e}")


# What to look at.


def findings_of(trace: Trace, **options: Any) -> str:
    return " ".join(reader_of(document_of(trace, **options)).pages[6].extract_text().split())


def test_findings_do_not_say_what_nobody_looked_at() -> None:
    trace = recorded("fruit")
    assert "Not checked. This command checks them: tracer check fruit" in findings_of(trace, names=RunNames("fruit", "fruit"))
    assert "Not checked." in findings_of(trace) and "Not looked at." in findings_of(trace)
    verdict = Message("check_right", {"step": 0, "numbers": 22, "rules": 31})
    assert "The gradients of step 0 are right: 22 numbers agree" in findings_of(replace(trace, verdict=verdict), notice="")
    large = replace(trace, verdict=Message("check_too_large", {"step": 0, "operations": 5000, "numbers": 10**7}))
    told = "with 5,000 operations and 10,000,000 numbers, that may take more than two seconds."
    assert f"{told} This command checks them: tracer check fruit" in findings_of(large, names=RunNames("fruit", "fruit"))
    assert told in findings_of(large) and "tracer check" not in findings_of(large)
    assert "Every loss, gradient and update on record is finite." in findings_of(trace, notice="")
    assert "NaN or infinite from somewhere" in findings_of(trace, notice="NaN or infinite from somewhere")


def with_metrics(*rows: dict[str, float]) -> Trace:
    return replace(recorded("fruit"), metrics=tuple({"step": at, "epoch": 0} | row for at, row in enumerate(rows)))


def test_course_of_what_was_measured_is_told() -> None:
    text = findings_of(recorded("fruit"))
    rows = recorded("fruit").metrics
    first, last = (float(row["loss"]) for row in (rows[0], rows[-1]))
    fall = f"{number_text(100 * (first - last) / first, 2)}% lower."
    assert f"loss is {number_text(first)} at step 0 and {number_text(last)} at step {len(rows) - 1}: {fall}" in text
    assert len({row["test_accuracy"] for row in rows}) == 1
    assert f"test_accuracy did not change: it is {rows[0]['test_accuracy']:g} at each of {len(rows)} steps." in text


@given(st.lists(st.floats(width=32), min_size=1, max_size=4))
def test_course_is_that_of_the_numbers(values: list[float]) -> None:
    lines = list(course_lines(with_metrics(*({"loss": value} for value in values)), ENGLISH))
    (line,) = lines
    first, last = values[0], values[-1]
    assert ("did not change" in line) is (len(values) > 1 and all(value == first for value in values))
    assert not ("lower" in line and not 0 <= last < first) and not ("higher" in line and not last > first > 0)
    assert "Nothing was measured" in line if len(values) == 1 else "loss" in line


def test_metric_of_a_few_steps_says_at_how_many_it_was_measured() -> None:
    rows = [{"loss": 1.0}, {"loss": 2.0, "accuracy": 5.0}, {"loss": 1.0, "accuracy": 5.0}]
    assert list(course_lines(with_metrics(*rows), ENGLISH)) == [
        "loss is 1 at step 0 and 1 at step 2, after other values between them.",
        "accuracy did not change: it is 5 at each of the 2 steps at which it was measured.",
    ]


def test_what_the_doctor_did_not_look_at_has_its_reason() -> None:
    trace = recorded("fruit")
    text = findings_of(trace, diagnosis=examine(trace))
    assert f"whether the loss falls ({len(trace.metrics)} steps are too few to tell, at least {MIN_STEPS} are needed)." in text


def test_findings_of_the_doctor_are_told() -> None:
    found = examine(recorded("linear-regression"))
    text = findings_of(recorded("linear-regression"), diagnosis=found)
    assert found.findings
    assert all(f"{each.code}: {each.what}"[:60] in text for each in found.findings[:MAX_FINDINGS])
    assert f"The {len(RULES)} checks of tracer doctor found nothing." in findings_of(
        recorded("fruit"), diagnosis=examine(recorded("fruit"))
    )


def test_findings_in_steps_that_are_not_shown_have_their_number() -> None:
    trace = tracer.run(tracer.load("linear-regression"), settings={"learning_rate": 1.0})
    found = examine(trace)
    elsewhere = [each for each in found.findings if each.step not in (None, 0, 49)]
    assert elsewhere
    text = findings_of(trace, diagnosis=found)
    assert all(node_number(trace.step(each.step), each.node) in text for each in elsewhere)
    wide = replace(found, sizes=dict.fromkeys(found.sizes, 120))  # steps of as many operations have three digits
    assert all(f"{each.step}:{each.node:03d}" in findings_of(trace, diagnosis=wide) for each in elsewhere)


def dead_model(x: Any, w: Any, v: Any) -> Any:
    return np.maximum(x @ w, 0) @ v


def test_parameters_that_stay_are_told() -> None:
    scenario = tracer.Scenario(
        data=lambda: {"x": [[1.0, 2.0], [3.0, 1.0]]},
        parameters={"w": [[1.0, -1.0, 2.0], [1.0, -1.0, 0.5]], "v": [[9.0], [1.0], [9.0]]},
        model=dead_model, loss=lambda p: ((p - 2) ** 2).mean(), optimizer=tracer.SGD(1e-4), steps=4,
    )  # fmt: skip
    text = findings_of(tracer.run(scenario))
    assert "w: 2 of 6 numbers are the same after step 3 as before step 0" in text


# Where to go on.


def test_commands_have_the_names_of_the_run() -> None:
    lines = [each.line for each in commands(recorded("fruit"), RunNames("my run", "fruit"))]
    assert all(shlex.split(line)[0] == "tracer" for line in lines)
    assert shlex.split(lines[0]) == ["tracer", "show", "my run", "dL/dW1[1,0]"]
    assert "tracer check fruit" in lines
    assert not any(line.startswith("tracer check") for line in (each.line for each in commands(recorded("fruit"), RunNames("x"))))


def test_next_commands_fit_the_run() -> None:
    trace, names = recorded("fruit"), RunNames("fruit", "fruit")

    def verbs(trace: Trace, *, is_finite: bool) -> list[str]:
        return [each.line.split()[1] for each in next_two(trace, names, is_finite=is_finite)]

    assert verbs(trace, is_finite=True) == ["show", "log"]
    assert verbs(trace, is_finite=False) == ["blame", "show"]
    step: Step = trace.steps[0]
    by_hand = replace(trace, steps=(replace(step, own_gradients={step.node("W1").id: step.gradients[step.node("W1").id]}),))
    assert verbs(by_hand, is_finite=True) == ["check", "show"]


def test_every_command_of_the_last_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command("trace", "linear-regression", "-q", "--format", "log", "--steps", "2") == 0
    trace = tracer.open(tmp_path / "output" / "linear-regression" / "trace.sqlite")
    assert trace.verdict is not None and str(trace.verdict).startswith("the gradients of step 0 are right: 2 numbers agree")
    for each in commands(trace, RunNames("linear-regression", "linear-regression")):
        line = each.line.replace(f" {OTHER}", " linear-regression")
        assert run_command(*shlex.split(line)[1:]) == 0, line


@pytest.mark.parametrize(
    ("code", "said"), [("en", "inside squared loss, and is counted under the loss"), ("zh", "前向传播在 squared loss 之内")]
)
def test_forward_pass_inside_the_function_of_the_loss_is_told(code: str, said: str, tmp_path: Path, capsys: Any) -> None:
    document = document_of(traced(tmp_path, IN_THE_LOSS), Style(tell=language_of(code)))
    assert said in document
    assert language_of(code)("This step has no forward pass.") not in document
    assert language_of(code)("The forward pass is counted under the loss: see the next page.") not in document
    flat = IN_THE_LOSS.replace("def squared_loss(W):", "for step in range(3):").split("for step in range(3):\n    loss, grad")[0]
    flat = flat.replace("    out = X @ W\n", "").replace("(out - t)", "(X @ W - t)").replace("return loss, dW", "W -= 0.01 * dW")
    document = document_of(traced(tmp_path, flat), Style(tell=language_of(code)))
    assert language_of(code)("The forward pass is counted under the loss: see the next page.") in document
