"""Conventions of linear algebra: ties, zeros, the symmetric part, undetermined vectors, and forms of a call."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.errors import RecordingError
from tracer.ops.families.linalg.eigenvalues import Eig
from tracer.testing import assert_gradients, check_gradients

MATRIX = np.array([[2.0, 0.5, -0.3], [0.5, 1.5, 0.2], [-0.3, 0.2, 1.0]])


def gradient_of(function: Callable[[Any], Any], x: Any) -> np.ndarray:
    return tracer.trace(function, np.asarray(x)).gradient("x")


# Norms.


def test_tied_elements_of_a_norm_share_the_gradient() -> None:
    np.testing.assert_array_equal(gradient_of(lambda x: np.linalg.norm(x, np.inf), [3.0, 1.0, -3.0]), [0.5, 0, -0.5])
    np.testing.assert_array_equal(gradient_of(lambda x: np.linalg.norm(x, -np.inf), [3.0, -1.0, 1.0]), [0, -0.5, 0.5])
    columns = np.array([[1.0, -2.0], [2.0, 1.0]])
    np.testing.assert_array_equal(gradient_of(lambda x: np.linalg.norm(x, 1), columns), [[0.5, -0.5], [0.5, 0.5]])
    np.testing.assert_allclose(gradient_of(lambda x: np.linalg.norm(x, 2), np.eye(2)), np.eye(2) / 2, atol=1e-15)


@pytest.mark.parametrize("order", [None, 1, 2, 3, np.inf, 0])
def test_norm_of_a_zero_vector_has_the_gradient_0(order: Any) -> None:
    np.testing.assert_array_equal(gradient_of(lambda x: np.linalg.norm(x, order), np.zeros(3)), np.zeros(3))


@pytest.mark.parametrize("order", [None, 2, 1, np.inf])
def test_norms_at_ties_and_zeros_raise_no_false_alarm(order: Any) -> None:
    for x in (np.zeros(2), np.array([1.0, -1.0]), np.array([0.0, 2.0])):
        assert check_gradients(lambda x: np.linalg.norm(x, order), x).passed


# Decompositions.


@pytest.mark.parametrize(
    "function",
    [
        lambda x: np.sum(np.linalg.cholesky(x) * np.arange(9.0).reshape(3, 3)),
        lambda x: np.sum(np.linalg.eigvalsh(x) * np.arange(3.0)),
        lambda x: np.sum(np.linalg.eigh(x)[1] ** 2 * np.arange(9.0).reshape(3, 3)),
    ],
)
def test_gradients_of_the_symmetric_part_are_symmetric_and_right(function: Callable[[Any], Any]) -> None:
    found = gradient_of(function, MATRIX)
    np.testing.assert_allclose(found, found.T, atol=1e-14)
    assert_gradients(function, MATRIX, second_order=True)


def test_equal_eigenvalues_have_a_gradient_and_their_vectors_have_none() -> None:
    np.testing.assert_allclose(gradient_of(lambda x: np.sum(np.linalg.eigvalsh(x)), np.eye(3)), np.eye(3), atol=1e-15)
    with np.errstate(all="ignore"):
        found = gradient_of(lambda x: np.sum(np.linalg.eigh(x)[1] * MATRIX), np.eye(3))
    assert not np.any(np.isfinite(found))


def test_vectors_that_a_matrix_does_not_determine_have_no_gradient() -> None:
    tall = np.arange(6.0).reshape(3, 2) ** 2
    with pytest.raises(RecordingError, match=r"3 vectors and only 2 of them are determined.*full_matrices=False"):
        gradient_of(lambda x: np.sum(np.linalg.svd(x)[0]), tall)
    with pytest.raises(RecordingError, match="3 columns and only 2 of them are determined"):
        gradient_of(lambda x: np.sum(np.linalg.qr(x, "complete")[0]), tall)
    np.testing.assert_allclose(
        gradient_of(lambda x: np.sum(np.linalg.svd(x)[1]), tall), gradient_of(lambda x: np.linalg.norm(x, "nuc"), tall)
    )


def test_results_are_named_as_numpys() -> None:
    def program(x: Any) -> Any:
        left, values, right = np.linalg.svd(x)
        assert np.linalg.svd(x).Vh.shape == right.shape
        assert np.linalg.eigh(x).eigenvalues.shape == values.shape == (3,)
        assert np.linalg.qr(x).R.shape == left.shape
        return np.linalg.slogdet(x).logabsdet

    np.testing.assert_allclose(gradient_of(program, MATRIX), np.linalg.inv(MATRIX).T)


@pytest.mark.parametrize(
    "function", [lambda x: np.linalg.svd(x)[1], np.linalg.pinv, lambda x: np.linalg.lstsq(x, np.ones(2), rcond=None)[0]]
)
def test_an_infinite_matrix_has_no_singular_vectors_and_does_not_hang(function: Callable[..., Any]) -> None:
    """NumPy does not return from these calls."""
    with pytest.raises(np.linalg.LinAlgError, match="infinite element"):
        gradient_of(lambda x: np.sum(function(x)), [[np.inf, 1.0], [1.0, 2.0]])


INFINITE: dict[str, Callable[[Any], Any]] = {
    **{
        name: getattr(np.linalg, name)
        for name in ("eigvalsh", "eigvals", "cholesky", "inv", "det", "svdvals", "cond", "matrix_rank", "norm")
    },
    "eigh": lambda x: np.linalg.eigh(x)[0],
    "eig": lambda x: np.linalg.eig(x)[0],
    "slogdet": lambda x: np.linalg.slogdet(x)[1],
    "qr": lambda x: np.linalg.qr(x)[1],
    "svd without vectors": lambda x: np.linalg.svd(x, compute_uv=False),
    "svd of a symmetric matrix": lambda x: np.linalg.svd(x, hermitian=True)[1],
    "solve": lambda x: np.linalg.solve(x, np.ones(3)),
    "solve with an infinite right side": lambda x: np.linalg.solve(MATRIX, x),
    "lstsq with an infinite right side": lambda x: np.linalg.lstsq(MATRIX, x, rcond=None)[0],
    **{f"matrix_power {n}": (lambda x, n=n: np.linalg.matrix_power(x, n)) for n in (3, -2)},
    **{f"norm {order}": (lambda x, order=order: np.linalg.norm(x, order)) for order in (2, 1, np.inf, "nuc")},
}


@pytest.mark.parametrize("name", INFINITE)
@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan, 1e308])
def test_numbers_that_are_not_finite_have_numpys_value_or_its_error(name: str, number: float) -> None:
    seen: list[Any] = []

    def program(x: Any) -> Any:
        seen.append(INFINITE[name](x).value)
        return np.sum(x * 0)

    for place in ((0, 0), (0, 1)):
        x = MATRIX.copy()
        x[place] = x[place[::-1]] = number
        seen.clear()
        with np.errstate(all="ignore"):
            try:
                expected = INFINITE[name](x)
            except np.linalg.LinAlgError as error:
                with pytest.raises(np.linalg.LinAlgError, match=str(error)) as caught:
                    tracer.trace(program, x)
                assert caught.traceback[-1].path != __file__ and any(
                    "INFINITE" in str(each.statement) for each in caught.traceback
                )
                continue
        tracer.trace(program, x)
        np.testing.assert_array_equal(seen[0], expected)


def test_error_of_a_rule_names_the_line_of_its_operation() -> None:
    with pytest.raises(np.linalg.LinAlgError) as caught:
        gradient_of(lambda x: np.linalg.slogdet(x)[1] * 2, np.zeros((2, 2)))
    note = r"in the gradient of slogdet at .*test_linear_algebra.py:\d+: np.linalg.slogdet\(x\)"
    assert any(re.fullmatch(note, each) for each in caught.value.__notes__)


def test_complex_eigenvalues_have_a_gradient_and_their_vectors_have_none() -> None:
    turning = np.array([[0.3, -1.0, 0.2], [1.0, 0.1, 0.5], [0.1, 0.2, 0.9]])
    for function in (np.linalg.eigvals, lambda x: np.linalg.eig(x)[0]):
        assert_gradients(lambda x, f=function: np.sum(np.abs(f(x) - 1)), turning, second_order=True)
    with pytest.raises(RecordingError, match="complex eigenvectors have no gradient"):
        gradient_of(lambda x: np.sum(np.abs(np.linalg.eig(x)[1] - 1)), turning)


def test_real_eigenvectors_have_a_gradient_also_where_their_dtype_is_complex(monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy 2.5 and later return complex eigenvalues and eigenvectors for every matrix."""
    x = np.array([[2.0, 1.0], [0.5, 3.0]])

    def program(x: Any) -> Any:
        values, vectors = np.linalg.eig(x)
        return np.sum(vectors.real**2 * values.real * np.arange(2.0)[:, np.newaxis])

    expected = gradient_of(program, x)
    computed = Eig.value
    monkeypatch.setattr(Eig, "value", staticmethod(lambda x, **options: computed(x, **options).astype(complex)))
    np.testing.assert_allclose(gradient_of(program, x), expected, rtol=1e-12)


@pytest.mark.parametrize("order", [1, -1, np.inf, -np.inf])
def test_condition_number_in_the_norms_of_sums(order: float) -> None:
    assert_gradients(lambda x: np.linalg.cond(x, order), MATRIX + np.diag([0.0, 0.5, 1.0]), second_order=True)


# Determinants of singular matrices.


def test_determinant_of_a_singular_matrix_has_a_gradient() -> None:
    singular = np.array([[1.0, 2.0], [2.0, 4.0]])
    np.testing.assert_allclose(gradient_of(lambda x: np.linalg.det(x), singular), [[4, -2], [-2, 1]])
    assert_gradients(lambda x: np.linalg.det(x), np.outer([1.0, 2, 3], [1.0, 1, 2]), second_order=True)


def test_error_of_an_ill_conditioned_inverse_is_no_false_alarm() -> None:
    powers = np.vander(np.linspace(1, 2, 7))  # of condition number 1e8
    assert check_gradients(lambda x: np.sum(np.linalg.inv(x)), powers).passed
    assert check_gradients(lambda x: np.sum(np.linalg.solve(x, np.ones(7))), powers).passed


# Forms of calls.


def test_einsum_in_every_form() -> None:
    x, y = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    expected = gradient_of(lambda x: np.sum(np.einsum("ij,jk->ik", x, y)), x)
    for function in (
        lambda x: np.einsum(x, [0, 1], y, [1, 2], [0, 2]),
        lambda x: np.einsum(x, [0, 1], y, [1, 2]),
        lambda x: np.einsum(x, [..., 1], y, [1, 2], [..., 2]),
        lambda x: np.einsum("ij,jk", x, y, optimize=True),
        lambda x: np.einsum("ij,jk->ik", x, y, optimize=["einsum_path", (0, 1)]),
    ):
        np.testing.assert_allclose(gradient_of(lambda x, function=function: np.sum(function(x)), x), expected)


def test_cross_products_of_vectors_with_two_components() -> None:
    x, y = np.array([1.0, 2.0]), np.array([0.5, -1.0, 3.0])
    with warnings.catch_warnings(action="ignore"):
        assert_gradients(lambda x: np.cross(x, x[::-1] * 2), x, second_order=True)
        assert_gradients(lambda x, y: np.sum(np.cross(x, y) * y), x, y, second_order=True)


def test_flattened_products_of_arrays_with_other_axes() -> None:
    assert_gradients(np.vdot, np.arange(4.0).reshape(2, 2), np.arange(4.0), second_order=True)


def test_dot_of_a_plain_array_names_the_way_round() -> None:
    X = np.ones((3, 2))
    with pytest.raises(RecordingError, match="write X @ w"):
        tracer.trace(lambda w: np.sum(X.dot(w)), np.ones(2))


def test_what_is_not_recorded_is_named() -> None:
    with pytest.raises(RecordingError, match="period is not recorded"):
        tracer.trace(lambda x: np.sum(np.interp(x, [0.0, 1.0], [1.0, 2.0], period=1.0)), np.ones(2) / 3)
    with pytest.raises(RecordingError, match="mode='raw' is not recorded"):
        tracer.trace(lambda x: np.sum(np.linalg.qr(x, "raw")[0]), MATRIX)
