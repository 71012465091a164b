"""Formulas with names or numbers put in, and brackets where the order of operations needs them.

A formula is a template such as `{0} @ {1} `: what stands for an input may itself be an expression.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence

from tracer.graph.record import Literal

ATOM = 7
_LEVELS = {"via": 0, "+": 2, "-": 2, "*": 3, "/": 3, "@": 3, "**": 5} | dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), 1)
_UNARY = 4
_SLOT = re.compile(r"\{(\d+)\}")
_NUMBER = re.compile(r"-?[\d.]+(e[+-]?\d+)?$")


@functools.lru_cache(maxsize=4096)
def binding(text: str) -> int:
    """How tightly the loosest operator of an expression binds; operators stand between blanks.

    >>> binding("h1"), binding("dL/dh1"), binding("a + b * c"), binding("f(a + b)"), binding("-x")
    (7, 7, 2, 7, 4)
    """
    depth, loosest = 0, _UNARY if text[:1] in ("-", "+") else ATOM
    for word in text.split(" "):
        if depth == 0 and word in _LEVELS:
            loosest = min(loosest, _LEVELS[word])
        depth += _opened(word)
    return loosest


def fill(template: str, texts: Sequence[str]) -> str:
    """Put expressions into a formula, in brackets where they bind less tightly than their place asks for.

    >>> fill("{0} * {1}", ["a + b", "c"]), fill("{0} - {1}", ["a", "b - c"]), fill("mean({0})", ["a - b"])
    ('(a + b) * c', 'a - (b - c)', 'mean(a - b)')
    >>> fill("-{0}", ["-0.5"]), fill("{0} * {1}", ["2", "-0.5"])
    ('-(-0.5)', '2 * -0.5')
    >>> fill("{0} ** {1}", ["-0.5", "2"]), fill("{0}.T", ["x @ W"]), fill("-{0}", ["a * b"])
    ('(-0.5) ** 2', '(x @ W).T', '-(a * b)')
    """
    level = binding(template)
    parts, last, depth = [], 0, 0
    bindings: dict[int, int] = {}
    for slot in _SLOT.finditer(template):
        between = template[last : slot.start()]
        depth += _opened(between)
        number = int(slot[1])
        put = texts[number]
        if number not in bindings:
            bindings[number] = binding(put)
        follows = template[slot.end() : slot.end() + 1]
        if bindings[number] < _needed(level, depth, follows, is_first=not slot.start()):
            put = f"({put})"
        parts += [between, put]
        last = slot.end()
    return "".join(parts) + template[last:]


def _opened(text: str) -> int:
    """How many brackets a text opens and does not close."""
    return sum(map(text.count, "([")) - sum(map(text.count, ")]"))


def _needed(level: int, depth: int, follows: str, *, is_first: bool) -> int:
    if follows in (".", "["):
        return ATOM
    if depth > 0 or level == ATOM:
        return 0
    power = level == _LEVELS["**"]
    if is_first:
        return level + power
    return level if power else level + 1


def as_atom(text: str) -> str:
    """An expression in brackets, unless it holds together by itself.

    >>> as_atom("h1"), as_atom("x @ W1"), as_atom("max(a, b)")
    ('h1', '(x @ W1)', 'max(a, b)')
    """
    return text if binding(text) == ATOM else f"({text})"


def literal_text(literal: Literal) -> str:
    """A number of the user's code as it would be written there."""
    return repr(literal.value)


def expression(template: str, inputs: Sequence[int | Literal], text_of: Callable[[int], str]) -> str:
    """The formula of a node with the texts of its inputs put in."""
    return fill(template, [literal_text(x) if isinstance(x, Literal) else text_of(x) for x in inputs])


def compact(text: str) -> str:
    """The blanks around products taken out, as one writes arithmetic by hand.

    >>> compact("1 * 0.1 + 2 * 0.5 + 0")
    '1*0.1 + 2*0.5 + 0'
    """
    return re.sub(r" (\*\*|\*|/|@) ", r"\1", text)
