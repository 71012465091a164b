"""Faults of the rules of operations that copy elements."""

from __future__ import annotations

from tracer.ops.base import Op
from tracer.ops.families import joining, likes, shaping
from tracer.ops.families.movement import axis_order, diagonals, grids, ordering, padding, pieces, reversal
from tracer.ops.movement import MovementGradient

RULES: tuple[tuple[type[Op], str, str, str], ...] = (
    (reversal.Flip, "gradient_x", "np.flip(g, axis)", "g"),
    (reversal.Fliplr, "gradient_x", "np.fliplr", "np.flipud"),
    (reversal.Flipud, "gradient_x", "np.flipud(g)", "g"),
    (reversal.Rot90, "gradient_x", "-k", "2 - k"),
    (reversal.Rot90, "gradient_x", "np.rot90(g, -k, axes)", "np.reshape(np.rot90(g, k, axes), x.shape)"),
    (reversal.Roll, "gradient_x", "-one for", "one for"),
    (reversal.Roll, "gradient_x", "shift), axis", "shift), None"),
    (padding.Pad, "gradient", "slice(before, before + size)", "slice(0, size)"),
    (pieces.Sections, "gradient", "(own,), shape, g)", "(slice(0, g.shape[axis]),), shape, g)"),
    (pieces.Unstack, "gradient", "(parameters[\"part\"],)", "(0,)"),
    (MovementGradient, "value", "np.add.at(total, positions[copied], x[copied])", "total[positions[copied]] = x[copied]"),
    (MovementGradient, "value", "copied = positions >= 0", "copied = positions > 0"),
    (ordering.Sort, "gradient_x", "np.argsort(np.argsort(x, axis, \"stable\"), axis)", "np.argsort(x, axis, \"stable\")"),
    (ordering.Sort, "gradient_x", "np.argsort(np.argsort(np.ravel(x), kind=\"stable\"))", "np.argsort(np.ravel(x))"),
    (ordering.Partition, "gradient_x", "np.take_along_axis(g, np.argsort(out, along, \"stable\"), along)", "g"),
    (ordering.Partition, "gradient_x", "np.argsort(np.argsort(rows, along, \"stable\"), along)",
     "np.argsort(rows, along, \"stable\")"),
    (diagonals.Diag, "gradient", "np.diag(g, **parameters)", "np.diagonal(g, -parameters.get('k', 0))"),
    (diagonals.Diagflat, "gradient_x", "np.diagonal(g, k)", "np.diagonal(g, -k)"),
    (diagonals.Trace, "gradient_x", "offset, dtype", "-offset, dtype"),
    (diagonals.Trace, "gradient_x", "(axis1, axis2))", "(axis2, axis1))"),
    (diagonals.Triu, "gradient_x", "np.triu(g, k)", "np.triu(g, k + 1)"),
    (diagonals.Tril, "gradient_x", "np.tril(g, k)", "np.tril(g, 0)"),
    (joining.AlongAxis, "gradient", "np.reshape(g[start : start", "np.reshape(g[position : position"),
    (joining.StackAlong, "gradient", "for shape in shapes[:position]", "for shape in shapes[:position][:1]"),
    (joining.StackAlong, "gradient", "start = sum(shape[axis] for shape in shapes[:position])", "start = 0"),
    (joining.StackAlong, "gradient", "start = sum(shape[axis] for shape in shapes[:position])", "start = position"),
    (joining.AlongAxis, "gradient", "for array in inputs[:position])", "for array in inputs[:0])"),
    (axis_order.Rollaxis, "gradient_x", "before - 1 if axis < before else before", "before % x.ndim"),
    (axis_order.MatrixTranspose, "gradient_x", "np.matrix_transpose(g)", "np.reshape(g, x.shape)"),
    (grids.Atleast2d, "gradient_x", "np.reshape(g, x.shape)", "np.reshape(2 * g, x.shape)"),
    (grids.BroadcastArrays, "gradient_x", "return g", "return 2 * g"),
    (grids.Meshgrid, "gradient_x", "np.sum(g, axis=others)", "np.mean(g, axis=others)"),
    (grids.Linspace, "gradient_start", "1 - _shares", "_shares"),
    (grids.Linspace, "gradient_stop", "_shares(g, **options)", "_shares(g, **{**options, 'endpoint': True})"),
    (likes.FullLike, "gradient_fill_value", "return g", "return 2 * g"),
    (shaping.Reshape, "gradient_x", "x.shape, order", "x.shape"),
    (shaping.Ravel, "gradient_x", "x.shape, order", "x.shape"),
    (shaping.Copy, "gradient_x", "return g", "return 2 * g"),
)  # fmt: skip
"""An operation, the name of the function, and what is replaced in its source by what."""
