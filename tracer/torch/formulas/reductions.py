"""Formulas of reductions, in NumPy's words."""

from __future__ import annotations

import math

from tracer.torch.formulas.call import Call, Rule, axis_text, number_text


def _reduction(name: str) -> Rule:
    def rule(call: Call) -> str:
        return call.format(f"{name}({{self}}{call.axes()})")

    return rule


def _with_other(name: str, elementwise: str) -> Rule:
    """`max` has three forms: of all elements, along an axis with the positions, and of two tensors."""

    def rule(call: Call) -> str:
        if "other" in call:
            return call.format(f"{elementwise}({{self}}, {{other}})")
        return call.format(f"{name if call.result == 0 else 'arg' + name}({{self}}{call.axes()})")

    return rule


def _spread(names: tuple[str, ...]) -> Rule:
    """`var` and `std`, whose divisor is n - 1 unless said otherwise; NumPy's is n."""

    def rule(call: Call) -> str:
        name = names[call.result]
        if name == "mean":
            return call.format(f"mean({{self}}{call.axes()})")
        if "unbiased" in call:
            ddof = int(bool(call.value("unbiased")))
        else:
            given = call.value("correction")
            ddof = 1 if given is None else given
        return call.format(f"{name}({{self}}{axis_text(call.value('dim') if 'dim' in call else None)}")\
            + (f", ddof={number_text(ddof)}" if ddof else "") + (", keepdims=True)" if _keeps(call) else ")")  # fmt: skip

    return rule


def _keeps(call: Call) -> bool:
    return "keepdim" in call and bool(call.value("keepdim"))


def _norm(call: Call) -> str:
    name = "p" if "p" in call else "ord"
    order = call.value(name)
    axes = call.axes()
    if order is None or order == 2:
        return call.format(f"sqrt(sum(square({{self}}){axes}))")
    if order == 1:
        return call.format(f"sum(abs({{self}}){axes})")
    if isinstance(order, float) and math.isinf(order):
        return call.format(f"{'max' if order > 0 else 'min'}(abs({{self}}){axes})")
    return call.format(f"sum(abs({{self}}) ** {{{name}}}{axes}) ** (1 / {{{name}}})")


def _along(name: str, *results: str) -> Rule:
    """An operation along an axis, with its other results."""

    def rule(call: Call) -> str:
        dim = call.value("dim") if "dim" in call else None
        return call.format(f"{name}({{self}}{axis_text(dim)})") + (results[call.result - 1] if call.result else "")

    return rule


def _median(call: Call) -> str:
    """Of an even number of elements, PyTorch takes the lower one of the middle."""
    axes = call.axes()
    if call.result:
        return call.format(f"median({{self}}{axes}).indices")
    return call.format(f"quantile({{self}}, 0.5{axes}, method='lower')")


def _sort(call: Call) -> str:
    name = "argsort" if call.result == 1 else "sort"
    descending = ", descending=True" if call.value("descending") else ""
    return call.format(f"{name}({{self}}{axis_text(call.value('dim'))}{descending})")


def _argsort(call: Call) -> str:
    descending = ", descending=True" if call.value("descending") else ""
    return call.format(f"argsort({{self}}{axis_text(call.value('dim'))}{descending})")


def _topk(call: Call) -> str:
    smallest = ", largest=False" if call.value("largest") is False else ""
    result = ".indices" if call.result else ""
    return call.format(f"topk({{self}}, {{k}}{axis_text(call.value('dim'))}{smallest})") + result


RULES: dict[str, Rule] = {
    **{name: _reduction(name) for name in ("sum", "mean", "prod", "any", "all", "argmax", "argmin", "nansum", "nanmean",
    "logsumexp",
                                           "count_nonzero")},
    "amax": _reduction("max"),
    "amin": _reduction("min"),
    "max": _with_other("max", "maximum"),
    "min": _with_other("min", "minimum"),
    "median": _median,
    "mode": _along("mode", ".indices"),
    "var": _spread(("var",)),
    "std": _spread(("std",)),
    "var_mean": _spread(("var", "mean")),
    "std_mean": _spread(("std", "mean")),
    "norm": _norm,
    "linalg_vector_norm": _norm,
    "cumsum": _along("cumsum"),
    "cumprod": _along("cumprod"),
    "logcumsumexp": _along("logcumsumexp"),
    "cummax": _along("cummax", ".indices"),
    "cummin": _along("cummin", ".indices"),
    "sort": _sort,
    "argsort": _argsort,
    "topk": _topk,
    "bincount": "bincount({self})",
    "searchsorted": "searchsorted({sorted_sequence}, {self})",
    "nonzero": "argwhere({self})",
    "_local_scalar_dense": "item({self})",
}  # fmt: skip
