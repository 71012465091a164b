"""Faults of the rules of linear algebra: operation, method, a text in its source, and what replaces it."""

from __future__ import annotations

from tracer.ops.base import Op
from tracer.ops.families.linalg import cholesky, determinants, eigenvalues, inverses, norms, qr, singular_values, tensor_equations
from tracer.ops.families.products import structured, tensors

RULES: tuple[tuple[type[Op], str, str, str], ...] = (
    (tensors.Vdot, "gradient_x", "np.reshape(y, np.shape(x))", "np.reshape(np.ravel(y)[::-1], np.shape(x))"),
    (structured.Kron, "gradient_x", "axis=columns", "axis=tuple(each - 1 for each in columns)"),
    (structured.Kron, "gradient_y", "_padded(x, out, rows)", "_padded(x, out, rows[::-1])"),
    (structured.Cross, "gradient_x", "_crossed(_last(y, axisb), _vectors(g, x, y, axisa, axisb, axisc))",
     "_crossed(_vectors(g, x, y, axisa, axisb, axisc), _last(y, axisb))"),
    (structured.Cross, "gradient_y", "_restored(", "2 * _restored("),
    (structured.MultiDot, "gradient", "matrices[position + 1 :]).T", "matrices[position + 1 :][::-1])"),
    (structured.MultiDot, "gradient", "if position > 0:", "if position > 1:"),
    (inverses.Inv, "gradient_x", "-(inverse", "(inverse"),
    (inverses.Inv, "gradient_x", "transposed(out)", "out"),
    (inverses.Solve, "gradient_a", "np.expand_dims(out, -2)", "np.expand_dims(b, -2)"),
    (inverses.Solve, "gradient_a", "@ transposed(out)", "@ transposed(b)"),
    (inverses.Solve, "gradient_b", "_solved_transposed(a, g, b)", "_solved_transposed(transposed(a), g, b)"),
    (inverses.Lstsq, "gradient_a", "-2 *", "-1 *"),
    (inverses.Lstsq, "gradient_a", "cotangent @ columns.T", "cotangent @ (columns - a @ (inverse @ columns)).T"),
    (inverses.Lstsq, "gradient_b", "2 * (b - a @ (inverse @ b))", "2 * b"),
    (tensor_equations.Tensorinv, "gradient_x", "np.reshape(out, (size, size)).T", "np.reshape(out, (size, size))"),
    (determinants.Det, "gradient_x", "transposed(np.linalg.inv(x))", "np.linalg.inv(x)"),
    (determinants.Det, "gradient_x", "_spread(g) * _cofactors(x)", "_spread(g) * transposed(_cofactors(x))"),
    (determinants.Slogdet, "gradient_x", "transposed(np.linalg.inv(x))", "np.linalg.inv(x)"),
    (determinants.MatrixPower, "gradient_x", "matrix_power(blocks, n)", "matrix_power(blocks, n - 1)"),
    (determinants.MatrixPower, "gradient_x", "-(turned", "(turned"),
    (cholesky.Cholesky, "gradient_x", "np.eye(size, dtype=g.dtype) / 2", "0 * np.eye(size, dtype=g.dtype)"),
    (cholesky.Cholesky, "gradient_x", "transposed(g) if upper else g", "g"),
    (cholesky.Cholesky, "gradient_x", "return symmetric(", "return ("),
    (eigenvalues.Eigh, "gradient_x", "np.expand_dims(g, -2)", "np.expand_dims(g, -1)"),
    (eigenvalues.Eigh, "gradient_x", "_off_diagonal_gaps(values)", "transposed(_off_diagonal_gaps(values))"),
    (eigenvalues.Eigvalsh, "gradient_x", "@ transposed(vectors)", "@ vectors"),
    (eigenvalues.Eig, "gradient_x", "g - vectors * np.sum(g * vectors, axis=-2, keepdims=True)", "g"),
    (eigenvalues.Eig, "gradient_x", "np.linalg.solve(transposed(vectors), inner)", "vectors @ inner"),
    (eigenvalues.Eigvals, "gradient_x", "np.linalg.solve(transposed(vectors), ", "np.matmul(vectors, "),
    (singular_values.Svd, "gradient_x", "(left * np.expand_dims(g, -2)) @ right", "(left * np.expand_dims(values, -2)) @ right"),
    (singular_values.Svd, "gradient_x", "_gradient_of_left(g, left, values, right)",
     "_gradient_of_left(g, left, values * 1.1, right)"),
    (singular_values.Svd, "gradient_x", "transposed(right), values, transposed(left)",
     "transposed(right), values, -transposed(left)"),
    (singular_values.Svdvals, "gradient_x", "np.expand_dims(g, -2)", "np.expand_dims(out, -2)"),
    (qr.Qr, "gradient_x", "x[..., size:] @ transposed(others)", "None"),
    (qr.Qr, "gradient_x", "q @ others", "q @ r[..., size:]"),
    (norms.AnyNorm, "gradient", "np.max if order > 0 else np.min", "np.max"),
    (norms.AnyNorm, "gradient", "_summed(order, axes)", "axes[0]"),
    (norms.AnyNorm, "gradient", "np.sign(x) *", "1 *"),
    (norms.AnyNorm, "gradient", "_vector_derivative(x, out, order", "_vector_derivative(x, out, 2"),
)  # fmt: skip

SHOWN_BY: dict[type[Op], str] = {norms.AnyNorm: "norm"}
"""The operation whose derivative a family is."""
