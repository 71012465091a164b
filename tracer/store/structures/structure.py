"""The structure of a step: everything but values and metrics. Most steps of a run have the same structure.

A structure is identified by its text. Steps of a recording are recognized faster: the nodes of steps with the same structure
share an object, so that no text is needed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tracer.graph.missing import NOT_RETAINED, StoredValue
from tracer.graph.record import Literal, Node, Phase, Source, Step
from tracer.graph.strides import MAX_BROADCAST_SIZE, Strides, normalize, stored_dtype, strides_of
from tracer.graph.summary import Summary
from tracer.graph.validation import structure_problem
from tracer.store.plain_json import NUMPY_DTYPES, STORABLE_DTYPES, decode_shape, to_json
from tracer.store.rows import Form

_LONG_DOUBLES = {"float96": "f12", "float128": "f16", "complex192": "c24", "complex256": "c32"}
_SWAPPED = {str(np.dtype(dtype).newbyteorder("S")) for dtype in NUMPY_DTYPES if np.dtype(dtype).itemsize > 1}
_SWAPPED |= {f"{order}{code}" for order in "<>" for code in _LONG_DOUBLES.values()}
OTHER_DTYPES = frozenset({"object", *_LONG_DOUBLES, *_SWAPPED})
"""Dtypes of nodes that a file cannot store; only the summary is kept."""

MAX_TEXT_LENGTH = 50_000
"""Maximum length of a name, formula, scope or source."""

COLUMNS = 13
"""The number of parts of a node."""

PARTS = frozenset({"loss", "gradients", "updates", "sources", "nodes"})
OPTIONAL = frozenset({"losses", "own", "marks"})
"""Parts of a structure, and those that a step may be without."""

_SLOT = re.compile(r"\{(\d+)\}")


class Absent:
    """A placeholder for the value of a node in a structure."""

    is_kept = False
    why_missing = NOT_RETAINED
    summary = Summary(0)

    def load(self) -> np.ndarray:
        """Raise ValueError: a structure has no values."""
        raise ValueError("the structure of a step holds no values")


@dataclass(frozen=True, slots=True)
class Structure:
    """A step without values, with index 0, and the memory layout of its values."""

    step: Step
    layouts: tuple[Strides, ...]

    def forms(self) -> Sequence[Form]:
        """Dtype, shape and layout of each value."""
        known: Sequence[Form] | None = getattr(self.step.nodes, "forms", None)
        if known is not None:
            return known
        return [Form(node.dtype, node.shape, layout) for node, layout in zip(self.step.nodes, self.layouts, strict=True)]


def layouts_of(step: Step) -> tuple[Strides, ...]:
    """The memory layout of each value of a step."""
    return tuple(strides_of(node.value) if node.is_kept and node.dtype in STORABLE_DTYPES else None for node in step.nodes)


def without_values(step: Step, layouts: tuple[Strides, ...]) -> Structure:
    """The structure of a step; it holds no reference to the values."""
    nodes = tuple(with_content(node, Absent()) for node in step.nodes)
    bare = Step(0, nodes, step.loss_id, dict(step.gradients), dict(step.updates), losses=dict(step.losses))
    return Structure(replace(bare, own_gradients=dict(step.own_gradients), marks=dict(step.marks)), layouts)


def with_content(node: Node, content: StoredValue | np.ndarray) -> Node:
    """The node with this value."""
    return Node(
        node.id, node.op, node.inputs, node.parameters, content, node.shape, node.dtype, node.phase, node.name,
        node.formula, node.scope, node.source, node.gradient_of, node.rule_of,
    )  # fmt: skip


# Text form.


def structure_text(structure: Structure) -> str:
    """Serialize a structure as JSON."""
    step = structure.step
    sources = list(dict.fromkeys(node.source for node in step.nodes if node.source is not None))
    source_index = {source: index for index, source in enumerate(sources)}
    return to_json(
        {
            "loss": step.loss_id,
            "gradients": [[of, by] for of, by in step.gradients.items()],
            "updates": [[of, by] for of, by in step.updates.items()],
            **optional_parts(step),
            "sources": [[source.file, source.line, source.text] for source in sources],
            "nodes": [
                [
                    node.op,
                    [(x.value,) if isinstance(x, Literal) else x for x in node.inputs],
                    dict(node.parameters),
                    list(node.shape),
                    node.dtype,
                    node.phase.value,
                    node.name,
                    node.formula,
                    node.scope,
                    None if node.source is None else source_index[node.source],
                    node.gradient_of,
                    node.rule_of,
                    None if layout is None else list(layout),
                ]
                for node, layout in zip(step.nodes, structure.layouts, strict=True)
            ],
        }
    )


def optional_parts(step: Step) -> dict[str, Any]:
    """The parts that most steps are without, of those that have them."""
    return {
        **({"losses": [[loss, list(map(list, each.items()))] for loss, each in step.losses.items()]} if step.losses else {}),
        **({"own": [[of, by] for of, by in step.own_gradients.items()]} if step.own_gradients else {}),
        **({"marks": [[id, mark] for id, mark in step.marks.items()]} if step.marks else {}),
    }


def parse_structure(data: Any) -> Structure:
    """Validate a decoded structure node by node. Raises ValueError, with the first node that is invalid."""
    if not isinstance(data, dict) or set(data) - OPTIONAL != PARTS:
        raise ValueError("it is not the structure of a step")
    sources = [parse_source(each) for each in _list(data["sources"])]
    nodes, layouts = [], []
    for position, each in enumerate(_list(data["nodes"])):
        try:
            node, layout = _node(position, each, sources)
        except (ValueError, TypeError) as error:
            raise ValueError(f"node {position}: {error}") from None
        nodes.append(node)
        layouts.append(layout)
    gradients, updates = parse_pairs(data["gradients"]), parse_pairs(data["updates"])
    step = Step(0, tuple(nodes), _integer(data["loss"]), gradients, updates, losses=parse_losses(data.get("losses", [])))
    step = replace(step, own_gradients=parse_pairs(data.get("own", [])), marks=parse_marks(data.get("marks", [])))
    problem = structure_problem(step)
    if not problem and (
        step.nodes[step.loss_id].dtype not in STORABLE_DTYPES or step.nodes[step.loss_id].dtype.startswith("complex")
    ):
        problem = f": the loss is {step.nodes[step.loss_id].dtype}, a float64 is needed"
    if problem:
        raise ValueError(problem.lstrip(":, "))
    return Structure(step, tuple(layouts))


def _node(position: int, data: Any, sources: Sequence[Source]) -> tuple[Node, Strides]:
    if len(_list(data)) != COLUMNS:
        raise ValueError("it is not a node")
    op, inputs, parameters, shape, dtype, phase, name, formula, scope, source, gradient_of, rule_of, layout = data
    if not isinstance(parameters, dict):
        raise ValueError("its parameters are not a mapping")
    form = read_form(dtype, shape, layout)
    operands = tuple(Literal(_literal(x[0])) if isinstance(x, tuple) and len(x) == 1 else _integer(x) for x in _list(inputs))
    check_formula(formula, len(operands))
    node = Node(
        id=position,
        op=check_text(op),
        inputs=operands,
        parameters=parameters,
        content=Absent(),
        shape=form.shape,
        dtype=form.dtype,
        phase=Phase(phase),
        name=check_text(name),
        formula=formula,
        scope=check_text(scope),
        source=None if source is None else _source_at(sources, source),
        gradient_of=None if gradient_of is None else _integer(gradient_of),
        rule_of=None if rule_of is None else _integer(rule_of),
    )
    return node, form.strides


def check_formula(formula: Any, count: int) -> None:
    """Raise ValueError for the formula of a node that `count` inputs do not fit."""
    for slot in _SLOT.findall(check_text(formula)):
        if int(slot) >= count:
            raise ValueError(f"its formula has a slot for input {slot}, it has {count} inputs")
    if len(formula) > 1000 + 20 * count:
        raise ValueError("its formula is too long")


def read_form(dtype: Any, shape: Any, layout: Any) -> Form:
    """Dtype, shape and layout of a value. Raises ValueError if they are invalid."""
    if dtype not in STORABLE_DTYPES and dtype not in OTHER_DTYPES:
        raise ValueError(f"its dtype is {_short_repr(dtype)}")
    shape = decode_shape(shape)
    return Form(dtype, shape, _layout(shape, stored_dtype(dtype).itemsize if dtype in STORABLE_DTYPES else 16, layout))


def _layout(shape: tuple[int, ...], itemsize: int, data: Any) -> Strides:
    if data is None:
        return None
    strides = tuple(_integer(each, negative=True) for each in _list(data))
    if len(strides) != len(shape) or normalize(shape, strides) != strides:
        raise ValueError("its layout is invalid")
    if 0 in strides and math.prod(shape) * itemsize > MAX_BROADCAST_SIZE:
        raise ValueError("its broadcast array is too large")
    return strides


def parse_source(data: Any) -> Source:
    """A place in the user's code. Raises ValueError if it is invalid."""
    if len(_list(data)) != 3:
        raise ValueError("a source is malformed")
    return Source(check_text(data[0]), _integer(data[1]), check_text(data[2]))


def _source_at(sources: Sequence[Source], data: Any) -> Source:
    index = _integer(data)
    if index >= len(sources):
        raise ValueError("its source is missing")
    return sources[index]


def parse_pairs(data: Any) -> dict[int, int]:
    """Pairs of nodes. Raises ValueError if they are invalid."""
    pairs = {}
    for pair in _list(data):
        if len(_list(pair)) != 2:
            raise ValueError("a gradient or update is malformed")
        pairs[_integer(pair[0])] = _integer(pair[1])
    return pairs


def parse_losses(data: Any) -> dict[int, dict[int, int]]:
    """Losses with their gradients. Raises ValueError if they are invalid."""
    losses = {}
    for pair in _list(data):
        if len(_list(pair)) != 2:
            raise ValueError("a loss is malformed")
        losses[_integer(pair[0])] = parse_pairs(pair[1])
    return losses


def parse_marks(data: Any) -> dict[int, str]:
    """Marks of nodes. Raises ValueError if they are invalid."""
    marks = {}
    for pair in _list(data):
        if len(_list(pair)) != 2:
            raise ValueError("a mark is malformed")
        marks[_integer(pair[0])] = check_text(pair[1])
    return marks


def _literal(data: Any) -> bool | int | float | complex | None:
    if data is not None and not isinstance(data, (bool, int, float, complex)):
        raise ValueError("a literal is not a number")
    return data


def _list(data: Any) -> list[Any]:
    if not isinstance(data, list):
        raise ValueError(f"expected a list, found {_short_repr(data)}")
    return data


def _integer(data: Any, *, negative: bool = False) -> int:
    if isinstance(data, int) and not isinstance(data, bool) and (negative or data >= 0) and abs(data) < 1 << 60:
        return data
    raise ValueError(f"expected an integer, found {_short_repr(data)}")


def check_text(data: Any) -> str:
    """The text. Raises ValueError if it is none, or too long."""
    if not isinstance(data, str):
        raise ValueError(f"expected text, found {_short_repr(data)}")
    if len(data) > MAX_TEXT_LENGTH:
        raise ValueError(f"a text has {len(data)} characters")
    return data


def _short_repr(data: Any) -> str:
    text = repr(data)
    return text if len(text) <= 40 else f"{text[:37]}..."
