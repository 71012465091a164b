"""Turns tape entries into nodes: names, scopes, formulas and source lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from tracer.graph.expression import Derivative, Expression, Infix
from tracer.graph.formula import formula, parse, short_expression
from tracer.graph.record import Literal, Node, Phase, Source
from tracer.recording.source import (
    Assigned,
    Files,
    Invocation,
    assigned_at,
    operand_name,
    returns_variable,
    statement_in_user_code,
)
from tracer.recording.tape import Entry, Marks


def nodes_of(entries: Sequence[Entry], marks: Marks, files: Files) -> tuple[Node, ...]:
    """The nodes of a step of a program in these files."""
    formulas = [_formula(entry) for entry in entries]
    names = _Names(entries, marks, formulas, files).names
    scopes = _Scopes(entries)
    nodes = []
    for id, (op, operands, parameters, value, context, _) in enumerate(entries):
        # A backward node has the scope and source of the forward operation that it differentiates; the first of a pass of
        # PyTorch has the line of the program that calls `backward()`.
        twin = context.gradient_of if context.rule_of is None else context.rule_of
        at = entries[twin] if twin is not None else entries[id]
        array = value if isinstance(value, np.ndarray) else np.asarray(value)
        array.flags.writeable = False
        nodes.append(
            Node(
                id=id,
                op=op if isinstance(op, str) else op.name,
                inputs=operands,
                parameters=parameters,
                content=array,
                shape=array.shape,
                dtype=dtype_name(array.dtype),
                phase=context.phase,
                name=names[id],
                formula=formulas[id],
                scope=scopes.of(at),
                source=source_of(at if context.invocation is None else entries[id], files),
                gradient_of=context.gradient_of,
                rule_of=context.rule_of,
            )
        )
    return tuple(nodes)


@cache
def dtype_name(dtype: np.dtype[Any]) -> str:
    """The name of a dtype; NumPy works it out anew each time."""
    return str(dtype)


def _formula(entry: Entry) -> str:
    op, operands, parameters, value, *_ = entry
    if not isinstance(op, str):
        return op.template(len(operands), parameters)
    return constant_text(np.asarray(value)) if op == "constant" else ""


def constant_text(value: np.ndarray) -> str:
    """The label of an unnamed array in the user's code.

    >>> constant_text(np.arange(10)), constant_text(np.array([0.5, 2])), constant_text(np.ones(())), constant_text(np.eye(3))
    ('[0, 1, ..., 9]', '[0.5, 2]', '1', '[3x3 array]')
    >>> constant_text(np.array([True, False]))
    '[True, False]'
    """
    ends = value.ravel()[:4].tolist() + value.ravel()[-1:].tolist()
    numbers = [str(number) if isinstance(number, bool) else f"{number:.4g}" for number in ends]
    if value.ndim == 0:
        return numbers[0]
    if value.ndim > 1 or not value.size:
        return f"[{'x'.join(map(str, value.shape))} array]"
    return f"[{', '.join(numbers[:-1] if value.size <= 4 else [*numbers[:2], '...', numbers[-1]])}]"


# Names.


def _names_from_code(entries: Sequence[Entry], marks: Marks, files: Files) -> tuple[dict[int, str], set[int]]:
    """Names by id: explicit ones, else the variables that results are assigned to. And which of them are the user's variables."""
    names, by_user = dict(marks.names), set()
    returned: dict[Invocation, tuple[int, str]] = {}
    known: dict[tuple[Invocation, int, int | None], Assigned] = {}
    for id, (op, operands, parameters, _, context, offset) in enumerate(entries):
        place = context.invocation
        is_operation = place is not None and offset >= 0 and not isinstance(op, str)
        if is_operation:
            _name_arrays(names, entries, id, operands, files)
        if id in marks.versions:
            earlier = marks.versions[id]
            if earlier in names:
                names.setdefault(id, names[earlier])
                if earlier in by_user:
                    by_user.add(id)
            continue
        if id in marks.unnamed or id in names or not is_operation:
            continue
        assert place is not None
        at = place, offset, parameters.get("part")
        if at not in known:
            known[at] = assigned_at(files, *at)
        found = known[at]
        if not found.name:
            continue
        names[id] = f"{found.name}_{context.subject}" if context.subject and not found.by_user else found.name
        if found.by_user:
            by_user.add(id)
        if returns_variable(files, place.code, found.name):
            returned[place] = id, found.name
    _carry_out(names, by_user, returned, files)
    for id, name in marks.fallback_names.items():
        names.setdefault(id, name)
    return names, by_user


def _name_arrays(
    names: dict[int, str], entries: Sequence[Entry], id: int, operands: Sequence[int | Literal], files: Files
) -> None:
    """Name plain arrays that enter with an operation after the variables that are its operands: the mask of `h * mask`."""
    _, _, _, _, context, offset = entries[id]
    for position, operand in enumerate(operands):
        if isinstance(operand, Literal) or operand in names or entries[operand][0] != "constant":
            continue
        if entries[operand][5] == offset and id - operand <= len(operands) and context.invocation is not None:  # entered with it
            name = operand_name(files, entries[id], position)
            if name:
                names[operand] = name


def _carry_out(names: dict[int, str], by_user: set[int], returned: dict[Invocation, tuple[int, str]], files: Files) -> None:
    """Rename returned variables to those that the caller assigns the call to, innermost calls first."""
    while returned:
        place, (id, _) = returned.popitem()
        outer = assigned_at(files, place.caller, place.call_offset)
        if place.caller is None or not outer.name:
            continue
        names[id] = outer.name
        if outer.by_user:
            by_user.add(id)
        if returns_variable(files, place.caller.code, outer.name):
            returned[place.caller] = id, outer.name


class _Names:
    """Names the nodes in the order of the tape. `names` has an entry for every node, empty for a node without a name.

    The second `h` of a loop becomes `h#2`. Gradients are named `dL/dh1`, contributions to an accumulated gradient
    `dL/dh1 via z2`; `dL/dh#2` is the gradient of `h#2`.
    """

    def __init__(self, entries: Sequence[Entry], marks: Marks, formulas: Sequence[str], files: Files) -> None:
        self._entries = entries
        self._marks = marks
        self._found, self._by_user = _names_from_code(entries, marks, files)
        self._owners: dict[int, list[int]] = defaultdict(list)
        for of, gradient in marks.gradients.items():
            self._owners[gradient].append(of)
        for found in marks.losses.values():
            for of, gradient in found.items():
                if of not in self._owners[gradient]:
                    self._owners[gradient].append(of)
        self._starts = sorted((found[loss], loss) for loss, found in marks.losses.items() if loss in found)
        """The first node of the backward pass of each loss, if there are several."""
        self._labels: list[Expression] = []
        self.names: list[str] = []
        counts: dict[str, int] = defaultdict(int)
        for id, (_, operands, *_) in enumerate(entries):
            name = self._name_of(id)
            if name:
                counts[name] += 1
                name = name if counts[name] == 1 else f"{name}#{counts[name]}"
            self.names.append(name)
            computed = formula(formulas[id], operands, self._labels.__getitem__)
            self._labels.append(parse(name) if name else short_expression(id, computed))

    def _name_of(self, id: int) -> str:
        if id in self._owners:
            # One node may be the gradient of several values: x + y passes its own on to both. It is named after a variable
            # of the user's code if there is one, else a leaf, else any named value; among equals, the one nearest to the loss.
            chosen = max(self._owners[id], key=self._how_well_known)
            return self._derivative(id, chosen).text
        if id in self._marks.contributions:
            of, rule = self._marks.contributions[id]
            context = self._entries[id][4]
            if (context.gradient_of, context.rule_of) == (of, rule):
                return Infix(("via",), (self._derivative(id, of), self._labels[rule])).text
        return self._found.get(id, "")

    def _derivative(self, id: int, of: int) -> Derivative:
        """The expression of a gradient: of the loss L, or of the one of several in whose backward pass it was recorded."""
        loss = next((loss for start, loss in reversed(self._starts) if start <= id), None)
        return Derivative(self._labels[of]) if loss is None else Derivative(self._labels[of], self.names[loss])

    def _how_well_known(self, id: int) -> tuple[bool, bool, bool, int]:
        return id in self._by_user, id in self._marks.names, bool(self.names[id]), id


# Scopes and sources.


class _Scopes:
    """The scope of an operation: the path of its calling functions without the outermost, as in `hidden layer/dense`."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._paths: dict[Invocation, str] = {}
        self._counts: dict[tuple[str, str], int] = {}
        for _, _, _, _, context, _ in entries:
            if context.invocation is not None:
                self._enter(context.invocation, context.scope)

    def _enter(self, place: Invocation, outer: str) -> str:
        chain: list[Invocation] = []
        above: Invocation | None = place
        while above is not None and above not in self._paths:
            chain.append(above)
            above = above.caller
        path = self._paths[above] if above is not None else outer
        for one in reversed(chain):
            label = function_label(one.code.co_qualname)
            if one.caller is not None and not one.code.co_name.startswith("<"):
                count = self._counts[path, label] = self._counts.get((path, label), 0) + 1
                label = label if count == 1 else f"{label}#{count}"
                path = f"{path}/{label}" if path else label
            self._paths[one] = path
        return path

    def of(self, entry: Entry) -> str:
        context = entry[4]
        return context.scope if context.invocation is None else self._paths[context.invocation]


def function_label(qualified_name: str) -> str:
    """The part of a scope for a function: a method with its class, `__call__` as the class.

    >>> function_label("hidden_layer"), function_label("test.<locals>.Block.__call__"), function_label("Block.forward")
    ('hidden layer', 'Block', 'Block.forward')
    """
    return qualified_name.rpartition("<locals>.")[2].removesuffix(".__call__").strip("_").replace("_", " ")


def source_of(entry: Entry, files: Files) -> Source | None:
    """The place in the user's code."""
    context, offset = entry[4], entry[5]
    if context.invocation is None or offset < 0 or context.phase is Phase.INIT:
        return None
    return files.source_at(*statement_in_user_code(context.invocation, offset))
