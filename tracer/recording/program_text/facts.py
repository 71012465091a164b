"""What the statements of a text say of names: which expression is assigned to what, what is returned, what operands are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, TypeAlias

Position: TypeAlias = tuple[int, int, int, int]
"""Line and byte column of the start, line and byte column of the end."""

MAX_TARGET_LENGTH = 40
"""Characters of the text of a target, such as `hs[t + 1]`, that is used as a name."""


class Operand(NamedTuple):
    """An operand as it is written: the variable that it is (None: another expression), and where."""

    name: str | None
    position: Position
    is_value: bool
    """Whether its text can stand for its value: `np.arange(n)`, `[0, 1]`, `data.x[0]`."""


@dataclass(frozen=True, slots=True)
class TextFacts:
    """The facts of a text, by the positions of expressions.

    `assigned` has the names that expressions are assigned to, `unpacked` those that the parts of one result are, with None for a
    part without a name. `written` has the variable that is written into, by the position of the target `x[i]`, and `statements`
    the position of the assignment by that of such a target. `operands` has the operands of an expression. `owners` are what
    something is looked up in: `x` of `x[0]`, `x.T` and `x.sum()`. `indices` has the parts of the index `[i, j]`, and
    `written_values` what is written, by the position of `x[i, j]`. `returned` are the expressions that are returned.
    `returned_names` and `returned_tuples` are the variables that a function returns, one or in a tuple or a list, by its name and
    first line.
    """

    assigned: dict[Position, str] = field(default_factory=dict)
    unpacked: dict[Position, tuple[str | None, ...]] = field(default_factory=dict)
    written: dict[Position, str] = field(default_factory=dict)
    statements: dict[Position, Position] = field(default_factory=dict)
    operands: dict[Position, tuple[Operand, ...]] = field(default_factory=dict)
    owners: dict[Position, Operand] = field(default_factory=dict)
    indices: dict[Position, tuple[Operand, ...]] = field(default_factory=dict)
    written_values: dict[Position, Operand] = field(default_factory=dict)
    returned: set[Position] = field(default_factory=set)
    returned_names: dict[tuple[str, int], frozenset[str]] = field(default_factory=dict)
    returned_tuples: dict[tuple[str, int], tuple[str, ...]] = field(default_factory=dict)


@lru_cache(maxsize=64)
def facts_of_text(text: str) -> TextFacts:
    """The facts of a text; none if it cannot be parsed."""
    facts = TextFacts()
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return facts
    modules: set[str] = set()
    owners: list[tuple[ast.expr, ast.expr]] = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                facts.statements.update((_position(each), _position(node)) for each in _subscripts_in(target))
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            modules.update(each.asname or each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.Assign):
            for target in reversed(node.targets):  # `a = b = ...` keeps the first name
                _assign(facts, target, node.value)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            _assign(facts, node.target, node.value)
        elif isinstance(node, ast.AugAssign):
            _assign(facts, node.target, node)
            facts.operands[_position(node)] = (_operand(node.target), _operand(node.value))
        elif isinstance(node, ast.Return) and node.value is not None:
            facts.returned.add(_position(node.value))
        elif isinstance(node, ast.Lambda):
            facts.returned.add(_position(node.body))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            _add_returned(facts, node)
        elif isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call)):
            facts.operands[_position(node)] = _operands(node)
        if isinstance(node, ast.Subscript):
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            facts.indices[_position(node)] = tuple(map(_operand, parts))
        if isinstance(node, (ast.Subscript, ast.Attribute, ast.Call)) and (owner := _owner(node)) is not None:
            owners.append((node, owner))
    facts.owners.update((_position(node), _operand(owner)) for node, owner in owners if _root(owner) not in modules)
    return facts


def _position(node: ast.expr | ast.stmt) -> Position:
    return node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def _assign(facts: TextFacts, target: ast.expr, value: ast.expr | ast.stmt) -> None:
    """Note what a value is assigned to; tuples are unpacked."""
    if isinstance(target, (ast.Tuple, ast.List)):
        if isinstance(value, (ast.Tuple, ast.List)):
            for one_target, one_value in zip(target.elts, value.elts, strict=False):
                _assign(facts, one_target, one_value)
        elif not any(isinstance(each, ast.Starred) for each in target.elts):
            facts.unpacked[_position(value)] = tuple(_target_name(each) for each in target.elts)
        return
    if isinstance(target, ast.Subscript) and (variable := _base_variable(target)):
        facts.written[_position(target)] = variable
        if isinstance(value, ast.expr):
            facts.written_values[_position(target)] = _operand(value)
    if name := _target_name(target):
        facts.assigned[_position(value)] = name


def _subscripts_in(target: ast.expr) -> Iterator[ast.Subscript]:
    """The elements `x[i]` that an assignment to a target writes into."""
    for each in target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]:
        if isinstance(each, ast.Subscript):
            yield each
        elif each is not target:
            yield from _subscripts_in(each)


def _target_name(target: ast.expr) -> str | None:
    """The name of a value that is assigned to a target: a variable, an attribute, or the text of `hs[t + 1]`."""
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Attribute):
        return target.attr
    if isinstance(target, ast.Subscript) and _base_variable(target):
        text = ast.unparse(target)
        return text if len(text) <= MAX_TARGET_LENGTH else None
    return None


def _base_variable(target: ast.expr) -> str | None:
    """The variable, or the attribute, that a target such as `x[i]` or `x[i][j]` writes into."""
    while isinstance(target, ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else None


def _variable(node: ast.expr) -> str | None:
    """The name of a variable, of an attribute or of an entry of a dict: `W1` of `W1`, `self.W1` and `params["W1"]`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr if node.attr != "T" else None
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.slice.value
    return None


def _operand(node: ast.expr) -> Operand:
    return Operand(_variable(node), _position(node), isinstance(node, (ast.Call, ast.List, ast.Subscript, ast.Attribute)))


def _owner(node: ast.Subscript | ast.Attribute | ast.Call) -> ast.expr | None:
    """What something is looked up in."""
    if not isinstance(node, ast.Call):
        return node.value
    return node.func.value if isinstance(node.func, ast.Attribute) else None


def _root(node: ast.expr) -> str | None:
    """The name that an attribute is looked up from: `np` of `np.linalg`."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _operands(node: ast.BinOp | ast.UnaryOp | ast.Compare | ast.Call) -> tuple[Operand, ...]:
    """The operands: of a call its arguments by position, those in a list one by one, without texts."""
    if isinstance(node, ast.BinOp):
        return _operand(node.left), _operand(node.right)
    if isinstance(node, ast.UnaryOp):
        return (_operand(node.operand),)
    if isinstance(node, ast.Compare):
        return _operand(node.left), _operand(node.comparators[0])
    given: list[ast.expr] = []
    for each in node.args:
        given += each.elts if isinstance(each, (ast.List, ast.Tuple)) else [each]
    return tuple(_operand(each) for each in given if not (isinstance(each, ast.Constant) and isinstance(each.value, str)))


def _add_returned(facts: TextFacts, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    returns = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
    names = {node.value.id for node in returns if isinstance(node.value, ast.Name)}
    facts.returned_names[function.name, first] = frozenset(names)
    written = {_variables(node.value) for node in _own_statements(function) if isinstance(node, ast.Return)}
    if len(written) == 1:
        facts.returned_tuples[function.name, first] = written.pop()


def _own_statements(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.stmt]:
    """The statements of a function without those of the functions and classes inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)


def _variables(value: ast.expr | None) -> tuple[str, ...]:
    """The variables in a tuple or a list that has nothing else and none twice; empty for anything else."""
    if not isinstance(value, (ast.Tuple, ast.List)):
        return ()
    names = tuple(each.id for each in value.elts if isinstance(each, ast.Name))
    return names if len({*names}) == len(value.elts) else ()
