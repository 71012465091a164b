"""What the instructions of a function say of names, for programs whose text cannot be had: `python -c` in a pipe, `exec`."""

from __future__ import annotations

import dis
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from types import CodeType

_VARIABLES = ("STORE_FAST", "STORE_NAME", "STORE_GLOBAL", "STORE_DEREF")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a result goes: to variables, one or one a part; or out of the function."""

    name: str | None = None
    parts: tuple[str | None, ...] = ()
    is_returned: bool = False


@lru_cache(maxsize=64)
def _instructions(code: CodeType) -> tuple[dis.Instruction, ...]:
    return tuple(each for each in dis.get_instructions(code) if each.opname != "CACHE")


def destination(code: CodeType, offset: int) -> Destination:
    """Where the result of the instruction at an offset goes."""
    after = [each for each in _instructions(code) if each.offset > offset]
    while after and after[0].opname == "COPY":  # `a = b = ...` keeps the first name
        after = after[1:]
    if not after:
        return Destination()
    if after[0].opname == "UNPACK_SEQUENCE":
        return Destination(parts=tuple(_variable(each) for each in after[1 : 1 + int(after[0].argval)]))
    return Destination(_variable(after[0]), is_returned=after[0].opname == "RETURN_VALUE")


def _variable(instruction: dis.Instruction) -> str | None:
    """The variable that an instruction assigns to; the first if it assigns to two."""
    if not instruction.opname.startswith(_VARIABLES):
        return None
    name = instruction.argval
    return str(name[0] if isinstance(name, tuple) else name)


def variables_returned(code: CodeType) -> frozenset[str]:
    """The variables that a function returns by name."""
    found = set()
    for before, after in pairwise(_instructions(code)):
        if after.opname == "RETURN_VALUE" and before.opname in ("LOAD_FAST", "LOAD_DEREF"):
            found.add(str(before.argval))
    return frozenset(found)
