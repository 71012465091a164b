"""Statements and expressions of every kind around recorded numbers."""
from __future__ import annotations

import asyncio
import contextlib
import enum
import functools
import inspect
import logging
import operator
import sys
import traceback
import typing
import warnings
from dataclasses import dataclass, field, replace

import numpy as np

logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(funcName)s:%(lineno)d %(message)s")


class Mode(enum.IntEnum):
    TRAIN = 1
    TEST = 2


@dataclass(slots=True)
class State:
    w: np.ndarray
    step: int = 0
    history: list = field(default_factory=list)
    rate: typing.ClassVar[float] = 0.1


class Meta(type):
    def __call__(cls, *args, **kwargs):
        made = super().__call__(*args, **kwargs)
        made.made_by = cls.__name__
        return made


class Model(metaclass=Meta):
    scale = 2.0

    def __init__(self, w):
        self._w = w

    @property
    def w(self):
        return self._w

    @w.setter
    def w(self, value):
        self._w = value

    @staticmethod
    def loss(a, b=0.5, *rest, c=1.0, **more):
        return (a - b) ** 2 * c + sum(rest) + sum(more.values())

    @classmethod
    def create(cls, n):
        return cls(np.arange(n) / n)

    def __call__(self, x):
        return x @ self.w * self.scale

    def __getitem__(self, i):
        return self._w[i]

    def __len__(self):
        return len(self._w)

    def __iter__(self):
        yield from self._w

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return exc[0] is ZeroDivisionError

    def __add__(self, other):
        return Model(self._w + other)


@functools.lru_cache(maxsize=None)
def power(x, n=2):
    return x ** n


@functools.singledispatch
def kind(x):
    return "other"


@kind.register
def _(x: float):
    return "float"


@kind.register
def _(x: int):
    return "int"


@kind.register
def _(x: np.ndarray):
    return "array"


def counter():
    total = 0.0

    def add(x):
        nonlocal total
        total += x
        return total

    return add


def describe(value):
    match value:
        case bool():
            return "bool"
        case int(x) if x > 2:
            return f"int {x}"
        case float(x):
            return f"float {x}"
        case [first, *rest]:
            return f"list {first} {len(rest)}"
        case {"w": w}:
            return f"dict {w}"
        case State(step=s):
            return f"state {s}"
        case 1 | 2:
            return "small"
    return "none"


async def fetch(x):
    await asyncio.sleep(0)
    return x * 2.0


async def gather():
    results = await asyncio.gather(*(fetch(v) for v in (0.5, 1.5)))
    total = sum(results)
    return total


def where():
    frame = inspect.currentframe()
    return frame.f_code.co_name, frame.f_lineno, sorted(frame.f_locals)


def main():
    m = Model.create(4)
    s = State(w=m.w * 1.0)
    x, (y, *zs), *_ = 1.5, (2, 3.0, 4), 5, 6
    print(x, y, zs, m.made_by, len(m), [float(v) for v in m], m[1], *m.w, sep=" ")
    while (n := s.step) < 3:
        s.step += 1
        s.w[n] -= s.rate * (g := 2.0 * (s.w[n] - x))
        s.history.append(g)
    else:
        print("done", s, replace(s, step=9).step)
    with m as inner, contextlib.suppress(KeyError):
        print(inner(np.ones(4)), {}["missing"])
    with m:
        1 / 0
    print(Model.loss(x, *zs, c=2.0, extra=1.0), Model.loss(b=x, a=1.0), power(x), power(x), power.cache_info().hits, (m + 1.0).w)
    print(kind(x), kind(y), kind(m.w), kind("s"), [describe(v) for v in (x, y, 7, True, [x, y], {"w": x}, s, None)])
    add = counter()
    print(add(x), add(2.0), (lambda a, /, b=x: a * b)(2.0), Mode(y).name, Mode.TRAIN + y, [Mode.TEST, x][y - 1])
    print(asyncio.run(gather()), where(), eval("x * 2 + y"), [x for x in range(y)], x, {k: v for k, v in zip("ab", zs)})
    try:
        try:
            m.w @ np.ones(3)
        except ValueError as error:
            raise RuntimeError("outer") from error
    except RuntimeError as error:
        print(repr(error.__cause__), [f.name for f in traceback.extract_tb(error.__traceback__)], error.__cause__.__traceback__.tb_lineno)
    finally:
        print("finally", x if y > 1 else -x, not x, x and y, x or y, 1.0 < x <= 2, x is not None, ~y, -y, y << 2, y & 1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("careful", stacklevel=1)
        np.log(m.w * 0.0)
        print([(str(w.message), w.category.__name__) for w in caught])
    logging.getLogger(__name__).warning("loss %.3f of %d", x, y)
    assert x, "never"
    del x
    a = b = np.ones(2)
    a += 1
    b = b * 2
    a[...], b[:] = b, a.copy()
    print(a, b, a is b, a @ b, *map(str, (a, b)), operator.itemgetter(0)(a), f"{a!r:>20} {a.sum():.2f} {y=}")
    global shared
    shared = [0.5] * 3
    shared[1:] = [v * 2 for v in shared[1:]]
    shared[0], shared[-1] = shared[-1], shared[0]
    print(shared, sum(shared), max(shared), sorted(shared, reverse=True), 0.5 in shared, shared.index(1.0), shared.count(0.5))
    t = (1.0, 2.0) + (3.0,)
    print(t, t * 2, t[::-1], dict(enumerate(t)), set(t), tuple(zip(t, t)), "%s %d" % (t, y), hash(t) == hash((1.0, 2.0, 3.0)))


if __name__ == "__main__":
    main()
