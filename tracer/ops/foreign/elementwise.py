"""Elementwise operations: an element depends on the elements at the same place, and its formula is that of the whole."""

from __future__ import annotations

from tracer.ops.elementwise import Elementwise

ELEMENTWISE = frozenset({
    "_fused_adagrad", "_fused_adam", "_fused_adamw", "_fused_sgd", "_prelu_kernel", "_to_copy", "abs", "acos", "acosh",
    "add", "addcdiv", "addcmul", "asin", "asinh", "atan", "atan2", "atanh", "binary_cross_entropy_backward", "bitwise_and",
    "bitwise_not", "bitwise_or", "bitwise_xor", "ceil", "celu", "clamp", "clamp_max", "clamp_min", "copysign",
    "cos", "cosh", "deg2rad", "digamma", "div", "elu", "elu_backward", "eq", "erf", "erfc", "erfinv", "exp", "exp2",
    "expm1", "fill", "floor", "floor_divide", "fmax", "fmin", "fmod", "frac", "ge", "gelu", "gelu_backward", "gt",
    "hardsigmoid", "hardsigmoid_backward", "hardswish", "hardswish_backward", "hardtanh", "hardtanh_backward", "heaviside",
    "huber_loss_backward", "hypot", "isfinite", "isinf", "isnan", "le", "leaky_relu", "leaky_relu_backward", "lerp",
    "lgamma", "log", "log10", "log1p", "log2", "log_sigmoid_backward", "logaddexp", "logaddexp2", "logical_and",
    "logical_not", "logical_or", "logical_xor", "logit", "logit_backward", "lt", "masked_fill", "maximum", "minimum",
    "mish", "mish_backward", "mse_loss_backward", "mul", "nan_to_num", "native_dropout_backward", "ne", "neg", "pow",
    "rad2deg", "reciprocal", "relu", "relu6", "remainder", "round", "rsqrt", "rsub", "sgn", "sigmoid", "sigmoid_backward",
    "sign", "silu", "silu_backward", "sin", "sinc", "sinh", "smooth_l1_loss_backward", "soft_margin_loss_backward",
    "softplus", "softplus_backward", "special_zeta", "sqrt", "square", "sub", "tan", "tanh", "tanh_backward", "threshold",
    "threshold_backward", "trunc", "where", "xlogy",
})  # fmt: skip


class ForeignElementwise(Elementwise):
    """An elementwise operation of another library."""
