"""The scalar zoom: formulas evaluate to the recorded numbers, and dependencies are consistent in both directions."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

import tracer
from support.traces import recorded
from tracer.graph.record import Step
from tracer.rendering.engine import find_engine
from tracer.views.diagrams.boxes import box_key
from tracer.views.diagrams.dot import dot
from tracer.views.diagrams.scalars.graph import MAX_SEARCHED_TERMS, Scalar, ScalarView
from tracer.views.diagrams.scalars.neighbourhood import MAX_NUMBERS, after, before
from tracer.views.diagrams.theme import Flow, Kind, Style
from tracer.views.diagrams.zoom import ViewSpec, diagrams
from tracer.views.diagrams.zooms.scalar import in_memory
from tracer.views.notation import Labels

SCENARIOS = ("fruit", "linear-regression", "fruit-keras", "fruit-sgd")

FUNCTIONS = {"max": max, "min": min, "abs": abs, "square": lambda x: x * x, "exp": math.exp, "log": math.log, "sqrt": math.sqrt,
             "where": lambda condition, x, y: x if condition else y, "sign": np.sign,
             "clip": np.clip, "std": lambda *numbers: np.std(numbers)}  # fmt: skip


def numbers_of(name: str) -> ScalarView:
    step = in_memory(recorded(name, 1).steps[0])
    return ScalarView(step, Labels(step.nodes))


def every_scalar(step: Step) -> list[Scalar]:
    return [(node.id, index) for node in step.nodes for index in np.ndindex(node.shape)]


def computed(source: ScalarView, scalar: Scalar) -> float | None:
    """The value of a number's formula with recorded operands; None if the formula refers to whole arrays."""
    formula, used = source.formula(scalar), source.operands(scalar)
    values: dict[str, Any] = {}
    texts = {source.labels.element_tree(id, index).format(compact=True): (id, index) for id, index in used}
    for number, text in enumerate(sorted(texts, key=len, reverse=True)):
        id, index = texts[text]
        formula = re.sub(rf"(?<![\w.]){re.escape(text)}(?![\w(])", f"number{number}", formula)
        values[f"number{number}"] = source.step.nodes[id].value[index].item()
    try:
        return float(eval(formula, {"__builtins__": {}} | FUNCTIONS | values))
    except (NameError, SyntaxError):
        return None


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_formula_evaluates_to_the_number(name: str) -> None:
    source = numbers_of(name)
    every = skipped = 0
    for id, index in every_scalar(source.step):
        node = source.step.nodes[id]
        if node.is_leaf:
            assert (source.formula((id, index)), source.operands((id, index))) == ("", ())
            continue
        every += 1
        digits = 1e-5 if node.dtype == "float32" else 1e-9
        found = computed(source, (id, index))
        if found is None:
            skipped += 1
            continue
        assert found == pytest.approx(float(node.value[index]), rel=digits, abs=digits * 1e-6), source.formula((id, index))
    assert skipped <= every / 20
    assert every > 50


def test_formulas_of_a_layer() -> None:
    source = numbers_of("fruit")

    def formula(name: str, *index: int) -> str:
        return source.formula((source.step.node(name).id, index))

    assert formula("h1", 0, 0) == "x[0,0]*W1[0,0] + x[0,1]*W1[1,0] + b1[0]"
    assert formula("largest", 2, 0) == "max(logits[2,0], logits[2,1])"
    assert formula("dL/dh1", 1, 3) == "dL/dlogits[1,0]*W2[3,0] + dL/dlogits[1,1]*W2[3,1]"
    assert formula("b1_new", 2) == "b1[2] - step_size*(m_b1_new[2]/denominator_b1[2])"
    assert formula("x", 0, 0) == ""


@pytest.mark.parametrize("name", SCENARIOS)
def test_before_and_after_are_inverse(name: str) -> None:
    source = numbers_of(name)
    written_out = source.labels.is_inlined
    every = [each for each in every_scalar(source.step) if not written_out(each[0])]
    some = every[:: max(1, len(every) // 40)]
    operands = {each: set(before(source, [each], 99).drawn) for each in some}
    users = {each: set(source.downstream([each], len(every))) for each in some}
    for one in some:
        assert one in operands[one] & users[one]
        for other in some:
            assert (other in operands[one]) == (one in users[other]), (one, other)
    assert sum(len(each) for each in operands.values()) > 5 * len(some)


def test_operands_of_an_element_of_a_product() -> None:
    source = numbers_of("fruit")
    node = source.step.node
    found = before(source, [(node("h1").id, (3, 1))], 99)
    assert list(found.drawn) == sorted([
        (node("x").id, (3, 0)), (node("x").id, (3, 1)), (node("W1").id, (0, 1)), (node("W1").id, (1, 1)), (node("b1").id, (1,)),
        (node("h1").id, (3, 1)),
    ])  # fmt: skip


def test_every_number_is_a_box_and_every_use_an_arrow() -> None:
    step = tracer.trace(lambda x, w: np.sum(np.square(x @ w)), [1.0, 2.0], [[3.0, 4.0], [5.0, 6.0]])
    ((_, diagram),) = diagrams(step, ViewSpec("scalar"), Style())
    titles = {box.key: box.title for box in diagram.boxes}
    leaves = {"x[0]", "x[1]", "w[0,0]", "w[0,1]", "w[1,0]", "w[1,1]"}
    assert leaves < set(titles.values())
    arrows = sorted((titles[arrow.tail], titles[arrow.head]) for arrow in diagram.arrows)
    assert len(arrows) == len(set(arrows)) == 6
    (loss,) = set(titles.values()) - leaves
    assert {head for _, head in arrows} == {loss}
    (box,) = (box for box in diagram.boxes if box.title == loss)
    assert " ".join(box.lines).replace(" ", "") == "=square(x[0]*w[0,0]+x[1]*w[1,0])+square(x[0]*w[0,1]+x[1]*w[1,1])"
    assert box.kind in (Kind.FORWARD, Kind.LOSS)
    assert all(arrow.flow is Flow.VALUE for arrow in diagram.arrows)


def test_boxes_have_the_value_and_the_formula_of_the_gradient() -> None:
    step = recorded("fruit", 1).steps[0]
    ((_, diagram),) = diagrams(step, ViewSpec("scalar"), Style())
    node = step.node("h1")
    (box,) = (box for box in diagram.boxes if box.key == f"{box_key(node.id)}_0_0")
    value, gradient = box.columns
    assert float(value.lines[0]) == pytest.approx(node.value[0, 0], rel=1e-3, abs=1e-12)
    assert float(gradient.lines[0]) == pytest.approx(step.gradient("h1")[0, 0], rel=1e-3, abs=1e-12)
    assert " ".join(gradient.lines[1:]) == "= dL/dlogits[0,0]*W2[0,0] + dL/dlogits[0,1]*W2[0,1]"
    assert gradient.is_gradient


def some_scalars(source: ScalarView) -> list[Scalar]:
    every = [each for each in every_scalar(source.step) if not source.labels.is_inlined(each[0])]
    return every[:: max(1, len(every) // 40)]


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_surroundings_of_a_number_have_every_neighbour_or_count_it(name: str, depth: int) -> None:
    step = in_memory(recorded(name, 1).steps[0])
    source = ScalarView(step, Labels(step.nodes), 6)
    every = [each for each in every_scalar(step) if not source.labels.is_inlined(each[0])]
    users: dict[Scalar, set[Scalar]] = {each: set() for each in every}
    for each in every:
        for operand in source.operands(each):
            users[operand].add(each)
    for one in some_scalars(source):
        behind = source.downstream([one], len(every))
        for found, next_to in ((before(source, [one], depth), source.operands),
                               (after(source, [one], behind, depth), users.__getitem__)):  # fmt: skip
            assert one in found.drawn
            assert depth or len(found.drawn) <= MAX_NUMBERS
            missing = {other for each in found.drawn for other in next_to(each)} - set(found.drawn)
            counts = {id: sum(other[0] == id for other in missing) for id, _ in missing}
            assert {id: each.count for id, each in found.left_out.items()} == counts
            for id, left_out in found.left_out.items():
                assert set(left_out.beside) == {
                    each for each in found.drawn if any(other in missing and other[0] == id for other in next_to(each))
                }


def test_operands_of_the_largest_terms_are_drawn() -> None:
    step = in_memory(recorded("fruit", 1).steps[0])
    source = ScalarView(step, Labels(step.nodes), 6)
    node = step.node("dL/dW1")
    found = before(source, [(node.id, (0, 2))], 1)
    products = step.node("x").value[:, 0] * step.gradient("h1")[:, 2]
    rows = sorted(np.argsort(-np.abs(products))[:3].tolist())
    names = [source.labels.element(*each) for each in found.drawn]
    assert names == [*(f"x[{row},0]" for row in rows), *(f"dL/dh1[{row},2]" for row in rows), "dL/dW1[0,2]"]
    formula = source.formula((node.id, (0, 2)))
    assert all(name in formula for name in names[:-1])
    counts = {source.labels[id]: each.count for id, each in found.left_out.items()}
    assert counts == {"x": 7, "dL/dh1": 7, "dL/dlogits": 6, "W2": 2}


@pytest.mark.parametrize("focus", ["dL/dW1[0,2]", "W1_new[0,2]", "loss"])
@pytest.mark.parametrize("downstream", [False, True])
def test_picture_of_a_number_fits_on_a_page(focus: str, downstream: bool) -> None:
    """Its type of nine points is at least five points high on a page of A4, turned."""
    step = recorded("fruit", 1).steps[0]
    spec = ViewSpec("scalar", focus, downstream)
    ((_, diagram),) = diagrams(step, spec, Style())
    drawing = find_engine().layout(dot(diagram, Style(direction="LR")))
    scale = min(842 / drawing.width, 595 / drawing.height)
    assert scale * 9 >= 5


def test_elements_of_a_tensor_are_in_their_order() -> None:
    step = recorded("fruit", 1).steps[0]
    ((_, diagram),) = diagrams(step, ViewSpec("scalar", "dL/dW1[0,2]"), Style())
    svg = find_engine().layout(dot(diagram, Style(direction="LR"))).svg
    titles = re.findall(r'y="([-\d.]+)"[^>]*font-weight="bold"[^>]*>([^<]+)<', svg)
    column = [title for _, title in sorted((float(y), title) for y, title in titles) if title.startswith("dL/dh1[")]
    assert column == ["dL/dh1[1,2]", "dL/dh1[3,2]", "dL/dh1[8,2]"]
    column = [title for _, title in sorted((float(y), title) for y, title in titles) if title.startswith("dL/dlogits[")]
    assert len(column) == 6
    assert column == sorted(column)


@pytest.mark.parametrize("zoom", ["tensor", "scalar"])
def test_depth_is_the_number_of_operations(zoom: str) -> None:
    step = tracer.trace(lambda x: np.exp(np.sin(np.cos(x))), 0.3)
    sizes = []
    for depth in (1, 2, 3):
        ((_, diagram),) = diagrams(
            step, ViewSpec(zoom, step.nodes[step.loss_id].name or "exp(sin(cos(x)))", depth=depth), Style()
        )
        sizes.append(sum(box.kind is not Kind.ELSEWHERE for box in diagram.boxes))
    assert sizes == sorted(sizes)
    with pytest.raises(tracer.UsageError, match="--depth counts operations from a node or an element"):
        ViewSpec(depth=1).check()


def test_long_sums_are_counted_up_to_a_limit() -> None:
    step = in_memory(tracer.trace(lambda x: np.sum(x), np.ones(MAX_SEARCHED_TERMS + 5)))
    source = ScalarView(step, Labels(step.nodes), 6)
    (left_out,) = before(source, [(step.loss_id, ())], 1).left_out.values()
    assert left_out.is_more
    ((_, diagram),) = diagrams(step, ViewSpec("scalar", f"#{step.loss_id}"), Style())
    assert "more than 99,998" in " ".join(" ".join(box.lines) for box in diagram.boxes)
