"""Operators and functions over numbers of every type: what each gives, and of which type."""
import decimal
import fractions
import math
import operator
import random

import numpy as np

a = np.array([1.0, 2.0, 3.0])
s = a.sum()
f = 2.5
i = 3
t = np.float32(2.0) * a.astype(np.float32)[1]
n = np.argmax(a)
values = [s, f, i, t, n, a[0], np.float64(7.0), 2, True, np.True_, np.int32(3), float("inf"), 1j, np.array(2.0)]
binary = "eq ne add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift".split()
unary = [
    lambda v: abs(v),
    lambda v: -v,
    lambda v: +v,
    lambda v: ~v,
    lambda v: bool(v),
    lambda v: str(v),
    lambda v: repr(v),
    lambda v: hash(v),
    lambda v: float(v),
    lambda v: complex(v),
    lambda v: int(v),
    lambda v: round(v),
    lambda v: round(v, 1),
    lambda v: math.floor(v),
    lambda v: divmod(v, 2),
    lambda v: 2 ** v,
    lambda v: v in values,
    lambda v: values.index(v),
    lambda v: {v: 1}[v],
    lambda v: "%.2f %5s %r" % (v, v, v),
    lambda v: "{:.3e} {!r}".format(v, v),
    lambda v: f"{v:>10}",
    lambda v: v.real,
    lambda v: v.imag,
    lambda v: v.conjugate(),
    lambda v: v.item(),
    lambda v: v.shape,
    lambda v: v.dtype,
    lambda v: v.ndim,
    lambda v: v.size,
    lambda v: v.mean(),
    lambda v: v.sum(),
    lambda v: v.round(1),
    lambda v: v.astype(int),
    lambda v: v.T,
    lambda v: v.is_integer(),
    lambda v: v.hex(),
    lambda v: v.bit_length(),
    lambda v: v.as_integer_ratio(),
    lambda v: v.numerator,
    lambda v: v.tolist(),
    lambda v: v[()],
    lambda v: v.squeeze(),
    lambda v: v.reshape(1),
    lambda v: v.copy(),
    lambda v: v.flatten(),
    lambda v: v.dot(a),
    lambda v: a.dot(v),
    lambda v: np.exp(v),
    lambda v: math.exp(v),
    lambda v: max(v, 2),
    lambda v: min([v, 2.0]),
    lambda v: sorted([v, 2.0, 1]),
    lambda v: sum([v, v]),
    lambda v: pow(v, 2),
    lambda v: isinstance(v, (int, float)),
    lambda v: isinstance(v, np.floating),
    lambda v: np.isscalar(v),
    lambda v: decimal.Decimal(v),
    lambda v: fractions.Fraction(v),
    lambda v: random.Random(v).random(),
    lambda v: np.random.RandomState(v).rand(),
    lambda v: range(v),
    lambda v: [0] * v,
    lambda v: a[v],
    lambda v: [1, 2, 3, 4][v],
    lambda v: list(range(10))[:v],
    lambda v: np.array([v, 1]),
    lambda v: np.full(2, v),
    lambda v: np.zeros(2) + v,
    lambda v: np.eye(v),
    lambda v: a.reshape(v),
    lambda v: np.linspace(0, v, 3),
    lambda v: np.arange(v),
    lambda v: np.sqrt(v),
    lambda v: np.maximum(v, 1),
    lambda v: np.where(a > v, v, a),
    lambda v: np.clip(a, 0, v),
    lambda v: np.isnan(v),
    lambda v: math.isnan(v),
    lambda v: math.isclose(v, 1),
    lambda v: math.sqrt(v),
    lambda v: math.log(v, 2),
    lambda v: math.fsum([v, v]),
    lambda v: math.prod([v, v]),
    lambda v: math.factorial(v),
    lambda v: type(v)(2),
    lambda v: type(v) is float,
    lambda v: type(v),
    lambda v: v.__class__.__name__,
    lambda v: np.log(v),
    lambda v: np.power(v, 2),
    lambda v: np.linalg.norm(v),
    lambda v: np.dot(v, a),
    lambda v: v ** 2,
    lambda v: np.outer(v, a),
    lambda v: np.sum(v),
    lambda v: np.mean(v),
    lambda v: np.mean([v, v]),
    lambda v: np.abs(v),
    lambda v: np.sign(v),
    lambda v: np.float64(v),
    lambda v: np.float32(v),
    lambda v: np.int64(v),
    lambda v: np.asarray(v),
    lambda v: np.atleast_1d(v),
    lambda v: np.atleast_2d(v),
    lambda v: np.tile(v, 2),
    lambda v: np.repeat(v, 2),
    lambda v: np.squeeze(v),
    lambda v: np.append(a, v),
    lambda v: np.concatenate([a, [v]]),
    lambda v: np.stack([v, v]),
    lambda v: np.hstack([v, v]),
    lambda v: np.max([v, 1.0]),
    lambda v: v.append(1),
    lambda v: v + "a",
    lambda v: v(),
    lambda v: len(v),
    lambda v: iter(v),
    lambda v: v @ v,
]


def show(value):
    return f"{type(value).__name__}:{value!r}"


def shown(compute):
    try:
        return show(compute())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        for name in binary:
            for v in values:
                print(name, show(v), *[shown(lambda: getattr(operator, name)(v, other)) for other in values], sep="; ")
        for number, compute in enumerate(unary):
            print(number, *[shown(lambda: compute(v)) for v in values], sep="; ")
