"""A strategy for random programs that write in place: through names, slices, transposes and other views, by NumPy's functions.

The source runs with NumPy, with Tensors, and with PyTorch. `own(x)` is a copy, `zeros(shape, x)` a new buffer, and
`plain(shape)` a plain array, also where the rest is recorded. Where PyTorch keeps an operand for the gradient, it is a copy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tracer.testing import Program

SHAPES = ((3,), (2, 3), (3, 2), (2, 2), (2, 3, 2))

OWNERS = ("own({a})", "own({a}) * 0.5", "own({a}) * own({b}) + own({a})", "own(np.tanh(own({a})))", "zeros({a}.shape, {a})",
          "{a}[[0, -1]]", "{a}[{a} > 0.1]", "{a}.reshape(-1).copy()" , "np.concatenate([{a}, {b}])", "{a} + {b}")  # fmt: skip
"""Expressions whose result has memory of its own."""

VIEWS = ("{a}[0]", "{a}[-1]", "{a}[1:]", "{a}[..., 0]", "{a}[None]", "{a}[:, 1:]", "{a}.T", "{a}.reshape(-1)", "{a}.ravel()",
         "np.swapaxes({a}, 0, -1)", "np.squeeze({a})", "{a}", "np.moveaxis({a}, 0, -1)", "{a}.T.reshape(-1)", "{a}[::2]",
         "{a}[1]", "np.expand_dims({a}, 0)", "{a}.T[0]", "{a}[...]")  # fmt: skip
"""Expressions whose result shares the memory of {a} where NumPy's does, and is a copy where NumPy's is."""

WRITES = ("{a} += {b}", "{a} -= 0.5 * {b}", "{a} *= own({b})", "{a} *= 0.5", "{a} /= own({b}) * own({b}) + 1.5",
          "{a}[0] = {b}", "{a}[...] = {b}", "{a}[:] = {b}", "{a}[-1] += {b}", "{a}[0] *= 1.5", "{a}[1:] = {b}[:-1]",
          "{a}[{a} < 0] = 0.25", "{a}[[-1]] = {b}", "{a}[..., 0] = {b}", "{a}.T[0] = {b}", "{a}[:, 0] += 1.25",
          "{a}[...] = {a} * 0.75", "{a}[[0]] += 0.5",
          "{a}[0], {a}[-1] = {b}[-1], {b}[0]")  # fmt: skip
"""Statements that write into {a}."""

FUNCTIONS = ("{a}[[0, -1]] = {b}", "{a}[[0, 0]] = {b}", "{a}[[0, 0]] += 0.5", "for row in {a}: row += 0.25",
             "{a}.fill(0.5)", "np.add({a}, {b}, out={a})", "np.multiply({b}, 2.0, out={a})",
             "np.copyto({a}, {b})",
             "np.add.at({a}, [0, -1, 0], 0.5)", "np.subtract.at({a}, 0, {b})", "np.putmask({a}, {a} > 0.3, 0.3)",
             "np.sum({b}, axis=0, out={a})", "v{n} = plain({a}.shape); v{n} += {a}",
             "v{n} = plain({a}.shape); w{n} = v{n}; v{n} += {a}; w{n} *= 2.0")  # fmt: skip
"""The same where PyTorch has no such function, or another meaning."""


@st.composite
def writing_programs(draw: st.DrawFn, *, max_lines: int = 10, functions: bool = True) -> Program:
    """Programs of one or two arrays that write in place; without `functions` in ways that PyTorch has too."""
    kinds = (OWNERS, VIEWS, VIEWS, WRITES, WRITES, WRITES, *((FUNCTIONS,) if functions else ()))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    arguments = [_distinct(rng, draw(st.sampled_from(SHAPES))) for _ in range(draw(st.integers(1, 2)))]
    names = dict(zip("xy", arguments, strict=False))
    lines = [f"    {name}0 = own({name})" for name in names]
    values: dict[str, Any] = {f"{name}0": array.copy() for name, array in names.items()}
    for number in range(draw(st.integers(1, max_lines))):
        template = draw(st.sampled_from(draw(st.sampled_from(kinds))))
        a, b = draw(st.sampled_from(sorted(values))), draw(st.sampled_from(sorted(values)))
        text = template.format(a=a, b=b if functions else f"own({b})", n=number)
        line = text if template in (*WRITES, *FUNCTIONS) else f"v{number} = {text}"
        if _runs(line, values):
            lines.append(f"    {line}")
    total = " + ".join(f"np.sum(own({name}) * own({name}) * {0.5 + place})" for place, name in enumerate(values))
    source = "\n".join([f"def program({', '.join(names)}):", *lines, f"    return {total}"])
    return Program(source, tuple(arguments))


def namespace(np_like: Any, own: Any, zeros: Any, plain: Any) -> dict[str, Any]:
    """The names that the source uses."""
    return {"np": np_like, "own": own, "zeros": zeros, "plain": plain}


PLAIN = namespace(np, lambda x: x.copy(), lambda shape, like: np.zeros(shape), np.zeros)
"""For plain arrays."""


def _runs(line: str, values: dict[str, Any]) -> bool:
    """Run a line; False, with the values as before, if NumPy refuses it or its numbers grow too large."""
    memory = {name: (value, value.copy()) for name, value in values.items()}
    try:
        exec(line, dict(PLAIN), values)
    except (ValueError, IndexError, TypeError):
        is_fine = False
    else:
        values.pop("row", None)
        is_fine = all(map(_is_small, values.values()))
    if not is_fine:
        values.clear()
        values |= {name: value for name, (value, _) in memory.items()}
        for value, before in memory.values():
            value[...] = before
    return is_fine


def _is_small(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.size <= 40 and bool(np.max(np.abs(value), initial=0) < 50)


def _distinct(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers from about -1.9 to 1.7, no two of them equal."""
    size = int(np.prod(shape))
    return np.asarray(rng.permutation(np.linspace(-1.9, 1.7, size)).reshape(shape) + rng.uniform(-0.02, 0.02, shape))
