"""Methods of NumPy arrays on Tensors, a family a module."""
