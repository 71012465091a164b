"""Indices, iteration, writing in place, and values that leave the graph."""

from __future__ import annotations

INDICES = """
x[0]
x[-1]
x[1:4]
x[::-1]
x[::2]
x[...]
x[None]
x[:, np.newaxis]
x[[0, 2]]
x[rows]
x[mask]
x[x > 0]
x[np.array([], dtype=int)]
x[np.argsort(x)]
x[np.argmax(x)]
x[x.argsort()[::-1]]
A[1]
A[1, 2]
A[1][2]
A[-1, :]
A[:, 0]
A[:, 1:3]
A[..., 0]
A[0, ..., None]
A[rows, 1]
A[rows][:, [0, 1]]
A[[0, 1], [2, 3]]
A[A > 0]
A[gaps]
A[np.ix_([0, 2], [1, 3])]
A[np.nonzero(A > 0)]
A[np.where(A > 0)]
A[np.arange(3), [0, 3, 1]]
A[slice(0, 2)]
A[(0, 1)]
A[()]
s[()]
s[...]
A[True]
A[np.int64(1)]
T[0, :, -1]
T[:, None, 1]
T.reshape(6, 4)[::2]
[row for row in A][1]
list(A)[0]
[each for each in x]
[*x]
first, *rest = x; first * rest[-1]
a, b, c = u; a * b + c
sum([row.sum() for row in A])
list(reversed(x))
list(zip(x, y))
list(enumerate(x))
dict(zip('ab', x))['a']
[row @ w for row in A]
s in x
0.7 in x
np.take(x, 1)
np.stack([A[i] * i for i in range(3)])
"""
"""Indices, iteration and membership."""

IN_PLACE = """
z = x * 1; z += y; z
z = x * 1; z -= 1; z
z = x * 1; z *= y; z
z = x * 1; z /= p; z
z = x * 1; z **= 2; z
z = A * 1; z @= np.eye(4); z
z = p * 1; z %= 0.7; z
z = p * 1; z //= 0.7; z
z = np.zeros_like(x); z[0] = s; z
z = np.zeros_like(x); z[1:3] = x[:2]; z
z = x.copy(); z[z < 0] = 0; z
z = x.copy(); z[mask] *= 2; z
z = x.copy(); z[rows] = u; z
z = A.copy(); z[:, 0] = 0; z
z = A.copy(); z[1] += w; z
z = A.copy(); z[0, 1] = s; z
z = A.copy(); z[...] = B; z
z = A.copy(); z[:] = 1.0; z * s
z = A * 1; part = z[0]; part *= 2; z
z = A * 1; part = z.T; part[0] = 5; z
z = A * 1; part = z.ravel(); part[3] = s; z
z = x * 1; again = z; again += 1; z * again
z = x * 1; np.add(z, y, out=z); z
z = x * 1; np.multiply(z, 2, z); z
z = np.zeros_like(x); np.exp(x, out=z); z
z = x * 1; np.maximum(z, 0, out=z); z
z = x * 1; np.clip(z, -0.5, 0.5, out=z); z
z = x * 1; z.clip(-0.5, 0.5, out=z); z
z = np.zeros_like(A[0]); np.sum(A, axis=0, out=z); z
z = x * 1; np.add.at(z, rows, u); z
z = np.zeros_like(x); np.copyto(z, x); z
z = x * 1; np.put(z, [0], [2.0]); z
z = x * 1; np.putmask(z, z < 0, 0.0); z
z = M * 1; np.fill_diagonal(z, 0.0); z
z = A * 1; z[1].sort(); z
z = A * 1; z.T.sort(axis=0); z
z = A * 1; z.T.sort(); z
z = x * 1; part = z[::2]; part.sort(); z
z = x * 1; part = z[1:]; z.sort(); part
z = x * 1; z[::-1].sort(); z
z = A * 1; z.sort(kind='stable'); z
z = A * 1; z.ravel().sort(); z
z = x * 1; z.partition(2); z
z = A * 1; z.partition(1, axis=0); z
z = A * 1; z[:, 1].partition(1); z
z = A * 1; z[:, 1].fill(s); z
z = A * 1; z.T.fill(2.0); z * s
z = A * 1; z[A > 0].fill(7); z
z = A * 1; z.fill(s); z
z = A * 1; np.copyto(z[1], B[0]); z
z = A * 1; np.copyto(z, B[0]); z
z = A * 1; np.copyto(z.T, 5.0); z
z = A * 1; np.copyto(z, B, where=A > 0); z
z = A * 1; np.copyto(z, w, where=[True, False, True, False]); z
z = A * 1; np.copyto(dst=z, src=B); z
z = A * 1; np.copyto(z, s); z
z = A * 1; np.copyto(z[:, ::2], B[:, :2]); z
z = A.astype(int); np.copyto(z, A, casting='unsafe'); z
z = x * 1; np.put(z, [0, 2], u[:2]); z
z = x * 1; np.put(z, [0, 2, 1], [5.0, 6.0]); z
z = x * 1; np.put(z, [0], [5.0, 6.0]); z
z = x * 1; np.put(z, [-1], s); z
z = A * 1; np.put(z, [1, 5], [s, s]); z
z = A * 1; np.put(z[1], [1, 2], s); z
z = A * 1; np.put(z.T, [1, 2], s); z
z = A * 1; np.put(z, [[0, 1], [2, 3]], 4.0); z
z = x * 1; np.put(z, [7], s, mode='clip'); z
z = x * 1; np.put(z, [7], s, mode='wrap'); z
z = x * 1; np.put(z, 1, s); z
z = x * 1; np.put(z, [1, 1], [2.0, s]); z
z = x * 1; np.put(a=z, ind=[1, 1], v=[2.0, s]); z
z = x * 1; z.put([0, 1], x[2:4]); z
z = x * 1; z.put([0, 1, 2], x[2:4]); z
z = x * 1; np.place(z, z > 0, [0.5]); z
z = x * 1; np.place(z, z > 0, x[:2]); z
z = x * 1; np.putmask(z, z > 0, [1.0, 2.0]); z
z = x * 1; np.putmask(z, z > 0, y); z
z = x * 1; np.putmask(z, mask, s); z
z = A * 1; np.putmask(z[0], z[0] < 0, 0.0); z
z = A * 1; np.putmask(z, z < 0, w); z
z = M * 1; np.fill_diagonal(z, s); z
z = M * 1; np.fill_diagonal(z, [s, 2.0, 3.0]); z
z = M * 1; np.fill_diagonal(z, [s, 2.0]); z
z = M * 1; np.fill_diagonal(z, x); z
z = A * 1; np.fill_diagonal(z, s); z
z = A * 1; np.fill_diagonal(z.T, 5.0); z
z = A * 1; np.fill_diagonal(z.T, 5.0, wrap=True); z
z = A * 1; np.fill_diagonal(z, 5.0, wrap=True); z
z = np.zeros((2, 2, 2), like=x); np.fill_diagonal(z, s); z
z = np.stack([M, M]); np.fill_diagonal(z[0], 5.0); z
z = A * 1; np.put_along_axis(z, np.argmax(A, 1)[:, None], s, 1); z
z = A * 1; np.put_along_axis(z.T, np.argmax(A, 1)[None], 9.0, 0); z
z = A * 1; np.put_along_axis(z, np.argmax(A, 1)[:, None], s, axis=-1); z
z = A * 1; np.put_along_axis(z, np.array([3, 4]), s, None); z
z = x * 1; np.random.default_rng(0).shuffle(z); z
z = A * 1; z.shape = (4, 3); z
"""
"""Writing in place into arrays that the program made."""

LEAVING = """
float(s)
int(s * 10)
complex(s)
bool(s > 0)
bool(s)
s.item()
A.item(5)
A.item((1, 2))
x.tolist()
x.tobytes()
'%.3f' % s
'%d' % s
f'{s:.3f}'
format(s, '.2f')
np.array_str(x)
np.array2string(x, precision=2)
math.floor(s)
1 if s > 0 else 2
1 if (x > 0).all() else 2
1 if np.any(A > 1.5) else 2
not (s > 0)
s > 0 and t > 0
np.allclose(x, x)
np.isclose(x, y)
np.array_equal(x, y)
x.__class__ is type(y)
hash(s.item())
np.isnan(x).any()
np.isfinite(A).all()
np.count_nonzero(x > 0)
(x > 0).sum()
(x > 0).mean()
np.unique(x)
np.random.default_rng(0).permutation(3)[np.argmax(u)]
range(int(s * 10))[-1]
copy.copy(x)
copy.deepcopy(x)
"""
"""Values that leave the graph, and results without a gradient."""
