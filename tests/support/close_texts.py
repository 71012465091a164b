"""Printed texts of two machines, held against each other: the words exactly, the numbers to what rounding can change.

Processor, BLAS and the number of threads decide in which order sums are added, and with it the last digits. Bit for bit are
only two runs on one machine.
"""

from __future__ import annotations

import doctest
import math
import re
from decimal import Decimal

NUMBER = re.compile(r"~0(?![\w.])|(?<![\w.#])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w#])")
"""A number that stands by itself, or `~0`; not the digits of a name, a colour or a version."""

PRINTED = 4
"""Digits that outputs print unless asked for others, zeros at the end left out."""

LONG = 12
"""Digits from which a number is printed in full."""

IN_FULL = 1e-12
"""How far numbers printed in full may be apart, as a share of the larger. What is printed comes of up to a hundred steps with
sums of up to fifty terms, each with a rounding of 2.2e-16: 100 * 50 * 2.2e-16."""


def difference(found: str, expected: str) -> str:
    """Where two texts are not the same but for rounding; empty where they are."""
    lines = found.splitlines(), expected.splitlines()
    if len(lines[0]) != len(lines[1]):
        return f"{len(lines[0])} lines instead of {len(lines[1])}:\n{found}"
    for number, (one, other) in enumerate(zip(*lines, strict=True), 1):
        if not is_close(one, other):
            return f"line {number}:\n  found    {one}\n  expected {other}"
    return "" if found.endswith("\n") == expected.endswith("\n") else "a line break at the end"


def assert_close(found: str, expected: str, what: str = "") -> None:
    """Hold a text against what is expected of it."""
    apart = difference(found, expected)
    assert not apart, f"{what} {apart}".strip()


def is_close(found: str, expected: str) -> bool:
    """Whether two lines are the same but for rounding."""
    if found == expected:
        return True
    numbers = NUMBER.findall(found), NUMBER.findall(expected)
    return NUMBER.split(found) == NUMBER.split(expected) and len(numbers[0]) == len(numbers[1]) and all(map(_agree, *numbers))


def _agree(one: str, other: str) -> bool:
    """Whether two printed numbers are within one unit of the last digit; whole ones, which count or name something, the same."""
    if one == other:
        return True
    if "~0" in (one, other):
        return {one, other} == {"~0", "0"}
    if one.lstrip("-").isdigit() and other.lstrip("-").isdigit():
        return False
    numbers = Decimal(one), Decimal(other)
    largest = max(map(abs, numbers))
    digits = max(len(number.as_tuple().digits) for number in numbers)
    if digits >= LONG:
        return math.isclose(*map(float, numbers), rel_tol=IN_FULL)
    # The last digit that was printed, or would have been were it not zero.
    unit = Decimal(1).scaleb(largest.adjusted() + 1 - max(digits, PRINTED))
    return abs(numbers[0] - numbers[1]) <= unit


class CloseOutput(doctest.OutputChecker):
    """Holds what an example prints against what is written below it, numbers but for rounding."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return super().check_output(want, got, optionflags) or not difference(got, want)
