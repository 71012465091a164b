"""Forms of NumPy (`support/forms`) and calls of its functions (`support/recipes`): values and gradients, or an error by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from support.expressions import arrays_of, function_of, weighted
from support.forms import FORMS
from support.forms.refused import PENDING, REFUSED
from support.recipes import RECIPES, WRITTEN_OUT
from tracer.errors import TracerError
from tracer.graph.record import Phase
from tracer.recording.recorder import Recorder
from tracer.recording.tensor import Tensor
from tracer.testing import check_gradients, report

CALLS = [expression for expressions in (RECIPES | WRITTEN_OUT).values() for expression in expressions]


def changed(function: Any, array: Any, *arguments: Any, **options: Any) -> Any:
    """The array after a function wrote into it."""
    function(array, *arguments, **options)
    return array


def parts(result: Any) -> Iterator[Any]:
    """The arrays and other values of a result, from the sequences in which it may hold them."""
    if isinstance(result, (tuple, list)):
        yield type(result)
        for each in result:
            yield from parts(each)
    elif isinstance(result, Tensor):
        yield result.value
    elif isinstance(result, np.flatiter):
        yield np.array(result)
    else:
        yield result


def same(found: Any, expected: Any) -> bool:
    """True if two values are equal to the last bit: arrays also in dtype and shape."""
    if isinstance(expected, (np.ndarray, np.generic)):
        array, wanted = np.asarray(found), np.asarray(expected)
        return array.dtype == wanted.dtype and array.shape == wanted.shape and array.tobytes() == wanted.tobytes()
    return bool(found == expected)


def in_order(arrays: dict[str, np.ndarray]) -> list[np.ndarray]:
    """In the memory layout of recorded values: the last bit of a sum depends on it."""
    return [np.array(array, order="C") for array in arrays.values()]


def recorded(form: str) -> Any:
    """The result of a form on recorded arrays."""
    recorder = Recorder()
    tensors = [recorder.leaf("parameter", name, array) for name, array in arrays_of(form).items()]
    recorder.enter(Phase.FORWARD)
    return function_of(form, changed=changed)(*tensors)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", sorted({*FORMS, *CALLS}))
def test_form_has_numpys_value_and_a_right_gradient_or_an_error_by_name(form: str) -> None:
    expected = function_of(form, changed=changed)(*in_order(arrays_of(form)))
    try:
        found = recorded(form)
        if any(isinstance(each, Tensor) and each.dtype.kind in "fc" for each in flat(found)):
            check_form(form)
    except (TracerError, TypeError, AttributeError) as error:
        assert form in PENDING or form in REFUSED, error
        return
    assert form not in REFUSED
    ours, numpys = [*parts(found)], [*parts(expected)]
    assert len(ours) == len(numpys)
    for each, wanted in zip(ours, numpys):
        assert same(each, wanted), f"{each!r}, NumPy {wanted!r}"


def flat(result: Any) -> Iterator[Any]:
    """The values of a result."""
    if isinstance(result, (tuple, list)):
        for each in result:
            yield from flat(each)
    else:
        yield result


def check_form(form: str) -> None:
    """Hold the gradients of a weighted sum of the result against steps."""
    arrays = arrays_of(form)
    text = f"weighted(function({', '.join(arrays)}))"
    names = {"weighted": weighted, "function": function_of(form, changed=changed)}
    loss = eval(f"lambda {', '.join(arrays)}: {text}", names)
    check = check_gradients(loss, *in_order(arrays))
    assert check.passed, report(check)


def test_no_form_is_listed_twice() -> None:
    assert len(FORMS) == len(set(FORMS)) >= 248
    assert PENDING.isdisjoint(REFUSED)
    assert {*REFUSED, *PENDING} <= {*FORMS, *CALLS}
