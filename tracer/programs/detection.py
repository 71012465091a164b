"""Whether a file is a program, or defines a scenario: told from its text, without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def is_program(path: Path) -> bool:
    """Whether a Python file is to be run as a program: it does not define a scenario."""
    if path.suffix != ".py" or not path.is_file():
        return False
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return False  # whoever loads it says what is wrong
    return not _defines_scenario(tree)


def _defines_scenario(tree: ast.Module) -> bool:
    """Whether a module has a scenario: one of its own, under whatever name, or one that it imports.

    >>> [_defines_scenario(ast.parse(text)) for text in ("import tracer\\nscenario = tracer.Scenario()", "scenario = 1")]
    [True, False]
    """
    statements = list(_statements(tree.body))
    imports = [each for each in statements if isinstance(each, (ast.Import, ast.ImportFrom))]
    names = {each.asname or each.name for statement in imports for each in statement.names}
    if "scenario" in names:
        return True
    modules = {each.name for statement in imports if isinstance(statement, ast.Import) for each in statement.names}
    modules |= {statement.module or "" for statement in imports if isinstance(statement, ast.ImportFrom)}
    if not any(module.partition(".")[0] == "tracer" for module in modules):
        return False
    assigned = [each for each in statements if isinstance(each, (ast.Assign, ast.AnnAssign))]
    return any("scenario" in _targets(each) or _is_scenario(each.value) for each in assigned)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module that run when it is loaded, also those inside `if` and `try`."""
    for statement in body:
        yield statement
        for part in ("body", "orelse", "finalbody"):
            if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield from _statements(getattr(statement, part, []))
        for handler in getattr(statement, "handlers", []):
            yield from _statements(handler.body)


def _targets(statement: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def _is_scenario(value: ast.expr | None) -> bool:
    """Whether a value is made by calling `Scenario` or `tracer.Scenario`."""
    if not isinstance(value, ast.Call):
        return False
    function = value.func
    return (function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")) == "Scenario"
