"""Faults of the rules of Bessel functions, incomplete gamma and beta functions, and of frexp and ldexp."""

from __future__ import annotations

from tracer.ops.base import Op
from tracer.ops.families import polynomials
from tracer.ops.families.elementwise import bessel, binary_digits
from tracer.ops.families.special import bessel_functions, error_functions, gamma_functions, incomplete

RULES: tuple[tuple[type[Op], str, str, str], ...] = (
    (bessel.I0, "gradient_x", "I1.apply(x)", "np.i0(x)"),
    (bessel.I1, "gradient_x", "is_zero, 0.5", "is_zero, 1.5"),
    (bessel.I1, "gradient_x", "out / ", "out * "),
    (binary_digits.Ldexp, "gradient_x", "exponent)", "-exponent)"),
    (binary_digits.Frexp, "gradient_x", "-np", "np"),
    (bessel_functions.Jv, "gradient_x", " - Jv", " + Jv"),
    (bessel_functions.Yv, "gradient_x", "0.5", "1.0"),
    (bessel_functions.Iv, "gradient_x", "v - 1", "v"),
    (bessel_functions.Ive, "gradient_x", " - np.sign(x) * out", ""),
    (bessel_functions.Kv, "gradient_x", "-g", "g"),
    (bessel_functions.J0, "gradient_x", "-g", "g"),
    (bessel_functions.J1, "gradient_x", "2.0", "1.0"),
    (bessel_functions.Y0, "gradient_x", "Y1.apply(x)", "Y0.apply(x)"),
    (bessel_functions.Y1, "gradient_x", " - Yv", " + Yv"),
    (bessel_functions.SpecialI0, "gradient_x", "SpecialI1", "SpecialI0"),
    (bessel_functions.SpecialI1, "gradient_x", "0.5 * ", ""),
    (incomplete.Gammainc, "gradient_x", "a - 1", "a"),
    (incomplete.Gammaincc, "gradient_x", "-g", "g"),
    (incomplete.Betainc, "gradient_x", "np.log1p(-x)", "np.log1p(x)"),
    (error_functions.Erfcinv, "gradient_x", "-g", "g"),
    (gamma_functions.Rgamma, "gradient_x", "-g", "g"),
    (gamma_functions.Beta, "gradient_x", "x + y", "x"),
    (gamma_functions.Beta, "gradient_y", "out * ", ""),
    (polynomials.Polyval, "gradient_x", "p[:-1]", "p[1:]"),
)
