"""The player without a browser: what the page holds, that it can be read back, and that nothing in it can do harm."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import zlib
from html.parser import HTMLParser
from importlib import resources
from typing import Any

import numpy as np
import pytest

import tracer
from support.browser import page_of, run_of, scenario_page
from tracer import SGD, Scenario
from tracer.errors import UsageError
from tracer.graph.record import Phase, Step, Trace
from tracer.i18n import zh
from tracer.i18n.zh import player as of_the_page
from tracer.ops import registry
from tracer.views.notation import Labels
from tracer.views.player.homes import homes
from tracer.views.player.kinds import ELEMENTWISE, KINDS
from tracer.views.player.options import PlayerOptions
from tracer.views.player.page import SCRIPTS, script

SCENARIOS = ("fruit-pytorch", "fruit-keras", "fruit-sgd", "linear-regression", "mnist", "tensors")


class Elements(HTMLParser):
    """The elements of a page: their names and attributes, and the text in scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] in ("script", "style") and data.strip():
            self.texts.append((self.found[-1][0], data))


def data_of(page: str) -> dict[str, Any]:
    """The data in a page, with the forms of its steps unpacked."""
    text = next(each for _, each in Elements(page).texts if each.startswith('{"title"'))
    data: dict[str, Any] = json.loads(text)
    data["forms"] = json.loads(zlib.decompress(base64.b64decode(data["forms"])))
    return data


def values_of(data: dict[str, Any], number: int) -> tuple[dict[str, Any], dict[int, np.ndarray]]:
    """The head of a step in a page, and the exact values."""
    packed = zlib.decompress(base64.b64decode(data["steps"][number]["chunk"]))
    length = int.from_bytes(packed[:8], "little")
    head, offset, values = json.loads(packed[8 : 8 + length]), 8 + length, {}
    sizes = {"f8": 8, "f4": 4, "i4": 4, "u1": 1, "level": 1}
    for id, (node, encoding) in enumerate(
        zip(data["forms"][data["steps"][number]["form"]]["nodes"], head["encodings"], strict=True)
    ):
        if not encoding:
            continue
        count = int(np.prod(node["shape"], dtype=int))
        if encoding != "level":
            values[id] = np.frombuffer(packed, f"<{encoding}", count, offset).reshape(node["shape"])
        offset += -(-count * sizes[encoding] // 8) * 8
    assert offset == len(packed)
    return head, values


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_page_has_every_operation_and_every_small_value(name: str) -> None:
    trace = run_of(name, 1 if name == "tensors" else 2)
    data = data_of(scenario_page(name, 1 if name == "tensors" else 2))
    for number, step in enumerate(trace.steps):
        head, values = values_of(data, number)
        form = data["forms"][data["steps"][number]["form"]]
        labels = Labels(step.nodes)
        assert [node["label"] for node in form["nodes"]] == list(labels)
        assert form["loss"] == step.loss_id
        for node in step.nodes:
            if node.id in values:
                np.testing.assert_array_equal(values[node.id].astype(node.value.dtype), node.value)
            else:
                assert node.size > 4096 and head["encodings"][node.id] == "level"
        for id, (places, texts) in head["exact"]["numbers"].items():
            array = step.nodes[int(id)].value
            assert [array.dtype.type(text) for text in texts] == [array.ravel()[place] for place in places]


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_operation_is_seen_in_a_box_of_every_picture(name: str) -> None:
    """What is part of the loss, its gradients, and the updates; not, say, a schedule that only prepares them."""
    trace = run_of(name, 1 if name == "tensors" else 2)
    data = data_of(scenario_page(name, 1 if name == "tensors" else 2))
    for step, form in zip(trace.steps[-1:], data["forms"][-1:], strict=True):
        for picture in form["layouts"]["pictures"].values():
            drawn = {id for box in picture["boxes"] for id in box["ids"]}
            for id, gradient in step.gradients.items():
                assert form["homes"][id] in drawn and form["homes"][gradient] in drawn
                sharing = [other for other, shared in step.gradients.items() if shared == gradient]
                named = [each for each in sharing if step.nodes[gradient].name == f"dL/d{step.nodes[each].name}"]
                assert form["homes"][gradient] == form["homes"][named[0] if named else step.nodes[gradient].gradient_of or id]
            for parameter, updated in step.updates.items():
                assert form["homes"][updated] == parameter


def test_an_update_is_shown_at_its_parameter() -> None:
    step = run_of("fruit", 3).steps[0]
    found = homes(step, Labels(step.nodes))
    for node in step.nodes:
        if node.phase is Phase.UPDATE and "W1" in node.name:
            assert found[node.id] == step.node("W1").id


@pytest.mark.parametrize("name", ["fruit", "mnist"])
def test_boxes_do_not_overlap_and_wires_join_them(name: str) -> None:
    for form in data_of(scenario_page(name, 2))["forms"]:
        for picture in form["layouts"]["pictures"].values():
            boxes = picture["boxes"]
            for at, one in enumerate(boxes):
                for other in boxes[at + 1 :]:
                    apart = (
                        one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
                        or one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
                    )  # fmt: skip
                    assert apart, (one["title"], other["title"])
            for tail, head, path in picture["wires"]:
                x, y = map(float, re.findall(r"[-\d.]+", path)[-2:])
                assert near(boxes[head], x, y), (boxes[tail]["title"], boxes[head]["title"])


def near(box: dict[str, float], x: float, y: float) -> bool:
    return box["x"] - 1 <= x <= box["x"] + box["width"] + 1 and box["y"] - 1 <= y <= box["y"] + box["height"] + 1


def test_wires_are_the_uses_of_values() -> None:
    step = run_of("fruit", 3).steps[0]
    labels = Labels(step.nodes)
    form = data_of(scenario_page("fruit", 3))["forms"][0]
    for picture in form["layouts"]["pictures"].values():
        boxes = picture["boxes"]
        box_of = {id: number for number, box in enumerate(boxes) for id in box["ids"]}
        uses = {
            (box_of[operand], box_of[id])
            for id in box_of
            for operand in labels.operands(step.nodes[id])
            if operand in box_of and box_of[operand] != box_of[id]
        }
        assert {(tail, head) for tail, head, _ in picture["wires"]} == uses


def test_the_policy_allows_the_scripts_of_the_page_and_nothing_else() -> None:
    page = scenario_page("fruit", 3)
    elements = Elements(page)
    policy = next(each["content"] for tag, each in elements.found if tag == "meta" and each.get("http-equiv"))
    assert policy is not None and policy.startswith("default-src 'none'")
    allowed = set(re.findall(r"'sha256-([^']+)'", policy))
    inline = [text for tag, text in elements.texts if tag == "style" or not text.startswith('{"title"')]
    assert {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inline} == allowed
    assert "unsafe" not in policy and "http" not in policy.replace("http-equiv", "")
    outside = [each for _, each in elements.found if any(name in each for name in ("src", "href"))]
    assert not outside


NASTY = '</script><img src=x onerror="alert(1)">'


def test_names_cannot_leave_the_data() -> None:
    def model(x: Any, **parameters: Any) -> Any:
        (w,) = parameters.values()
        return x @ w

    scenario = Scenario(
        name=NASTY, title=NASTY, data=lambda rng: {"x": np.eye(2), "y": np.eye(2)}, parameters=lambda rng: {"w": np.eye(2)},
        model=model, loss=lambda out, y: ((out - y) ** 2).mean(), optimizer=SGD(learning_rate=0.1), steps=1,
    )  # fmt: skip
    page = page_of(tracer.run(scenario))
    assert {tag for tag, _ in Elements(page).found} <= {"html", "head", "meta", "title", "style", "body", "div", "script"}
    assert data_of(page)["title"] == NASTY


def test_every_text_of_the_scripts_is_translated() -> None:
    source = script()
    used = set(re.findall(r'\bt\("([^"]+)"', source)) | set(re.findall(r'\], "\w+", "([^"]+)"\]', source))
    assert len(used) > 60
    assert not used - set(zh.MESSAGES) - set(of_the_page.MESSAGES)
    assert not set(zh.MESSAGES) & set(of_the_page.MESSAGES)
    assert not [text for text in of_the_page.MESSAGES if f'"{text}"' not in source]
    for text, translation in of_the_page.MESSAGES.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", translation)), text


def test_all_scripts_are_in_the_page() -> None:
    static = resources.files("tracer.views.player") / "static"
    assert sorted(SCRIPTS) == sorted(each.name for each in static.iterdir() if each.name.endswith(".js"))
    vendor = static / "vendor"
    names = {each.name for each in vendor.iterdir()}
    assert {"preact-LICENSE.txt", "htm-LICENSE.txt"} <= names


def test_the_page_is_small() -> None:
    page = scenario_page("fruit", 6)
    assert len(page) < 400_000
    scripts = "".join(text for tag, text in Elements(page).texts if tag == "script" and not text.startswith('{"title"'))
    assert len(zlib.compress(scripts.encode(), 9)) < 60_000


def test_steps_without_values_have_statistics() -> None:
    trace = run_of("linear-regression", 9)
    data = data_of(page_of(trace))
    assert [step["hasValues"] for step in data["steps"]] == [number in (0, 4, 8) for number in range(9)]
    head, values = values_of(data, 1)
    assert not values and len(head["statistics"]) == len(trace.steps[1].nodes)
    chosen = data_of(page_of(trace, PlayerOptions(steps=(2,))))
    assert [step["hasValues"] for step in chosen["steps"]] == [number == 2 for number in range(9)]


def test_the_budget_leaves_steps_out() -> None:
    size = len(data_of(scenario_page("fruit", 3))["steps"][0]["chunk"])
    data = data_of(page_of(run_of("fruit", 3), PlayerOptions(budget=int(1.5 * size))))
    assert [step["hasValues"] for step in data["steps"]] == [True, False, False]


def test_the_form_of_equal_steps_is_stored_once() -> None:
    assert len(data_of(scenario_page("fruit", 3))["forms"]) == 1


def test_the_same_run_gives_the_same_bytes() -> None:
    assert page_of(run_of("fruit", 3)) == page_of(run_of("fruit", 3))


def test_a_file_gives_the_same_page(tmp_path: Any) -> None:
    trace = run_of("fruit", 3)
    tracer.save(trace, tmp_path / "run.sqlite")
    assert page_of(tracer.open(tmp_path / "run.sqlite")) == page_of(trace)


def test_an_unknown_node_to_ask_of_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"logit.*logits"):
        page_of(run_of("fruit", 3), PlayerOptions(asked=("logit",)))


def test_an_input_is_not_asked_of() -> None:
    with pytest.raises(UsageError, match="W1 is an input"):
        page_of(run_of("fruit", 3), PlayerOptions(asked=("W1",)))


def test_an_exercise_has_no_result_in_clear_text() -> None:
    trace = run_of("fruit", 3)
    page = page_of(trace, PlayerOptions(is_exercise=True))
    for step in trace.steps:
        assert repr(step.loss)[:8] not in page


def test_kinds_have_a_rule_in_the_page() -> None:
    terms = (resources.files("tracer.views.player") / "static" / "terms.js").read_text()
    moved = re.search(r"MOVED = new Set\(\[([^\]]*)\]\)", terms)
    rules = terms[terms.index("const rules = {") :]
    assert moved is not None
    known = set(re.findall(r'"(\w+)"', moved[1])) | set(re.findall(r"^  (\w+)[:,]", rules, re.MULTILINE))
    assert KINDS | {ELEMENTWISE} == known


def test_operations_that_the_page_computes_exist() -> None:
    kernels = (resources.files("tracer.views.player") / "static" / "kernels.js").read_text()
    names = set(re.findall(r"(?:^  |, )(\w+): (?:\(|Math|total|spread|product)", kernels, re.MULTILINE))
    assert len(names) > 40
    assert not {name for name in names if registry.named(name) is None}


def test_a_notebook_shows_the_page_in_a_frame() -> None:
    trace: Trace = run_of("fruit", 3)
    step: Step = trace.steps[1]
    assert data_of(trace.player(step=2, node="logits"))["start"] == {
        "step": 2,
        "op": step.node("logits").id,
        "seen": step.node("logits").id,
    }
    page = step.player(theme="dark")
    framed = page._repr_html_()  # type: ignore[attr-defined]
    assert page._mime_() == ("text/html", framed)  # type: ignore[attr-defined]
    assert ("iframe", str(page)) in [(tag, given.get("srcdoc")) for tag, given in Elements(framed).found]
    assert not data_of(page)["followsTheme"] and data_of(step.player())["followsTheme"]
    bundle = step._repr_mimebundle_()
    names = [tag for tag, _ in Elements(bundle["text/html"]).found]
    assert "image/svg+xml" in bundle and names == ["div", "img", "p", "iframe"]


def test_a_page_opens_at_a_node_or_an_element_however_it_is_named() -> None:
    trace: Trace = run_of("fruit", 3)
    step: Step = trace.steps[1]
    node = step.node("dL/dW2")
    for given in ("dL/dW2", node.id, f"#{node.id}", f"1:{node.id}", node):
        assert data_of(step.player(node=given))["start"] == {"step": 0, "op": node.id, "seen": node.id}
    assert data_of(trace.player(node=f"2:{node.id}"))["start"]["step"] == 2
    assert data_of(step.player(node="dL/dW2[1,0]"))["start"] == {"step": 0, "op": node.id, "seen": node.id, "at": 2}
    with pytest.raises(UsageError, match="W2"):
        step.player(node="dL/dW22")


def test_a_node_says_how_its_step_shows_its_inspector() -> None:
    for node in run_of("fruit", 3).steps[0].nodes[::10]:
        text = html.unescape(node._repr_mimebundle_()["text/html"])
        call = text[text.index("step.player(node=") : text.index(") shows") + 1]
        page = eval(call, {"step": run_of("fruit", 3).steps[0]})
        assert data_of(page)["start"]["op"] == node.id
