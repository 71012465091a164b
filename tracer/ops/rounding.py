"""How large a result can be by rounding alone."""

from __future__ import annotations

import numpy as np


def rounding_of_sum(terms: np.ndarray, unit: float) -> float:
    """A bound on what rounding leaves of terms that cancel: their number times the largest of them, in units of rounding.

    >>> rounding_of_sum(np.array([3.0, -4.0]), 2.0**-52) == 8 * 2.0**-52
    True
    """
    return terms.size * unit * float(np.max(np.abs(terms), initial=0))
