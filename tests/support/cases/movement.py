"""Strategies for calls of operations that copy elements of one array to other places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from support.drawing import Case, axes, seeds, separated
from tracer.ops.movement import MovementGradient, movement
from tracer.recording.tensor import Tensor

Function = Callable[[Any], Any]

array_shapes = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3)
matrix_shapes = hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=3)


@st.composite
def of_one_array(draw: Any, calls: Callable[[Any, tuple[int, ...]], list[Function]], shapes: Any = array_shapes) -> Case:
    """One of the calls that `calls` lists for a shape, with numbers from `draw`."""
    shape = draw(shapes)
    function = draw(st.sampled_from(calls(draw, shape)))
    drawn = [each.cell_contents for each in getattr(function, "__closure__", None) or ()]
    return Case(function, (separated(shape, draw(seeds)),), f"{getattr(function, '__qualname__', function)} {drawn}")


def axis_of(draw: Any, shape: tuple[int, ...]) -> int:
    return int(draw(st.integers(-len(shape), len(shape) - 1)))


def flips(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    axis = draw(axes(len(shape)))
    return [lambda x: np.flip(x, axis)]


def rolls(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    shift, axis = draw(st.integers(-4, 4)), draw(axes(len(shape), several=False))
    several = tuple(range(len(shape)))
    return [lambda x: np.roll(x, shift, axis), lambda x: np.roll(x, several, several), lambda x: np.roll(x, (shift, 1), (0, 0))]


def rotations(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    k, plane = draw(st.integers(-3, 5)), tuple(draw(st.permutations(range(len(shape)))))[:2]
    return [lambda x: np.rot90(x, k), lambda x: np.rot90(x, k, plane), np.rot90]


def paddings(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    width = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=len(shape), max_size=len(shape)))
    mode = draw(st.sampled_from(["edge", "reflect", "symmetric", "wrap"]))
    return [
        lambda x: np.pad(x, width),
        lambda x: np.pad(x, 1, "constant", constant_values=-3.25),
        lambda x: np.pad(x, width, constant_values=(1, 2)),
        lambda x: np.pad(x, width, mode=mode),
        lambda x: np.pad(x, width, mode),
    ]


def repetitions(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    axis, count = axis_of(draw, shape), draw(st.integers(0, 3))
    counts = np.random.default_rng(count).integers(0, 3, shape[axis])
    return [
        lambda x: np.repeat(x, count),
        lambda x: np.repeat(x, count, axis),
        lambda x: np.repeat(x, counts, axis),
        lambda x: x.repeat(counts.tolist(), axis),
        lambda x: np.repeat(x, [count], axis=axis),
    ]


def tilings(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    reps = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=3)))
    return [lambda x: np.tile(x, reps), lambda x: np.tile(x, 2), lambda x: np.tile(x, (2, 0))]


def resizings(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    size = draw(st.integers(0, 9))
    return [lambda x: np.resize(x, (2, size)), lambda x: np.resize(x, size)]


def windows(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    axis = axis_of(draw, shape)
    size, whole = draw(st.integers(1, shape[axis])), tuple(max(1, length - 1) for length in shape)
    view = np.lib.stride_tricks.sliding_window_view
    return [
        lambda x: view(x, size, axis),
        lambda x: view(x, whole),
        lambda x: view(x, (size, 1), (axis, axis)),
        lambda x: view(x, window_shape=(size,), axis=axis),
    ]


def takings(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    axis, rng = axis_of(draw, shape), np.random.default_rng(draw(seeds))
    length, size = shape[axis], int(np.prod(shape))
    flat, along, far = rng.integers(-size, size, (2, 2)), rng.integers(-length, length, 3), rng.integers(-9, 9, 4)
    return [
        lambda x: np.take(x, flat),
        lambda x: np.take(x, along, axis),
        lambda x: x.take(along[0], axis),
        lambda x: np.take(x, far, axis, mode="wrap"),
        lambda x: np.take(x, far.tolist(), axis=axis, mode="clip"),
        lambda x: np.take(x, [], axis),
    ]


def takings_along(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    axis, rng = axis_of(draw, shape), np.random.default_rng(draw(seeds))
    other = rng.integers(0, shape[axis], [2 if place == axis % len(shape) else size for place, size in enumerate(shape)])
    order, flat = np.argsort(rng.random(shape), axis), rng.integers(0, int(np.prod(shape)), 4)
    return [
        lambda x: np.take_along_axis(x, order, axis),
        lambda x: np.take_along_axis(x, other, axis),
        lambda x: np.take_along_axis(x, flat, None),
    ]


def diagonal_matrices(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    k = draw(st.integers(-3, 3))
    return [lambda x: np.diag(x, k), np.diag]


def flat_diagonals(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    k = draw(st.integers(-2, 2))
    return [lambda x: np.diagflat(x, k), np.diagflat]


def diagonals(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    offset, (first, second) = draw(st.integers(-2, 2)), tuple(draw(st.permutations(range(len(shape)))))[:2]
    return [
        lambda x: np.diagonal(x, offset),
        lambda x: x.diagonal(offset, first, second),
        lambda x: np.diagonal(x, axis1=second, axis2=-1 if second != len(shape) - 1 else 0),
    ]


def traces(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    offset, (first, second) = draw(st.integers(-1, 1)), tuple(draw(st.permutations(range(len(shape)))))[:2]
    return [np.trace, lambda x: np.trace(x, offset), lambda x: x.trace(offset, first, second)]


def triangles(function: Callable[..., Any]) -> Callable[[Any, tuple[int, ...]], list[Function]]:
    def calls(draw: Any, shape: tuple[int, ...]) -> list[Function]:
        k = draw(st.integers(-2, 2))
        return [lambda x: function(x, k), lambda x: function(x)]

    return calls


def deletions(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    axis = axis_of(draw, shape)
    place, mask = draw(st.integers(-shape[axis], shape[axis] - 1)), np.arange(shape[axis]) < 1
    return [
        lambda x: np.delete(x, place, axis),
        lambda x: np.delete(x, [0, place], axis),
        lambda x: np.delete(x, slice(None, None, 2)),
        lambda x: np.delete(x, mask, axis=axis),
        lambda x: np.delete(x, [], axis),
    ]


def compressions(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    axis, rng = axis_of(draw, shape), np.random.default_rng(draw(seeds))
    along, flat = rng.random(shape[axis]) < 0.6, rng.random(int(np.prod(shape))) < 0.6
    return [lambda x: np.compress(along, x, axis), lambda x: x.compress(flat), lambda x: np.compress([True], x, axis=axis)]


def extractions(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    condition = np.random.default_rng(draw(seeds)).random(shape) < 0.6
    return [lambda x: np.extract(condition, x), lambda x: np.extract(x > 0, x)]


def sorts(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    axis = draw(axes(len(shape), several=False))
    return [np.sort, lambda x: np.sort(x, axis), lambda x: np.sort(x, axis=0, kind="stable"), lambda x: np.sort(x, stable=True)]


def partitions(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    axis = axis_of(draw, shape)
    kth = draw(st.integers(-shape[axis], shape[axis] - 1))
    return [
        lambda x: np.partition(x, kth, axis),
        lambda x: np.partition(x, (0, kth), axis=axis),
        lambda x: np.partition(x, 0, None),
    ]


def pieces(name: str) -> Callable[[Any, tuple[int, ...]], list[Function]]:
    function = getattr(np, name)

    def calls(draw: Any, shape: tuple[int, ...]) -> list[Function]:
        axis = {"vsplit": 0, "hsplit": 1, "dsplit": 2}.get(name, axis_of(draw, shape))
        options = {"axis": axis} if name in ("split", "array_split") else {}
        ends = draw(st.lists(st.integers(-2, 4), min_size=1, max_size=3))
        part = draw(st.integers(0, len(ends)))
        sections = draw(st.integers(1, 4)) if name == "array_split" else shape[axis]
        return [lambda x: function(x, ends, **options)[part], lambda x: function(x, sections, **options)[-1]]

    return calls


def unstackings(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    axis = axis_of(draw, shape)
    return [lambda x: np.unstack(x, axis=axis)[-1], lambda x: np.unstack(x)[0]]


def new_axes(name: str) -> Callable[[Any, tuple[int, ...]], list[Function]]:
    function = getattr(np, name)
    return lambda draw, shape: [function, lambda x: function(x, 2 * x)[0], lambda x: function(2 * x, x[0])[1]]


def axis_rolls(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    axis, start = axis_of(draw, shape), draw(st.integers(-len(shape), len(shape)))
    return [lambda x: np.rollaxis(x, axis, start), lambda x: np.rollaxis(x, axis)]


def fillings(draw: Any, shape: tuple[int, ...]) -> list[Function]:
    return [
        lambda x: np.full_like(x, x[0]),
        lambda x: np.full_like(x, x.ravel()[0], shape=(2, 2)),
        lambda x: np.full_like(x, x * 2, order="F"),
    ]


deep_shapes = hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=3)

MOVEMENTS: dict[str, Callable[[tuple[int, ...]], tuple[list[Any], dict[str, Any]]]] = {
    "flip": lambda shape: ([], {"axis": (0,)}),
    "pad": lambda shape: ([], {"pad_width": [[2, 1]] * len(shape), "mode": "reflect"}),
    "tile": lambda shape: ([], {"reps": [2, 1, 2]}),
    "repeat": lambda shape: ([np.arange(shape[0])], {"axis": 0, "length": sum(range(shape[0]))}),
    "take_at": lambda shape: ([np.array([[0, -1], [0, 0]])], {"axis": None}),
    "sliding_window_view": lambda shape: ([], {"window_shape": [max(1, shape[0] - 1)], "axis": [0]}),
}
"""Selectors and parameters of movements of one array, by the shape of the array, by name."""


@st.composite
def movement_gradients(draw: Any) -> Case:
    """The derivative of a movement is a separate operation without a NumPy function."""
    name = draw(st.sampled_from(sorted(MOVEMENTS)))
    shape = draw(array_shapes)
    selectors, parameters = MOVEMENTS[name](shape)
    options = {"of": name, "position": 0, "shapes": [shape, *[None] * len(selectors)], "parameters": parameters}

    def function(x: Any) -> Any:
        if isinstance(x, Tensor):
            return x.recorder.record(MovementGradient, (x, *selectors), options)
        return MovementGradient.value(x, *selectors, **options)

    moved = movement(name).value(np.zeros(shape), *selectors, **parameters)
    return Case(function, (separated(moved.shape, draw(seeds)),), f"gradient of {name} {parameters}")


CASES: dict[str, st.SearchStrategy[Case]] = {
    "flip": of_one_array(flips),
    "fliplr": of_one_array(lambda draw, shape: [np.fliplr], matrix_shapes),
    "flipud": of_one_array(lambda draw, shape: [np.flipud]),
    "roll": of_one_array(rolls),
    "rot90": of_one_array(rotations, matrix_shapes),
    "pad": of_one_array(paddings),
    "repeat": of_one_array(repetitions),
    "tile": of_one_array(tilings),
    "resize": of_one_array(resizings),
    "sliding_window_view": of_one_array(windows),
    "take_at": of_one_array(takings),
    "take_along_axis": of_one_array(takings_along),
    "diag": of_one_array(diagonal_matrices, hnp.array_shapes(min_dims=1, max_dims=2, max_side=3)),
    "diagflat": of_one_array(flat_diagonals),
    "diagonal": of_one_array(diagonals, matrix_shapes),
    "trace": of_one_array(traces, matrix_shapes),
    "matrix_diagonal": of_one_array(lambda draw, shape: [np.linalg.diagonal], matrix_shapes),
    "matrix_trace": of_one_array(lambda draw, shape: [lambda x: np.linalg.trace(x, offset=1), np.linalg.trace], matrix_shapes),
    "triu": of_one_array(triangles(np.triu)),
    "tril": of_one_array(triangles(np.tril)),
    "delete": of_one_array(deletions),
    "compress": of_one_array(compressions),
    "extract": of_one_array(extractions),
    "sort": of_one_array(sorts),
    "partition": of_one_array(partitions),
    **{name: of_one_array(pieces(name)) for name in ("split", "array_split")},
    "vsplit": of_one_array(pieces("vsplit"), matrix_shapes),
    "hsplit": of_one_array(pieces("hsplit"), matrix_shapes),
    "dsplit": of_one_array(pieces("dsplit"), deep_shapes),
    "unstack": of_one_array(unstackings),
    **{name.replace("_", ""): of_one_array(new_axes(name)) for name in ("atleast_1d", "atleast_2d", "atleast_3d")},
    "matrix_transpose": of_one_array(
        lambda draw, shape: [np.matrix_transpose, lambda x: x.mT, np.linalg.matrix_transpose], matrix_shapes
    ),
    "flatten": of_one_array(lambda draw, shape: [lambda x: x.flatten(), lambda x: x.T.flatten("F")]),
    "rollaxis": of_one_array(axis_rolls),
    "full_like": of_one_array(fillings),
    "movement_gradient": movement_gradients(),
}
"""A strategy for every operation with a derivative, by name."""
