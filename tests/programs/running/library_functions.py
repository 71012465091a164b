"""Functions of Python, NumPy and SciPy that compute without asking an array, and many that do."""
import numpy as np, math, statistics, functools, itertools, operator
from scipy import signal, special, stats
import scipy.special
W = np.array([[0.1, -0.2, 0.3], [0.5, 0.4, -0.1], [0.3, 0.2, 0.7]])
W = W * 1.0
x = np.arange(9.0).reshape(3, 3) / 9
z = W @ x
print(special.expit(z))
print(special.softmax(z, axis=1))
print(special.logsumexp(z, axis=1))
print(signal.convolve2d(z, W, mode="valid"))
print(signal.correlate2d(z, W[:2, :2], mode="valid"))
print(signal.convolve(z[0], W[0]), np.convolve(z[0], W[0]), np.correlate(z[0], W[0], "full"))
sig = np.vectorize(lambda t: 1 / (1 + math.exp(-t)))
print(sig(z))
print(np.apply_along_axis(np.sum, 0, z), np.apply_along_axis(lambda r: r * 2, 1, z))
print(np.piecewise(z, [z < 0, z >= 0], [0, lambda t: t * 2]), np.select([z < 0, z > 0.2], [z * 0.1, z], 0.0))
print(list(map(math.exp, z[0])), [*map(float, z[0])], sum(map(lambda a: a * 2, z[0])))
print(functools.reduce(operator.mul, list(z[0])), functools.reduce(lambda a, b: a + b, z[0]), functools.reduce(np.dot, [W, x, W]))
print(statistics.mean(z[0]), statistics.fmean(z[0]), math.fsum(z[0]), math.prod(z[0]), math.dist(z[0], z[1]), math.hypot(*z[0]))
print(max(z[0]), min(z[0]), max(z.ravel(), key=abs), sorted(z[0]), round(z[0, 0], 3), round(float(z[0, 0]), 3))
print(np.linalg.norm(W - x), np.linalg.solve(W, x), np.linalg.inv(W), np.linalg.det(W), np.einsum("ij,jk->ik", W, x), np.tensordot(W, x, 1), np.inner(W, x), np.vdot(W, x), np.kron(W[:1], x[:1]), np.cross(W[0], x[0]), np.trace(W))
print(np.ma.masked_less(z, 0).sum(), np.array(list(z.flat)).sum(), np.asarray(z.tolist()).sum(), np.fromiter((v for v in z.ravel()), float).sum(), np.frombuffer(z.tobytes()).sum())
for v in np.nditer(z): pass
print(v, [v for i, v in np.ndenumerate(z)][:2], list(np.ndindex(2, 1)))
print(np.asmatrix(W).T[0], np.matrix(W).A1[:2])
print(np.float32(z).dtype, z.astype("float32").sum(), z.astype(int).sum(), np.copy(z)[0], z.copy()[0], np.array(z, dtype=np.float32)[0], np.array(z, copy=True)[0], np.asarray(z)[0], np.asfortranarray(z)[0], np.ascontiguousarray(z.T)[0], z.view()[0], z.view(np.ndarray)[0], np.require(z)[0], np.squeeze(z)[0])
print(np.lib.stride_tricks.sliding_window_view(z, (2, 2)).sum(), np.lib.stride_tricks.as_strided(z, (2, 2), z.strides).sum(), np.random.RandomState(0).permutation(z)[0], np.random.default_rng(0).normal(z[0], 1.0))
print(np.interp(0.5, z[0], z[1]), np.polyfit(x[0], z[0], 1), np.polyval(z[0], 2.0), np.histogram(z)[0], np.gradient(z[0]), np.quantile(z, 0.3), np.median(z), np.cov(z)[0], np.corrcoef(z)[0], np.percentile(z, 20), np.searchsorted(z[0], 0.1), np.unique(z)[:2], np.digitize(z[0], [0.1]), np.isclose(z, z).all(), np.allclose(z, z), np.array_equal(z, z), np.bincount([0, 1, 1], weights=z[0]), np.add.reduce(z), np.multiply.outer(z[0], z[0])[0], np.add.accumulate(z[0]), np.maximum.reduce(z), np.ix_([0], [1]), np.meshgrid(z[0], z[1])[0][0], np.outer(z[0], z[1])[0], np.nan_to_num(z)[0], np.heaviside(z, 0.5)[0], np.sinc(z)[0], np.logaddexp(z, 0)[0])
a = np.array([1.0, 2.0]); s = a.sum(); f = 2.5; i = 3
w = np.r_[s, a]; print(w, w.dtype, np.r_[f, a], np.r_[i, a, 0:2], np.c_[a, a * s], np.r_[s, s].dtype, np.r_[a.astype(np.float32), np.float32(2) * a.astype(np.float32)[0]].dtype)
print(np.r_[0:i], np.mgrid[0:i, 0:2], np.ix_([0, 1], [i - 3]), np.s_[i:])
