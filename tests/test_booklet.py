"""The booklet: pages, outline, links, worked arithmetic, and reproducible bytes."""

from __future__ import annotations

import functools
import io
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest

import tracer
from support.traces import recorded
from tracer import store
from tracer.graph.record import Phase, Step, Trace
from tracer.i18n.message import Message
from tracer.rendering.document import pdf
from tracer.rendering.engine import find_engine
from tracer.store.writing import save
from tracer.training.bundled import bundled_names
from tracer.views.booklet.booklet import booklet, repeated_updates
from tracer.views.booklet.pagination import MIN_SCALE, paginated
from tracer.views.diagrams.combined import combined, forward_nodes
from tracer.views.diagrams.dot import CAPTION_SIZE, NUMBER_SIZE
from tracer.views.diagrams.theme import THEMES, Style, theme_of
from tracer.views.local_rules import local_rules
from tracer.views.notation import Labels, node_number, number_text
from tracer.views.parameter_history import histories_of

OPERATION = re.compile(r"\d+:\d+ ")
"""The start of the heading of an operation."""


def first_and_last_step(name: str) -> Trace:
    """A run with its first and last step, as in the booklet."""
    trace = recorded(name)
    return replace(trace, steps=tuple(dict.fromkeys((trace.steps[0], trace.steps[-1]))))


def document_of(trace: Trace, style: Style | None = None, **options: Any) -> str:
    return booklet(trace, find_engine("pure").layout, style or Style(), **options)


@functools.cache
def read(name: str) -> tuple[str, pypdf.PdfReader]:
    """The Typst source of a booklet with parameter histories, and a reader of its PDF."""
    document = document_of(first_and_last_step(name), histories=histories_of(recorded(name)))
    return document, pypdf.PdfReader(io.BytesIO(pdf(document)))


@dataclass(frozen=True)
class PageText:
    """The text of a page, and how high its lowest and its highest letters stand."""

    text: str
    lowest: float
    highest: float


@functools.cache
def texts_of(name: str) -> tuple[PageText, ...]:
    """The pages of a booklet as they are read: reading takes longer than writing them."""
    found = []
    for page in read(name)[1].pages:
        heights: list[float] = []

        def visit(text: str, matrix: Any, text_matrix: Any, font: Any, size: float, heights: list[float] = heights) -> None:
            if text.strip():
                heights.append(matrix[3] * text_matrix[5] + matrix[5])

        found.append(PageText(" ".join(page.extract_text(visitor_text=visit).split()), min(heights), max(heights)))
    return tuple(found)


def reader_of(document: str) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf(document)))


def bookmarks(reader: pypdf.PdfReader) -> list[tuple[int, str, int]]:
    """The bookmarks of a document: depth, text and page number of each."""

    def under(items: Sequence[Any], depth: int) -> list[tuple[int, str, int]]:
        found = []
        for item in items:
            if isinstance(item, list):
                found += under(item, depth + 1)
            else:
                found.append((depth, str(item.title), reader.get_destination_page_number(item) + 1))
        return found

    return under(reader.outline, 0)


def computed_in(step: Step) -> list[int]:
    """The operations that have a page: of updates that are alike, those of the first parameter."""
    repeated = repeated_updates(step)
    computed = [node for node in step.nodes if not node.is_leaf or node.phase is Phase.BACKWARD]
    return [node.id for node in computed if node.phase is not Phase.UPDATE or node.scope not in repeated]


def test_updates_of_the_same_operations_have_pages_once() -> None:
    step = recorded("fruit").steps[0]
    repeated = repeated_updates(step)
    assert repeated == dict.fromkeys(["Adam/b1", "Adam/W2", "Adam/b2"], "Adam/W1")
    text = " ".join(page.text for page in texts_of("fruit"))
    count = sum(node.scope in repeated for node in step.nodes)
    assert f"b1, W2, b2: updated by the same operations as above, {count} in all" in text
    for name, index in (("b1", (0,)), ("W2", (3, 0)), ("b2", (0,))):  # where the gradient is largest
        nodes = [step.node(each) for each in (name, f"dL/d{name}", f"m_{name}_new", f"v_{name}_new")]
        row = " ".join([f"{name}[{','.join(map(str, index))}]", *(number_text(node.value[index]) for node in nodes)])
        assert row in text
    groups = tracer.run(
        tracer.load("fruit"), steps=1, settings={"optimizer": "SGD", "learning_rate": 0.1, "momentum": 0.5}
    ).steps[0]
    assert list(repeated_updates(groups)) == ["SGD/b1", "SGD/W2", "SGD/b2"]


# Pages, outline, links.


@pytest.mark.parametrize("name", bundled_names())
def test_every_section_fits_on_one_page(name: str) -> None:
    document, reader = read(name)
    marks = bookmarks(reader)
    # Only the table of a step's inputs and the operations may continue on other pages.
    sections = [(title, page) for _, title, page in marks if not OPERATION.match(title)]
    following = dict(itertools.pairwise([page for _, page in sections]))
    long = [page for title, page in sections if title.endswith("what it starts from")]
    more = sum(
        following.get(page, len(reader.pages) + 1) - page - 2 for page in long
    )  # the table and the operations have a page each
    assert len(reader.pages) == document.count("#page(") + more
    sizes = {(round(float(page.mediabox.width)), round(float(page.mediabox.height))) for page in reader.pages}
    assert sizes <= {(595, 842), (842, 595)}


@pytest.mark.parametrize("name", [name for name in bundled_names() if name != "mnist"])
def test_pages_have_two_to_four_operations(name: str) -> None:
    """Those with large arrays have fewer: their pictures take room."""
    counts = Counter(page for _, title, page in bookmarks(read(name)[1]) if OPERATION.match(title))
    assert max(counts.values()) <= 5
    assert sum(counts.values()) >= 1.7 * len(counts)


@pytest.mark.parametrize("name", ["fruit", "mnist"])
def test_operations_are_within_their_pages(name: str) -> None:
    for page, read_page in zip(read(name)[1].pages, texts_of(name), strict=True):
        assert read_page.lowest >= 14 and read_page.highest <= float(page.mediabox.height) - 14


@pytest.mark.parametrize("name", bundled_names())
def test_bookmarks_are_complete_and_in_order(name: str) -> None:
    trace = first_and_last_step(name)
    marks = bookmarks(read(name)[1])
    assert [page for _, _, page in marks] == sorted(page for _, _, page in marks)
    expected = ["How to read this booklet", "The model"]
    for step in trace.steps:
        expected += [f"Step {step.index}: forward and backward", f"Step {step.index}: what it starts from"]
        expected += [f"Step {step.index}: old values, gradients, new values"] if step.updates else []
    expected += ["The whole run"] if any(step.updates for step in trace.steps) else []
    assert [title for depth, title, _ in marks if depth < 2 and not OPERATION.match(title)] == expected


@pytest.mark.parametrize("name", bundled_names())
def test_every_operation_is_on_a_page_in_program_order(name: str) -> None:
    trace = first_and_last_step(name)
    marks = [(title, page) for _, title, page in bookmarks(read(name)[1]) if OPERATION.match(title)]
    expected = [f"{node_number(step, id)} " for step in trace.steps for id in computed_in(step)]
    assert [title[: len(start)] for (title, _), start in zip(marks, expected, strict=True)] == expected
    assert [page for _, page in marks] == sorted(page for _, page in marks)


def test_overview_has_no_operation_pages() -> None:
    document = document_of(first_and_last_step("fruit"), extent="overview")
    reader = reader_of(document)
    assert len(reader.pages) == document.count("#page(") < 20
    assert not any(OPERATION.match(title) for _, title, _ in bookmarks(reader))
    assert "How to read this booklet" not in {title for _, title, _ in bookmarks(reader)}


def test_only_selected_steps_have_operation_pages() -> None:
    trace = recorded("linear-regression")
    document = document_of(replace(trace, steps=trace.steps[:3]), page_by_page=[1])
    titles = [title for _, title, _ in bookmarks(reader_of(document))]
    pages = [title for title in titles if OPERATION.match(title)]
    assert len(pages) == len(computed_in(trace.steps[1]))
    assert titles.index("Step 1: what it starts from") + 1 == titles.index(pages[0])
    assert "Step 0: what it starts from" not in titles


def destination(reader: pypdf.PdfReader, link: Any) -> int:
    """The number of the page that a link points to."""
    goal = link["/Dest"]
    if isinstance(goal, str):
        return int(reader.get_destination_page_number(reader.named_destinations[goal])) + 1
    (number,) = (number for number, page in enumerate(reader.pages, 1) if page.indirect_reference == goal[0].indirect_reference)
    return number


@pytest.mark.slow
@pytest.mark.parametrize("name", ["linear-regression", "fruit", "mnist"])
def test_links_point_to_the_page_of_the_forward_twin(name: str) -> None:
    reader = read(name)[1]
    titles_on: dict[int, list[str]] = defaultdict(list)
    for _, title, place in bookmarks(reader):
        titles_on[place].append(title)
    twins = 0
    for number, page in enumerate(reader.pages, 1):
        text = texts_of(name)[number - 1].text
        linked = {destination(reader, each.get_object()) for each in page.get("/Annots", [])
                  if each.get_object().get("/Subtype") == "/Link"}  # fmt: skip
        if not any(map(OPERATION.match, titles_on[number])):
            continue
        assert linked == {int(each) for each in re.findall(r"page (\d+)", text.replace(f"{number} /", ""))}
        for twin, shown in re.findall(r"Forward twin: (.+?), page (\d+)\.", text):
            twins += 1
            titles = titles_on[int(shown)]
            assert any(title.partition(" ")[2] == twin for title in titles) or any(title.startswith("Step") for title in titles)
    assert twins >= 8


# The arithmetic.


class Interval:
    """Interval arithmetic; comparisons use the midpoints."""

    def __init__(self, low: Any, high: Any = None) -> None:
        self.low, self.high = (low, low if high is None else high)

    def holds(self, other: Interval) -> bool:
        slack = 1e-12 * max(1.0, abs(self.low), abs(self.high))
        return bool(self.low - slack <= other.high and other.low <= self.high + slack)

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2

    def apply(self, function: Any, *others: Interval) -> Interval:
        """Apply a function that is monotonic in each argument: its extremes are at the corners."""
        corners = [function(*each) for each in itertools.product(*([x.low, x.high] for x in (self, *others)))]
        return Interval(min(corners), max(corners))

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __add__(self, other: Interval) -> Interval:
        return self.apply(lambda x, y: x + y, other)

    def __sub__(self, other: Interval) -> Interval:
        return self.apply(lambda x, y: x - y, other)

    def __mul__(self, other: Interval) -> Interval:
        return self.apply(lambda x, y: x * y, other)

    def __truediv__(self, other: Interval) -> Interval:
        assert not other.low < 0 < other.high
        return self.apply(lambda x, y: x / y, other)

    def __pow__(self, other: Interval) -> Interval:
        return self.apply(lambda x, y: x**y, other)

    def __gt__(self, other: Interval) -> bool:
        return self.middle > other.middle

    def __lt__(self, other: Interval) -> bool:
        return self.middle < other.middle

    def __ge__(self, other: Interval) -> bool:
        return self.middle >= other.middle

    def __le__(self, other: Interval) -> bool:
        return self.middle <= other.middle

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Interval) and self.middle == other.middle

    __hash__ = None  # type: ignore[assignment]


def square(x: Interval) -> Interval:
    ends = x.apply(np.square)
    return Interval(0.0, ends.high) if x.low < 0 < x.high else ends


def clip(x: Interval, low: Interval | None, high: Interval | None) -> Interval:
    return x.apply(lambda value: np.clip(value, None if low is None else low.low, None if high is None else high.high))


FUNCTIONS = {
    "exp": lambda x: x.apply(np.exp), "log": lambda x: x.apply(np.log), "sqrt": lambda x: x.apply(np.sqrt),
    "tanh": lambda x: x.apply(np.tanh),
    "max": lambda *each: Interval(max(x.low for x in each), max(x.high for x in each)),
    "min": lambda *each: Interval(min(x.low for x in each), min(x.high for x in each)),
    "square": square, "clip": clip, "where": lambda condition, x, y: x if condition else y, "number": Interval,
    "abs": lambda x: square(x).apply(np.sqrt),
}  # fmt: skip
NUMBER = r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.(])"


def interval(text: str) -> Interval:
    """The numbers that a text printed with four digits may represent."""
    value = abs(float(text))
    digits = max(4, len(re.sub(r"e.*|\D", "", text).lstrip("0")))
    half = 0.5 * 10.0 ** (np.floor(np.log10(value)) - digits + 1) if value else 0.0
    return Interval(float(text) - half, float(text) + half)


def evaluated(arithmetic: str) -> Interval:
    numbers = {f"number{place}": interval(text) for place, text in enumerate(dict.fromkeys(re.findall(NUMBER, arithmetic)))}
    names = dict(zip(dict.fromkeys(re.findall(NUMBER, arithmetic)), numbers, strict=True))
    code = re.sub(NUMBER, lambda found: names[found[0]], arithmetic)
    found = eval(code, {"__builtins__": {}, **FUNCTIONS, **numbers})
    assert isinstance(found, Interval)
    return found


def examples_of(text: str) -> list[tuple[str, str, str]]:
    """The worked elements on a page: name, arithmetic and result. Long ones are broken into lines."""
    if "With the numbers put in" not in text:
        return []
    lines = text.partition("With the numbers put in")[2].strip().splitlines()
    start = lines[0].partition(" = ")[0].partition("[")[0][:6]
    joined: list[str] = []
    for line in lines:
        if line.startswith(start) and " = " in line and (not joined or re.search(r" = \S+$", joined[-1])):
            joined.append(line.strip())
        else:
            joined[-1] += f" {line.strip()}"
    found = [re.fullmatch(r"(.+?) = (.+) = (\S+)", each) for each in joined]
    assert all(found), joined
    return [(each[1], each[2], each[3]) for each in found if each]


MOVING = {"transpose", "broadcast_to", "reshape", "scatter", "take", "expand_dims", "stop_gradient", "constant"}
"""Operations that only move or copy numbers, and the one that starts the backward pass."""


@pytest.mark.slow
def test_arithmetic_on_pages_is_correct() -> None:
    trace = recorded("fruit")
    step = trace.steps[0]
    reader = reader_of(document_of(replace(trace, steps=(step,))))
    texts = [re.sub(r"\n\S+, \d+ / \d+\s*$", "", page.extract_text()) for page in reader.pages]
    numbered = [page for _, title, page in bookmarks(reader) if OPERATION.match(title)]
    pieces = [piece for page in dict.fromkeys(numbered) for piece in re.split(r"(?m)^(?=0:\d{3} )", texts[page - 1])[1:]]
    worked = moved = checked = skipped = traced = 0
    without = Counter[str]()
    for id, page, text in zip(computed_in(step), numbered, pieces, strict=True):
        text = text.partition("b1, W2, b2: updated")[0]
        examples = examples_of(text)
        op = step.nodes[id].op
        if not examples:
            without[op] += 1
            moved += op in MOVING
            continue
        worked += 1
        sources = {int(each) for each in re.findall(r"page (\d+)", text)}
        before = text.partition("With the numbers put in")[0]
        near = [before, *(texts[each - 1] for each in sources)]
        numbers_on_pages = set(re.findall(NUMBER, " ".join(near)))
        for name, arithmetic, result in examples:
            if "..." in arithmetic:
                skipped += 1
                continue
            if re.fullmatch(r".*\[[\d,]+\]", arithmetic):  # moved from there
                continue
            checked += 1
            assert evaluated(arithmetic).holds(evaluated(result)), (page, name, arithmetic, result)
            numbers = set(re.findall(NUMBER, arithmetic))
            assert numbers <= numbers_on_pages, (page, name, numbers - numbers_on_pages)
            traced += len(numbers)
    assert worked + moved >= 0.95 * len(numbered), without
    assert (worked, checked) >= (45, 90), (worked, moved, checked, skipped, traced, without)
    assert skipped <= checked / 5


def test_interval_contains_the_unrounded_number() -> None:
    assert evaluated("0.3333*3").holds(evaluated("1"))
    assert not evaluated("0.3333*3").holds(evaluated("1.001"))
    assert not evaluated("2*0.5 + 1").holds(evaluated("2.1"))
    assert evaluated("-1.5 + exp(0)").holds(evaluated("-0.5"))


# Reproducibility, themes, notices.


@pytest.mark.parametrize("name", bundled_names())
def test_booklet_is_reproducible(name: str) -> None:
    document, reader = read(name)
    again = tracer.run(tracer.load(name))
    assert document == document_of(replace(again, steps=first_and_last_step(name).steps), histories=histories_of(again))
    assert pdf(document) == reader.stream.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("theme", THEMES)
def test_every_theme_compiles(theme: str) -> None:
    document = document_of(
        first_and_last_step("linear-regression"), Style(theme_of(theme)), histories=histories_of(recorded("linear-regression"))
    )
    assert pdf(document).startswith(b"%PDF")
    assert theme_of(theme).background in document


@pytest.mark.parametrize("name", bundled_names())
def test_every_picture_is_readable_when_printed(name: str) -> None:
    assert min(NUMBER_SIZE, CAPTION_SIZE) * MIN_SCALE >= 6
    layout = find_engine("pure").layout
    for step in first_and_last_step(name).steps:
        labels = Labels(step.nodes)
        rules = local_rules(step, labels)

        def draw(parts: Any, step: Step = step, labels: Labels = labels, rules: Any = rules) -> Any:
            return combined(step, parts, labels, rules, Style())

        pictures, cut = paginated(step, forward_nodes(step), draw, layout, Style())
        assert sum(cut) == len(forward_nodes(step))
        assert all(picture.placement()[0] >= MIN_SCALE for picture in pictures)
        drawn = [box.key for picture in pictures for box in picture.diagram.boxes]
        assert {f"n{id}" for id in forward_nodes(step)} <= set(drawn)


def cover_of(trace: Trace, **options: Any) -> str:
    document = document_of(replace(trace, steps=trace.steps[:1]), extent="overview", **options)
    return " ".join(reader_of(document).pages[0].extract_text().split())


def test_cover_describes_the_run() -> None:
    for name in bundled_names():
        cover = " ".join(read(name)[1].pages[0].extract_text().split())
        trace = recorded(name)
        assert trace.title.split()[0] in cover
        assert all(node.name in cover for node in trace.steps[0].parameters)
        assert f"{sum(node.size for node in trace.steps[0].parameters):,}" in cover


def test_cover_states_why_the_run_stopped() -> None:
    trace = tracer.run(tracer.load("fruit-sgd"), settings={"shuffle": False})
    assert "Stopped after 7 epochs: loss had not improved by 0.001 for 5 epochs in a row." in cover_of(trace)


def test_cover_states_that_the_run_is_unfinished() -> None:
    trace = replace(recorded("fruit"), unfinished=Message("not_ended"))
    trace = replace(trace, hyperparameters={**trace.hyperparameters, "steps": 10})
    assert "The record ends after 6 of 10 steps: the run did not end." in cover_of(trace)


def test_cover_states_where_the_first_nonfinite_value_is() -> None:
    notice = "NaN or infinite from 40:09 loss on"
    assert notice in cover_of(recorded("linear-regression"), notice=notice)


@pytest.mark.slow
def test_pages_show_statistics_if_values_were_not_kept(tmp_path: Path) -> None:
    run = recorded("mnist", 1)
    save(run, tmp_path / "trace.sqlite", "summary")
    trace = store.open(tmp_path / "trace.sqlite")
    document = document_of(trace)
    texts = [page.extract_text() for page in reader_of(document).pages]
    told = " ".join(texts[0].split())
    assert "Not every value of these steps was kept: 0 (not all values were to be kept" in told
    assert "--values all)). Their pages show statistics." in told
    pieces = [piece for text in texts for piece in re.split(r"(?m)^(?=0:\d+ )", text)[1:]]
    assert not any("With the numbers put in" in piece for piece in pieces if "(256," in piece.splitlines()[0])
    page = next(piece for piece in pieces if " out = " in piece.splitlines()[0])
    assert {"min=", "max=", "mean="} <= set(re.findall(r"\w+=", page))
    assert "a cell: the mean" not in document


def test_large_arrays_have_a_heat_map() -> None:
    document = read("mnist")[0]
    assert document.count("data:image/png;base64") > 50
    assert "a cell: the mean of up to 200 numbers" in document
    assert "data:image/png;base64" not in read("linear-regression")[0]


def test_run_of_one_step_has_one_chapter() -> None:
    trace = recorded("linear-regression", 1)
    assert document_of(trace).count('"Step 0: forward and backward"') == 1


HOSTILE = ('#panic("no")', '"];', "<script>alert(1)</script>", "\\", "a" * 10_000, "$x$ *b* _i_ @ref", "名字", "tab\there", "{x}",
           "&amp;", "//", "/* x", "#{", "`", "= x", "<label>")  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_verbatim(name: str) -> None:
    step = tracer.trace(lambda x: np.sum(x * 2), [1.0, 2.0])
    nodes = tuple(replace(node, name=name if node.id == 0 else node.name, scope=name) for node in step.nodes)
    hostile = replace(step, nodes=nodes, metrics={"step": 0, "epoch": 0, "loss": step.loss})
    trace = Trace(name[:200], name[:200], 0, "float64", {name[:50]: name[:50]}, {}, (hostile,), (hostile.metrics,))
    assert pdf(document_of(trace)).startswith(b"%PDF")


def test_forty_parameters_share_pages() -> None:
    names = [f"w{number}" for number in range(40)]
    scope: dict[str, Any] = {}
    exec(f"def model(x, {', '.join(names)}): return {' + '.join(f'x * {name}' for name in names)}", scope)
    scenario = tracer.Scenario(
        data=lambda: {"x": [1.0, 2.0, 3.0]}, parameters={name: [0.1, 0.2, 0.3] for name in names}, model=scope["model"],
        loss=lambda p: (p * p).sum(), optimizer=tracer.SGD(learning_rate=0.01), steps=1,
    )  # fmt: skip
    document = document_of(tracer.run(scenario), extent="overview")
    assert document.count("#page(") < 25  # 82 operations with their gradients, and a table of 40 parameters


def test_many_large_inputs_fit_on_the_page() -> None:
    numbers = np.random.default_rng(0)
    arrays = [numbers.normal(size=(40, 40)) * 1e-5 for _ in range(7)]
    step = tracer.trace(lambda *given: np.sum(np.concatenate([each * 1.0 for each in given])), *arrays)
    document = document_of(Trace("wide", "", 0, "float64", {}, {}, (step,)))
    marks = bookmarks(reader_of(document))
    pages = [page for _, title, page in marks if OPERATION.match(title)]
    assert len(pages) == len(computed_in(step)) and pages == sorted(pages)
