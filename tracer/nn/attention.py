"""Attention in plain NumPy, without derivative rules of its own. It accepts arrays and Tensors."""

from __future__ import annotations

import numpy as np

from tracer.errors import UsageError
from tracer.nn.layers import softmax
from tracer.ops.base import Array
from tracer.recording.tensor import plain


def attention(queries: Array, keys: Array, values: Array, mask: Array | None = None, *, causal: bool = False) -> Array:
    """softmax(queries @ keys.T / sqrt(size)) @ values: every query's average of the values, weighted by its likeness to the keys.

    queries [..., n, size], keys [..., m, size], values [..., m, outputs] -> [..., n, outputs]; the first axes are batches and
    heads. `mask` [..., n, m] is True where a query may see a key, or holds numbers that are added to the scores. With `causal`,
    query i sees the keys 0 to i. A query that may see no key gives zeros. PyTorch's F.scaled_dot_product_attention.

    >>> attention(np.zeros((1, 2)), np.ones((2, 2)), np.array([[1.0], [3.0]]))
    array([[2.]])
    """
    if np.ndim(queries) < 2 or np.shape(queries)[-1] != np.shape(keys)[-1] or np.shape(keys)[-2] != np.shape(values)[-2]:
        shapes = ", ".join(str(np.shape(each)) for each in (queries, keys, values))
        raise UsageError(
            f"attention takes queries [..., n, size], keys [..., m, size] and values [..., m, outputs], not {shapes}"
        )
    scores = queries @ np.swapaxes(keys, -1, -2) / float(np.sqrt(np.shape(queries)[-1]))
    if causal:
        if mask is not None:
            raise UsageError("attention takes a mask or causal=True, not both: combine the mask with np.tri(n, m, dtype=bool)")
        mask = np.tri(*np.shape(scores)[-2:], dtype=bool)
    if mask is None:
        return softmax(scores) @ values
    if np.asarray(plain(mask)).dtype.kind != "b":
        return softmax(scores + mask) @ values
    weights = _masked_softmax(scores, mask)
    return weights @ values


def _masked_softmax(scores: Array, mask: Array) -> Array:
    allowed = np.asarray(plain(mask))
    sees_any = np.any(allowed, axis=-1, keepdims=True)
    if np.all(sees_any):
        return softmax(np.where(mask, scores, -np.inf))
    # Over nothing but -inf softmax is NaN: over all scores it is a number, which is then replaced.
    weights = softmax(np.where(allowed | ~sees_any, scores, -np.inf))
    return np.where(sees_any, weights, 0.0)
