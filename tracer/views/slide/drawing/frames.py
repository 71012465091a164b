"""In which frame of the series each part of a slide appears: forward box by box, back box by box, then the update."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Numbering:
    """The frames of a slide of that many boxes.

    >>> frames = Numbering(2)
    >>> [frames.forward(0), frames.forward(1), frames.of_loss, frames.backward(1), frames.backward(0), frames.update]
    [1, 2, 3, 4, 5, 6]
    """

    boxes: int

    def forward(self, box: int) -> int:
        """The frame of a box and its value; of what is given (-1), the first."""
        return box + 1

    @property
    def of_loss(self) -> int:
        """The frame of the gradient of the loss with respect to itself."""
        return self.boxes + 1

    def backward(self, box: int) -> int:
        """The frame in which a gradient has come back through a box."""
        return 2 * self.boxes + 1 - box

    def all_back(self, boxes: Iterable[int]) -> int:
        """The frame in which a gradient has come back through all of these boxes; of none, that of the loss."""
        return max(map(self.backward, boxes), default=self.of_loss)

    @property
    def update(self) -> int:
        """The frame of the new values."""
        return 2 * self.boxes + 2

    @property
    def count(self) -> int:
        """The number of frames."""
        return self.update + 1
