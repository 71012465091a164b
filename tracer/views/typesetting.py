"""What names and numbers look like in mathematics, in whatever form a formula is typeset."""

from __future__ import annotations

import re
from typing import NamedTuple

from tracer.graph.expression import PRODUCT

FRACTION = PRODUCT + 1
"""Precedence of a fraction: it needs no brackets in a product, but does as the base of a power."""

GREEK = dict(zip(
    (
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "mu", "nu", "xi", "pi", "rho", "sigma",
        "tau", "phi", "chi", "psi", "omega",
    ),
    "αβγδεζηθκμνξπρστφχψω", strict=True,
))  # fmt: skip

COMPLEX_PARTS = {"real": "Re", "imag": "Im"}

_NAME = re.compile(r"(?P<stem>\w*?[^\W\d_])(?P<digits>[0-9]*)(?:_(?P<tail>[0-9]+|[^\W\d_][0-9]*))?(?P<new>_new)?")
_NUMBER = re.compile(r"(?P<mantissa>\d[\d._]*)(?:e(?P<exponent>[-+]?\d+))?(?P<imaginary>j?)")
_LETTER = re.compile("[A-Za-z\u03b1-\u03c9]")


class NameParts(NamedTuple):
    """A name as mathematics: what stands on the line, what below it, and its marks."""

    stem: str
    below: tuple[str, ...] = ()
    is_new: bool = False
    """Whether `new` stands above it."""
    mark: str = ""
    """`#2` of the second value of that name."""

    @property
    def is_letter(self) -> bool:
        """Whether it is one letter, which is italic."""
        return self.stem in GREEK or _LETTER.fullmatch(self.stem) is not None


class NumberParts(NamedTuple):
    """A number: `-5` is the exponent of `2.5e-05`, empty if it has none."""

    mantissa: str
    exponent: str = ""
    is_imaginary: bool = False


def name_parts(name: str) -> NameParts:
    """The parts of a name. Digits stand below; what is no plain name is one part.

    >>> name_parts("m_W1_new"), name_parts("learning_rate").stem, name_parts("h1#2").mark, name_parts("#12")[:2]
    (NameParts(stem='m', below=('W1',), is_new=True, mark=''), 'learning_rate', '#2', ('', ()))
    """
    name, mark, count = name.partition("#")
    found = _NAME.fullmatch(name)
    if found is None:
        return NameParts(name, mark=mark + count)
    below = tuple(each for each in (found["digits"], found["tail"]) if each)
    return NameParts(found["stem"], below, found["new"] is not None, mark + count)


def number_parts(digits: str) -> NumberParts:
    """The parts of an unsigned number. A word, such as `inf`, is a mantissa.

    >>> number_parts("2.5e-05"), number_parts("1e+16").exponent, number_parts("0.5j").is_imaginary, number_parts("inf").mantissa
    (NumberParts(mantissa='2.5', exponent='-5', is_imaginary=False), '16', True, 'inf')
    """
    found = _NUMBER.fullmatch(digits)
    if found is None:
        return NumberParts(digits)
    exponent = found["exponent"]
    return NumberParts(found["mantissa"], str(int(exponent)) if exponent else "", bool(found["imaginary"]))
