"""Calls of NumPy as text: `np.pad(x, 1)` is a function of the arrays that it names.

The same text runs on plain arrays, on Tensors and in the namespace of another library that follows NumPy's names.
"""

from __future__ import annotations

import ast
import copy
import linecache
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def _separated(shape: tuple[int, ...], seed: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    """Distinct numbers between the bounds in random order, none close to 0 or to another."""
    rng = np.random.default_rng(seed)
    count = int(np.prod(shape))
    numbers = low + (high - low) * (np.arange(count) + 0.5 + rng.uniform(-0.2, 0.2, count)) / count
    return rng.permutation(numbers).reshape(shape)


ARRAYS: Mapping[str, np.ndarray] = {
    "s": np.array(0.7),
    "t": np.array(-1.3),
    "x": np.array([0.7, -1.3, 2.1, -0.4, 1.6]),
    "y": np.array([-0.9, 0.3, 1.15, 2.4, -1.7]),
    "p": np.array([0.35, 1.2, 2.6, 0.8, 1.9]),
    "q": np.array([0.15, -0.6, 0.8, -0.35, 0.5]),
    "r": np.array([1.35, 1.2, 2.6, 1.8, 3.9]),
    "u": np.array([0.9, -0.3, 1.4]),
    "v": np.array([-1.1, 0.6, 0.25]),
    "w": np.array([0.4, 1.7, 0.8, 1.1]),
    "A": _separated((3, 4), 1),
    "B": _separated((3, 4), 2, -1.9, 2.2),
    "C": _separated((4, 2), 3),
    "P": _separated((3, 4), 4, 0.3, 3.0),
    "M": _separated((3, 3), 5) + 2 * np.eye(3),
    "N": _separated((3, 3), 6),
    "T": _separated((2, 3, 4), 7),
    "K": _separated((2, 3, 3), 8) + 2 * np.eye(3),
}
"""Arrays that an expression may name; it is differentiated with respect to each. `p` and `P` are positive, `q` is between -1
and 1, `r` above 1, and `M` and the matrices of `K` are regular."""

CONSTANTS: Mapping[str, Any] = {
    "rows": np.array([2, 0, 2]),
    "order": np.array([3, 1, 4, 0, 2]),
    "places": np.array([[1, 0, 2, 0], [0, 1, 2, 2], [2, 2, 1, 0]]),
    "mask": np.array([True, False, True, True, False]),
    "gaps": np.array([[True, False, False, True], [False, False, True, False], [False, True, False, False]]),
    "grid": np.array([-2.0, -0.5, 0.25, 1.1, 2.5]),
    "upper": np.triu(np.ones((3, 3))),
    "regular": 4.0 * np.eye(3),
}
"""Plain arrays that an expression may name. It is not differentiated with respect to them."""


def names_in(expression: str) -> list[str]:
    """The names in an expression, in the order in which they appear."""
    found = [node for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name)]
    return list(dict.fromkeys(node.id for node in sorted(found, key=lambda node: (node.lineno, node.col_offset))))


def arrays_of(expression: str) -> dict[str, np.ndarray]:
    """The arrays with respect to which an expression is differentiated.

    >>> list(arrays_of("np.take(x, rows) * s"))
    ['x', 's']
    """
    return {name: ARRAYS[name].copy() for name in names_in(expression) if name in ARRAYS}


def function_of(expression: str, namespace: Any = np, **others: Any) -> Callable[..., Any]:
    """The function of its arrays that an expression stands for, with `np` as a namespace, and with other names.

    Of several statements the last is the result.

    >>> float(function_of("np.sum(x * s)")(np.ones(3), 2.0))
    6.0
    >>> function_of("z = x * 1; z += 1; z")(np.zeros(2)).tolist()
    [1.0, 1.0]
    """
    text, file = f"def function({', '.join(arrays_of(expression))}): {expression}", f"<{expression}>"
    linecache.cache[file] = (len(text), None, [text + "\n"], file)  # as in a notebook, the text of the program is known
    module = ast.parse(text)
    (function,) = module.body
    assert isinstance(function, ast.FunctionDef) and isinstance(function.body[-1], ast.Expr)
    function.body[-1] = ast.copy_location(ast.Return(function.body[-1].value), function.body[-1])
    found = {"np": namespace, "copy": copy, "math": math, **CONSTANTS, **others}
    exec(compile(module, file, "exec"), found)
    return found["function"]


def weighted(result: Any, namespace: Any = np) -> Any:
    """A number in which every element of a result, an array or a sequence of arrays, has a weight of its own."""
    if isinstance(result, (tuple, list)):
        parts = [(position + 1) * weighted(part, namespace) for position, part in enumerate(result)]
        return sum(parts[1:], parts[0]) if parts else 0.0
    shape = tuple(int(size) for size in np.shape(result) or getattr(result, "shape", ()))
    weights = np.cos(1 + np.arange(int(np.prod(shape)))).reshape(shape)
    if getattr(getattr(result, "dtype", None), "kind", "") == "c" or isinstance(result, complex):
        return namespace.sum(weights * namespace.real(result)) + namespace.sum(weights[::-1] * namespace.imag(result))
    return namespace.sum(weights * result)
