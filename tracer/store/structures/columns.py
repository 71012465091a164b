"""Reads the structure of a step by columns, which takes a fifth of the time of node by node: a node is made when it is read.

The text has a row for each node; that of large steps has columns, see `column_text`. Only what is plainly valid is read so. Of
anything else nothing is said here: `parse_structure` reads it node by node, and finds what is wrong with it.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, overload

import numpy as np

from tracer.graph.missing import StoredValue
from tracer.graph.record import LEAVES, PHASES, Literal, Node, Phase, Source, Step
from tracer.store.plain_json import STORABLE_DTYPES, decode
from tracer.store.rows import Form
from tracer.store.structures.structure import (
    COLUMNS,
    MAX_TEXT_LENGTH,
    OPTIONAL,
    PARTS,
    Absent,
    Structure,
    check_formula,
    parse_losses,
    parse_marks,
    parse_pairs,
    parse_source,
    read_form,
)

_ORDER = {phase.value: (place, phase) for place, phase in enumerate(PHASES)}


@dataclass(frozen=True, slots=True)
class Columns:
    """The parts of all nodes of a step."""

    op: Sequence[str]
    inputs: Sequence[tuple[int | Literal, ...]]
    parameters: Sequence[dict[str, Any]]
    forms: Sequence[Form]
    phase: Sequence[Phase]
    name: Sequence[str]
    formula: Sequence[str]
    scope: Sequence[str]
    source: Sequence[Source | None]
    gradient_of: Sequence[int | None]
    rule_of: Sequence[int | None]


class ColumnNodes(Sequence[Node]):
    """The nodes of a structure, each made when it is first read. `forms` are the dtypes, shapes and layouts of their values."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._nodes: list[Node | None] = [None] * len(columns.op)
        self.forms = columns.forms

    def __len__(self) -> int:
        return len(self._nodes)

    @overload
    def __getitem__(self, position: int) -> Node: ...
    @overload
    def __getitem__(self, position: slice) -> tuple[Node, ...]: ...
    def __getitem__(self, position: int | slice) -> Node | tuple[Node, ...]:
        if isinstance(position, slice):
            return tuple(map(self._node, range(*position.indices(len(self)))))
        position = operator.index(position)
        return self._node(range(len(self))[position] if position < 0 else position)

    def __iter__(self) -> Iterator[Node]:
        return map(self._node, range(len(self)))

    def _node(self, id: int) -> Node:
        node = self._nodes[id]
        if node is None:
            node = self._nodes[id] = self.with_content(id, Absent())
        return node

    def with_contents(self, contents: Iterable[StoredValue | np.ndarray]) -> list[Node]:
        """All nodes with these values, which takes less time than one after the other."""
        of = self._columns
        shapes, dtypes = ([getattr(form, part) for form in of.forms] for part in ("shape", "dtype"))
        return list(map(
            Node, range(len(self)), of.op, of.inputs, of.parameters, contents, shapes, dtypes, of.phase,
            of.name, of.formula, of.scope, of.source, of.gradient_of, of.rule_of,
        ))  # fmt: skip

    def with_content(self, id: int, content: StoredValue | np.ndarray) -> Node:
        """A node with this value."""
        of = self._columns
        form = of.forms[id]
        return Node(
            id, of.op[id], of.inputs[id], of.parameters[id], content, form.shape, form.dtype, of.phase[id],
            of.name[id], of.formula[id], of.scope[id], of.source[id], of.gradient_of[id], of.rule_of[id],
        )  # fmt: skip


def read_columns(data: Any) -> Structure | None:
    """The structure with this JSON, or None if it is not plainly valid."""
    try:
        return _read(data["dict"]) if isinstance(data, dict) and list(data) == ["dict"] else None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None


def _read(data: dict[str, Any]) -> Structure | None:
    if set(data) - OPTIONAL != PARTS or not all(type(row) is list and len(row) == COLUMNS for row in data["nodes"]):
        return None
    sources = [parse_source(each) for each in data["sources"]]
    op, inputs, parameters, shape, dtype, phase, name, formula, scope, source, gradient_of, rule_of, layout = zip(*data["nodes"])
    texts = {*op, *name, *scope, *formula}
    if set(map(type, texts)) != {str} or max(map(len, texts)) > MAX_TEXT_LENGTH:
        return None
    given = [_operands(each) for each in inputs]
    for template, count in set(zip(formula, map(len, inputs))):
        check_formula(template, count)
    forms = _forms(dtype, shape, layout)
    places = [_ORDER[each] for each in phase]
    read = Columns(
        op,
        given,
        [each["dict"] if each == {"dict": {}} else decode(each) for each in parameters],
        forms,
        [phase for _, phase in places],
        name,
        formula,
        scope,
        [None if each is None else sources[each] for each in source],
        gradient_of,
        rule_of,
    )
    is_plain = (
        all(type(each) is dict for each in read.parameters)
        and _are_sorted([place for place, _ in places])
        and _are_unique([each for each in name if each])
        and _are_before(source, len(sources))
        and all(_are_before_their_node(twins) for twins in (gradient_of, rule_of))
        and all(
            all(type(each) is Literal or 0 <= each < id for each in operands)  # type: ignore[operator]  # an int, where it is none
            for id, operands in enumerate(given)
        )
        and not any(operands and each in LEAVES for each, operands in zip(op, given))
    )
    return structure_of(read, data, parse_pairs(data["gradients"]), parse_pairs(data["updates"])) if is_plain else None


def structure_of(
    columns: Columns, data: Mapping[str, Any], gradients: dict[int, int], updates: dict[int, int]
) -> Structure | None:
    """The structure with these nodes and the other parts of `data`; None if these are not plainly valid."""
    losses, own, marks = (
        parse_losses(data.get("losses", [])),
        parse_pairs(data.get("own", [])),
        parse_marks(data.get("marks", [])),
    )
    forms, loss = columns.forms, data["loss"]
    pairs = [*gradients.items(), *updates.items(), *(pair for each in losses.values() for pair in each.items())]
    unlike = [(of, by) for of, by in pairs if forms[of] is not forms[by]]
    is_plain = (
        all(_are_alike(forms[of], forms[by]) for of, by in unlike)
        and all(forms[of] and forms[by] for of, by in own.items())
        and all(forms[id] for id in marks)
        and all(not forms[of].shape and of in each for of, each in losses.items())
        and _is_loss(loss, forms)
    )
    if not is_plain:
        return None
    layouts = tuple([form.strides for form in forms])
    return Structure(Step(0, ColumnNodes(columns), loss, gradients, updates, {}, losses, own, marks), layouts)


def _operands(data: list[Any]) -> tuple[int | Literal, ...]:
    return tuple([each if type(each) is int else _literal(each) for each in data])


def _literal(data: dict[str, Any]) -> Literal:
    """A literal, which is stored as a tuple of one."""
    (number,) = data["tuple"]
    if type(number) not in (float, int, bool, NoneType):
        (number,) = decode(data)
        if type(number) not in (float, complex):
            raise ValueError("a literal is not a number")
    return Literal(number)


def _forms(dtypes: Sequence[str], shapes: Sequence[list[int]], layouts: Sequence[list[int] | None]) -> list[Form]:
    """The form of each value; most are the same."""
    known: dict[tuple[str, str, str], Form] = {}
    found = []
    for dtype, shape, layout in zip(dtypes, shapes, layouts):
        key = dtype, repr(shape), repr(layout)  # as text, in which 1 and True differ
        form = known.get(key)
        if form is None:
            form = known[key] = read_form(dtype, shape, layout)
        found.append(form)
    return found


def _are_sorted(places: list[int]) -> bool:
    return sorted(places) == places


def _are_unique(names: list[str]) -> bool:
    return len(set(names)) == len(names)


def _are_before(places: Sequence[int | None], count: int) -> bool:
    return all(place is None or (type(place) is int and 0 <= place < count) for place in places)


def _are_before_their_node(twins: Sequence[int | None]) -> bool:
    return all(twin is None or (type(twin) is int and 0 <= twin < id) for id, twin in enumerate(twins))


def _are_alike(one: Form, other: Form) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape


def _is_loss(id: Any, forms: Sequence[Form]) -> bool:
    if type(id) is not int or not 0 <= id < len(forms) or forms[id].shape:
        return False
    return forms[id].dtype in STORABLE_DTYPES and not forms[id].dtype.startswith("complex")
