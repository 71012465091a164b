"""Reading data files: MNIST's idx files, CSV tables, archives of arrays."""
