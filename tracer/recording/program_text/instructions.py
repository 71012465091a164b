"""What the instructions of a function say of names, for programs whose text cannot be had: `python -c` in a pipe, `exec`."""

from __future__ import annotations

import dis
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from types import CodeType
from typing import Any, NamedTuple

_PAIR = re.compile(r"((?:LOAD|STORE)_FAST(?:_BORROW)?)_((?:LOAD|STORE)_FAST(?:_BORROW)?)")
_LOADS_OF_LOCALS = ("LOAD_FAST", "LOAD_FAST_BORROW", "LOAD_FAST_CHECK")
_VARIABLES = ("STORE_FAST", "STORE_NAME", "STORE_GLOBAL", "STORE_DEREF")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a result goes: to variables, one or one a part; or out of the function."""

    name: str | None = None
    parts: tuple[str | None, ...] = ()
    is_returned: bool = False


class _Instruction(NamedTuple):
    offset: int
    name: str
    argument: Any


@lru_cache(maxsize=64)
def _instructions(code: CodeType) -> tuple[_Instruction, ...]:
    """The instructions as Python 3.11 has them."""
    return tuple(simple for each in dis.get_instructions(code) for simple in _simple(each))


def _simple(instruction: dis.Instruction) -> Iterator[_Instruction]:
    """One for each variable: Python 3.13 and later have instructions that store or load two."""
    name, argument = instruction.opname, instruction.argval
    if name in ("CACHE", "EXTENDED_ARG"):
        return
    pair = _PAIR.fullmatch(name)
    for simple, variable in zip(pair.groups(), argument, strict=True) if pair else ((name, argument),):
        yield _Instruction(instruction.offset, "LOAD_FAST" if simple in _LOADS_OF_LOCALS else simple, variable)


def destination(code: CodeType, offset: int) -> Destination:
    """Where the result of the instruction at an offset goes."""
    after = [each for each in _instructions(code) if each.offset > offset]
    while after and after[0].name == "COPY":  # `a = b = ...` keeps the first name
        after = after[1:]
    if not after:
        return Destination()
    if after[0].name == "UNPACK_SEQUENCE":
        return Destination(parts=tuple(_variable(each) for each in after[1 : 1 + int(after[0].argument)]))
    return Destination(_variable(after[0]), is_returned=after[0].name == "RETURN_VALUE")


def _variable(instruction: _Instruction) -> str | None:
    """The variable that an instruction assigns to."""
    return str(instruction.argument) if instruction.name in _VARIABLES else None


def variables_returned(code: CodeType) -> frozenset[str]:
    """The variables that a function returns by name."""
    found = set()
    for before, after in pairwise(_instructions(code)):
        if after.name == "RETURN_VALUE" and before.name in ("LOAD_FAST", "LOAD_DEREF"):
            found.add(str(before.argument))
    return frozenset(found)
