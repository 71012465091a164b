"""Formulas of operations that move, choose and join elements."""

from __future__ import annotations

from tracer.torch.formulas.call import Call, Rule, axis_text, number_text

_END = 2**62
"""Ends of slices from here on mean the end of the axis."""


def _reshaped(call: Call) -> str:
    return call.format("reshape({self}, ") + f"{call.shape})"


def _viewed(call: Call) -> str:
    return call.format("view({self}, {dtype})") if "dtype" in call.arguments else _reshaped(call)


def _broadcast(call: Call) -> str:
    return call.format("broadcast_to({self}, ") + f"{call.shape})"


def _t(call: Call) -> str:
    return call.format("{self}.T") if len(call.shape) == 2 else call["self"]


def _transpose(call: Call) -> str:
    rank = len(call.shape)
    first, second = sorted(each % max(rank, 1) for each in (call.value("dim0"), call.value("dim1")))
    if rank == 2 and first != second:
        return call.format("{self}.T")
    if (first, second) == (rank - 2, rank - 1):
        return call.format("matrix_transpose({self})")
    return call.format("swapaxes({self}, {dim0}, {dim1})")


def _permute(call: Call) -> str:
    dims = call.value("dims")
    return call.format("{self}.T") if list(dims) == [1, 0] else call.format("transpose({self}, ") + f"{tuple(dims)})"


def _unsqueeze(call: Call) -> str:
    return call.format("expand_dims({self}, axis={dim})")


def _squeeze(call: Call) -> str:
    return call.format(f"squeeze({{self}}{axis_text(call.value('dim') if 'dim' in call.arguments else None)})")


def _colons(dim: int, rank: int) -> str:
    return ":, " * (dim % rank if rank else 0)


def _select(call: Call) -> str:
    rank = len(call.shape) + 1
    return call.format("{self}[") + _colons(call.value("dim"), rank) + call["index"] + "]"


def _bounds(call: Call) -> str:
    start, end, step = (call.value(name) for name in ("start", "end", "step"))
    text = f"{start or ''}:{'' if end is None or end >= _END else end}"
    return text if step in (None, 1) else f"{text}:{step}"


def _slice(call: Call) -> str:
    return call.format("{self}[") + _colons(call.value("dim"), len(call.shape)) + _bounds(call) + "]"


def _select_backward(call: Call) -> str:
    return _into_zeros(call, call["index"])


def _slice_backward(call: Call) -> str:
    return _into_zeros(call, _bounds(call))


def _into_zeros(call: Call, index: str) -> str:
    """A gradient at the place of an array of zeros that was taken."""
    place = _colons(call.value("dim"), len(call.shape)) + index
    return f"write(zeros({call.shape})[{place}], {call['grad_output']})"


def _select_scatter(call: Call) -> str:
    return call.format("write({self}[") + _colons(call.value("dim"), len(call.shape)) + call.format("{index}], {src})")


def _slice_scatter(call: Call) -> str:
    return call.format("write({self}[") + _colons(call.value("dim"), len(call.shape)) + _bounds(call) + call.format("], {src})")


def _indices(call: Call) -> str:
    given = call.arguments["indices"]
    return ", ".join(":" if each is None else call.text(each) for each in given)


def _index(call: Call) -> str:
    return call.format("{self}[") + _indices(call) + "]"


def _index_put(call: Call) -> str:
    name = "add_at" if call.value("accumulate") else "write"
    return call.format(f"{name}({{self}}[") + _indices(call) + call.format("], {values})")


def _at_index(name: str, source: str) -> Rule:
    def rule(call: Call) -> str:
        place = _colons(call.value("dim"), len(call.shape)) + call["index"]
        return call.format(f"{name}({{self}}[") + place + call.format(f"], {source})")

    return rule


def _take(call: Call) -> str:
    return call.format("take({self}, {index}") + f"{axis_text(call.value('dim'))})"


def _scatter(call: Call) -> str:
    source = "src" if "src" in call else "value"
    return call.format(f"put_along_axis({{self}}, {{index}}, {{{source}}}, ") + f"axis={call.value('dim')})"


def _scatter_add(call: Call) -> str:
    return call.format("scatter_add({self}, {index}, {src}, ") + f"axis={call.value('dim')})"


def _joined(name: str) -> Rule:
    def rule(call: Call) -> str:
        parts = ", ".join(call.text(each) for each in call.arguments["tensors"])
        dim = call.value("dim")
        return f"{name}([{parts}]{f', axis={dim}' if dim else ''})"

    return rule


def _split(call: Call) -> str:
    """The part of a split as a slice."""
    sizes = next((call.value(name) for name in ("split_sizes", "split_size") if name in call.arguments), None)
    dim = call.value("dim")
    if sizes is None or not isinstance(dim, int):
        return call.format(f"split({{self}})[{call.result}]")
    start = sum(sizes[: call.result]) if isinstance(sizes, list) else sizes * call.result
    rank = len(call.shape)
    end = start + (call.shape[dim] if rank else 0)
    return call.format("{self}[") + f"{_colons(dim, rank)}{start or ''}:{end}]"


def _chunk(call: Call) -> str:
    return call.format("array_split({self}, {chunks}") + f"{axis_text(call.value('dim'))})[{call.result}]"


def _unbind(call: Call) -> str:
    return call.format("{self}[") + _colons(call.value("dim"), len(call.shape) + 1) + f"{call.result}]"


def _flip(call: Call) -> str:
    return call.format(f"flip({{self}}{axis_text(call.value('dims'))})")


def _roll(call: Call) -> str:
    shifts = call.value("shifts")
    return call.format("roll({self}, ") + f"{_one(shifts)}{axis_text(call.value('dims'))})"


def _one(numbers: list[int]) -> str:
    return number_text(numbers[0]) if len(numbers) == 1 else str(tuple(numbers))


def _pad(call: Call) -> str:
    flat = call.value("pad")
    rank = len(call.shape)
    pairs = [(0, 0)] * (rank - len(flat) // 2) + [(flat[at], flat[at + 1]) for at in reversed(range(0, len(flat), 2))]
    if min(flat) < 0 and max(flat) <= 0:  # less than nothing is added: elements are cut off
        cuts = ", ".join(f"{-low or ''}:{high or ''}" for low, high in pairs)
        return call.format("{self}[") + cuts + "]"
    value = call.value("value")
    return call.format("pad({self}, ") + str(tuple(pairs)) + (f", constant_values={number_text(value)})" if value else ")")


def _triangle(name: str) -> Rule:
    def rule(call: Call) -> str:
        offset = call.value("diagonal")
        return call.format(f"{name}({{self}}") + (f", k={offset})" if offset else ")")

    return rule


def _diagonal(call: Call) -> str:
    return call.format("diagonal({self}") + call.options(offset="offset", dim1="axis1", dim2="axis2") + ")"


RULES: dict[str, Rule] = {
    "view": _viewed,
    "_unsafe_view": _reshaped,
    "reshape": _reshaped,
    "_reshape_alias": _reshaped,
    "unflatten": _reshaped,
    "flatten": _reshaped,
    "expand": _broadcast,
    "t": _t,
    "transpose": _transpose,
    "permute": _permute,
    "numpy_T": "{self}.T",
    "unsqueeze": _unsqueeze,
    "squeeze": _squeeze,
    "select": _select,
    "slice": _slice,
    "select_backward": _select_backward,
    "slice_backward": _slice_backward,
    "select_scatter": _select_scatter,
    "slice_scatter": _slice_scatter,
    "index": _index,
    "_unsafe_index": _index,
    "index_put": _index_put,
    "_index_put_impl": _index_put,
    "_unsafe_index_put": _index_put,
    "index_select": _take,
    "take": "take({self}, {index})",
    "gather": "take_along_axis({self}, {index}, {dim})",
    "scatter": _scatter,
    "scatter_add": _scatter_add,
    "index_add": _at_index("add_at", "{source}"),
    "index_copy": _at_index("write", "{source}"),
    "index_fill": _at_index("write", "{value}"),
    "masked_select": "{self}[{mask}]",
    "masked_scatter": "write({self}[{mask}], {source})",
    "cat": _joined("concatenate"),
    "stack": _joined("stack"),
    "split": _split,
    "split_with_sizes": _split,
    "chunk": _chunk,
    "unbind": _unbind,
    "flip": _flip,
    "roll": _roll,
    "repeat": "tile({self}, {repeats})",
    "constant_pad_nd": _pad,
    "tril": _triangle("tril"),
    "triu": _triangle("triu"),
    "diagonal": _diagonal,
}
