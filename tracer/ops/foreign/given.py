"""The arguments of a recorded call of PyTorch's, by the names of its schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


class Given:
    """The arguments of a node: `names` are those that can be given by position, in order."""

    def __init__(self, names: str, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> None:
        self._inputs = inputs
        self.output = int(parameters.get("output", 0))
        self._arguments = dict(zip(names.split(), parameters.get("arguments", ()), strict=False)) | dict(
            parameters.get("options", {})
        )

    def slot(self, name: str) -> int | None:
        """The position of an argument among the inputs of the node; None if it is no input."""
        argument = self._arguments.get(name)
        if isinstance(argument, (list, tuple)) and len(argument) == 1:
            argument = argument[0]  # of an operation on lists
        return int(argument["input"]) if isinstance(argument, Mapping) and "input" in argument else None

    def array(self, name: str) -> np.ndarray | None:
        """A tensor that was given; None if it was not."""
        slot = self.slot(name)
        return None if slot is None else self._inputs[slot]

    def tensor(self, name: str) -> np.ndarray:
        """A tensor that an operation cannot do without. Raises LookupError if it was not given."""
        found = self.array(name)
        if found is None:
            raise LookupError(name)
        return found

    def input(self, argument: Mapping[str, Any]) -> np.ndarray:
        """The tensor that a part of an argument stands for."""
        return self._inputs[int(argument["input"])]

    def value(self, name: str, default: Any = None) -> Any:
        """A number, a list of numbers, or a text; the default if it was not given."""
        argument = self._arguments.get(name)
        if isinstance(argument, Mapping):
            argument = self._inputs[argument["input"]].item() if "input" in argument else argument.get("text")
        return default if argument is None else argument

    def numbers(self, name: str, count: int, default: int) -> tuple[int, ...]:
        """A number for each spatial dimension."""
        found = tuple(self.value(name, ()) or (default,))
        return found * count if len(found) == 1 else found
