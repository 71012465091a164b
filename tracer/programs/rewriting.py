"""Rewrites the text of a program so that the values it computes can be followed; what it computes stays the same.

Names and lines stay where they are: a rewritten expression keeps the position of the one it stands for. Five things change:

- a call `f(x)` becomes `result(callee(f)(x))`: arrays that a library returns start to record, and the few functions of Python,
  `math` and NumPy that would drop out of the record are replaced while it records; the same for what is assigned from a container
  or an object;
- numbers that are assigned, such as `w = 0`, become numbers that record;
- what `np.r_[...]` and `np.c_[...]` are given is replaced in the same way;
- a loop over an array goes over its rows as they record;
- each pass of a loop is noted;
- an exception that the program handles is cleaned of frames that are not the program's.

The body of a function and of a loop is there twice, rewritten and as it was: what is called after the record has ended runs at
its own speed.
"""

from __future__ import annotations

import ast
import copy
from typing import Final, TypeVar

CALLEE: Final = "__tracer_callee__"
HELD: Final = "__tracer_held__"
RESULT: Final = "__tracer_result__"
NUMBER: Final = "__tracer_number__"
PASS: Final = "__tracer_pass__"
CAUGHT: Final = "__tracer_caught__"
ON: Final = "__tracer_on__"

_UNTOUCHED = frozenset({"super", "locals", "globals", "vars", "dir", "eval", "exec", "__import__", "breakpoint"})
"""Functions that look at the frame that calls them."""

_Function = TypeVar("_Function", ast.FunctionDef, ast.AsyncFunctionDef)

_CONTAINERS = (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp, ast.BinOp, ast.IfExp)


def rewritten(tree: ast.Module) -> ast.Module:
    """The syntax tree of a program, rewritten in place.

    >>> print(ast.unparse(rewritten(ast.parse("w = 0"))))
    w = __tracer_number__(0)
    >>> print(ast.unparse(rewritten(ast.parse("y = f(x) + 1"))))
    y = __tracer_result__(__tracer_callee__(f)(x)) + 1
    """
    return ast.fix_missing_locations(_Rewriter().visit(tree))  # type: ignore[no-any-return]


class _Rewriter(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in _UNTOUCHED:
            return node
        node.func = _call(CALLEE, node.func, at=node.func)
        return _call(RESULT, node, at=node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.Subscript:
        self.generic_visit(node)
        name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", None)
        if name in ("r_", "c_") and isinstance(node.ctx, ast.Load):
            node.value = _call(CALLEE, node.value, at=node.value)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        self.generic_visit(node)
        node.value = _assigned(node.value)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        self.generic_visit(node)
        if node.value is not None:
            node.value = _assigned(node.value)
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        plain = copy.deepcopy(node.body)
        self.generic_visit(node)
        if not isinstance(node.iter, ast.Call):
            node.iter = _call(HELD, node.iter, at=node.iter)
        node.body = _either([_pass_of(node), *node.body], plain)
        return node

    def visit_While(self, node: ast.While) -> ast.While:
        plain = copy.deepcopy(node.body)
        self.generic_visit(node)
        node.body = _either([_pass_of(node), *node.body], plain)
        return node

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AsyncFor:
        plain = copy.deepcopy(node.body)
        self.generic_visit(node)
        node.body = _either([_pass_of(node), *node.body], plain)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        return self._function(node)

    def _function(self, node: _Function) -> _Function:
        plain = copy.deepcopy(node.body)
        self.generic_visit(node)
        first = 0 if ast.get_docstring(node, clean=False) is None else 1
        if len(node.body) > first:
            node.body[first:] = _either(node.body[first:], plain[first:])
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.ExceptHandler:
        self.generic_visit(node)
        node.body.insert(0, _statement(CAUGHT, [], at=node.body[0]))
        return node


class _WithoutDeclarations(ast.NodeTransformer):
    """Takes `global` and `nonlocal` out of a second copy of statements: they hold for both, and have to come first."""

    def visit_Global(self, node: ast.Global) -> ast.stmt:
        return ast.copy_location(ast.Pass(), node)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.stmt:
        return ast.copy_location(ast.Pass(), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        return node  # a scope of its own

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.stmt:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.stmt:
        return node


def _either(recording: list[ast.stmt], plain: list[ast.stmt]) -> list[ast.stmt]:
    """Statements that run while the program is recorded, and what they stand for, which runs after that."""
    first = recording[0]
    test = ast.copy_location(ast.Name(ON, ast.Load()), first)
    without = _WithoutDeclarations()
    return [ast.copy_location(ast.If(test, recording, [without.visit(each) for each in plain]), first)]


def _assigned(value: ast.expr) -> ast.expr:
    """The value of an assignment: numbers in it record, and so does an array that is looked up in a container or an object."""
    if isinstance(value, (ast.Subscript, ast.Attribute)):
        return _call(HELD, value, at=value)
    return _Numbers().visit(value) if isinstance(value, (ast.Constant, *_CONTAINERS)) else value


class _Numbers(ast.NodeTransformer):
    """Wraps the numbers in an assigned value: `w = 0`, `w, b = 0.5, -1`, `w = [0.1] * 3`; not those inside calls and indices."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return _call(NUMBER, node, at=node) if type(node.value) in (int, float) else node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        if isinstance(node.operand, ast.Constant) and isinstance(node.op, ast.USub) and type(node.operand.value) in (int, float):
            return _call(NUMBER, node, at=node)
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        # `[0.0] * n`: the list holds numbers that record; in arithmetic they would only add nodes.
        if isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List):
            node.left = self.visit(node.left)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        return node


def _call(name: str, argument: ast.expr, *, at: ast.expr) -> ast.Call:
    called = ast.copy_location(ast.Name(name, ast.Load()), at)
    return ast.copy_location(ast.Call(called, [argument], []), at)


def _pass_of(loop: ast.stmt) -> ast.stmt:
    """A call at the start of the body of a loop, by which its passes are counted; a loop is known by its line."""
    return _statement(PASS, [ast.copy_location(ast.Constant(loop.lineno), loop)], at=loop)


def _statement(name: str, arguments: list[ast.expr], *, at: ast.stmt) -> ast.stmt:
    called = ast.copy_location(ast.Name(name, ast.Load()), at)
    return ast.copy_location(ast.Expr(ast.copy_location(ast.Call(called, arguments, []), at)), at)
