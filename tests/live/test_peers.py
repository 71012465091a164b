"""The comparison with other libraries (`tests/support/peers.py`): its lists, its verdicts, and a few functions of each."""

from __future__ import annotations

import numpy as np
import pytest

from support import peers

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("name", [*peers.PEERS])
@pytest.mark.parametrize("expression", ["np.tanh(x) * s", "np.matmul(A, C)", "np.mean(A, axis=1, keepdims=True)", "np.max(A)"])
def test_gradient_is_the_librarys(name: str, expression: str) -> None:
    pytest.importorskip(name)
    assert peers.verdict(expression, peers.PEERS[name].gradients) == (peers.RIGHT, "")


@pytest.mark.parametrize(("name", "least"), [("autograd", 140), ("mygrad", 80)])
def test_list_of_functions_comes_from_the_library(name: str, least: int) -> None:
    pytest.importorskip(name)
    functions = peers.PEERS[name].functions()
    assert least <= len(functions) == len(set(functions))
    assert {"exp", "sum", "matmul", "reshape", "linalg.norm"} <= set(functions)
    assert {"floor", "argmax", "isnan", "zeros_like"}.isdisjoint(functions)


def test_verdicts_tell_wrong_gradients_from_other_values_and_errors() -> None:
    value, (gradient,) = peers.here("np.exp(x)")
    assert peers.verdict("np.exp(x)", lambda _: (value, [gradient]))[0] == peers.RIGHT
    assert peers.verdict("np.exp(x)", lambda _: (value, [gradient * (1 + 1e-5)]))[0] == peers.WRONG
    assert peers.verdict("np.exp(x)", lambda _: (value + 1, [gradient]))[0] == peers.OTHER
    assert peers.verdict("np.array([s, s])", lambda _: (value, [gradient]))[0] == peers.NAMED
    assert peers.verdict("np.reshape(x, 7)", lambda _: (value, [gradient]))[0] == peers.CRASH
    assert np.isfinite(gradient).all()
