"""Formulas of normalization, dropout, embedding and softmax, with their derivatives in closed form."""

from __future__ import annotations

from tracer.torch.formulas.call import Call, Rule, axis_text, number_text


def given_results(call: Call) -> int:
    """The position of a result among all that the schema has; a mask leaves out those that are not needed."""
    mask = call.value("output_mask") if "output_mask" in call else None
    if not isinstance(mask, list):
        return call.result
    given = [position for position, is_wanted in enumerate(mask) if is_wanted]
    return given[call.result] if call.result < len(given) else call.result


def _per_channel(name: str, rank: int) -> str:
    """A value for each channel, in the shape that broadcasts against the images."""
    return f"{{{name}}}" if rank <= 2 else f"{{{name}}}[:, {', '.join(['None'] * (rank - 2))}]"


def _affine(call: Call, normalized: str, rank: int = 2) -> str:
    weight = f" * {_per_channel('weight', rank)}" if call.has("weight") else ""
    bias = f" + {_per_channel('bias', rank)}" if call.has("bias") else ""
    return call.format(normalized + weight + bias)


def _layer_axes(call: Call) -> str:
    count = len(call.value("normalized_shape"))
    return axis_text(list(range(-count, 0))) + ", keepdims=True"


def _layer_norm(call: Call) -> str:
    axes = _layer_axes(call)
    spread = f"sqrt(var({{input}}{axes}) + {{eps}})"
    if call.result == 0:
        return _affine(call, f"({{input}} - mean({{input}}{axes})) / {spread}")
    return call.format(f"mean({{input}}{axes})" if call.result == 1 else f"1 / {spread}")


def _layer_norm_backward(call: Call) -> str:
    axes, which = _layer_axes(call), given_results(call)
    scaled = "{grad_out} * {weight}" if call.has("weight") else "{grad_out}"
    normalized = "({input} - {mean}) * {rstd}"
    if which == 0:
        return call.format(_through_normalization(scaled, normalized, "{rstd}", axes))
    leading = len(call.shape_of("input")) - len(call.value("normalized_shape"))
    over = axis_text(list(range(leading)))
    return call.format(f"sum({{grad_out}} * {normalized}{over})" if which == 1 else f"sum({{grad_out}}{over})")


def _through_normalization(scaled: str, normalized: str, inverse: str, axes: str) -> str:
    """The gradient of what was normalized: rstd * (g - mean(g) - xhat * mean(g * xhat))."""
    return f"{inverse} * ({scaled} - mean({scaled}{axes}) - {normalized} * mean({scaled} * {normalized}{axes}))"


def _batch_axes(call: Call, name: str) -> tuple[int, ...]:
    return (0, *range(2, len(call.shape_of(name))))


def _batch_norm(call: Call) -> str:
    rank, axes = len(call.shape_of("input")), axis_text(list(_batch_axes(call, "input")))
    training = call.value("training") if "training" in call else "momentum" in call
    if call.result == 0 and not training:
        mean, var = _per_channel("running_mean", rank), _per_channel("running_var", rank)
        return _affine(call, f"({{input}} - {mean}) / sqrt({var} + {{eps}})", rank)
    if call.result == 0:
        kept = f"{axes}, keepdims=True"
        return _affine(call, f"({{input}} - mean({{input}}{kept})) / sqrt(var({{input}}{kept}) + {{eps}})", rank)
    if call.shape == (0,):
        return "zeros((0,))"  # nothing is computed outside of training
    if call.result == 1:
        return call.format(f"mean({{input}}{axes})")
    if call.result == 2:
        return call.format(f"1 / sqrt(var({{input}}{axes}) + {{eps}})")
    what = (f"mean({{input}}{axes})", f"var({{input}}{axes}, ddof=1)")[call.result % 2 == 0]
    running = ("running_mean", "running_var")[call.result % 2 == 0]
    momentum = float(call.value("momentum"))
    return call.format(f"{number_text(1 - momentum)} * {{{running}}} + {number_text(momentum)} * {what}")


def _batch_norm_backward(call: Call) -> str:
    which, rank, axes = given_results(call), len(call.shape_of("input")), axis_text(list(_batch_axes(call, "input")))
    if call.value("train"):
        normalized = f"({{input}} - {_per_channel('save_mean', rank)}) * {_per_channel('save_invstd', rank)}"
        inverse = _per_channel("save_invstd", rank)
    else:
        inverse = f"1 / sqrt({_per_channel('running_var', rank)} + {{eps}})"
        normalized = f"({{input}} - {_per_channel('running_mean', rank)}) / sqrt({_per_channel('running_var', rank)} + {{eps}})"
    if which == 1:
        return call.format(f"sum({{grad_out}} * {normalized}{axes})")
    if which == 2:
        return call.format(f"sum({{grad_out}}{axes})")
    scaled = f"{{grad_out}} * {_per_channel('weight', rank)}" if call.has("weight") else "{grad_out}"
    if not call.value("train"):
        return call.format(f"{scaled} * ({inverse})")
    return call.format(_through_normalization(scaled, normalized, inverse, f"{axes}, keepdims=True"))


def _group_norm(call: Call) -> str:
    if call.result:
        return call.format("group_norm({input}, {group})") + (".mean", ".rstd")[call.result - 1]
    affine = "".join(f", {{{name}}}" for name in ("weight", "bias") if call.has(name))
    return call.format(f"group_norm({{input}}, {{group}}{affine}, eps={{eps}})")


def _group_norm_backward(call: Call) -> str:
    what = ("input", "weight", "bias")[given_results(call)]
    return call.format(f"group_norm_backward({{grad_out}}, {{input}}, {{group}}).{what}")


def _rms_norm(call: Call) -> str:
    spread = f"sqrt(mean(square({{input}}){_layer_axes(call)}) + {{eps}})"
    if call.result:
        return call.format(f"1 / {spread}")
    return call.format(f"{{input}} / {spread}" + (" * {weight}" if call.has("weight") else ""))


def _softmax(name: str) -> Rule:
    def rule(call: Call) -> str:
        return call.format(f"{name}({{self}}{axis_text(call.value('dim'))})")

    return rule


def _log_softmax_backward(call: Call) -> str:
    axes = axis_text(call.value("dim")) + ", keepdims=True"
    return call.format(f"{{grad_output}} - exp({{output}}) * sum({{grad_output}}{axes})")


def _softmax_backward(call: Call) -> str:
    axes = axis_text(call.value("dim")) + ", keepdims=True"
    return call.format(f"{{output}} * ({{grad_output}} - sum({{grad_output}} * {{output}}{axes}))")


def _dropout(call: Call) -> str:
    if not call.value("train") and call.value("train") is not None:
        return call["input"] if call.result == 0 else "ones_like({0})"
    keep = 1 - float(call.value("p"))
    if call.result == 0:
        return call.format(f"{{input}} * mask / {number_text(keep)}")
    return call.format(f"bernoulli({number_text(keep)}, {call.shape})")


def _bernoulli(call: Call) -> str:
    probability = call["p"] if "p" in call.arguments else call["p"] if "p" in call.defaults else call["self"]
    return f"bernoulli({probability}, {call.shape})"


def _dropout_backward(call: Call) -> str:
    scale = call.value("scale")
    return call.format("{grad_output} * {mask}" if scale == 1 else "{grad_output} * {mask} * {scale}")


def _embedding_backward(call: Call) -> str:
    return call.format("add_at(zeros(") + f"{call.shape}" + call.format(")[{indices}], {grad_output})")


def _embedding_bag(call: Call) -> str:
    if call.result:
        result = (".offset2bag", ".bag_size", ".max_indices")[call.result - 1]
        return call.format("embedding_bag({weight}, {indices}, {offsets})") + result
    mode = ("sum", "mean", "max")[int(call.value("mode"))]
    return call.format(f"{mode}_of_bags({{weight}}[{{indices}}], {{offsets}})")


RULES: dict[str, Rule] = {
    "native_layer_norm": _layer_norm,
    "native_layer_norm_backward": _layer_norm_backward,
    "native_batch_norm": _batch_norm,
    "_native_batch_norm_legit": _batch_norm,
    "_batch_norm_with_update": _batch_norm,
    "native_batch_norm_backward": _batch_norm_backward,
    "native_group_norm": _group_norm,
    "native_group_norm_backward": _group_norm_backward,
    "_fused_rms_norm": _rms_norm,
    "_log_softmax": _softmax("log_softmax"),
    "_softmax": _softmax("softmax"),
    "_log_softmax_backward_data": _log_softmax_backward,
    "_softmax_backward_data": _softmax_backward,
    "native_dropout": _dropout,
    "bernoulli": _bernoulli,
    "native_dropout_backward": _dropout_backward,
    "embedding": "{weight}[{indices}]",
    "embedding_dense_backward": _embedding_backward,
    "_embedding_bag": _embedding_bag,
    "_embedding_bag_forward_only": _embedding_bag,
    "_weight_norm_interface": (
        "{v} * ({g} / sqrt(sum(square({v}), keepdims=True)))",
        "sqrt(sum(square({v}), keepdims=True))",
    ),
}
