"""The structure of a step as text: everything but values and metrics, which is the same for most steps of a run.

Two steps have the same structure if this text is the same. Steps of a running recording say so themselves: their nodes share
an object (`structure`), and no text is made.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracer.graph.record import Literal, Node, Phase, Source, Step, StoredValue
from tracer.graph.summary import Summary
from tracer.graph.validation import structure_problem
from tracer.store.plain_json import STORABLE_DTYPES, from_json, shape_of, to_json
from tracer.store.strides import LARGEST_REPEATED, Strides, smallest, strides_of

_SWAPPED = {str(np.dtype(dtype).newbyteorder("S")) for dtype in STORABLE_DTYPES if np.dtype(dtype).itemsize > 1}
OTHER_DTYPES = frozenset({"object", "float96", "float128", "complex192", "complex256", *_SWAPPED})
"""Dtypes that a node may have and a file does not hold: of these only the summary is kept."""

LONGEST_TEXT = 50_000
"""Characters of a name, formula, scope or source."""

_SLOT = re.compile(r"\{(\d+)\}")


class Absent:
    """Stands for the value of a node while only the structure is known."""

    is_kept = False
    summary = Summary(0)

    def load(self) -> np.ndarray:
        """There is none."""
        raise ValueError("the structure of a step holds no values")


@dataclass(frozen=True, slots=True)
class Structure:
    """A step without values (its index is 0), and how each of its arrays lies in memory."""

    step: Step
    layouts: tuple[Strides, ...]


def layouts_of(step: Step) -> tuple[Strides, ...]:
    """How each value of a step lies in memory."""
    return tuple(strides_of(node.value) if node.is_kept else None for node in step.nodes)


def without_values(step: Step, layouts: tuple[Strides, ...]) -> Structure:
    """The structure of a step, for which its values need not stay in memory."""
    nodes = tuple(_with_content(node, Absent()) for node in step.nodes)
    return Structure(Step(0, nodes, step.loss_id, dict(step.gradients), dict(step.updates)), layouts)


def _with_content(node: Node, content: StoredValue | np.ndarray) -> Node:
    return Node(
        node.id, node.op, node.inputs, node.parameters, content, node.shape, node.dtype, node.phase, node.name,
        node.formula, node.scope, node.source, node.gradient_of, node.rule_of,
    )  # fmt: skip


def with_values(
    structure: Structure, index: int, contents: Sequence[StoredValue | np.ndarray], metrics: Mapping[str, Any]
) -> Step:
    """The step of this structure with these values."""
    step = structure.step
    nodes = tuple(map(_with_content, step.nodes, contents))
    return Step(index, nodes, step.loss_id, step.gradients, step.updates, metrics)


# As text.


def structure_text(structure: Structure) -> str:
    """A structure as JSON."""
    step = structure.step
    sources = list(dict.fromkeys(node.source for node in step.nodes if node.source is not None))
    place = {source: number for number, source in enumerate(sources)}
    return to_json(
        {
            "loss": step.loss_id,
            "gradients": [[of, by] for of, by in step.gradients.items()],
            "updates": [[of, by] for of, by in step.updates.items()],
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
                    None if node.source is None else place[node.source],
                    node.gradient_of,
                    node.rule_of,
                    None if layout is None else list(layout),
                ]
                for node, layout in zip(step.nodes, structure.layouts, strict=True)
            ],
        }
    )


def structure_from(text: str) -> Structure:
    """The structure of such a text, checked. Raises ValueError that says what is wrong with it."""
    held = from_json(text)
    if not isinstance(held, dict) or set(held) != {"loss", "gradients", "updates", "sources", "nodes"}:
        raise ValueError("it is no structure of a step")
    sources = [_source(each) for each in _list(held["sources"])]
    nodes, layouts = [], []
    for position, each in enumerate(_list(held["nodes"])):
        try:
            node, layout = _node(position, each, sources)
        except (ValueError, TypeError) as error:
            raise ValueError(f"node {position}: {error}") from None
        nodes.append(node)
        layouts.append(layout)
    step = Step(0, tuple(nodes), _whole(held["loss"]), _pairs(held["gradients"]), _pairs(held["updates"]))
    problem = structure_problem(step)
    if not problem and (
        step.nodes[step.loss_id].dtype not in STORABLE_DTYPES or step.nodes[step.loss_id].dtype.startswith("complex")
    ):
        problem = ": the loss is no number"
    if problem:
        raise ValueError(problem.lstrip(":, "))
    return Structure(step, tuple(layouts))


def _node(position: int, held: Any, sources: Sequence[Source]) -> tuple[Node, Strides]:
    if len(_list(held)) != 13:
        raise ValueError("it is no node")
    op, inputs, parameters, shape, dtype, phase, name, formula, scope, source, gradient_of, rule_of, layout = held
    if dtype not in STORABLE_DTYPES and dtype not in OTHER_DTYPES:
        raise ValueError(f"its dtype is {_shortly(dtype)}")
    if not isinstance(parameters, dict):
        raise ValueError("its parameters are none")
    sides = shape_of(shape)
    operands = tuple(Literal(_literal(x[0])) if isinstance(x, tuple) and len(x) == 1 else _whole(x) for x in _list(inputs))
    for slot in _SLOT.findall(_text(formula)):
        if int(slot) >= len(operands):
            raise ValueError(f"its formula has a place for input {slot}, it has {len(operands)}")
    node = Node(
        id=position,
        op=_text(op),
        inputs=operands,
        parameters=parameters,
        content=Absent(),
        shape=sides,
        dtype=dtype,
        phase=Phase(phase),
        name=_text(name),
        formula=formula,
        scope=_text(scope),
        source=None if source is None else _at(sources, source),
        gradient_of=None if gradient_of is None else _whole(gradient_of),
        rule_of=None if rule_of is None else _whole(rule_of),
    )
    if len(formula) > 1000 + 20 * len(operands):
        raise ValueError("its formula is longer than one")
    return node, _layout(sides, np.dtype(dtype).itemsize if dtype in STORABLE_DTYPES else 16, layout)


def _layout(shape: tuple[int, ...], itemsize: int, held: Any) -> Strides:
    if held is None:
        return None
    strides = tuple(_whole(each, negative=True) for each in _list(held))
    if len(strides) != len(shape) or smallest(shape, strides) != strides:
        raise ValueError("its layout is none")
    if 0 in strides and math.prod(shape) * itemsize > LARGEST_REPEATED:
        raise ValueError("it repeats its elements more often than a file may say")
    return strides


def _source(held: Any) -> Source:
    if len(_list(held)) != 3:
        raise ValueError("a source is none")
    return Source(_text(held[0]), _whole(held[1]), _text(held[2]))


def _at(sources: Sequence[Source], held: Any) -> Source:
    number = _whole(held)
    if number >= len(sources):
        raise ValueError("its source is not there")
    return sources[number]


def _pairs(held: Any) -> dict[int, int]:
    pairs = {}
    for pair in _list(held):
        if len(_list(pair)) != 2:
            raise ValueError("a gradient or update is none")
        pairs[_whole(pair[0])] = _whole(pair[1])
    return pairs


def _literal(held: Any) -> bool | int | float | complex | None:
    if held is not None and not isinstance(held, (bool, int, float, complex)):
        raise ValueError("a literal is no number")
    return held


def _list(held: Any) -> list[Any]:
    if not isinstance(held, list):
        raise ValueError(f"a list is missing, there is {_shortly(held)}")
    return held


def _whole(held: Any, *, negative: bool = False) -> int:
    if isinstance(held, int) and not isinstance(held, bool) and (negative or held >= 0) and abs(held) < 1 << 60:
        return held
    raise ValueError(f"a whole number is missing, there is {_shortly(held)}")


def _text(held: Any) -> str:
    if not isinstance(held, str):
        raise ValueError(f"a text is missing, there is {_shortly(held)}")
    if len(held) > LONGEST_TEXT:
        raise ValueError(f"a text has {len(held)} characters")
    return held


def _shortly(held: Any) -> str:
    text = repr(held)
    return text if len(text) <= 40 else f"{text[:37]}..."
