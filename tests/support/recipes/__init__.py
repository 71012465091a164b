"""Calls of the functions that libraries with NumPy's names differentiate: `pad` is `np.pad(x, 2)`, and so on."""

from __future__ import annotations

from support.recipes import elementwise, linear_algebra, movement, reductions


def _expressions(recipes: dict[str, str]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(part.strip() for part in text.split(";")) for name, text in recipes.items()}


RECIPES: dict[str, tuple[str, ...]] = {
    name: expressions
    for family in (elementwise, movement, reductions, linear_algebra)
    for name, expressions in _expressions(family.RECIPES).items()
}
"""Expressions (see `support.expressions`) for every function, by its name in NumPy."""

WRITTEN_OUT: dict[str, tuple[str, ...]] = _expressions(elementwise.WRITTEN_OUT)
"""Expressions for functions that NumPy does not have."""

_WITHOUT_NUMBERS = """
arange array_repr array_str bartlett bitwise_and bitwise_count bitwise_invert bitwise_left_shift bitwise_not bitwise_or
bitwise_right_shift bitwise_xor blackman broadcast_shapes can_cast diag_indices diag_indices_from einsum_path empty eye
from_dlpack frombuffer fromfile fromiter fromstring gcd get_printoptions hamming hanning identity indices invert
iscomplexobj isdtype isrealobj isscalar issubdtype iterable kaiser lcm left_shift load mask_indices ndim ones packbits
printoptions promote_types ravel_multi_index result_type right_shift save savez set_printoptions shape size tril_indices
tril_indices_from triu_indices triu_indices_from unpackbits unravel_index zeros fft.fftfreq fft.rfftfreq
"""

NO_GRADIENT = frozenset(_WITHOUT_NUMBERS.split())
"""Functions of jax.numpy that take no numbers with a gradient: they make arrays of sizes, work on bits, files or shapes."""
