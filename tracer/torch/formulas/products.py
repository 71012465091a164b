"""Formulas of products of matrices, convolutions, pooling, attention and recurrent layers."""

from __future__ import annotations

import math

from tracer.torch.formulas.call import Call, Rule, number_text, times


def _add_product(first: str, second: str, operator: str = "@") -> Rule:
    def rule(call: Call) -> str:
        beta, product = call.value("beta"), f"{{{first}}} {operator} {{{second}}}"
        if operator != "@":
            product = f"outer({{{first}}}, {{{second}}})"
        scaled = times(call.value("alpha"), product)
        if beta == 0:
            return call.format(scaled)
        return call.format(f"{scaled} + {'' if beta == 1 else number_text(beta) + ' * '}{{self}}")

    return rule


def _name(call: Call, words: str, sizes: str) -> str:
    """The name of an operation with its number of spatial dimensions: `conv2d`."""
    count = max(len(call.value(sizes)), 1)
    return f"{words}{count}d"


def _convolution(call: Call) -> str:
    is_transposed = bool(call.value("transposed"))
    name = _name(call, "conv_transpose" if is_transposed else "conv", "stride")
    bias = ", {bias}" if call.has("bias") else ""
    return call.format(f"{name}({{input}}, {{weight}}{bias}{_window(call)})")


def _window(call: Call) -> str:
    """The options of a convolution that differ from the usual."""
    usual = {"stride": 1, "padding": 0, "dilation": 1, "output_padding": 0, "groups": 1}
    found = ""
    for name, default in usual.items():
        value = call.value(name)
        sizes = value if isinstance(value, list) else [value]
        if any(size != default for size in sizes):
            found += f", {name}={number_text(sizes[0]) if len(set(sizes)) == 1 else tuple(sizes)}"
    return found


def _convolution_backward(call: Call) -> str:
    masks = call.value("output_mask")
    given = [position for position, is_wanted in enumerate(masks) if is_wanted] if isinstance(masks, list) else [0, 1, 2]
    which = given[call.result] if call.result < len(given) else call.result
    is_transposed = bool(call.value("transposed"))
    options = _window(call)
    if which == 0:
        name = _name(call, "conv" if is_transposed else "conv_transpose", "stride")
        return call.format(f"{name}({{grad_output}}, {{weight}}{options})")
    if which == 1:
        name = _name(call, "conv_transpose" if is_transposed else "conv", "stride")
        return call.format(f"{name}_weight({{input}}, {{grad_output}}{options})")
    axes = (0, *range(2, len(call.shape_of("grad_output"))))
    return call.format(f"sum({{grad_output}}, axis={axes})")


def _pool(name: str, *, results: tuple[str, ...] = ("",)) -> Rule:
    def rule(call: Call) -> str:
        count = len(call.value("kernel_size"))
        size = call.value("kernel_size")
        options = call.options(padding="padding", dilation="dilation", ceil_mode="ceil_mode")
        stride = call.value("stride") if "stride" in call else []
        if stride and stride != size:
            options = call.options(stride="stride") + options
        written = number_text(size[0]) if len(set(size)) == 1 else str(tuple(size))
        return call.format(f"{name}{count}d({{self}}, {written}{options})") + results[call.result]

    return rule


def _unpool(call: Call) -> str:
    """The gradient at the elements that were the largest."""
    return call.format("unpool({grad_output}, {indices}, ") + f"shape={call.shape})"


def _adaptive_pool(call: Call) -> str:
    return call.format("adaptive_avg_pool2d({self}, {output_size})")


def _scores(call: Call) -> str:
    """What attention takes the softmax of."""
    size = call.shape_of("query")[-1:] or (1,)
    scores = "{query} @ matrix_transpose({key})"
    scale = call.value("scale") if "scale" in call else None
    is_default = scale is None or math.isclose(float(scale), 1 / math.sqrt(size[0]))
    scaled = f"{scores} / sqrt({size[0]})" if is_default else f"{number_text(scale)} * ({scores})"
    mask = next((name for name in ("attn_mask", "attn_bias") if name in call and call.has(name)), None)
    if mask:
        scaled += f" + {{{mask}}}"
    return f"causal({scaled})" if call.value("is_causal") else scaled


def _attention(call: Call) -> str:
    if call.result == 0:
        dropped = f"softmax({_scores(call)}, axis=-1)"
        if call.value("dropout_p"):
            dropped = f"dropout({dropped}, {{dropout_p}})"
        return call.format(f"{dropped} @ {{value}}")
    if call.result == 1:
        return call.format(f"logsumexp({_scores(call)}, axis=-1)")
    return call.format(f"attention({{query}}, {{key}}, {{value}})[{call.result}]")


def _attention_backward(call: Call) -> str:
    if call.result == 2:
        return call.format(f"matrix_transpose(softmax({_scores(call)}, axis=-1)) @ {{grad_out}}")
    which = ("query", "key")[call.result] if call.result < 2 else str(call.result)
    return call.format(f"attention_backward({{grad_out}}, {{query}}, {{key}}, {{value}}).{which}")


def _mkldnn_rnn(call: Call) -> str:
    kinds = {2: "lstm", 3: "gru"}
    name = kinds.get(call.value("mode"), "rnn")
    cell = ", {cx_}" if name == "lstm" else ""
    inputs = f"{{input}}, {{hx_}}{cell}, {{weight0}}, {{weight1}}, {{weight2}}, {{weight3}}"
    reverse = ", reverse=True" if call.value("reverse") else ""
    result = ("output", "h", "c", "workspace")[call.result]
    return call.format(f"{name}({inputs}{reverse}).{result}")


def _rnn_backward(call: Call) -> str:
    kinds = {2: "lstm", 3: "gru"}
    name = kinds.get(call.value("mode"), "rnn")
    result = ("input", "weight_ih", "weight_hh", "bias_ih", "bias_hh", "h", "c")[call.result]
    gradient = next((f", {{{name}}}" for name in ("grad_output", "grad_hy", "grad_cy") if call.has(name)), "")
    return call.format(f"{name}_backward({{input}}, {{output}}{gradient}).{result}")


def _lstm_cell(call: Call) -> str:
    result = ("h", "c", "workspace")[call.result]
    return call.format(f"lstm_cell({{input_gates}} + {{hidden_gates}}, {{cx}}).{result}")


RULES: dict[str, Rule] = {
    "mm": "{self} @ {mat2}",
    "bmm": "{self} @ {mat2}",
    "mv": "{self} @ {vec}",
    "dot": "{self} @ {tensor}",
    "vdot": "vdot({self}, {other})",
    "outer": "outer({self}, {vec2})",
    "addmm": _add_product("mat1", "mat2"),
    "baddbmm": _add_product("batch1", "batch2"),
    "addmv": _add_product("mat", "vec"),
    "addr": _add_product("vec1", "vec2", "outer"),
    "cross": "cross({self}, {other})",
    "linalg_cross": "cross({self}, {other})",
    "convolution": _convolution,
    "convolution_overrideable": _convolution,
    "convolution_backward": _convolution_backward,
    "max_pool2d_with_indices": _pool("max_pool", results=("", ".indices")),
    "max_pool3d_with_indices": _pool("max_pool", results=("", ".indices")),
    "max_pool2d_with_indices_backward": _unpool,
    "max_pool3d_with_indices_backward": _unpool,
    "avg_pool2d": _pool("avg_pool"),
    "avg_pool3d": _pool("avg_pool"),
    "_adaptive_avg_pool2d": _adaptive_pool,
    "_adaptive_avg_pool2d_backward": "adaptive_avg_pool2d_backward({grad_output}, {self})",
    "adaptive_max_pool2d": ("adaptive_max_pool2d({self}, {output_size})", "adaptive_max_pool2d({self}, {output_size}).indices"),
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
    "_scaled_dot_product_flash_attention": _attention,
    "_scaled_dot_product_efficient_attention": _attention,
    "_scaled_dot_product_flash_attention_for_cpu_backward": _attention_backward,
    "_scaled_dot_product_flash_attention_backward": _attention_backward,
    "mkldnn_rnn_layer": _mkldnn_rnn,
    "mkldnn_rnn_layer_backward": _rnn_backward,
    "_thnn_fused_lstm_cell": _lstm_cell,
    "linalg_solve": "solve({A}, {B})",
    "_linalg_solve_ex": ("solve({A}, {B})", "solve({A}, {B}).LU", "solve({A}, {B}).pivots", "solve({A}, {B}).info"),
    "linalg_inv_ex": ("inv({A})", "inv({A}).info"),
    "linalg_cholesky_ex": ("cholesky({self})", "cholesky({self}).info"),
    "_linalg_det": ("det({A})", "det({A}).LU", "det({A}).pivots"),
    "_linalg_svd": ("svd({A}).U", "svd({A}).S", "svd({A}).Vh"),
    "_linalg_eigh": ("eigh({A}).eigenvalues", "eigh({A}).eigenvectors"),
    "trace": "trace({self})",
}
