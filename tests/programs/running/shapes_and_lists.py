"""Shapes, axes and indices given as numbers of the program; lists, map and reduce of numbers."""
import functools
import json
import math
import operator

import numpy as np
class A:
    def __init__(self, x): self.x = x
xs = [1.0, 2.0, 3.0]; w = 0.5
print(list(map(math.exp, xs)), list(map(lambda a, b: a * b * w, xs, xs)), list(map(A, xs))[0].x, list(map(str, xs)), list(map(operator.mul, xs, xs)), list(map(None or int, xs)), functools.reduce(lambda a, b: a + b * w, xs), functools.reduce(operator.add, xs, 1.0), list(map(xs.index, xs)))
try: map(3, xs)
except TypeError as e: print(e)
try: list(map(3, xs))
except TypeError as e: print(e)
try: map()
except TypeError as e: print(e)

a = np.arange(6.0).reshape(2, 3); i = np.arange(3); f = a.astype(np.float32); z = a.sum(keepdims=True)
print(a.tolist(), i.tolist(), f.tolist(), (a > 1).tolist(), z.item(), a.item(2), a.item(1, 2), a.item((0, 1)), i.item(0), type(i.item(0)), type(a.item(0)), json.dumps(a.tolist()), np.array(5.0).tolist(), f.item(1), np.zeros((0, 2)).tolist(), (a.sum() * 1).tolist())
try: a.item()
except ValueError as e: print(e)

n, k, ax = 3, 2, 0
a = np.arange(6.0)
s = (n, k)
print(a.reshape(s), a.reshape(n, k), a.reshape(-1, n), np.reshape(a, s), a.reshape(s).sum(axis=ax), np.sum(a.reshape(s), axis=ax, keepdims=True), np.repeat(a, n), np.tile(a, s), np.roll(a, k), np.expand_dims(a, ax), a.reshape(s).transpose(k - 1, ax), np.swapaxes(a.reshape(s), ax, k - 1), np.split(a, n), np.array_split(a, k), np.concatenate([a, a], axis=ax), np.stack([a, a], axis=k - 1), np.pad(a, k), np.pad(a, s), np.broadcast_to(a, (n, 6)), a.reshape(s).mean(ax), np.full(s, 0.5) + a.reshape(s), np.ones(s) * a.reshape(s), np.delete(a, k), np.insert(a, k, 7.0), np.diff(a, n), np.cumsum(a, axis=ax), np.take(a, k), np.take(a, [n, k]), np.linalg.norm(a, k), np.einsum("i,i->", a, a), np.argsort(a)[:k], np.eye(n)[[0, k]], np.bincount([n, k, k]), np.power(a, k), a ** k, a * n, np.convolve(a, [1.0, n]), np.flip(a, ax), np.triu(a.reshape(s), k - 1), np.clip(a, k, n), np.where(a > k, n, k), np.linspace(0, 1, n) * a[:n], np.trapezoid(a), np.moveaxis(a.reshape(s), ax, k - 1), np.resize(a, s), np.round(a, k), a.round(k), a.repeat(k, axis=ax), a.max(axis=ax), np.var(a, ddof=k - 1))

k = 2
a = np.arange(12.0).reshape(3, 4)
i = np.argmax(a[:, k])
print(a[i], a[k], a[k, [0, k]], a[[0, k]], a[:k, -k:], a[i, k], a[..., k], a[np.array([0, k]), k])
b = [1.0, 2.0, 3.0]
print(b[k], b[i], b[:k], "abc"[k], {2: "x"}[k], {np.int64(2): "y"}[i])
a[k] = 5; a[i, k] += 2; a[a > k] = k
print(a, range(k), list(range(k)), [0] * k, k in {2}, isinstance(k, int), np.zeros(k), np.zeros((k, i)), "%d %s %r" % (k, k, k), f"{k:03d} {i} {a[0,0]:.2f}", divmod(7, k), k & 1, k << 2, k ** 2, k ** -1, -k // 2, bool(k), complex(k), str(k), repr(k), int(k), round(2.567, k), chr(65 + k), bytes(k), k == 2, k.bit_length(), (2.5).is_integer())
