"""Formulas of losses and of their derivatives."""

from __future__ import annotations

import math

from tracer.torch.formulas.call import Call, Rule, number_text

NONE, MEAN, SUM = range(3)
"""How a loss is reduced."""


def _reduced(elementwise: str) -> Rule:
    """A loss that is the mean or the sum of what it is for every element."""

    def rule(call: Call) -> str:
        return call.format(_over_all(call, elementwise))

    return rule


def _over_all(call: Call, elementwise: str) -> str:
    return {MEAN: f"mean({elementwise})", SUM: f"sum({elementwise})"}.get(call.value("reduction"), elementwise)


def _backward(elementwise: str) -> Rule:
    """The gradient of a loss: that of an element, divided by their number for the mean."""

    def rule(call: Call) -> str:
        return call.format(f"{{grad_output}} * {elementwise}{_divided(call)}")

    return rule


def _divided(call: Call) -> str:
    return f" / {math.prod(call.shape)}" if call.value("reduction") == MEAN else ""


def _of_targets(call: Call, negated: str = "-") -> str:
    """The elements at the labels."""
    if len(call.shape_of("self")) == 1:
        return f"{negated}{{self}}[{{target}}]"
    if len(call.shape_of("self")) == 2:
        return f"{negated}{{self}}[range, {{target}}]"
    return f"{negated}take_along_axis({{self}}, {{target}}[:, None], 1)[:, 0]"


def _nll(call: Call) -> str:
    weight = "{weight}[{target}]" if call.has("weight") else ""
    chosen, ignored = _of_targets(call, ""), call.value("ignore_index")
    if call.result == 1:
        return call.format(_total(weight, ignored)) if call.value("reduction") != NONE else "0"
    where = "" if ignored == -100 else f", where={{target}} != {ignored}"
    if weight:
        total = f"-sum({weight} * {chosen}{where})"
        templates = {MEAN: f"{total} / sum({weight}{where})", SUM: total}
        return call.format(templates.get(call.value("reduction"), f"-{weight} * {chosen}"))
    templates = {MEAN: f"-mean({chosen}{where})", SUM: f"-sum({chosen}{where})"}
    return call.format(templates.get(call.value("reduction"), f"-{chosen}"))


def _total(weight: str, ignored: int) -> str:
    """What the sum is divided by: the number of examples, or the sum of their weights."""
    if ignored == -100:
        return f"sum({weight})" if weight else "size({target})"
    return f"sum({weight}, where={{target}} != {ignored})" if weight else f"sum({{target}} != {ignored})"


def _nll_backward(call: Call) -> str:
    classes = call.shape[1] if len(call.shape) > 1 else math.prod(call.shape)
    weight = f" * {{weight}}{'[:, None, None]' * (len(call.shape) > 2)}" if call.has("weight") else ""
    divided = " / {total_weight}" if call.value("reduction") == MEAN else ""
    axis = ", axis=1" if len(call.shape) > 2 else ""
    gradient = "{grad_output}[:, None]" if call.value("reduction") == NONE and len(call.shape) > 1 else "{grad_output}"
    ignored = call.value("ignore_index")
    hot = f"one_hot({{target}}, {classes}{axis})"
    if ignored != -100:
        hot = f"where(({{target}} != {ignored})[:, None], {hot}, 0)"
    return call.format(f"-{gradient}{divided} * {hot}{weight}")


_LOG_SUM = "{target} * log({self}) + (1 - {target}) * log(1 - {self})"


def _bce(call: Call) -> str:
    if call.has("weight"):
        return call.format(_over_all(call, f"-{{weight}} * ({_LOG_SUM})"))
    return call.format({MEAN: f"-mean({_LOG_SUM})", SUM: f"-sum({_LOG_SUM})"}.get(call.value("reduction"), f"-({_LOG_SUM})"))


def _bce_backward(call: Call) -> str:
    weight = "{weight} * " if call.has("weight") else ""
    return call.format(f"{{grad_output}} * {weight}({{self}} - {{target}}) / ({{self}} * (1 - {{self}})){_divided(call)}")


def _bce_with_logits(call: Call) -> str:
    if call.has("pos_weight"):
        each = "(1 - {target}) * {self} + (1 + ({pos_weight} - 1) * {target}) * logaddexp(0, -{self})"
    else:
        each = "logaddexp(0, {self}) - {target} * {self}"
    return call.format(_over_all(call, f"{{weight}} * ({each})" if call.has("weight") else each))


def _huber(call: Call) -> str:
    difference, delta = "abs({self} - {target})", call.value("delta")
    half = number_text(0.5 * delta)
    linear = f"{difference} - {half}" if delta == 1 else f"{number_text(delta)} * ({difference} - {half})"
    return call.format(
        _over_all(call, f"where({difference} < {number_text(delta)}, 0.5 * square({{self}} - {{target}}), {linear})")
    )


def _huber_backward(call: Call) -> str:
    delta = number_text(call.value("delta"))
    return call.format(f"{{grad_output}} * clip({{self}} - {{target}}, -{delta}, {delta}){_divided(call)}")


def _smooth_l1(call: Call) -> str:
    difference, beta = "abs({self} - {target})", call.value("beta")
    square = "0.5 * square({self} - {target})" + ("" if beta == 1 else f" / {number_text(beta)}")
    linear = f"{difference} - {number_text(0.5 * beta)}"
    return call.format(_over_all(call, f"where({difference} < {number_text(beta)}, {square}, {linear})"))


def _smooth_l1_backward(call: Call) -> str:
    beta = call.value("beta")
    inner = "{self} - {target}" if beta == 1 else f"({{self}} - {{target}}) / {number_text(beta)}"
    return call.format(f"{{grad_output}} * clip({inner}, -1, 1){_divided(call)}")


RULES: dict[str, Rule] = {
    "nll_loss_forward": _nll,
    "nll_loss2d_forward": _nll,
    "nll_loss_backward": _nll_backward,
    "nll_loss2d_backward": _nll_backward,
    "mse_loss": _reduced("square({self} - {target})"),
    "mse_loss_backward": _backward("2 * ({self} - {target})"),
    "l1_loss": _reduced("abs({self} - {target})"),
    "binary_cross_entropy": _bce,
    "binary_cross_entropy_backward": _bce_backward,
    "binary_cross_entropy_with_logits": _bce_with_logits,
    "huber_loss": _huber,
    "huber_loss_backward": _huber_backward,
    "smooth_l1_loss": _smooth_l1,
    "smooth_l1_loss_backward": _smooth_l1_backward,
    "soft_margin_loss": _reduced("log1p(exp(-{target} * {self}))"),
    "soft_margin_loss_backward": _backward("(-{target} * sigmoid(-{target} * {self}))"),
}
