"""NumPy's protocols: what a call of a NumPy function or operator on Tensors records."""
