"""Faults of rules that show with complex numbers: a conjugate too few or too many, a part that is missing."""

from __future__ import annotations

from tracer.ops.base import Op
from tracer.ops.families import shaping
from tracer.ops.families.elementwise import arithmetic, complex_parts
from tracer.ops.families.statistical import spread

RULES: tuple[tuple[type[Op], str, str, str], ...] = (
    (arithmetic.Absolute, "gradient_x", "np.conjugate(x) /", "x /"),
    (arithmetic.Absolute, "gradient_x", "np.conjugate(x) /", "2 * np.conjugate(x) /"),
    (arithmetic.Absolute, "gradient_x", "np.where(np.equal(out, 0), 1, out)", "1"),
    (arithmetic.Power, "gradient_y", "np.astype(base, out.dtype)", "np.abs(base)"),
    (complex_parts.Real, "gradient_x", "return g", "return g * (1 + 1j)"),
    (complex_parts.Real, "gradient_x", "return g", "return g * 1j"),
    (complex_parts.Imag, "gradient_x", "g * -1j", "g * 1j"),
    (complex_parts.Imag, "gradient_x", "g * -1j", "g"),
    (complex_parts.Imag, "gradient_x", "g * 0.0", "g"),
    (complex_parts.Conjugate, "gradient_x", "np.conjugate(g) if", "g if"),
    (complex_parts.RealIfClose, "gradient_x", "return g", "return np.conjugate(g)"),
    (complex_parts.Angle, "gradient_x", "-1j /", "1j /"),
    (complex_parts.Angle, "gradient_x", "-1j /", "-1 /"),
    (complex_parts.Angle, "gradient_x", "np.where(is_zero, 1, x)", "np.conjugate(np.where(is_zero, 1, x))"),
    (complex_parts.Angle, "gradient_x", "180 / np.pi", "180"),
    (complex_parts.Angle, "gradient_x", "if deg", "if not deg"),
    (spread.Var, "gradient_x", "_conjugate(x - np.mean(x, axis=axis, keepdims=True))",
     "(x - np.mean(x, axis=axis, keepdims=True))"),
    (spread.Std, "gradient_x", "_conjugate(x - np.mean(x, axis=axis, keepdims=True, where=where))",
     "(x - np.mean(x, axis=axis, keepdims=True, where=where))"),
    (shaping.Astype, "gradient_x", "g = np.real(g)", "g = np.abs(g)"),
)  # fmt: skip
"""The operation, its method, and a replacement in the source of that."""
