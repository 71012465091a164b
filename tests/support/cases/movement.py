"""Strategies for calls of operations that copy elements to other places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from support.drawing import Case, axes, seeds, separated
from tracer.ops.movement import MovementGradient, movement
from tracer.recording.tensor import Tensor

array_shapes = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3)


@st.composite
def flips(draw: Any) -> Case:
    shape = draw(array_shapes)
    axis = draw(axes(len(shape)))
    return Case(lambda x: np.flip(x, axis), (separated(shape, draw(seeds)),), f"flip(x, {axis})")


MOVEMENTS: dict[str, Callable[[tuple[int, ...]], dict[str, Any]]] = {"flip": lambda shape: {"axis": (0,)}}
"""Parameters of movements of one array, by the shape of the array, by name."""


@st.composite
def movement_gradients(draw: Any) -> Case:
    """The derivative of a movement is a separate operation without a NumPy function."""
    name = draw(st.sampled_from(sorted(MOVEMENTS)))
    shape = draw(array_shapes)
    parameters = MOVEMENTS[name](shape)
    options = {"of": name, "position": 0, "shapes": [shape], "parameters": parameters}

    def function(x: Any) -> Any:
        if isinstance(x, Tensor):
            return x.recorder.record(MovementGradient, (x,), options)
        return MovementGradient.value(x, **options)

    moved = movement(name).value(np.zeros(shape), **parameters)
    return Case(function, (separated(moved.shape, draw(seeds)),), f"gradient of {name} {parameters}")


CASES: dict[str, st.SearchStrategy[Case]] = {"flip": flips(), "movement_gradient": movement_gradients()}
"""A strategy for every operation with a derivative, by name."""
