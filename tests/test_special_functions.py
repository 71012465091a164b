"""Functions of SciPy: those that ask their arguments are recorded, for the others the message says what to write."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.stats

import tracer
from tracer.analysis.verify import verify
from tracer.errors import RecordingError
from tracer.ops import Elementwise, registry
from tracer.ops.domain import REAL
from tracer.ops.registration import LibraryFunction
from tracer.recording.protocols.advice import NORMAL, RECIPES
from tracer.testing import check_gradients
from tracer.views.text.log import log_text
from tracer.views.text.verify import verdict_data, verdict_lines


def of_scipy() -> list[str]:
    return [op.name for op in registry if any(isinstance(each, LibraryFunction) for each in op.functions)]


def test_functions_are_recorded_under_any_name_of_theirs() -> None:
    assert scipy.special.psi is scipy.special.digamma
    step = tracer.trace(lambda x: np.sum(scipy.special.psi(x) + scipy.special.expit(x)), np.array([1.0, 2.0]))
    assert [node.op for node in step.nodes if node.op in of_scipy()][:2] == ["digamma", "expit"]
    assert step.node("x").op == "parameter"


def test_every_named_function_exists_in_scipy() -> None:
    for op in registry:
        for each in op.functions:
            if isinstance(each, LibraryFunction):
                assert each.loaded() is not None, op.name


@pytest.mark.parametrize("x", [-800.0, -40.0, 0.0, 40.0, 800.0])
def test_logistic_functions_far_from_zero(x: float) -> None:
    small = math.exp(-abs(x))
    np.testing.assert_allclose(
        tracer.trace(lambda x: np.sum(scipy.special.expit(x)), np.array(x)).gradient("x"), small / (1 + small) ** 2, rtol=1e-14
    )
    found = tracer.trace(lambda x: np.sum(scipy.special.log_expit(x)), np.array(x)).gradient("x")
    np.testing.assert_allclose(found, (small if x > 0 else 1) / (1 + small), rtol=1e-14)


def test_products_with_logarithms_at_zero() -> None:
    for function in (scipy.special.xlogy, lambda x, y: scipy.special.xlog1py(x, y - 1)):
        step = tracer.trace(lambda x, y, function=function: np.sum(function(x, y)), np.zeros(2), np.array([0.0, math.e]))
        np.testing.assert_allclose(step.gradient("x"), [0, 1], rtol=1e-15)
        np.testing.assert_array_equal(step.gradient("y"), [0, 0])


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_functions_that_ask_nobody_have_a_recipe_that_is_right(name: str) -> None:
    function = LibraryFunction(name)
    x, before = np.array([0.3, 1.2, 0.7]), [2] if name.endswith("polygamma") else []
    expected = function(*before, x)

    with pytest.raises(RecordingError) as raised:
        if name.endswith("polygamma"):
            tracer.trace(lambda x: np.sum(scipy.special.polygamma(2, x)), x)
        else:
            called = getattr(scipy.special, name.rpartition(".")[2])
            tracer.trace(lambda x: np.sum(called(x)), x)
    assert str(raised.value).endswith(
        f"{name} computes with plain arrays, its operations would leave the graph: write {RECIPES[name]}"
    )

    def recipe(x: Any) -> Any:
        return eval(RECIPES[name], {"np": np, "math": math, "scipy": scipy, "x": x, "n": 2})

    np.testing.assert_allclose(recipe(x), expected, rtol=1e-13)
    assert check_gradients(lambda x: np.sum(recipe(x) ** 2), x).passed


@pytest.mark.parametrize("method", sorted(NORMAL))
def test_methods_of_the_normal_distribution_have_a_recipe_that_is_right(method: str) -> None:
    called = getattr(scipy.stats.norm, method)
    x, loc, scale = np.array([0.3, 0.2, 0.7]), np.array(0.1), np.array(1.4)

    def recipe(x: Any, loc: Any, scale: Any) -> Any:
        return eval(NORMAL[method], {"np": np, "scipy": scipy, "x": x, "loc": loc, "scale": scale})

    np.testing.assert_allclose(recipe(x, loc, scale), called(x, loc, scale), rtol=1e-13)
    assert check_gradients(lambda x, loc, scale: np.sum(recipe(x, loc, scale) ** 2), x, loc, scale).passed


def test_distributions_of_scipy_name_themselves_and_what_to_write() -> None:
    with pytest.raises(RecordingError, match=r"scipy\.stats\.norm\.cdf computes .*write scipy\.special\.ndtr"):
        tracer.trace(lambda x: np.sum(scipy.stats.norm.cdf(x, 0, 2)), np.array([0.3]))
    with pytest.raises(RecordingError, match=r"scipy\.stats\.gamma\.logpdf computes .*write out its formula"):
        tracer.trace(lambda x: np.sum(scipy.stats.gamma.logpdf(x, 2)), np.array([0.3]))


def test_file_opens_and_renders_without_scipy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = tracer.trace(lambda x: np.sum(scipy.special.expit(x * 2)), np.array([1.0, 2.0]))
    path = tmp_path / "logistic.sqlite"
    tracer.save(step, path)
    trace = tracer.open(path)
    assert verify(trace).passed
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "scipy" else find(name, *rest))
    monkeypatch.delitem(sys.modules, "scipy")
    verification = verify(trace)
    assert verification.uninstalled == {"scipy": {"expit"}}
    assert verification.passed
    assert "not computed again, as they need scipy: expit" in list(verdict_lines(trace, verification))
    assert verdict_data(trace, verification)["uninstalled"] == {"scipy": ["expit"]}
    assert "expit(x * 2)" in log_text(trace)


def test_operation_of_a_library_that_is_not_installed_says_so() -> None:
    function = LibraryFunction("no_such_library.function")
    assert not function.is_installed
    assert function.loaded() is None
    with pytest.raises(ImportError, match="no_such_library"):
        function(1.0)


def test_own_operation_may_name_a_function_of_a_library() -> None:
    class Exp10(Elementwise):
        """Elementwise 10**x."""

        implements = "scipy.special.exp10"
        formula = "exp10({x})"
        domain = (REAL,)

        @staticmethod
        def gradient_x(g: Any, out: Any, x: Any) -> Any:
            return g * (out * math.log(10))

    step = tracer.trace(lambda x: np.sum(scipy.special.exp10(x)), np.array([1.0, 2.0]))
    np.testing.assert_allclose(step.gradient("x"), np.log(10) * np.array([10, 100]))
