"""Operators, and arguments of functions by position and by name."""

from __future__ import annotations

OPERATORS = """
x + y
x + 1
1 + x
grid + x
x - grid
2 - x
x * y
3 * x
x / y
1 / x
grid / x
x ** 2
p ** 0.5
2 ** x
p ** y
x // p
x // 2
2 // x
x % p
x % 0.7
5 % p
divmod(x, p)
divmod(x, 2)
divmod(7, p)
-x
+x
abs(x)
round(np.sum(x))
round(np.mean(x), 1)
A @ C
np.ones((2, 3)) @ A
A @ np.ones(4)
x @ y
pow(p, 2)
x > y
x >= 0
x < 0.5
x <= y
x == y
x != y
0 < x
~(x > 0)
(x > 0) & (y > 0)
(x > 0) | (y > 0)
(x > 0) ^ (y > 0)
(x > 0) * y
x * (x > 0)
x + [1, 2, 3, 4, 5]
[1.0, 2.0, 3.0, 4.0, 5.0] * x
x * np.float64(2)
np.float64(2) * x
np.float32(2) * x
np.int64(3) + x
s * t
sum([s, t])
sum(x)
sum(A)
max(s, t)
min(s, t)
max(x)
sorted(x)
"""
"""Operators and built-in functions."""

POSITIONS = """
np.sum(A, 0)
np.sum(A, -1, None, None, True)
np.mean(A, 1)
np.mean(A, 0, None, None, True)
np.max(A, 0)
np.max(A, 1, None, True)
np.min(A, 1)
np.prod(A, 0)
np.std(A, 1)
np.std(A, 0, None, None, 1)
np.var(A, 1)
np.var(A, 0, None, None, 1, True)
np.amax(A)
np.amax(A, 1)
np.amin(A, axis=0, keepdims=True)
np.argmax(A, 0)
np.argmin(A, 1, None, keepdims=True)
np.concatenate([A, B], 1)
np.concatenate((x, u), None)
np.stack([x, y], 1)
np.stack((x, y), -1)
np.expand_dims(x, 0)
np.expand_dims(x, (0, 2))
np.squeeze(A[:1], 0)
np.reshape(A, (2, 6), 'F')
np.reshape(A, shape=(6, 2))
np.transpose(T, axes=(1, 2, 0))
np.clip(x, a_min=-0.5, a_max=0.5)
np.clip(x, min=0)
np.where(x > 0, x, 0)
np.where(x > 0, 0.0, x)
np.where(x > 0)
np.cumsum(A, 1)
np.take(A, rows, 0)
np.repeat(A, 2, 1)
np.linalg.norm(A, None, 1)
np.linalg.norm(x, 2)
np.linalg.norm(A, 'fro')
np.dot(a=x, b=y)
np.matmul(A, C)
np.einsum('ij,jk', A, C)
np.einsum('i,i', x, y)
np.einsum(A, [0, 1], C, [1, 2], [0, 2])
np.einsum('...ij,jk->...ik', T, C)
np.round(x, 1)
np.power(x, 2)
np.tensordot(A, C, 1)
np.logical_and(x > 0, x < 1)
"""
"""Arguments of functions by position and by name."""

OPTIONS = """
np.sum(A, dtype=np.float64)
np.sum(A, dtype=np.float32)
np.sum(A, axis=0, keepdims=True)
np.sum(A, axis=(0, -1))
np.sum(A, where=A > 0)
np.sum(A, axis=1, where=gaps, initial=1.0)
np.sum(A, initial=2.0)
np.sum(A, out=None)
np.sum([s, t])
np.sum((x, y))
np.mean(A, dtype=np.float64)
np.mean(A, where=A > 0)
np.mean(A, axis=0, out=None)
np.mean([s, t, s * t])
np.max(A, initial=0.5)
np.max(A, where=A < 1, initial=-5.0)
np.min(A, axis=1, initial=0.1)
np.max([s, t])
np.prod(A, where=gaps)
np.prod(A, initial=2.0)
np.std(A, where=gaps)
np.var(A, correction=1)
np.var(A, mean=np.mean(A))
np.add(x, y, dtype=np.float64)
np.add(x, y, out=None)
np.exp(x, where=mask, out=np.zeros(5))
np.multiply(x, y, where=True)
np.subtract(x, y, casting='same_kind')
np.einsum('ij,jk->ik', A, C, optimize=True)
np.einsum('ij,jk,kl->il', A, C, C.T, optimize='optimal')
np.concatenate([x, y], dtype=np.float64)
np.concatenate([x, y], axis=0, out=None)
np.stack([x, y], axis=0, out=None)
np.ravel(A, order='F')
np.reshape(A, (4, 3), order='C')
np.dot(A, C, out=None)
np.clip(x, 0, 1, out=None)
np.zeros_like(A)
np.zeros_like(A, dtype=np.float32)
np.zeros_like(A, shape=(2, 2))
np.ones_like(x)
np.ones_like(x, dtype=float)
np.full_like(x, 2.5)
np.full_like(x, s)
np.full_like(A, 0)
np.empty_like(A).shape
np.array(x, like=y)
np.array([1.0, 2.0], like=x) * s
np.asarray([1.0, 2.0, 3.0], like=x) * u
np.zeros(3, like=x) + u
np.ones((2, 3), like=x) * u
np.full(3, 2.0, like=x) * u
np.arange(5, like=x) * x
np.eye(3, like=x) @ M
np.array(x)
np.array(x, copy=True)
np.asarray(x)
np.asarray(x, dtype=float)
np.asanyarray(x)
np.ascontiguousarray(A)
np.copy(x)
np.array([s, t])
np.array([x, y])
np.array([[s, t], [t, s]])
np.array(x, dtype=np.float64, ndmin=2)
np.float64(s)
np.add.reduce(A)
np.add.reduce(A, axis=1, keepdims=True)
np.multiply.reduce(x)
np.maximum.reduce(A)
np.add.accumulate(x)
np.multiply.accumulate(x)
np.add.outer(x, u)
np.multiply.outer(x, u)
np.subtract.outer(x, u)
np.exp(A, order='C')
np.linspace(s, t, num=4)
np.broadcast_to(u, (2, 3), subok=False)
np.square(x, dtype=np.float64)
np.sqrt(4.0) * x
np.maximum(0, x)
np.maximum(x, 0.0)
np.vectorize(lambda a: a * a)(x)
"""
"""Arguments by name, arrays like another, methods of ufuncs."""
