"""The forms of NumPy that raise an error, with the error: `python tests/benchmarks/forms.py [--renew]`.

`--renew` writes them to the list of forms that may raise, which `tests/test_forms.py` reads, and their number to
docs/reference/numpy.md.
"""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.form_checks import fault_of
from support.forms import FORMS
from support.forms.refused import RAISED, REFUSED
from support.recipes import RECIPES, WRITTEN_OUT

TESTS = Path(__file__).parents[1]


def raising() -> dict[str, str]:
    """The error of every form, and of every call of `support/recipes`, that raises one or differs."""
    calls = [expression for expressions in (RECIPES | WRITTEN_OUT).values() for expression in expressions]
    found = {}
    for form in dict.fromkeys([*FORMS, *calls]):
        try:
            fault = fault_of(form)
        except RAISED as error:
            found[form] = f"{type(error).__name__}: {error}"
        else:
            if fault is not None:
                found[form] = f"WRONG: {fault}"
    return found


def renew(found: dict[str, str]) -> None:
    """Write the list of forms that may raise, and the numbers in the documentation."""
    pending = sorted(form for form, error in found.items() if form not in REFUSED and not error.startswith("WRONG"))
    (TESTS / "support/forms/pending.txt").write_text("".join(f"{form}\n" for form in pending))
    page = TESTS.parent / "docs/reference/numpy.md"
    count = sum(form in found for form in FORMS)
    text = re.sub(r"has \d+ ways to", f"has {len(FORMS)} ways to", page.read_text())
    text = re.sub(r"these \d+ have NumPy's", f"these {len(FORMS) - count} have NumPy's", text)
    page.write_text(re.sub(r"and \d+ raise", f"and {count} raise", text))


def main(arguments: list[str]) -> None:
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    found = raising()
    for form, error in found.items():
        print(f"{form:50} {error}"[:220])
    count = sum(form in found for form in FORMS)
    print(f"{len(FORMS)} forms: {len(FORMS) - count} right, {count} not; of the calls of functions {len(found) - count} not")
    if "--renew" in arguments:
        renew(found)


if __name__ == "__main__":
    main(sys.argv[1:])
