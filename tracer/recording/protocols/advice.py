"""What to write instead of a call that would leave the graph, or that has no derivative rule."""

from __future__ import annotations

from collections.abc import Mapping
from types import FrameType

import numpy as np

from tracer.errors import RecordingError, close_names
from tracer.ops import registry
from tracer.recording.protocols.calls import Site, Use, function_name, site_of
from tracer.version import page

RECIPES: Mapping[str, str] = {
    "scipy.special.logsumexp": "np.max(x) + np.log(np.sum(np.exp(x - np.max(x))))",
    "scipy.special.log_softmax": "x - np.max(x) - np.log(np.sum(np.exp(x - np.max(x))))",
    "scipy.special.polygamma": "(-1) ** (n + 1) * math.factorial(n) * scipy.special.zeta(n + 1, x)",
    "scipy.special.softmax": "np.exp(x - np.max(x)) / np.sum(np.exp(x - np.max(x)))",
}
"""What to write instead of a function of SciPy that does not ask its arguments, for an array x, over all axes."""

NORMAL: Mapping[str, str] = {
    "pdf": "np.exp(-(((x - loc) / scale) ** 2) / 2) / (scale * np.sqrt(2 * np.pi))",
    "logpdf": "-(((x - loc) / scale) ** 2) / 2 - np.log(scale * np.sqrt(2 * np.pi))",
    "cdf": "scipy.special.ndtr((x - loc) / scale)",
    "logcdf": "scipy.special.log_ndtr((x - loc) / scale)",
    "sf": "scipy.special.ndtr((loc - x) / scale)",
    "logsf": "scipy.special.log_ndtr((loc - x) / scale)",
    "ppf": "loc + scale * scipy.special.ndtri(x)",
}
"""What to write instead of a method of `scipy.stats.norm`."""

_WRITERS = ("array2string", "array_repr", "array_str", "save", "savetxt", "savez", "savez_compressed")

_ATTRIBUTES = {
    "cpu": "a Tensor is on the processor already: leave x.cpu() out",
    "data": "x.data would leave the graph: write x.value where that is meant",
    "flat": "write x.ravel()",
    "norm": "a Tensor has no method norm: write np.linalg.norm(x)",
    "numpy": "x.numpy() would leave the graph: np. functions take a Tensor, and .value is the plain array",
    "relu": "a Tensor has no method relu: write relu(x), from tracer.nn.layers",
    "requires_grad": "every parameter has a gradient in the record, and nothing needs requires_grad: leave it out",
    "sigmoid": "a Tensor has no method sigmoid: write sigmoid(x), from tracer.nn.layers",
    "softmax": "a Tensor has no method softmax: write softmax(x), from tracer.nn.layers",
    "strides": "a Tensor has no strides: write x.value.strides for those of its array",
    "tobytes": "x.tobytes() would leave the graph: write x.value.tobytes() where that is meant",
    "to": "a Tensor is moved nowhere: for another dtype write x.astype(...)",
    "unsqueeze": "a Tensor has no method unsqueeze: write np.expand_dims(x, axis)",
    "zero_grad": "gradients start anew in every step: leave zero_grad() out",
}
"""What to write instead of an attribute that arrays of NumPy or tensors of PyTorch have."""

_CONVERTERS = ("np.array", "np.asarray", "np.asanyarray", "np.ascontiguousarray", "np.asfortranarray", "np.copy")


def conversion_error(what: str, frame: FrameType | None) -> RecordingError:
    """The error for a Tensor that is to become `a plain array`, `a float` or `an int` in the user's code around a frame."""
    site = site_of(frame)
    return RecordingError(_leaving(site, what))


def _leaving(site: Site, what: str) -> str:
    if site.use is Use.STORE:
        return (
            "a Tensor cannot be stored in a plain array, its operations would leave the graph: create the array as"
            " np.zeros(shape, like=x), with x an array of the model, or join a list of the results with np.stack"
        )
    if site.use is Use.CALL and site.function:
        return _leaving_in_call(site, what)
    if site.function in ("np.r_", "np.c_"):
        instead = "np.concatenate" if site.function == "np.r_" else "np.column_stack"
        return f"{site.function} makes a plain array, and its elements would leave the graph: write {instead}([...])"
    if site.use is Use.INDEX:
        return (
            "a Tensor cannot be the index of a plain array: write .value, an index has no gradient (for labels also"
            " np.eye(n)[labels] in data())"
        )
    return _generic(what)


def _generic(what: str) -> str:
    if what == "a plain array":
        return (
            "a Tensor cannot become a plain array, its operations would leave the graph: use np. functions on the Tensor itself,"
            " np.stack for a list of Tensors, or .value where leaving is meant"
        )
    return f"a Tensor cannot become {what}: use np. functions on the Tensor itself, or .item() to leave the graph"


def _leaving_in_call(site: Site, what: str) -> str:
    name, first = site.function, site.arguments[0] if site.arguments else "[...]" if site.takes_list else "x"
    if site.owner is not None:
        return _leaving_in_method(site, what)
    if name == "np.lib.stride_tricks.as_strided":
        return (
            f"{name} reads memory wherever it is told to, and is not recorded: write np.lib.stride_tricks.sliding_window_view,"
            " np.broadcast_to or slices"
        )
    if name in _CONVERTERS and not site.takes_list:
        return f"{name} would take {first} out of the graph: it is an array already, leave {name} out; .value leaves the graph"
    if name in _CONVERTERS:
        return f"{name} makes a plain array, and its elements would leave the graph: write {_stacked(first)}"
    if name in ("np.full", "np.full_like"):
        return f"{name} makes a plain array, and {site.arguments[-1]} would leave the graph: write np.broadcast_to, or np.stack"
    if name in ("np.fromiter", "np.vectorize", "np.apply_along_axis"):
        return f"{name} makes a plain array, and its elements would leave the graph: write np.stack([...]) of a list"
    if name in RECIPES:
        return f"{name} computes with plain arrays, its operations would leave the graph: write {RECIPES[name]}"
    if name.startswith(("np.random.", "random.")):
        return _random(name)
    if name.startswith("math."):
        own = getattr(np, name.removeprefix("math."), None)
        recorded = (
            f"use np.{own.__name__} and not {name}" if own is not None and registry.implementing(own) else "use np. functions"
        )
        return f"a Tensor cannot become {what}: {recorded}, or .item() to leave the graph"
    if name.startswith("np.") and site.takes_list:
        rest = "".join(f", {argument}" for argument in site.arguments[1:])
        return (
            f"{name} makes a plain array of a list, whose elements would leave the graph: write {name}({_stacked(first)}{rest})"
        )
    if name == "complex":
        return f"a Tensor cannot become {what}: leave {name}() out, or write .item() where it may leave the graph"
    if name in ("range", "list", "tuple"):
        return f"a Tensor cannot become {what}: write .item() where it may leave the graph"
    if isinstance(own := getattr(np, name.removeprefix("np."), None), type) and issubclass(own, np.generic):
        return f"{name} makes a plain number, {first} would leave the graph: write {first}.astype({name})"
    if "." in name and not name.startswith("np."):
        return (
            f"{name} computes with plain arrays, and its operations would leave the graph: compose it of np. functions, or"
            f" define an operation ({page('reference/operations')})"
        )
    return _generic(what)


def _leaving_in_method(site: Site, what: str) -> str:
    owner, argument = site.owner_text, site.arguments[0] if site.arguments else "x"
    if isinstance(site.owner, (np.random.Generator, np.random.RandomState)):
        return _random(f"{owner}.{site.function}")
    if isinstance(site.owner, np.ndarray):
        call = f"{owner}.{site.function}"
        if site.function == "dot":
            return f"{call} is a method of a plain array, the result would leave the graph: write {owner} @ {argument}"
        if site.function in ("fill", "put", "__setitem__"):
            return (
                f"{call} stores a Tensor in a plain array, it would leave the graph: create the array as np.zeros(shape, like=x),"
                " with x an array of the model"
            )
        own = getattr(np, site.function, None)
        if own is not None and registry.implementing(own):
            rest = ", ".join((owner, *site.arguments))
            return f"{call} is a method of a plain array, the result would leave the graph: write np.{site.function}({rest})"
    if type(site.owner).__module__.startswith("scipy.stats."):
        name = f"scipy.stats.{getattr(site.owner, 'name', '')}.{site.function}"
        instead = NORMAL.get(site.function) if name.startswith("scipy.stats.norm.") else None
        write = f"write {instead}" if instead else "write out its formula with np. functions and those of scipy.special"
        return f"{name} computes with plain arrays, its operations would leave the graph: {write}"
    return _generic(what)


def _stacked(argument: str) -> str:
    """np.stack of a list, as text; of the rows of a nested list."""
    if len(argument) > 60:
        return "np.stack([...])"
    if argument.startswith("[["):
        return f"np.stack of rows, each np.stack([...]), for {argument}"
    return f"np.stack({argument})"


def _random(name: str) -> str:
    return (
        f"{name} draws outside the graph, and a Tensor as its argument would get no gradient: draw with plain numbers, then shift"
        " and scale, as in mean + spread * rng.normal(size=n)"
    )


def no_rule(function: object, method: str = "__call__") -> str:
    """What to do about a function that has no derivative rule."""
    name = function_name(function) or str(getattr(function, "__name__", function))
    short = name.removeprefix("np.")
    if method != "__call__":
        return f"{name}.{method} is not recorded: compose it of recorded functions"
    if short in _WRITERS:
        return f"{name} takes plain arrays: write x.value for the Tensor"
    own = getattr(np, short, None) if name.startswith("np.") else None
    if own is not None and own is not function and registry.implementing(own):
        return f"the method {short} of a plain array is not recorded: write {name}(...) with the array as the first argument"
    implements = f" with `implements = {name}`" if isinstance(function, np.ufunc) or name.startswith("np.") else ""
    composed = f"compose it of recorded functions ({page('reference/operations')})"
    return f"{name} has no derivative rule: {composed}, or define an operation{implements}"


def no_attribute(name: str, known: list[str]) -> str:
    """What to do about a method or attribute that a Tensor lacks."""
    if name == "resize":
        return "x.resize() is not recorded: write x = x.reshape(shape), x = x[:n] for fewer elements, or np.pad for more"
    if name in ("setfield", "byteswap"):
        return f"x.{name}() is not recorded: write into the array with x[...] = values"
    if name in _ATTRIBUTES:
        return _ATTRIBUTES[name]
    function = getattr(np, name, None)
    if function is not None and registry.implementing(function):
        return f"a Tensor has no method {name}: write np.{name}(x)"
    return f"a Tensor has no attribute {name!r}{close_names(name, known)}"
