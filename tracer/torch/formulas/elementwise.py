"""Formulas of elementwise operations and of the derivatives of activations."""

from __future__ import annotations

from tracer.torch.formulas.call import Call, Rule, number_text, plus

_SAME_NAME = (
    "abs", "ceil", "cos", "cosh", "erf", "erfc", "erfinv", "exp", "exp2", "expm1", "floor", "isfinite", "isinf", "isnan", "log",
    "log10",
    "log1p", "log2", "mish", "relu6", "sigmoid", "sign", "silu", "sin", "sinc", "sinh", "sqrt", "square", "tan", "tanh",
    "trunc", "logit", "digamma", "hardswish", "hardsigmoid", "i0", "conj", "angle", "real", "imag", "logical_not", "signbit",
    "deg2rad",
    "rad2deg", "positive",
)  # fmt: skip

_OTHER_NAME = {
    "acos": "arccos", "asin": "arcsin", "atan": "arctan", "acosh": "arccosh", "asinh": "arcsinh", "atanh": "arctanh",
    "lgamma": "gammaln",
    "sgn": "sign", "special_log_ndtr": "log_ndtr", "special_ndtri": "ndtri", "special_ndtr": "ndtr", "special_i1": "i1",
}  # fmt: skip

_INFIX = {"mul": "*", "gt": ">", "lt": "<", "ge": ">=", "le": "<=", "eq": "==", "ne": "!=", "pow": "**"}

_TWO = {
    "atan2": "arctan2", "hypot": "hypot", "logaddexp": "logaddexp", "logaddexp2": "logaddexp2", "xlogy": "xlogy",
    "maximum": "maximum",
    "minimum": "minimum", "fmax": "fmax", "fmin": "fmin", "fmod": "fmod", "remainder": "remainder", "copysign": "copysign",
    "floor_divide": "floor_divide", "logical_and": "logical_and", "logical_or": "logical_or", "logical_xor": "logical_xor",
    "bitwise_and": "bitwise_and", "bitwise_or": "bitwise_or", "bitwise_xor": "bitwise_xor", "heaviside": "heaviside",
    "special_zeta": "zeta", "special_xlog1py": "xlog1py", "nextafter": "nextafter",
}  # fmt: skip


def _add(call: Call) -> str:
    return _scaled(call, "{self}", "{other}", 1)


def _sub(call: Call) -> str:
    return _scaled(call, "{self}", "{other}", -1)


def _rsub(call: Call) -> str:
    return _scaled(call, "{other}", "{self}", -1)


def _scaled(call: Call, first: str, second: str, sign: int) -> str:
    alpha = call.value("alpha") if "alpha" in call else 1
    if not isinstance(alpha, (int, float)):
        return call.format(f"{first} {'+' if sign > 0 else '-'} {{alpha}} * {second}")
    return call.format(plus(first, sign * alpha, second))


def _div(call: Call) -> str:
    mode = call.value("rounding_mode") if "rounding_mode" in call else None
    templates = {"floor": "floor_divide({self}, {other})", "trunc": "trunc({self} / {other})"}
    return call.format(templates.get(str(mode), "{self} / {other}"))


def _clamp(call: Call) -> str:
    low, high = (name in call and call.has(name) for name in ("min", "max"))
    if low and high:
        return call.format("clip({self}, {min}, {max})")
    return call.format("maximum({self}, {min})" if low else "minimum({self}, {max})")


def _addcmul(call: Call) -> str:
    return _with_value(call, "{tensor1} * {tensor2}")


def _addcdiv(call: Call) -> str:
    return _with_value(call, "{tensor1} / {tensor2}")


def _with_value(call: Call, term: str) -> str:
    return call.format(plus("{self}", _number(call, "value"), term))


def _number(call: Call, name: str) -> object:
    value = call.value(name)
    return value if isinstance(value, (int, float)) else call[name]


def _gelu(call: Call) -> str:
    return call.format("gelu({self}") + call.options(approximate="approximate") + ")"


def _gelu_backward(call: Call) -> str:
    if call.value("approximate") != "none":
        return call.format("gelu_backward({grad_output}, {self}, approximate={approximate})")
    return call.format("{grad_output} * (ndtr({self}) + {self} * exp(-square({self}) / 2) / sqrt(2 * pi))")


def _leaky_relu(call: Call) -> str:
    return call.format("where({self} > 0, {self}, {negative_slope} * {self})")


def _elu(call: Call) -> str:
    scale, alpha, inner = (call.value(name) for name in ("scale", "alpha", "input_scale"))
    x = "{self}" if inner == 1 else f"{number_text(inner)} * {{self}}"
    low = f"expm1({x})" if alpha == 1 else f"{number_text(alpha)} * expm1({x})"
    whole = f"where({{self}} > 0, {{self}}, {low})"
    return call.format(whole if scale == 1 else f"{number_text(scale)} * {whole}")


def _elu_backward(call: Call) -> str:
    scale, alpha, inner = (call.value(name) for name in ("scale", "alpha", "input_scale"))
    x = "{self_or_result}"
    if call.value("is_result"):
        low = f"{number_text(inner)} * ({x} + {number_text(scale * alpha)})"
    else:
        low = f"{number_text(scale * alpha * inner)} * exp({number_text(inner)} * {x})"
    return call.format(f"{{grad_output}} * where({x} > 0, {number_text(scale)}, {low})")


def _mish_backward(call: Call) -> str:
    curve = "tanh(logaddexp(0, {self}))"
    return call.format(f"{{grad_output}} * ({curve} + {{self}} * sigmoid({{self}}) * (1 - square({curve})))")


def _softplus(call: Call) -> str:
    beta = call.value("beta")
    return call.format("logaddexp(0, {self})" if beta == 1 else "logaddexp(0, {beta} * {self}) / {beta}")


def _softplus_backward(call: Call) -> str:
    return call.format(
        "{grad_output} * sigmoid({self})" if call.value("beta") == 1 else "{grad_output} * sigmoid({beta} * {self})"
    )


def _log_sigmoid(call: Call) -> str:
    return call.format("-logaddexp(0, -{self})" if call.result == 0 else "exp(-abs({self}))")


def _round(call: Call) -> str:
    decimals = call.value("decimals") if "decimals" in call else 0
    return call.format("round({self}, {decimals})" if decimals else "rint({self})")


def _nan_to_num(call: Call) -> str:
    return call.format("nan_to_num({self}") + call.options(nan="nan", posinf="posinf", neginf="neginf") + ")"


RULES: dict[str, Rule] = {
    **{name: f"{name}({{self}})" for name in _SAME_NAME},
    **{name: f"{shown}({{self}})" for name, shown in _OTHER_NAME.items()},
    **{name: f"{{self}} {sign} {{other}}" for name, sign in _INFIX.items()},
    **{name: f"{shown}({{self}}, {{other}})" for name, shown in _TWO.items()},
    "add": _add,
    "sub": _sub,
    "rsub": _rsub,
    "div": _div,
    "pow": "{self} ** {exponent}",
    "neg": "-{self}",
    "bitwise_not": "invert({self})",
    "reciprocal": "1 / {self}",
    "rsqrt": "1 / sqrt({self})",
    "frac": "{self} - trunc({self})",
    "round": _round,
    "relu": "maximum({self}, 0)",
    "clamp": _clamp,
    "clamp_min": "maximum({self}, {min})",
    "clamp_max": "minimum({self}, {max})",
    "addcmul": _addcmul,
    "addcdiv": _addcdiv,
    "lerp": "{self} + {weight} * ({end} - {self})",
    "where": "where({condition}, {self}, {other})",
    "masked_fill": "where({mask}, {value}, {self})",
    "nan_to_num": _nan_to_num,
    "threshold": "where({self} > {threshold}, {self}, {value})",
    "threshold_backward": "{grad_output} * ({self} > {threshold})",
    "tanh_backward": "{grad_output} * (1 - square({output}))",
    "sigmoid_backward": "{grad_output} * {output} * (1 - {output})",
    "silu_backward": "{grad_output} * sigmoid({self}) * (1 + {self} * (1 - sigmoid({self})))",
    "gelu": _gelu,
    "gelu_backward": _gelu_backward,
    "leaky_relu": _leaky_relu,
    "leaky_relu_backward": "{grad_output} * where({self} > 0, 1, {negative_slope})",
    "elu": _elu,
    "elu_backward": _elu_backward,
    "hardtanh": "clip({self}, {min_val}, {max_val})",
    "hardtanh_backward": "where(({self} > {min_val}) * ({self} < {max_val}), {grad_output}, 0)",
    "hardsigmoid_backward": "where(abs({self}) < 3, {grad_output} / 6, 0)",
    "hardswish_backward": "{grad_output} * where({self} < -3, 0, where({self} <= 3, {self} / 3 + 0.5, 1))",
    "softplus": _softplus,
    "softplus_backward": _softplus_backward,
    "log_sigmoid_forward": _log_sigmoid,
    "log_sigmoid_backward": "{grad_output} * sigmoid(-{self})",
    "_prelu_kernel": "where({self} > 0, {self}, {weight} * {self})",
    "_prelu_kernel_backward": (
        "{grad_output} * where({self} > 0, 1, {weight})",
        "{grad_output} * where({self} > 0, 0, {self})",
    ),
    "logit_backward": "{grad_output} / ({self} * (1 - {self}))",
    "celu": "where({self} > 0, {self}, {alpha} * expm1({self} / {alpha}))",
    "mish_backward": _mish_backward,
    "glu": "glu({self}, axis={dim})",
    "glu_backward": "glu_backward({grad_output}, {self}, axis={dim})",
    "polygamma": "polygamma({n}, {self})",
}
