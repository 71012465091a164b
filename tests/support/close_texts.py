"""Compares printed texts from different machines: words exactly, numbers up to rounding.

Processor, BLAS and number of threads determine the order of summation and so the last digits. Only runs on the same machine
are equal bit for bit.
"""

from __future__ import annotations

import doctest
import math
import re
from decimal import Decimal

NUMBER = re.compile(r"~0(?![\w.])|(?<![\w.#])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w#])")
"""A separate number, or `~0`; not the digits of a name, a colour or a version."""

DEFAULT_DIGITS = 4
"""Default number of significant digits in outputs; trailing zeros are omitted."""

FULL_DIGITS = 12
"""Number of digits from which a number counts as printed in full."""

FULL_TOLERANCE = 1e-12
"""Relative tolerance of numbers printed in full. Results come from up to 100 steps with sums of up to 50 terms, each with a
rounding error of 2.2e-16: 100 * 50 * 2.2e-16."""


def difference(found: str, expected: str) -> str:
    """The first difference of two texts beyond rounding; empty if there is none."""
    lines = found.splitlines(), expected.splitlines()
    if len(lines[0]) != len(lines[1]):
        return f"{len(lines[0])} lines instead of {len(lines[1])}:\n{found}"
    for number, (one, other) in enumerate(zip(*lines, strict=True), 1):
        if not is_close(one, other):
            return f"line {number}:\n  found    {one}\n  expected {other}"
    return "" if found.endswith("\n") == expected.endswith("\n") else "a line break at the end"


def assert_close(found: str, expected: str, what: str = "") -> None:
    """Assert that a text equals the expected one up to rounding."""
    found_difference = difference(found, expected)
    assert not found_difference, f"{what} {found_difference}".strip()


def is_close(found: str, expected: str) -> bool:
    """Whether two lines are equal up to rounding."""
    if found == expected:
        return True
    numbers = NUMBER.findall(found), NUMBER.findall(expected)
    return NUMBER.split(found) == NUMBER.split(expected) and len(numbers[0]) == len(numbers[1]) and all(map(_agree, *numbers))


def _agree(one: str, other: str) -> bool:
    """Whether two printed numbers differ by at most one unit in the last digit. Whole numbers must be equal."""
    if one == other:
        return True
    if "~0" in (one, other):
        return {one, other} == {"~0", "0"}
    if one.lstrip("-").isdigit() and other.lstrip("-").isdigit():
        return False
    numbers = Decimal(one), Decimal(other)
    largest = max(map(abs, numbers))
    digits = max(len(number.as_tuple().digits) for number in numbers)
    if digits >= FULL_DIGITS:
        return math.isclose(*map(float, numbers), rel_tol=FULL_TOLERANCE)
    # The last digit, which is not printed if it is zero.
    unit = Decimal(1).scaleb(largest.adjusted() + 1 - max(digits, DEFAULT_DIGITS))
    return abs(numbers[0] - numbers[1]) <= unit


class CloseOutput(doctest.OutputChecker):
    """Compares doctest output up to rounding."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return super().check_output(want, got, optionflags) or not difference(got, want)
