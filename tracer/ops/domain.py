"""The domain of an input of an operation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Domain:
    """The open interval in which an input is valid.

    At a kink, the operation has a value but no derivative: the rule returns a one-sided derivative or one in between. At a pole
    it has neither.
    """

    low: float = -np.inf
    high: float = np.inf
    kinks: tuple[float, ...] = ()
    poles: tuple[float, ...] = ()


REAL = Domain()
POSITIVE = Domain(low=0.0)
KINK_AT_ZERO = Domain(kinks=(0.0,))
NONZERO = Domain(poles=(0.0,))
