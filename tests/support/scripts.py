"""A strategy for random scripts as people write them: arrays, views, writes in place, Python numbers, lists, loops, functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.writing_programs import FUNCTIONS, OWNERS, SHAPES, VIEWS, WRITES

HEAD = """\
import functools
import math
import numpy as np


def own(x):
    return x.copy()


def zeros(shape, like):
    return np.zeros(shape)


plain = np.zeros


def scaled(x, by=0.5):
    return x * by


class Layer:
    def __init__(self, w):
        self.w, self.calls = w, 0

    def __call__(self, x):
        self.calls += 1
        return np.tanh(x * self.w)


"""

NUMBERS = ("{s} + {t}", "{s} * 0.5", "{s} - {t} * 0.25", "abs({s})", "-{s}", "{s} / ({t} * {t} + 1)", "math.tanh({s})",
           "math.exp(-{s} * {s})", "math.sqrt({s} * {s} + 1)", "float({a}.sum())", "{a}.mean()", "{a}.ravel()[0]", "np.sin({s})",
           "sum([{s}, {t}, 0.5])", "max({s}, {t})", "{s} if {s} > {t} else {t}", "round({s}, 2)", "{a}.max() - {s}", "0.75",
           "functools.reduce(lambda x, y: x * 0.5 + y, [{s}, {t}])", "sum(x * x for x in {a}.ravel())", "{a}.ravel()[0].item()",
           "np.float32({s})", "float(np.dot({a}.ravel(), {a}.ravel()))", "{s} ** 2", "len({a}) * {s}", "np.log1p(abs({s}))",
           "({s} > {t}) * {s}", "np.where({s} > 0, {s}, {t})", "sum(map(math.tanh, [{s}, {t}]))", "{s} // 0.5", "{s} % 1.5",
           "{a}.sum()", "np.sum({a})", "{a}.min()", "np.linalg.norm({a})", "np.max({a} * {s})", "{a}.std() + {s}",
           "np.add.reduce({a}.ravel())",
           "{a}.prod()", "np.mean({a} ** 2)", "l{k}[0]", "l{k}[-1] * {s}", "sum(l{k})")  # fmt: skip
"""Expressions whose result is a number."""

ARRAYS = ("scaled({a})", "scaled({a}, by={s})", "Layer({s})({a})", "{a} * {s}", "{s} - {a}", "np.array([{s}, {t}, {s} * {t}])",
          "np.array(l{k})", "np.full((2, 3), {s})", "{a}.astype(np.float32)", "np.where({a} > {s}, {a}, 0.1)",
          "{a}.clip(-0.5, {s} ** 2)",
          "np.maximum({a}, {s})", "{a}.sum(axis=0)", "np.mean({a}, axis=-1, keepdims=True)", "{a}.T @ {a}", "np.dot({a}.T, {a})",
          "np.exp(-{a} ** 2)", "1 / (1 + np.exp(-{a}))", "np.outer({a}, {a})", "np.stack([{a}, {a}])", "np.vstack([{a}, {a}])",
          "np.array([row * {s} for row in {a}])", "np.vectorize(lambda x: x * 0.5)({a})", "np.asarray({a})",
          "np.array([[{s}], [{t}]])",
          "np.c_[{a}.ravel(), {a}.ravel()]", "np.sort({a}, axis=0)", "{a}[np.argsort({a}.ravel()[:2]) % 2]",
          "np.zeros_like({a}) + {s}",
          "np.cumsum({a})", "{a} / np.linalg.norm({a} + 1)", "np.linalg.svd({a}.reshape(1, -1))[1]", "np.add.reduce({a})",
          "{a} - {a}.max(axis=0)", "np.mean([{s}, {t}]) * {a}", "{a}.std() * {a}")  # fmt: skip
"""Expressions whose result is an array."""

STATEMENTS = ("{a}[0] = {s}", "{a} *= {s}", "{a} -= 0.1 * scaled({a})", "l{k}[0] += {s}", "l{k}.append({s})", "l{k} = [{s}, {t}]",
              "l{k}[-1] = {a}.sum()", "for i in range(2): {a} -= 0.1 * {a}", "for i, x in enumerate({a}): {a}[i] = x * 0.5",
              "for x in {a}: x *= 0.5", "s{n} = 0\nfor x in {a}.ravel(): s{n} += x * {s}",
              "w{n} = 0.0\nfor i in range(3): w{n} -= 0.1 * {s}",
              "s{n} = 0\nwhile s{n} < 1: s{n} += 0.4", "(s{n}, v{n}) = ({s}, {a})", "s{n} = {s}; s{n} += {t}; s{n} *= 0.5",
              "v{n} = {a}; v{n} = v{n} + 1", "v{n} = {a}; v{n} += 1", "np.random.default_rng(3).shuffle({a})", "{a}.sort(axis=0)",
              "d{n} = dict(w={a}, b={s}); d{n}['w'] -= 0.1; d{n}['b'] -= 0.1; v{n} = d{n}['w']; s{n} = d{n}['b']",
              "with np.errstate(all='ignore'): v{n} = {a} / {s}", "{a}.flat[0] = 0.5", "np.exp({a} * 0.1, out={a})",
              "{a}.ravel()[0] += {s}", "{a}.reshape(-1)[-1:] = {s}", "np.copyto({a}, {s})", "{a}[{a} > {s}] = {t}",
              "m{n} = memoryview({a}) if {a}.flags.c_contiguous else None")  # fmt: skip
"""Other statements."""


@st.composite
def scripts(draw: st.DrawFn, *, max_lines: int = 12) -> str:
    """The text of a script that ends with the types and bits of all that it has computed in `result`."""
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    shape = draw(st.sampled_from(SHAPES))
    lines = [
        f"x0 = np.array({np.round(rng.normal(size=shape), 3).tolist()})",
        f"s0 = {round(rng.normal(), 3)}",
        "s1 = 0",
        "l0 = [0.5, 1]",
    ]
    values: dict[str, Any] = {}
    _execute(HEAD + "\n".join(lines), values)
    for number in range(draw(st.integers(1, max_lines))):
        line = _line(draw, number, values)
        trial = dict(values)
        text = "\n".join([*lines, line])
        if _execute(HEAD + text, trial := {}):
            lines.append(line)
            values = trial
    return HEAD + "\n".join([*lines, END])


END = """\
result = {}
for name, value in sorted(globals().items()):
    if name[1:].isdigit() and name[0] not in "dm":
        values = value if isinstance(value, list) else [value]
        arrays = [(each, np.asarray(each)) for each in values]
        result[name] = [(str(type(each)), str(array.dtype), array.shape, array.tobytes()) for each, array in arrays]
"""


def _line(draw: st.DrawFn, number: int, values: dict[str, Any]) -> str:
    arrays = sorted(name for name, value in values.items() if isinstance(value, np.ndarray) and name[1:].isdigit())
    numbers = sorted(name for name, value in values.items() if name[0] in "sw" and name[1:].isdigit())
    names = {
        "a": draw(st.sampled_from(arrays)), "b": draw(st.sampled_from(arrays)), "s": draw(st.sampled_from(numbers)),
        "t": draw(st.sampled_from(numbers)), "n": number, "k": 0,
    }  # fmt: skip
    kind = draw(
        st.sampled_from(("number", "array", "array", "owner", "view", "write", "write", "function", "statement", "statement"))
    )
    if kind in ("number", "array", "owner", "view"):
        texts = {"number": NUMBERS, "array": ARRAYS, "owner": OWNERS, "view": VIEWS}[kind]
        return f"{'s' if kind == 'number' else 'v'}{number} = " + draw(st.sampled_from(texts)).format(**names)
    return draw(st.sampled_from({"write": WRITES, "function": FUNCTIONS, "statement": STATEMENTS}[kind])).format(**names)


def _execute(text: str, values: dict[str, Any]) -> bool:
    """Run a script; False if it fails, or its numbers grow too large."""
    try:
        with np.errstate(all="ignore"):
            exec(text, values)
    except (ValueError, IndexError, TypeError, ZeroDivisionError, OverflowError, np.linalg.LinAlgError):
        return False
    return all(map(_is_small, values.values()))


def _is_small(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.size <= 60 and bool(np.max(np.abs(value), initial=0) < 50)
    return not isinstance(value, (int, float, np.generic)) or abs(value) < 1000
