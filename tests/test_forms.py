"""Forms of NumPy (`support/forms`) and calls of its functions (`support/recipes`): values and gradients, or an error by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.form_checks import fault_of
from support.forms import FORMS
from support.forms.refused import PENDING, RAISED, REFUSED
from support.recipes import RECIPES, WRITTEN_OUT

CALLS = [expression for expressions in (RECIPES | WRITTEN_OUT).values() for expression in expressions]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", sorted({*FORMS, *CALLS}))
def test_form_has_numpys_value_and_a_right_gradient_or_an_error_by_name(form: str) -> None:
    try:
        fault = fault_of(form)
    except RAISED as error:
        assert form in PENDING or form in REFUSED, error
        return
    assert form not in REFUSED
    assert fault is None, fault


def test_no_form_is_listed_twice() -> None:
    assert len(FORMS) == len(set(FORMS)) >= 248
    assert PENDING.isdisjoint(REFUSED)
    assert {*REFUSED, *PENDING} <= {*FORMS, *CALLS}


def test_documented_counts_of_forms_are_right() -> None:
    """docs/reference/numpy.md says how many forms there are, and how many raise an error."""
    page = " ".join((Path(__file__).parent.parent / "docs/reference/numpy.md").read_text().split())
    raising = sum(form in REFUSED or form in PENDING for form in FORMS)
    assert f"`tests/support/forms` has {len(FORMS)} ways to call NumPy" in page
    assert f"Of these {len(FORMS) - raising} have NumPy's value and a right gradient, and {raising} raise an error" in page
