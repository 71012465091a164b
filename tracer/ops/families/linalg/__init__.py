"""Functions of matrices and decompositions."""
