"""Runs a part of a program and records it: a notebook cell in the user's namespace, or a function."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from tracer.errors import UsageError
from tracer.graph.record import Phase
from tracer.programs.loops.user_code import UserFiles
from tracer.programs.process.ending import ending_of
from tracer.programs.process.imports import compiled
from tracer.programs.process.stretches import recording
from tracer.programs.record import Ending, ProgramRecord
from tracer.programs.rewriting import rewritten
from tracer.programs.shadow import Enough, Shadow
from tracer.programs.values import Recording, recording_value
from tracer.recording.source import Files

MAX_DEPTH = 3
"""How deep in lists, tuples and dicts the values of a namespace record."""


def run_cell(text: str, filename: str, namespace: dict[str, Any]) -> ProgramRecord:
    """Run and record the text of a notebook cell. Arrays and numbers that earlier cells left record too, while it runs.

    The value of an expression at its end is displayed, as a notebook does. Raises SyntaxError where Python does.
    """
    tree = rewritten(ast.parse(text, filename))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) and not text.rstrip().endswith(";") else None
    statements = compile(tree, filename, "exec", dont_inherit=True)
    value = None
    if isinstance(last, ast.Expr):
        value = compile(ast.Expression(last.value), filename, "eval", dont_inherit=True)

    def run() -> None:
        exec(statements, namespace)
        if value is not None:
            sys.displayhook(eval(value, namespace))

    record = Shadow(UserFiles(), Files(Path.cwd()))
    with _recording_values_in(namespace):
        return _recorded(run, record, Path(filename))


def run_function(function: Callable[[], object], *, limit: int | None = None) -> ProgramRecord:
    """Call a function and record it, with the functions beside it in its file. Raises UsageError if it is not in Python."""
    if not isinstance(function, FunctionType):
        raise UsageError(
            f"a function that trains is needed, without arguments, or the path of a program: this is {function!r:.80}"
        )
    filename = function.__code__.co_filename
    record = Shadow(UserFiles(), Files(Path(filename).parent), limit=limit)
    return _recorded(_rewritten_function(function), record, Path(filename))


def _recorded(run: Callable[[], object], record: Shadow, path: Path) -> ProgramRecord:
    """What is recorded while a function runs."""
    ending = Ending()
    try:
        with recording(record):
            record.recorder.enter(Phase.FORWARD)
            run()
    except Enough:
        ending = Ending(was_stopped=True)
    except BaseException as error:
        ending = ending_of(error)
    return ProgramRecord(
        path=path,
        entries=tuple(record.recorder.entries),
        marks=record.recorder.marks,
        files=record.recorder.files,
        unknown=record.unknown,
        changed_outside=frozenset(record.changed_outside),
        left=record.left,
        passes=tuple(record.passes),
        ending=ending,
    )


# Namespaces.


@contextmanager
def _recording_values_in(namespace: dict[str, Any]) -> Iterator[None]:
    """Let the arrays and numbers of a namespace record; afterwards it has plain ones, the same arrays as before."""
    plain_of: dict[int, tuple[Any, Any]] = {}
    for name, value in list(namespace.items()):
        if not name.startswith("_"):
            namespace[name] = _made(value, plain_of, 0)
    try:
        yield
    finally:
        for name, value in list(namespace.items()):
            namespace[name] = _plain(value, plain_of, 0)


def _made(value: Any, plain_of: dict[int, tuple[Any, Any]], depth: int) -> Any:
    if type(value) in (list, dict) and depth < MAX_DEPTH:
        for key, each in list(value.items() if type(value) is dict else enumerate(value)):
            value[key] = _made(each, plain_of, depth + 1)  # in place: it may have other names
        return value
    made = recording_value(value) if type(value) is not bool else value
    if made is not value:
        plain_of[id(made)] = made, value
    return made


def _plain(value: Any, plain_of: dict[int, tuple[Any, Any]], depth: int) -> Any:
    if type(value) in (list, dict) and depth < MAX_DEPTH:
        for key, each in list(value.items() if type(value) is dict else enumerate(value)):
            value[key] = _plain(each, plain_of, depth + 1)
        return value
    if not isinstance(value, Recording):
        return value
    known = plain_of.get(id(value))
    return known[1] if known is not None and known[0] is value else value.plain()


# Functions.


def _rewritten_function(function: FunctionType) -> FunctionType:
    """A function whose text is rewritten, and so is that of the functions beside it in its file."""
    filename = function.__code__.co_filename
    try:
        lines, _ = inspect.findsource(function)
        codes = {_key(code): code for code in _codes_in(compiled("".join(lines), filename))}
    except (OSError, SyntaxError):
        codes = {}
    names = dict(function.__globals__)

    def again(each: FunctionType) -> FunctionType:
        code = codes.get(_key(each.__code__), each.__code__)
        if code.co_freevars != each.__code__.co_freevars:
            code = each.__code__
        made = FunctionType(code, names, each.__name__, each.__defaults__, each.__closure__)
        made.__kwdefaults__ = each.__kwdefaults__
        return made

    for name, value in function.__globals__.items():
        if type(value) is FunctionType and value.__code__.co_filename == filename and value.__globals__ is function.__globals__:
            names[name] = again(value)
    return again(function)


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes_in(each)


def _key(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno
