"""A module beside the program."""

import numpy as np

SCALE = 2.5
state = 0
_private = 1


def double(x):
    """Twice."""
    return np.asarray(x) * 2


def public(x):
    return x


def name_of():
    return __name__


class Layer:
    w = 0.5

    def forward(self, x):
        self.w = self.w * x
        return self.w
