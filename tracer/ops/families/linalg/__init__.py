"""Functions of matrices and decompositions."""

from tracer.ops.families.linalg import (
    cholesky,
    conditioning,
    determinants,
    eigenvalues,
    inverses,
    norms,
    qr,
    singular_values,
    tensor_equations,
)

__all__ = [
    "cholesky",
    "conditioning",
    "determinants",
    "eigenvalues",
    "inverses",
    "norms",
    "qr",
    "singular_values",
    "tensor_equations",
]
