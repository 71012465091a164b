"""Formulas of fused optimizers, whose one call writes a parameter and its state."""

from __future__ import annotations

from typing import Any

from tracer.torch.formulas.call import Call, Rule, number_text


def _text(call: Call, name: str) -> str:
    value: Any = call.value(name)
    return number_text(value) if isinstance(value, (int, float)) else call[name]


def _rest(call: Call, name: str) -> str:
    """What a share leaves: `0.1` of 0.9."""
    value: Any = call.value(name)
    return number_text(1 - value) if isinstance(value, (int, float)) else f"(1 - {call[name]})"


def _adam(*, decoupled: bool) -> Rule:
    """Adam; with decoupled decay, AdamW. The results are parameter, gradient, both means, and the largest of the second."""

    def rule(call: Call) -> str:
        decay, rate = call.value("weight_decay"), _text(call, "lr")
        beta1, beta2 = _text(call, "beta1"), _text(call, "beta2")
        parameter = "{self}"
        gradient = "-{grads}" if call.value("maximize") else "{grads}"
        if decay and decoupled:
            parameter = f"{{self}} * (1 - {rate} * {_text(call, 'weight_decay')})"
        elif decay:
            gradient = f"({gradient} + {_text(call, 'weight_decay')} * {{self}})"
        mean = f"{beta1} * {{exp_avgs}} + {_rest(call, 'beta1')} * {gradient}"
        square = f"{beta2} * {{exp_avg_sqs}} + {_rest(call, 'beta2')} * square({gradient})"
        if call.result == 1:
            return call.format("{grads}")
        if call.result == 2:
            return call.format(mean)
        if call.result == 3:
            return call.format(square)
        largest = f"maximum({{max_exp_avg_sqs}}, {square})"
        if call.result == 4:
            return call.format(largest)
        spread = largest if call.value("amsgrad") else square
        corrected = f"({mean}) / (1 - {beta1} ** {{state_steps}})"
        root = f"sqrt(({spread}) / (1 - {beta2} ** {{state_steps}})) + {_text(call, 'eps')}"
        return call.format(f"{parameter} - {rate} * {corrected} / ({root})")

    return rule


def _sgd(call: Call) -> str:
    """The results are the parameter, the gradient and the momentum."""
    gradient = "-{grads}" if call.value("maximize") else "{grads}"
    if call.value("weight_decay"):
        gradient = f"({gradient} + {_text(call, 'weight_decay')} * {{self}})"
    if call.result == 1:
        return call.format("{grads}")
    momentum, dampening = call.value("momentum"), call.value("dampening")
    change = gradient
    if momentum:
        share = gradient if not dampening else f"{number_text(1 - float(dampening))} * {gradient}"
        change = gradient if call.value("is_first_step") else f"{_text(call, 'momentum')} * {{momentum_buffer_list}} + {share}"
        if call.result == 2:
            return call.format(change)
        if call.value("nesterov"):
            change = f"{gradient} + {_text(call, 'momentum')} * ({change})"
    return call.format(f"{{self}} - {_text(call, 'lr')} * ({change})")


def _adagrad(call: Call) -> str:
    gradient = "-{grads}" if call.value("maximize") else "{grads}"
    if call.value("weight_decay"):
        gradient = f"({gradient} + {_text(call, 'weight_decay')} * {{self}})"
    total = f"{{state_sums}} + square({gradient})"
    if call.result:
        return call.format(("{grads}", total, "{state_steps}")[call.result - 1])
    rate = _text(call, "lr")
    if call.value("lr_decay"):
        rate = f"{rate} / (1 + ({{state_steps}} - 1) * {_text(call, 'lr_decay')})"
    return call.format(f"{{self}} - {rate} * {gradient} / (sqrt({total}) + {_text(call, 'eps')})")


RULES: dict[str, Rule] = {
    "_fused_adam": _adam(decoupled=False),
    "_fused_adamw": _adam(decoupled=True),
    "_fused_sgd": _sgd,
    "_fused_adagrad": _adagrad,
    "_amp_foreach_non_finite_check_and_unscale": ("{self} * {inv_scale}", "any(logical_not(isfinite({self})))"),
}
"""The results of an operation on lists are numbered by list."""
