"""Pictures say what the record says: arrows, shares of gradients and counts of parameters are compared with the graph."""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tracer
from support.strategies import collected
from support.traces import first_step
from tracer.graph.expression import Derivative
from tracer.graph.record import Phase, Step
from tracer.i18n.language import ENGLISH
from tracer.nn.layers import dense, relu, softmax
from tracer.ops import registry
from tracer.testing import programs
from tracer.testing.random_programs import Program
from tracer.training.bundled import bundled_names
from tracer.views.diagrams.diagram import Box, Diagram
from tracer.views.diagrams.module_diagram import MAX_NAME, MAX_SOURCES, module_diagram
from tracer.views.diagrams.modules import Module, fold_repeats, modules_of
from tracer.views.diagrams.theme import Flow, Kind, Style
from tracer.views.diagrams.zoom import ViewSpec, diagrams
from tracer.views.gradient_terms import contributions, gradient_terms
from tracer.views.ideas.module_names import ModuleNames
from tracer.views.notation import Labels, shape_text

RANDOM_PROGRAMS = 60


def trained(model: Any, loss: Any, parameters: dict[str, Any], data: dict[str, Any] | None = None) -> Step:
    """The first step of a model with SGD."""
    scenario = tracer.Scenario(
        data=lambda: data or {"x": [[0.5, -1.0], [0.3, 0.9], [1.5, 0.2]]}, parameters=parameters, model=model, loss=loss,
        optimizer=tracer.SGD(learning_rate=0.1), steps=1,
    )  # fmt: skip
    return tracer.run(scenario).steps[0]


SQUARE, ROW = np.array([[0.5, -0.2], [0.1, 0.8]]), np.array([0.1, -0.3])


def towers() -> Step:
    """A layer that is used twice, with a penalty on its weights."""

    def tower(x: Any, W: Any, b: Any) -> Any:
        return np.tanh(dense(x, W, b))

    def model(x: Any, other: Any, W: Any, b: Any) -> Any:
        left = tower(x, W, b)
        right = tower(other, W, b)
        return np.sum(left * right, axis=1)

    def loss(p: Any, W: Any) -> Any:
        return np.mean(p**2) + 0.1 * np.sum(W * W)

    return trained(model, loss, {"W": SQUARE, "b": ROW}, {"x": np.ones((3, 2)), "other": np.eye(3, 2)})


def recurrent(length: int) -> Step:
    """A cell that is used once for every element of a sequence."""

    def cell(h: Any, x: Any, W: Any, U: Any, b: Any) -> Any:
        return np.tanh(x @ W + h @ U + b)

    def model(x: Any, W: Any, U: Any, b: Any, V: Any) -> Any:
        h = np.zeros(2)
        for time in range(length):
            h = cell(h, x[time % 3], W, U, b)
        return h @ V

    return trained(model, lambda p: np.sum(p * p), {"W": SQUARE, "U": SQUARE.T, "b": ROW, "V": ROW})


def penalties() -> Step:
    """Penalties on parameters that the model uses, and on one that only the loss uses."""

    def loss(p: Any, W: Any, alone: Any) -> Any:
        return np.mean(p * p) + 0.1 * np.sum(np.abs(W)) + np.sum(alone * alone)

    return trained(lambda x, W: relu(x @ W), loss, {"W": SQUARE, "alone": ROW})


def several_losses() -> Step:
    """Two heads with a loss each, and results that no loss uses."""

    def model(x: Any, W: Any, A: Any, B: Any) -> Any:
        h = relu(x @ W)
        first, second = h @ A, dense(h, B, 0.1)
        return {"first": first, "second": second, "for_display": softmax(first), "scaled": second * 2}

    def loss(first: Any, second: Any) -> Any:
        return np.mean(first**2) + 0.3 * np.mean(np.abs(second))

    return trained(model, loss, {"W": SQUARE, "A": SQUARE, "B": SQUARE.T})


def unused_and_frozen() -> Step:
    """A parameter that nothing uses, one whose gradient is stopped, one of which only a comparison depends."""

    def model(x: Any, W: Any, unused: Any, frozen: Any, limit: Any) -> Any:
        h = x @ W + frozen.detach()
        return np.where(h > limit, h, 0.0)

    return trained(model, lambda p: np.mean(p * p), {"W": SQUARE, "unused": ROW, "frozen": ROW, "limit": 0.1})


def condition_of_its_own() -> Step:
    """A value that is both the condition and the choice of one operation, and passed on by another."""

    def choice(x: Any, y: Any) -> Any:
        return np.where(x, x, y)

    def sum_of(x: Any, y: Any) -> Any:
        return x + y

    def function(x: Any, w: Any) -> Any:
        h = np.tanh(x)
        return np.sum(sum_of(h, choice(h, w)))

    return tracer.trace(function, [0.5, 0.0, -1.0], [1.0, 2.0, 3.0])


def many_parameters() -> Step:
    """More parameters than have an optimizer box each, all of them used by two layers."""
    names = [f"p{number}" for number in range(16)]
    scope: dict[str, Any] = {"dense": dense}
    layers = "".join(f"    x = dense(x, p{number}, p{number + 1}) * p{number + 2}\n" for number in range(0, 13, 3))
    exec(f"def model(x, {', '.join(names)}):\n{layers}    return dense(x, p0, p15)", scope)
    return trained(
        scope["model"], lambda p, p3: np.sum(p) + np.sum(p3), dict.fromkeys(names, SQUARE[:, ::-1] * 0.4), {"x": SQUARE}
    )


def in_modules(program: Program) -> Step:
    """A random program with a function, and so a module, for every line."""
    functions, body = [], []
    for number, line in enumerate(program.source.splitlines()[1:]):
        name, _, expression = line.strip().removeprefix("return ").rpartition(" = ")
        used = ", ".join(sorted(set(re.findall(r"\b(?:[xyz]|v\d+)\b", expression))))
        functions.append(f"def part{number}({used}):\n    return {expression}\n")
        body.append(f"    {name} = part{number}({used})" if name else f"    return part{number}({used})")
    source = "\n".join([*functions, program.source.splitlines()[0], *body])
    with np.errstate(all="ignore"):
        return tracer.trace(Program(source, program.arguments).function(), *program.arguments)


@functools.cache
def models() -> dict[str, Step]:
    made = (towers, penalties, several_losses, unused_and_frozen, condition_of_its_own, many_parameters)
    found = {function.__name__: function() for function in made}
    found |= {f"recurrent {length}": recurrent(length) for length in (2, 3, 12)}
    return found | {name: first_step(name) for name in bundled_names()}


@functools.cache
def every_step() -> list[Step]:
    """The models, the scenarios and random programs."""
    return [*models().values(), *(in_modules(program) for program in collected(programs(max_lines=7), RANDOM_PROGRAMS))]


def backward_uses(step: Step) -> Counter[tuple[int, int]]:
    """How many times a gradient flows back from an operation to a value: once per input with a derivative rule.

    Counted on the graph, without the recorded terms of the gradients.
    """
    found: Counter[tuple[int, int]] = Counter()
    for node in step.nodes:
        op = registry.named(node.op)
        if node.is_leaf or node.id not in step.gradients or node.phase not in (Phase.FORWARD, Phase.LOSS):
            continue
        assert op is not None
        for position, operand in enumerate(node.inputs):
            # A parameter that nothing reaches has a gradient of zeros without a rule.
            if isinstance(operand, int) and operand in step.gradients and op.differentiable(position):
                found[operand, node.id] += 1
    return found


# The terms of gradients.


def test_terms_are_the_uses_with_a_derivative_and_add_up() -> None:
    several = 0
    for step in every_step():
        terms = gradient_terms(step)
        assert Counter((term.value, term.user) for term in terms) == backward_uses(step)
        of_value: dict[int, list[int]] = defaultdict(list)
        for term in terms:
            of_value[term.value].append(term.contribution)
        for value, found in of_value.items():
            gradient = step.nodes[step.gradients[value]]
            total = sum(step.nodes[id].value.astype(np.float64) for id in found)
            np.testing.assert_allclose(total, gradient.value, rtol=1e-5, atol=1e-9)
            if gradient.gradient_of == value:
                assert sorted(found) == sorted(node.id for node in contributions(step, gradient) or [gradient])
            several += len(found) > 2
    assert several > 20


# Modules.


def modules_and_diagram(step: Step) -> tuple[list[Module], Diagram, dict[int, str]]:
    modules = fold_repeats(step, modules_of(step))
    keys = {id: f"m{module.ids[0]}" for module in modules for id in module.ids}
    return modules, module_diagram(step, Labels(step.nodes), Style()), keys


def gradient_labels(step: Step, keys: dict[int, str], box_of: dict[int, str]) -> dict[tuple[str, str], Counter[int]]:
    """How many terms of which gradients flow from a module to a box."""
    found: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for (value, user), count in backward_uses(step).items():
        ends = keys[user], keys.get(value) or box_of[value]
        if ends[0] != ends[1]:
            found[ends][value] += count
    return found


def boxes_of_parameters(step: Step, diagram: Diagram) -> dict[int, str]:
    """The box of every parameter that has one, by the first word of its lines or its title."""
    labels = Labels(step.nodes)
    found = {}
    for node in step.parameters:
        for box in diagram.boxes:
            words = {line.split(" ")[0].rstrip(",") for line in box.lines}
            if box.key[0] == "o" and (labels[node.id] in words or box.key == f"o{node.id}"):
                found[node.id] = box.key
    return found


def assert_sum_is_stated(step: Step, diagram: Diagram, value: int, key: str, labels: Labels, terms: int) -> int:
    """Assert that the box of a parameter says how many terms its gradient has, and from how many modules; 1."""
    (box,) = (box for box in diagram.boxes if box.key == key)
    module_of = {id: number for number, module in enumerate(modules_of(step)) for id in module.ids}
    modules = {module_of[user] for operand, user in backward_uses(step) if operand == value}
    gradient = f"{Derivative(labels.tree(value)).text} {shape_text(step.nodes[value].shape)}".removesuffix(" ()")
    assert f"{gradient}: {terms} terms added up" in box.lines
    assert f"from {len(modules)} modules" in box.lines
    return 1


def test_gradient_arrows_of_modules_are_those_of_the_graph() -> None:
    shares = sums = 0
    for step in every_step():
        _, diagram, keys = modules_and_diagram(step)
        labels, total = Labels(step.nodes), Counter[int]()
        names = ModuleNames(step, labels, ENGLISH)
        for (value, _), count in backward_uses(step).items():
            total[value] += count
        if len(step.parameters) > 12:
            continue  # parameters share boxes: below
        boxes = boxes_of_parameters(step, diagram)
        expected = gradient_labels(step, keys, boxes)
        sources = Counter(head for _, head in expected)
        for value, key in boxes.items():
            if sources[key] > MAX_SOURCES:
                sums += assert_sum_is_stated(step, diagram, value, key, labels, total[value])
                expected = {ends: counts for ends, counts in expected.items() if ends[1] != key}
        drawn = {(arrow.tail, arrow.head): arrow for arrow in diagram.arrows if arrow.flow is Flow.GRADIENT}
        assert set(drawn) == set(expected)
        for ends, counts in expected.items():
            arrow = drawn[ends]
            more = [text for text in arrow.label if re.fullmatch(r"and \d+ more", text)]
            texts = [text for text in arrow.label if text not in more]
            assert len(texts) + sum(int(text.split()[1]) for text in more) == len(counts)
            possible = set()
            for value, count in counts.items():
                name = names.derivative(value, "L", MAX_NAME)
                shape = f" {shape_text(step.nodes[value].shape)}" if step.nodes[value].shape else ""
                share = f", {count} of {total[value]} terms" if count < total[value] else ""
                possible.add(f"{name}{shape}{share}")
                shares += bool(share)
            for text in texts:
                start, _, end = text.partition("...")
                assert any(each == text or ("..." in text and each.startswith(start) and each.endswith(end)) for each in possible)
    assert shares > 50
    assert sums > 5


def test_gradient_arrows_into_shared_optimizer_boxes() -> None:
    step = models()["many_parameters"]
    _, diagram, keys = modules_and_diagram(step)
    boxes = {box.key: box for box in diagram.boxes if box.kind is Kind.UPDATE}
    assert len(boxes) < len(step.parameters) == 16
    users: dict[int, list[str]] = defaultdict(list)
    for node in step.nodes:
        for operand in node.operands if node.id in keys else ():
            users[operand].append(keys[node.id])
    homes: dict[str, set[int]] = defaultdict(set)
    for node in step.parameters:
        homes[users[node.id][0]].add(node.id)
    home_of = {f"o{min(ids)}": ids for ids in homes.values()}
    assert set(home_of) == set(boxes)
    for key, ids in home_of.items():
        sources = {keys[user] for value, user in backward_uses(step) if value in ids}
        assert {arrow.tail for arrow in diagram.arrows if arrow.head == key and arrow.flow is not Flow.ORDER} == (
            sources if len(sources) <= MAX_SOURCES else set()
        )
        assert boxes[key].lines[0] == f"{len(ids)} parameter arrays" or len(ids) == 1


def test_value_arrows_of_modules_are_those_of_the_graph() -> None:
    for step in every_step():
        _, diagram, keys = modules_and_diagram(step)
        expected = set()
        for node in step.nodes:
            for operand in node.operands if node.id in keys else ():
                tail = keys.get(operand) or (f"d{operand}" if step.nodes[operand].op == "data" else "")
                if tail and tail != keys[node.id]:
                    expected.add((tail, keys[node.id]))
        # Data at the side have a small box beside each module.
        found = [(arrow.tail.partition("_")[0], arrow.head) for arrow in diagram.arrows if arrow.flow is Flow.VALUE]
        assert len(found) == len(set(found))
        assert set(found) == expected


def module_boxes(diagram: Diagram) -> Iterator[Box]:
    return (box for box in diagram.boxes if box.key[0] == "m")


def counted_parameters(box: Box) -> int:
    return sum(int(line.split()[0].replace(",", "")) for line in box.lines if re.match(r"[\d,]+ parameters?\b", line))


def test_every_parameter_is_counted_once() -> None:
    for step in every_step():
        _, diagram, keys = modules_and_diagram(step)
        used = {operand for node in step.nodes if node.id in keys for operand in node.operands}
        expected = sum(node.size for node in step.parameters if node.id in used)
        assert sum(map(counted_parameters, module_boxes(diagram))) == expected


def test_shared_parameters_are_marked() -> None:
    shared = 0
    for step in every_step():
        modules, diagram, keys = modules_and_diagram(step)
        single = {id: module.ids[0] for module in modules_of(step) for id in module.ids}
        labels = Labels(step.nodes)
        title = {box.key: box.title for box in diagram.boxes}
        boxes, single_uses = defaultdict(list), defaultdict(set)
        for node in step.nodes:
            for operand in node.operands if node.id in keys else ():
                boxes[operand].append(keys[node.id])
                single_uses[operand].add(single[node.id])
        lines: dict[str, list[str]] = defaultdict(list)
        for home in dict.fromkeys(f"m{module.ids[0]}" for module in modules):
            own = [node for node in step.parameters if boxes[node.id] and boxes[node.id][0] == home]
            for count in sorted({len(single_uses[node.id]) for node in own} - {1}):
                names = {labels[node.id] for node in own if len(single_uses[node.id]) == count}
                lines[home].append(f"used in {count} modules: {sorted(names)}")
            for other in dict.fromkeys(key for node in own for key in boxes[node.id] if key != home):
                names = {labels[node.id] for node in own if other in boxes[node.id]}
                lines[other].append(f"shares {sorted(names)} with {title[home]}")
        for box in module_boxes(diagram):
            found = []
            for line in box.lines:
                if line.startswith("used in"):
                    start, listed = line.split(": ")
                    found.append(f"{start}: {sorted(listed.split(', '))}")
                elif line.startswith("shares"):
                    listed, _, home_title = line.removeprefix("shares ").rpartition(" with ")
                    found.append(f"shares {sorted(listed.split(', '))} with {home_title}")
            assert sorted(found) == sorted(lines[box.key])
            shared += len(found)
    assert shared > 50


def test_parameters_without_a_gradient_say_so() -> None:
    step = models()["unused_and_frozen"]
    _, diagram, _ = modules_and_diagram(step)
    without = {box.title for box in diagram.boxes if "no gradient flows to it" in " ".join(box.lines)}
    assert without == {"SGD/unused", "SGD/frozen", "SGD/limit"}
    for name in ("unused", "frozen", "limit"):
        assert not np.any(step.gradient(name))
    for other in every_step():
        _, diagram, _ = modules_and_diagram(other)
        reached = {value for value, _ in backward_uses(other)}
        for box in diagram.boxes:
            if box.key[0] == "o" and len(other.parameters) <= 12:
                is_reached = int(box.key[1:]) in reached or int(box.key[1:]) == other.loss_id
                assert is_reached != any("no gradient" in line for line in box.lines)


def test_gradients_without_an_update_have_a_box() -> None:
    step = tracer.trace(lambda x, w: np.sum(x * w), [1.0, 2.0], [3.0, 4.0])
    boxes = [(box.kind, box.title, box.lines) for box in module_diagram(step, Labels(step.nodes), Style()).boxes]
    assert (Kind.PARAMETER, "w", ("w (2,)",)) in boxes


@pytest.mark.parametrize("length", [40])
def test_share_of_a_folded_recurrence(length: int) -> None:
    step = recurrent(length)
    _, diagram, _ = modules_and_diagram(step)
    (box,) = (box for box in diagram.boxes if box.title == "SGD/U")
    assert f"dL/dU (2,2): {length} terms added up" in box.lines
    assert f"from {length} modules" in box.lines


# Scalars.


def test_arrows_of_scalars_come_from_the_elements_used() -> None:
    rows, columns = np.arange(10) % 3, np.arange(10) % 2

    def function(x: Any, w: Any) -> Any:
        taken = x[rows, columns]
        joined = np.concatenate([taken, w])
        ones = np.ones_like(joined)
        product = np.einsum("i,i->i", joined, ones)
        return np.sum(product)

    step = tracer.trace(function, np.arange(6.0).reshape(3, 2), [7.0, 8.0])
    ((_, diagram),) = diagrams(step, ViewSpec("scalar"), Style())
    title = {box.key: box.title for box in diagram.boxes}
    sources = defaultdict(list)
    for arrow in diagram.arrows:
        sources[title[arrow.head]].append(title[arrow.tail])
    assert sources["taken[4]"] == ["x[1,0]", *(title for title in sources["taken[4]"] if title.endswith("[4]"))]
    assert len(sources["taken[4]"]) == 3
    assert sources["joined[4]"] == ["taken[4]"]
    assert sources["joined[11]"] == ["w[1]"]
    assert sources["ones[3]"] == []
    assert sources["product[3]"] == ["joined[3]", "ones[3]"]
