"""The gradients of other libraries with NumPy's names: which functions they differentiate, and how their gradients compare."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

import tracer
from support.expressions import arrays_of, function_of, weighted
from support.recipes import NO_GRADIENT, RECIPES, WRITTEN_OUT
from tracer.errors import TracerError
from tracer.testing import check_gradients

RIGHT, NAMED, WRONG, OTHER, CRASH = "right", "named error", "wrong gradient", "different value", "other error"
"""The verdicts, from the best to the worst."""

ORDER = (RIGHT, NAMED, CRASH, OTHER, WRONG)

Gradients = tuple[float, list[np.ndarray]]
"""The value of the weighted sum, and its gradient with respect to each array."""


class Peer(NamedTuple):
    """A library: the names of the functions that it differentiates, and its gradient of an expression."""

    functions: Callable[[], list[str]]
    gradients: Callable[[str], Gradients]


def written(function: Callable[..., Any], array: Any, *arguments: Any, **options: Any) -> Any:
    """The array after a function wrote into it."""
    function(array, *arguments, **options)
    return array


def returned(function: Callable[..., Any], array: Any, *arguments: Any, **options: Any) -> Any:
    """The result of a function that writes into a new array, as JAX's do."""
    return function(array, *arguments, **options, inplace=False)


def here(expression: str) -> Gradients:
    """The gradients of tracer."""
    function, arrays = function_of(expression, changed=written), arrays_of(expression)
    step = tracer.trace(_as_function(lambda *given: weighted(function(*given)), len(arrays)), *arrays.values())
    found = []
    for position, array in enumerate(arrays.values()):
        try:
            found.append(step.gradient(f"a{position}"))
        except KeyError:  # no gradient reached it
            found.append(np.zeros_like(array))
    return step.loss, found


def _as_function(function: Callable[..., Any], count: int) -> Callable[..., Any]:
    """The function with named parameters a0, a1, ..."""
    names = ", ".join(f"a{position}" for position in range(count))
    return eval(f"lambda {names}: function({names})", {"function": function})


def plain(expression: str) -> float:
    """The value in NumPy."""
    return float(weighted(function_of(expression, changed=written)(*arrays_of(expression).values())))


# autograd.


def autograd_functions() -> list[str]:
    """Public names that NumPy has too, with a registered vector-Jacobian product or composed by autograd of such functions."""
    core = importlib.import_module("autograd.core")
    found = []
    for part in ("", "linalg", "fft"):
        own = importlib.import_module(f"autograd.numpy.{part}".rstrip("."))
        numpys = getattr(np, part) if part else np
        for name, function in vars(own).items():
            if name.startswith("_") or not hasattr(numpys, name) or not callable(function) or isinstance(function, type):
                continue
            composed = str(getattr(function, "__module__", "")).startswith("autograd.numpy") and not hasattr(function, "fun")
            if function in core.primitive_vjps or composed:
                found.append(f"{part}.{name}".lstrip("."))
    return sorted({*found, "r_", "c_"})


def autograd_gradients(expression: str) -> Gradients:
    autograd, namespace = importlib.import_module("autograd"), importlib.import_module("autograd.numpy")
    function, arrays = function_of(expression, namespace, changed=written), [*arrays_of(expression).values()]
    loss = lambda *given: weighted(function(*given), namespace)  # noqa: E731  # autograd names the function
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(loss(*arrays)), [*autograd.grad(loss, tuple(range(len(arrays))))(*arrays)]


# MyGrad.


def mygrad_functions() -> list[str]:
    """Public functions whose result has a gradient by MyGrad."""
    mygrad = importlib.import_module("mygrad")
    names = [*dir(mygrad), *(f"linalg.{name}" for name in dir(mygrad.linalg))]
    return [name for name in names if name in RECIPES | WRITTEN_OUT and _has_gradient(mygrad_gradients, name)]


def mygrad_gradients(expression: str) -> Gradients:
    mygrad = importlib.import_module("mygrad")
    own = {name: getattr(mygrad, name) for name in dir(mygrad)}
    namespace = SimpleNamespace(**{**vars(np), **own})
    tensors = [mygrad.tensor(array) for array in arrays_of(expression).values()]
    loss = weighted(function_of(expression, namespace, changed=written)(*tensors), namespace)
    if isinstance(loss, mygrad.Tensor):
        loss.backward()
    return float(loss), [np.zeros(each.shape) if each.grad is None else np.asarray(each.grad) for each in tensors]


# JAX.


def jax_functions() -> list[str]:
    """Public functions whose result has a gradient by JAX that is not 0, as that of floor is."""
    namespace = importlib.import_module("jax.numpy")
    names = []
    for prefix, part in (("", namespace), ("linalg.", namespace.linalg), ("fft.", namespace.fft)):
        names += [
            prefix + name for name in dir(part) if callable(getattr(part, name)) and not isinstance(getattr(part, name), type)
        ]
    unknown = [name for name in names if not name.startswith("_") and name not in RECIPES.keys() | NO_GRADIENT]
    assert not unknown, unknown
    return [name for name in names if name in RECIPES and _has_gradient(jax_gradients, name)]


def jax_gradients(expression: str) -> Gradients:
    jax, namespace = importlib.import_module("jax"), importlib.import_module("jax.numpy")
    jax.config.update("jax_enable_x64", True)
    arrays = [namespace.asarray(array) for array in arrays_of(expression).values()]
    function = function_of(expression, namespace, changed=returned)
    loss = jax.value_and_grad(lambda *given: weighted(function(*given), namespace), tuple(range(len(arrays))))
    value, gradients = loss(*arrays)
    return float(value), [np.asarray(each) for each in gradients]


PEERS: Mapping[str, Peer] = {
    "autograd": Peer(autograd_functions, autograd_gradients),
    "mygrad": Peer(mygrad_functions, mygrad_gradients),
    "jax": Peer(jax_functions, jax_gradients),
}


def _has_gradient(gradients: Callable[[str], Gradients], name: str) -> bool:
    """True if the library finds a gradient of the first recipe of a function."""
    try:
        _, found = gradients((RECIPES | WRITTEN_OUT)[name][0])
    except Exception:
        return False
    return any(np.any(each) for each in found)


def verdict(expression: str, theirs: Callable[[str], Gradients]) -> tuple[str, str]:
    """How the gradient of an expression compares with the library's, and what differs."""
    try:
        value, gradients = here(expression)
    except TracerError as error:
        return NAMED, str(error)
    except Exception as error:
        return CRASH, f"{type(error).__name__}: {error}"
    if not np.isclose(value, plain(expression), rtol=1e-12):
        return OTHER, f"{value!r}, NumPy {plain(expression)!r}"
    try:
        their_value, their_gradients = theirs(expression)
    except Exception as error:
        check = check_gradients(_as_function(lambda *given: weighted(function_of(expression)(*given)),
                                                            len(gradients)), *arrays_of(expression).values())  # fmt: skip
        return (RIGHT if check.passed else WRONG), f"held against steps: {type(error).__name__} there"
    if not np.isclose(value, their_value, rtol=1e-6):
        return OTHER, f"{value!r}, there {their_value!r}"
    for name, ours, other in zip(arrays_of(expression), gradients, their_gradients, strict=True):
        if not np.allclose(ours, other, rtol=1e-6, atol=1e-9, equal_nan=True):
            return WRONG, f"d/d{name}: {ours.tolist()}, there {np.asarray(other).tolist()}"
    return RIGHT, ""
