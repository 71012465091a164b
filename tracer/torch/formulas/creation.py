"""Formulas of operations that create, copy and draw arrays."""

from __future__ import annotations

from tracer.torch.formulas.call import Call, Rule


def _as_type(call: Call) -> str:
    dtype = call.value("dtype") if "dtype" in call.arguments else None
    return call["self"] if dtype is None else call.format("astype({self}, {dtype})")


def _filled(name: str, *fields: str) -> Rule:
    def rule(call: Call) -> str:
        return f"{name}({', '.join([str(call.shape), *(call[field] for field in fields)])})"

    return rule


def _arange(call: Call) -> str:
    names = [name for name in ("start", "end", "step") if name in call.arguments]
    if names[-1:] == ["step"] and call.value("step") == 1:
        names.pop()
    if names[:1] == ["start"] and call.value("start") == 0 and len(names) == 2:
        names.pop(0)
    return f"arange({', '.join(call[name] for name in names)})"


def _drawn(name: str, *fields: str) -> Rule:
    """Random numbers: the distribution with its parameters, and the shape."""

    def rule(call: Call) -> str:
        return f"{name}({', '.join([*(call[field] for field in fields if field in call), str(call.shape)])})"

    return rule


def _ones_like(call: Call) -> str:
    return call.format("ones_like({self})") if call.shape else "1"


RULES: dict[str, Rule] = {
    "_to_copy": _as_type,
    "clone": "{self}",
    "contiguous": "{self}",
    "copy": "copy({src})",
    "fill": "{value}",
    "zero": _filled("zeros"),
    "zeros": _filled("zeros"),
    "_efficientzerotensor": _filled("zeros"),
    "new_zeros": _filled("zeros"),
    "ones": _filled("ones"),
    "new_ones": _filled("ones"),
    "zeros_like": "zeros_like({self})",
    "ones_like": _ones_like,
    "full": _filled("full", "fill_value"),
    "new_full": _filled("full", "fill_value"),
    "full_like": "full_like({self}, {fill_value})",
    "empty": _filled("empty"),
    "new_empty": _filled("empty"),
    "new_empty_strided": _filled("empty"),
    "empty_strided": _filled("empty"),
    "empty_like": "empty_like({self})",
    "scalar_tensor": "{s}",
    "arange": _arange,
    "linspace": "linspace({start}, {end}, {steps})",
    "eye": "eye({n})",
    "one_hot": "one_hot({self})",
    "rand": _drawn("uniform"),
    "rand_like": _drawn("uniform"),
    "uniform": _drawn("uniform", "from", "to"),
    "randn": _drawn("normal"),
    "randn_like": _drawn("normal"),
    "normal": _drawn("normal", "mean", "std"),
    "normal_functional": _drawn("normal", "mean", "std"),
    "randint": _drawn("randint", "low", "high"),
    "randint_like": _drawn("randint", "low", "high"),
    "randperm": "permutation({n})",
    "random": _drawn("randint", "from", "to"),
    "exponential": _drawn("exponential", "lambd"),
    "multinomial": "multinomial({self}, {num_samples})",
}
