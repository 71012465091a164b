"""The structure of a large step as JSON with a list for each part of its nodes, which is read without looking at each node.

What many nodes have is written once, in a table, and each node has its index there. Operands are one list of all nodes: the ids
of nodes, and -1 - k for the k-th literal. -1 stands for none where a node has no source, or is no gradient or rule of another.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any, overload

import numpy as np

from tracer.graph.record import LEAVES, PHASES, Literal, Phase
from tracer.store.plain_json import data_text, decode, json_data, to_json
from tracer.store.structures.columns import Columns, structure_of
from tracer.store.structures.structure import (
    MAX_TEXT_LENGTH,
    OPTIONAL,
    PARTS,
    Structure,
    check_formula,
    check_text,
    optional_parts,
    parse_source,
    parse_structure,
    read_form,
)

KEY = "columns"
"""The key of the JSON, which tells it from that of other structures."""

MAX_SHARED_LENGTH = 2_000
"""Maximum length of a text in a table: a small file must not stand for endless text. Formulas are limited by their inputs."""

_TABLES = ("op", "parameters", "form", "phase", "formula", "scope")
_LISTS = ("name", "counts", "inputs", "literals", "source", "gradient_of", "rule_of")
_ORDER = {phase.value: place for place, phase in enumerate(PHASES)}


def column_text(structure: Structure) -> str:
    """Serialize a structure as JSON, by columns."""
    step = structure.step
    nodes = step.nodes
    sources, source = _in_table([None, *(node.source for node in nodes)])
    inputs = list(chain.from_iterable(node.inputs for node in nodes))
    literals, literal = _in_table([to_json(each.value) for each in inputs if isinstance(each, Literal)])
    which = iter(literal)
    parameters, parameter = _in_table([to_json(dict(node.parameters)) if node.parameters else '{"dict":{}}' for node in nodes])
    forms = [(node.dtype, node.shape, layout) for node, layout in zip(nodes, structure.layouts, strict=True)]
    data = {
        "loss": step.loss_id,
        "gradients": [list(step.gradients), list(step.gradients.values())],
        "updates": [list(step.updates), list(step.updates.values())],
        **optional_parts(step),
        "sources": [[each.file, each.line, each.text] for each in sources if each is not None],
        "op": _in_table([node.op for node in nodes]),
        "parameters": (list(map(json_data, parameters)), parameter),
        "form": _in_table(forms),
        "phase": _in_table([node.phase.value for node in nodes]),
        "formula": _in_table([node.formula for node in nodes]),
        "scope": _in_table([node.scope for node in nodes]),
        "name": [node.name for node in nodes],
        "counts": [len(node.inputs) for node in nodes],
        "inputs": [-1 - next(which) if isinstance(each, Literal) else each for each in inputs],
        "literals": list(map(json_data, literals)),
        "source": [each - 1 for each in source[1:]],
        "gradient_of": [-1 if node.gradient_of is None else node.gradient_of for node in nodes],
        "rule_of": [-1 if node.rule_of is None else node.rule_of for node in nodes],
    }
    return data_text({KEY: data})


def _in_table(items: Iterable[Any]) -> tuple[list[Any], list[int]]:
    """The different items, and the index of each item among them."""
    indexes: dict[Hashable, int] = {}
    found = [indexes.setdefault(item, len(indexes)) for item in items]
    return list(indexes), found


def read_column_text(data: Any) -> Structure:
    """Read and validate the JSON of `column_text`. Raises ValueError if it is invalid."""
    try:
        if not isinstance(data, dict) or set(data) - OPTIONAL != (PARTS - {"nodes"}) | {*_TABLES, *_LISTS}:
            raise ValueError("it is not the structure of a step")
        return _read(data)
    except (TypeError, KeyError, IndexError, AttributeError, OverflowError):
        raise ValueError("its columns are malformed") from None


def _read(data: Mapping[str, Any]) -> Structure:
    names = _texts(data["name"])
    count = len(names)
    ids = np.arange(count)
    sources = [*map(parse_source, data["sources"]), None]  # None is at -1
    ops, op_at, op = _table(data["op"], count, _shared_text)
    _, _, parameters = _table(data["parameters"], count, _parameters)
    _, _, forms = _table(data["form"], count, lambda form: read_form(*form))
    phases, phase_at, phase = _table(data["phase"], count, Phase)
    formulas, formula_at, formula = _table(data["formula"], count, check_text)
    _, _, scope = _table(data["scope"], count, _shared_text)
    literals = [_literal(decode(each)) for each in data["literals"]]
    counts = _integers(data["counts"], count, 0, len(data["inputs"]))
    inputs = _integers(data["inputs"], int(counts.sum()), -len(literals), count - 1)
    source = _integers(data["source"], count, -1, len(sources) - 2).tolist()
    gradient_of, rule_of = (_integers(data[name], count, -1, count - 1) for name in ("gradient_of", "rule_of"))
    gradients, updates = (_pairs(data[name], count) for name in ("gradients", "updates"))
    for template, inputs_of in {*zip(formula_at.tolist(), counts.tolist())}:
        check_formula(formulas[template], inputs_of)
    given = [each if each >= 0 else literals[-1 - each] for each in inputs.tolist()]
    columns = Columns(
        op,
        _Operands(given, counts.cumsum().tolist()),
        parameters,
        forms,
        phase,
        names,
        formula,
        scope,
        list(map(sources.__getitem__, source)),
        [None if each < 0 else each for each in gradient_of.tolist()],
        [None if each < 0 else each for each in rule_of.tolist()],
    )
    is_leaf = np.array([each in LEAVES for each in ops])[op_at]
    given_names = [name for name in names if name]
    is_plain = (
        np.all(np.diff(np.array([_ORDER[phase.value] for phase in phases])[phase_at]) >= 0)
        and len(set(given_names)) == len(given_names)
        and np.all(inputs < np.repeat(ids, counts))
        and not np.any(is_leaf & (counts > 0))
        and np.all(gradient_of < ids)
        and np.all(rule_of < ids)
    )
    found = structure_of(columns, data, gradients, updates) if is_plain else None
    if found is None:  # the first node that is invalid is found node by node
        return parse_structure(_in_rows(columns, data, source, gradients, updates))
    return found


class _Operands(Sequence[tuple[int | Literal, ...]]):
    """The operands of each node, from those of all nodes and where those of each node end."""

    def __init__(self, given: Sequence[int | Literal], ends: Sequence[int]) -> None:
        self._given, self._ends = given, ends

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, id: int) -> tuple[int | Literal, ...]: ...
    @overload
    def __getitem__(self, id: slice) -> Sequence[tuple[int | Literal, ...]]: ...
    def __getitem__(self, id: Any) -> Any:
        if isinstance(id, slice):
            return [self[each] for each in range(*id.indices(len(self)))]
        return tuple(self._given[self._ends[id - 1] if id else 0 : self._ends[id]])

    def __iter__(self) -> Iterator[tuple[int | Literal, ...]]:
        return (tuple(self._given[start:end]) for start, end in pairwise((0, *self._ends)))


def _texts(data: Any) -> list[str]:
    """A list of texts. Raises ValueError for anything else."""
    if type(data) is not list or not set(map(type, data)) <= {str} or max(map(len, data), default=0) > MAX_TEXT_LENGTH:
        raise ValueError(f"expected a list of texts of up to {MAX_TEXT_LENGTH} characters")
    return data


def _table(data: Any, count: int, read: Callable[[Any], Any]) -> tuple[list[Any], np.ndarray, list[Any]]:
    """The items of a table, the index of each node, and the item of each node."""
    items, indexes = data
    found, places = [read(each) for each in items], _integers(indexes, count, 0, len(items) - 1)
    return found, places, list(map(found.__getitem__, indexes))


def _integers(data: Any, count: int, smallest: int, largest: int) -> np.ndarray:
    """A list of so many integers in this range. Raises ValueError for anything else."""
    try:
        found = np.array(data) if data else np.zeros(0, np.int64)
    except ValueError:  # lists of several lengths in it
        found = np.zeros(0)
    if type(data) is not list or found.dtype != np.int64 or found.shape != (count,):
        raise ValueError(f"expected {count} integers")
    if count and not (smallest <= found.min() and found.max() <= largest):
        raise ValueError(f"expected integers from {smallest} to {largest}")
    return found


def _pairs(data: Any, count: int) -> dict[int, int]:
    of, by = data
    return dict(zip(*(_integers(each, len(of), 0, count - 1).tolist() for each in (of, by))))


def _shared_text(data: Any) -> str:
    if len(check_text(data)) > MAX_SHARED_LENGTH:
        raise ValueError(f"a text of many nodes has {len(data)} characters")
    return str(data)


def _parameters(data: Any) -> dict[str, Any]:
    found = decode(data)
    if not isinstance(found, dict):
        raise ValueError("its parameters are not a mapping")
    return found


def _literal(number: Any) -> Literal:
    if number is not None and not isinstance(number, (bool, int, float, complex)):
        raise ValueError("a literal is not a number")
    return Literal(number)


def _in_rows(
    columns: Columns, data: Mapping[str, Any], source: list[int], gradients: dict[int, int], updates: dict[int, int]
) -> dict[str, Any]:
    """The data that `parse_structure` reads."""
    rows = zip(
        columns.op,
        ([(each.value,) if isinstance(each, Literal) else each for each in operands] for operands in columns.inputs),
        columns.parameters,
        (list(form.shape) for form in columns.forms),
        (form.dtype for form in columns.forms),
        columns.phase,
        columns.name,
        columns.formula,
        columns.scope,
        (None if each < 0 else each for each in source),
        columns.gradient_of,
        columns.rule_of,
        (None if form.strides is None else list(form.strides) for form in columns.forms),
        strict=True,
    )
    pairs = {"gradients": list(map(list, gradients.items())), "updates": list(map(list, updates.items()))}
    others = {name: data[name] for name in ("loss", "sources", *OPTIONAL) if name in data}
    return {**others, **pairs, "nodes": list(map(list, rows))}
