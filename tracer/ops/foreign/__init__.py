"""What views know of operations of other libraries, without importing them: which elements an element depends on.

The operations of PyTorch are recorded under their own names, such as `aten.addmm`. `lookup.operation_named` finds them as the
registry finds the package's own.
"""
