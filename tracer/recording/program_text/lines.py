"""The lines of the program's text: of files, of notebook cells, of `python -c` and of standard input.

Where Python keeps no text, a text that may be the one is compiled: it is taken only if that gives the very same code.
"""

from __future__ import annotations

import linecache
import os
import stat
import sys
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType
from typing import Any

MAX_CELLS = 50
"""The cells of a notebook, from the last one backwards, that may be the source of a timed one."""


def lines_of(code: CodeType) -> list[str]:
    """The lines of the text that a function is from; empty if it cannot be had."""
    lines = linecache.getlines(code.co_filename)
    if lines or not code.co_filename.startswith("<"):
        return lines
    for text in _candidates(code.co_filename):
        if code in _compiled(text, code.co_filename) or _is_timed_cell(code, text):
            return text.splitlines(keepends=True)
    return []


def _candidates(filename: str) -> Iterator[str]:
    """Texts that code with such a file name may be from."""
    if filename == "<string>":
        arguments = sys.orig_argv
        yield from arguments[arguments.index("-c") + 1 :][:1] if "-c" in arguments else []
    elif filename == "<stdin>":
        yield from _standard_input()
    elif filename.startswith("<timed"):
        yield from _timed_cells()


def _standard_input() -> Iterator[str]:
    """Standard input if it is a file: it can be read again, without moving on in it."""
    try:
        if stat.S_ISREG(os.fstat(0).st_mode):
            yield os.pread(0, os.fstat(0).st_size, 0).decode()
    except (OSError, AttributeError, UnicodeDecodeError):  # closed; not on Windows
        return


def _timed_cells() -> Iterator[str]:
    """The cells of a notebook that begin with a magic such as %%time, without that line, the last ones first."""
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    try:
        for cell in reversed(shell.history_manager.input_hist_raw[-MAX_CELLS:]):
            magic, _, body = cell.partition("\n")
            if magic.startswith("%%"):
                yield shell.transform_cell(body)
    except (AttributeError, TypeError, SyntaxError):  # no notebook, or one of another kind
        return


def _is_timed_cell(code: CodeType, text: str) -> bool:
    """Whether code is the timed cell itself, whose last expression IPython compiles apart."""
    if not code.co_filename.startswith("<timed") or code.co_name != "<module>":
        return False
    inner = {each for each in code.co_consts if isinstance(each, CodeType)}
    compiled = _compiled(text, code.co_filename)
    names = {name for each in compiled if each.co_name == "<module>" for name in each.co_names}
    return inner <= compiled and {*code.co_names} <= names


@lru_cache(maxsize=MAX_CELLS)
def _compiled(text: str, filename: str) -> frozenset[CodeType]:
    """The code of a text and of every function in it; empty if it cannot be compiled. Nothing is run."""
    try:
        waiting = [compile(text, filename, "exec", dont_inherit=True)]
    except (SyntaxError, ValueError):
        return frozenset()
    found = set()
    while waiting:
        code = waiting.pop()
        found.add(code)
        waiting += [each for each in code.co_consts if isinstance(each, CodeType)]
    return frozenset(found)
