"""Local rules evaluate to the recorded contributions, and contributions add up to the gradient."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest

import tracer
from support.strategies import collected
from support.traces import first_step
from tracer.graph.record import Node, Phase, Step
from tracer.nn.layers import relu
from tracer.testing import programs
from tracer.training.bundled import bundled_names
from tracer.views.diagrams.combined import combined, forward_nodes
from tracer.views.diagrams.diagram import Diagram
from tracer.views.diagrams.theme import Flow, Style
from tracer.views.gradient_terms import contributions
from tracer.views.local_rules import GRADIENT_SYMBOL, LocalRule, local_rules
from tracer.views.notation import Labels

RANDOM_PROGRAMS = 50


def rules_of(step: Step) -> list[LocalRule]:
    return local_rules(step, Labels(step.nodes))


# Evaluating rules.


def scatter(values: np.ndarray, index: Any, shape: tuple[int, ...]) -> np.ndarray:
    found = np.zeros(shape)
    np.add.at(found, index, values)
    return found


FUNCTIONS = {name: getattr(np, name) for name in (
    "sum", "mean", "max", "min", "prod", "var", "std", "exp", "expm1", "log", "log1p", "sqrt", "square", "abs", "sign", "sin",
    "cos", "tanh", "where", "maximum", "minimum", "broadcast_to", "expand_dims", "squeeze", "reshape", "ravel", "swapaxes",
    "moveaxis", "stack", "concatenate", "outer", "dot", "clip", "einsum", "logical_and", "transpose",
)} | {"scatter": scatter, "astype": lambda value, dtype: np.asarray(value).astype(dtype), "index": np.s_}  # fmt: skip


def code_of(rule: LocalRule, step: Step) -> tuple[str, dict[str, Any]]:
    """The rule as Python code with its variables; names that are not identifiers are replaced by numbered ones."""
    labels = Labels(step.nodes)
    text = rule.text or GRADIENT_SYMBOL
    names: dict[str, Any] = {GRADIENT_SYMBOL: step.nodes[step.gradients[rule.user]].value}
    named = sorted((node for node in step.nodes if node.name or node.is_leaf or labels[node.id].startswith("#")),
                   key=lambda node: -len(labels[node.id]))  # fmt: skip
    for node in named:
        label = labels[node.id]
        if label.isidentifier():
            names.setdefault(label, node.value)
        elif re.search("[#[]", label) and label in text:
            text = re.sub(rf"{re.escape(label)}(?!\w)", f"node{node.id}", text)
            names[f"node{node.id}"] = node.value
    assert GRADIENT_SYMBOL not in {labels[node.id] for node in step.nodes}
    return re.sub(r"(scatter\(.*?, )\[", r"\1index[", text), names


def computed(rule: LocalRule, step: Step) -> np.ndarray | None:
    """The contribution that the rule evaluates to, in its shape; None if the rule is abbreviated, as for large arrays."""
    text, names = code_of(rule, step)
    if re.search(r"\[\d+(x\d+)* array]|, \.\.\., ", text):
        return None
    with np.errstate(all="ignore"):
        found = np.asarray(eval(text, {"__builtins__": {}} | FUNCTIONS | names))
    # An axis that is stretched is not written.
    return np.broadcast_to(found, step.nodes[rule.contribution].shape)


def is_close(found: np.ndarray, expected: np.ndarray, digits: float) -> bool:
    assert found.shape == expected.shape
    largest = np.max(np.abs(expected), initial=0.0)
    return bool(np.allclose(found, expected, rtol=digits, atol=digits * largest, equal_nan=True))


@pytest.mark.parametrize("name", bundled_names())
def test_every_rule_evaluates_to_the_contribution(name: str) -> None:
    step = first_step(name)
    for rule in rules_of(step):
        found = computed(rule, step)
        part = step.nodes[rule.contribution]
        assert found is not None, rule
        digits = 1e-5 if part.dtype == "float32" else 1e-12
        assert is_close(found, part.value, digits), rule


def test_rules_of_random_programs_evaluate_to_the_contributions() -> None:
    every = skipped = 0
    for step in random_steps():
        for rule in rules_of(step):
            found = computed(rule, step)
            every += 1
            if found is None:
                skipped += 1
                continue
            # Constants in the rule, such as log(2), have four digits.
            assert is_close(found, step.nodes[rule.contribution].value, 1e-3), rule
    assert every > 200
    assert skipped <= every / 10


def random_steps() -> list[Step]:
    return [tracer.trace(program.function(), *program.arguments) for program in collected(programs(), RANDOM_PROGRAMS)]


def assert_contributions_add_up(step: Step) -> None:
    """Assert that the contributions of all uses of a value add up to its gradient, and the terms of every sum to it."""
    parts: dict[int, list[Node]] = defaultdict(list)
    for rule in rules_of(step):
        parts[rule.value].append(step.nodes[rule.contribution])
    for value, gradient in step.gradients.items():
        expected = step.nodes[gradient].value
        digits = 1e-5 if expected.dtype == np.float32 else 1e-9
        if parts[value]:
            assert is_close(np.asarray(sum(part.value for part in parts[value])), expected, digits), step.nodes[value]
        summed = contributions(step, step.nodes[gradient])
        if summed:
            assert is_close(np.asarray(sum(part.value for part in summed)), expected, digits), step.nodes[value]
            assert len(summed) > 1


def assert_every_use_has_a_rule(step: Step) -> None:
    uses = Counter((operand, node.id) for node in step.nodes for operand in node.operands
                   if node.id in step.gradients and operand in step.gradients and node.phase is not Phase.BACKWARD)  # fmt: skip
    assert uses
    assert Counter((rule.value, rule.user) for rule in rules_of(step)) == uses


@pytest.mark.parametrize("name", bundled_names())
def test_contributions_add_up_to_the_gradient(name: str) -> None:
    assert_contributions_add_up(first_step(name))
    assert_every_use_has_a_rule(first_step(name))


def test_contributions_in_random_programs_add_up_to_the_gradient() -> None:
    for step in random_steps():
        assert_contributions_add_up(step)
        assert_every_use_has_a_rule(step)


def test_value_used_two_thousand_times_does_not_exceed_the_recursion_limit() -> None:
    step = tracer.trace(lambda x: sum((x * 1.0 for _ in range(2_000)), x), 2.0)
    assert len(contributions(step, step.nodes[step.gradients[0]])) == 2_001


# Arrows of the picture.


def drawn(step: Step) -> Diagram:
    labels = Labels(step.nodes)
    return combined(step, forward_nodes(step), labels, local_rules(step, labels), Style())


def layer(x: Any, W: Any, b: Any) -> Any:
    h = relu(x @ W + b)
    return np.sum(h * h)


@pytest.fixture
def tiny() -> Step:
    return tracer.trace(layer, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[0.5, -1.0], [0.25, 1.0]], [0.1, 0.2])


def test_arrows_of_a_layer_are_labelled_with_rules(tiny: Step) -> None:
    diagram = drawn(tiny)
    labels = Labels(tiny.nodes)
    name = {f"n{node.id}": labels[node.id] for node in tiny.nodes}
    (plus,) = (box for box in diagram.boxes if box.title == "+")
    name[plus.key] = "+"
    back = [arrow for arrow in diagram.arrows if arrow.flow is Flow.GRADIENT]
    arrows = [(name[arrow.tail], name[arrow.head], " ".join(arrow.label)) for arrow in back]
    assert sorted(arrows) == sorted([
        ("loss", "h * h", ""),
        ("h * h", "+", "g * h"),
        ("h * h", "+", "g * h"),
        ("+", "h", ""),
        ("h", "x @ W + b", "g * (x @ W + b > 0)"),
        ("x @ W + b", "x @ W", ""),
        ("x @ W + b", "b", "sum(g, axis=0)"),
        ("x @ W", "x", "g @ W.T"),
        ("x @ W", "W", "x.T @ g"),
    ])  # fmt: skip
    assert all(arrow.is_backward for arrow in back)


def test_broadcast_values_state_their_axes(tiny: Step) -> None:
    labels = {arrow.label for arrow in drawn(tiny).arrows if arrow.flow is Flow.VALUE} - {()}
    assert labels == {("axis 0 stretched to 3",)}
    step = tracer.trace(lambda x, y: np.sum(x * y), np.ones((2, 1, 3)), np.ones((4, 1)))
    stretched = [arrow.label for arrow in drawn(step).arrows if arrow.label and arrow.flow is Flow.VALUE]
    assert stretched == [("axis 1 stretched to 4",), ("axis 0 stretched to 2", "axis 2 stretched to 3")]


@pytest.mark.parametrize("name", bundled_names())
def test_every_use_has_one_backward_arrow(name: str) -> None:
    step = first_step(name)
    diagram = drawn(step)
    rules = [rule for rule in rules_of(step) if f"n{rule.value}" in {box.key for box in diagram.boxes}]
    assert rules
    # A value at the side has a small box beside each use.
    ends = (("n" + re.sub(r"^plus|^n|^r(\d+)_\d+$", r"\1", each) for each in (arrow.tail, arrow.head)) for arrow in diagram.arrows
            if arrow.flow is Flow.GRADIENT and not arrow.tail.startswith("plus"))  # fmt: skip
    assert Counter(map(tuple, ends)) == Counter((f"n{rule.user}", f"n{rule.value}") for rule in rules)


def test_gradient_sum_has_an_arrow_per_use() -> None:
    def function(x: Any) -> Any:
        return np.sum(np.exp(x) + np.tanh(x) * x + x)

    step = tracer.trace(function, [1.0, 2.0])
    diagram = drawn(step)
    (plus,) = (box for box in diagram.boxes if box.title == "+")
    uses = sum(node.operands.count(0) for node in step.nodes if node.phase.value in ("forward", "loss"))
    assert uses == 4
    assert sum(arrow.head == plus.key for arrow in diagram.arrows) == uses
    assert [arrow.head for arrow in diagram.arrows if arrow.tail == plus.key] == ["n0"]
