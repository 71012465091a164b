"""Methods and attributes of arrays."""

from __future__ import annotations

METHODS = """
A.all()
A.all(axis=0)
(A > 0).all(1)
A.any()
A.any(axis=1, keepdims=True)
(A > 0).any(0)
A.argmax()
A.argmax(1)
A.argmax(axis=0, keepdims=True)
A.argmin()
A.argmin(0)
x.argpartition(2)[2]
x.argsort()
A.argsort(axis=0)
A.astype(np.float32)
A.astype('float64')
A.astype(float)
A.astype(dtype=np.float64, copy=False)
A.astype(np.float64, order='C')
(A > 0).astype(int)
rows.choose([u, v, u * v])
x.clip(-0.5, 0.5)
x.clip(max=1.0)
x.clip(min=-q, max=p)
x.compress(mask)
A.compress([True, False, True], axis=0)
A.conj()
A.conjugate()
A.copy()
A.copy(order='C')
x.cumprod()
A.cumprod(axis=1)
x.cumsum()
A.cumsum(0)
A.cumsum(axis=1, dtype=np.float64)
A.diagonal()
A.diagonal(1)
T.diagonal(axis1=1, axis2=2)
A.dot(C)
grid.dot(x)
A.flatten()
A.flatten('F')
A.flatten(order='C')
A.max()
A.max(0)
A.max(1, keepdims=True)
A.max(axis=(0, 1))
A.mean()
A.mean(0)
A.mean(axis=1, keepdims=True)
A.mean(-1, dtype=np.float64)
A.min()
A.min(axis=-1)
A.nonzero()
A.prod()
A.prod(1)
A.ravel()
A.ravel('F')
A.ravel(order='C')
x.repeat(2)
A.repeat(2, axis=0)
A.repeat([1, 2, 0], 0)
A.reshape(4, 3)
A.reshape((4, 3))
A.reshape([2, 6])
A.reshape(-1)
A.reshape(2, -1, order='F')
A.reshape(*A.shape)
x.round()
x.round(1)
x.round(decimals=2)
grid.searchsorted(x)
A[:, :1].squeeze()
A[:, :1].squeeze(1)
A[:, :1].squeeze(axis=-1)
A.std()
A.std(0)
A.std(axis=1, ddof=1)
A.sum()
A.sum(0)
A.sum(-1, keepdims=True)
A.sum(axis=(0, 1))
A.sum(1, np.float64)
A.sum(axis=0, dtype=np.float64)
A.sum(initial=0.5)
A.sum(where=gaps)
T.swapaxes(0, 2)
T.swapaxes(-1, 1)
A.take([0, 5, 5])
A.take(rows, 0)
A.take([3, 0], axis=1)
M.trace()
M.trace(1)
M.trace(offset=-1)
T.transpose()
T.transpose(2, 0, 1)
T.transpose((1, 0, 2))
T.transpose([0, 2, 1])
A.transpose(None)
A.var()
A.var(1)
A.var(axis=0, ddof=1, keepdims=True)
z = x.copy(); z.sort(); z
z = A.copy(); z.sort(axis=0); z
z = x.copy(); z.fill(2.0); z * s
z = x.copy(); z.partition(2); z[2]
z = x.copy(); z.put([0, 1], [0.5, 2.0]); z
z = x * 1.0; z.resize((5, 1)); z
A.view()
"""
"""Methods of arrays."""

UNBOUND = """
np.ndarray.flatten(A)
np.ndarray.sum(A, axis=0)
np.ndarray.reshape(A, (4, 3))
"""
"""Methods of np.ndarray as functions; on arrays that are no np.ndarray they raise a TypeError."""

ATTRIBUTES = """
A.T
T.T
T.mT
x.T
A.real
A.imag
A.shape
A.shape[0]
A.ndim
A.size
A.dtype
A.dtype.kind
A.itemsize
A.nbytes
A.strides
A.flat[5]
A.flat[2:7]
np.sum(np.stack([each for each in A.flat]))
x.flat
len(A)
np.shape(A)
np.ndim(A)
np.size(A)
np.size(A, 1)
np.size(A, axis=0)
isinstance(A.shape, tuple)
np.iscomplexobj(A)
np.isrealobj(A)
np.isscalar(x)
np.result_type(A, np.float32)
np.may_share_memory(x, y)
np.finfo(x.dtype).eps * x
"""
"""Attributes, and functions of the shape and dtype only."""
