"""Structures that are read by columns are those that are read node by node, and nothing invalid is read by columns."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from support.traces import first_step
from tracer.graph.record import Node
from tracer.store.plain_json import decode, json_data
from tracer.store.structures.columns import read_columns
from tracer.store.structures.reading import read_structure
from tracer.store.structures.structure import Structure, layouts_of, parse_structure, structure_text, without_values

FIELDS = [name for name in Node.__dataclass_fields__ if name not in ("content", "_summary")]
NAMES = ("fruit", "fruit-keras", "mnist", "tensors")


def text_of(step: tracer.Step) -> str:
    return structure_text(without_values(step, layouts_of(step)))


def described(structure: Structure) -> Any:
    """Everything of a structure, as text: 1, 1.0 and True differ."""
    step = structure.step
    nodes = [[getattr(node, field) for field in FIELDS] for node in step.nodes]
    pairs = [dict(each) for each in (step.gradients, step.updates, step.losses, step.own_gradients, step.marks)]
    return repr((nodes, structure.layouts, step.loss_id, pairs))


@pytest.mark.parametrize("name", NAMES)
def test_columns_give_the_nodes(name: str) -> None:
    text = text_of(first_step(name))
    found = read_columns(json_data(text))
    assert found is not None
    assert described(found) == described(parse_structure(decode(json_data(text))))
    assert structure_text(found) == text
    assert found.step.nodes[-1] is found.step.nodes[len(found.step.nodes) - 1]
    with pytest.raises(IndexError):
        found.step.nodes[len(found.step.nodes)]


def places(data: Any) -> list[tuple[Any, Any]]:
    """Every container of JSON data with every key in it."""
    found = []
    if isinstance(data, (dict, list)):
        for key in data if isinstance(data, dict) else range(len(data)):
            found += [(data, key), *places(data[key])]
    return found


SMALL = json_data(text_of(first_step("fruit-sgd")))
PLACES = len(places(SMALL))
TEXTS = ["", "add", "parameter", "float32", "complex64", "loss", "backward", "{5}", "x" * 50_001, "W1"]
LISTS = [[], [0], [1, 2], [[0, 1]], [None], [True]]
ENCODED = [{}, {"tuple": [1]}, {"tuple": [{"complex": [1.0, 2.0]}]}, {"tuple": ["x"]}, {"dict": {"axis": 0}}]
OTHERS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 60), st.sampled_from([0.0, 1.0, 2.5]), st.sampled_from([*TEXTS, *LISTS, *ENCODED])
)


@given(place=st.integers(0, PLACES - 1), other=OTHERS)
def test_nothing_invalid_is_read_by_columns(place: int, other: Any) -> None:
    data = copy.deepcopy(SMALL)
    container, key = places(data)[place]
    container[key] = other
    found = read_columns(data)
    if found is not None:
        assert described(found) == described(parse_structure(decode(data)))
    else:
        text = json.dumps(data)
        try:
            expected = described(parse_structure(decode(json_data(text))))
        except ValueError as error:
            with pytest.raises(ValueError, match=rf"^{re.escape(str(error))}$"):
                read_structure(text)
        else:
            assert described(read_structure(text)) == expected


OP, INPUTS, SHAPE, PHASE, NAME, FORMULA, SOURCE, GRADIENT_OF = 0, 1, 3, 5, 6, 7, 9, 10
COUNT = len(SMALL["dict"]["nodes"])


@pytest.mark.parametrize(
    ("id", "column", "other"),
    [
        (1, NAME, SMALL["dict"]["nodes"][0][NAME]),
        (COUNT - 1, PHASE, "forward"),
        (COUNT - 1, OP, "parameter"),
        (COUNT - 1, INPUTS, [COUNT - 1]),
        (COUNT - 1, INPUTS, [-1]),
        (COUNT - 1, INPUTS, [{"tuple": ["1"]}]),
        (COUNT - 1, FORMULA, "{7}"),
        (COUNT - 1, SHAPE, [True]),
        (COUNT - 1, SOURCE, -1),
        (COUNT - 1, SOURCE, 99),
        (COUNT - 1, GRADIENT_OF, COUNT - 1),
        (SMALL["dict"]["loss"], SHAPE, [1]),
        (SMALL["dict"]["gradients"][-1][1], SHAPE, [3, 3]),
        (0, NAME, "x" * 50_001),
        (0, NAME, None),
    ],
)
def test_what_is_not_plainly_valid_is_left_to_the_parser(id: int, column: int, other: Any) -> None:
    data = copy.deepcopy(SMALL)
    assert read_columns(data) is not None
    data["dict"]["nodes"][id][column] = other
    assert read_columns(data) is None


def test_a_large_step_is_read_from_a_file(tmp_path: Path) -> None:
    def chain(x: Any) -> Any:
        for _ in range(300):
            x = x * 1.01
        return x

    step = tracer.trace(chain, 1.0)
    tracer.save(step, tmp_path / "large.sqlite")
    nodes = tracer.open(tmp_path / "large.sqlite").steps[0].nodes
    assert nodes[7].value == step.nodes[7].value
    assert nodes[7] is nodes[7]
    assert [repr(node) for node in nodes] == [repr(node) for node in step.nodes]
