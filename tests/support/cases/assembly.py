"""Strategies for calls of operations that put an array together from several."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from support.drawing import Case, seeds, separated

array_shapes = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3)


@st.composite
def stacks(draw: Any, name: str) -> Case:
    """Arrays that differ in their size along the axis along which the function joins, also with few axes."""
    joined = {"hstack": 1, "vstack": 0, "dstack": 2, "column_stack": 1}[name]
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3))
    axis = 0 if name == "hstack" and len(shape) == 1 else joined
    arrays = []
    for _ in range(draw(st.integers(1, 3))):
        own = list(shape)
        if axis < len(shape) and (len(shape) > 1 or name == "hstack"):
            own[axis] = draw(st.integers(1, 3))
        arrays.append(separated(tuple(own), draw(seeds)))
    function = getattr(np, name)
    if name != "hstack" and len(shape) == 2 and shape[0 if name == "column_stack" else 1] == arrays[0].shape[0] == 1:
        arrays.append(separated((1,), draw(seeds)))  # a vector beside a matrix
    if draw(st.booleans()) and name in ("vstack", "hstack"):
        return Case(lambda *parts: function(list(parts), dtype=parts[0].dtype), tuple(arrays), f"{name} with a dtype")
    return Case(lambda *parts: function(parts), tuple(arrays), name)


@st.composite
def appendings(draw: Any) -> Case:
    shape = draw(array_shapes)
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    longer = tuple(2 if place == axis % len(shape) else size for place, size in enumerate(shape))
    arrays = separated(shape, draw(seeds)), separated(longer, draw(seeds))
    if draw(st.booleans()):
        return Case(np.append, arrays, "append")
    return Case(lambda x, values: np.append(x, values, axis), arrays, f"append axis={axis}")


@st.composite
def flat_joins(draw: Any) -> Case:
    """Calls of np.concatenate that are not of a list along an axis."""
    x, y = separated((2, 3), draw(seeds)), separated((2,), draw(seeds))
    if draw(st.booleans()):
        return Case(lambda x, y: np.concatenate([x, y, 2 * x], axis=None), (x, y), "concatenate axis=None")
    return Case(lambda x: np.concatenate(x, dtype=x.dtype), (x[:, None],), "concatenate of one array")


@st.composite
def insertions(draw: Any) -> Case:
    shape = draw(array_shapes)
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    places = draw(st.lists(st.integers(-shape[axis], shape[axis]), min_size=2, max_size=3))
    x, row = separated(shape, draw(seeds)), separated((1,), draw(seeds))
    kind = draw(st.sampled_from(["flat", "number", "list", "one", "whole", "slice"]))
    if kind == "flat":
        return Case(lambda x, y: np.insert(x, places[:1], y), (x, separated((2,), draw(seeds))), "insert in the flat array")
    if kind == "number":
        return Case(lambda x, y: np.insert(x, places[0], y[0], axis), (x, row), f"insert {places[0]} axis={axis}")
    if kind == "list":
        return Case(lambda x, y: np.insert(x, places, y, axis=axis), (x, row), f"insert {places} axis={axis}")
    if kind == "one":
        return Case(lambda x, y: np.insert(x, places[:1], y, axis), (x, row), f"insert {places[:1]} axis={axis}")
    if kind == "slice":
        return Case(lambda x, y: np.insert(x, slice(0, 1), y, axis), (x, row), f"insert slice(0, 1) axis={axis}")
    values = separated((2, *shape[1:]), draw(seeds))
    return Case(lambda x, y: np.insert(x, 1, y, 0), (x, values), "insert two at one place")


@st.composite
def blocks(draw: Any) -> Case:
    rows, columns = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    corner, right, below = separated((rows, columns), draw(seeds)), separated((rows, 2), draw(seeds)), draw(seeds)
    lower = separated((1, columns), below)
    if draw(st.booleans()):
        return Case(lambda x, y: np.block([x, y]), (corner, right), "block of a row")
    return Case(lambda x, y, z: np.block([[x, y], [z, np.zeros((1, 2), z.dtype)]]), (corner, right, lower), "block of two rows")


@st.composite
def choices(draw: Any) -> Case:
    drawn = draw(hnp.mutually_broadcastable_shapes(num_shapes=3, min_dims=1, max_dims=2, max_side=3))
    which = np.random.default_rng(draw(seeds)).integers(0, 2, drawn.input_shapes[0])
    arrays = tuple(separated(shape, draw(seeds)) for shape in drawn.input_shapes[1:])
    if draw(st.booleans()):
        return Case(lambda x, y: np.choose(which + 2, [x, y], mode="wrap"), arrays, f"choose({which!r}) mode=wrap")
    return Case(lambda x, y: np.choose(which, (x, y)), arrays, f"choose({which!r})")


@st.composite
def selections(draw: Any) -> Case:
    drawn = draw(hnp.mutually_broadcastable_shapes(num_shapes=4, max_dims=2, max_side=3))
    rng = np.random.default_rng(draw(seeds))
    first, second = (rng.random(shape) < 0.4 for shape in drawn.input_shapes[:2])
    arrays = tuple(separated(shape, draw(seeds)) for shape in drawn.input_shapes[2:])
    conditions = [np.asarray(first), np.asarray(second)]
    if draw(st.booleans()):
        return Case(lambda x, y: np.select(conditions, [x, y], 3.0), arrays, f"select({conditions!r})")
    return Case(lambda x, y: np.select(conditions, [x, x * y], default=y), arrays, f"select({conditions!r}, default)")


@st.composite
def common_shapes(draw: Any) -> Case:
    drawn = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3))
    arrays = tuple(separated(shape, draw(seeds)) for shape in drawn.input_shapes)
    return Case(lambda x, y: np.broadcast_arrays(x, y)[1] * x, arrays, "broadcast_arrays(x, y)[1] * x")


@st.composite
def grids(draw: Any) -> Case:
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    options = {"indexing": draw(st.sampled_from(["xy", "ij"])), "sparse": draw(st.booleans())}
    part = draw(st.integers(0, len(sizes) - 1))
    arrays = tuple(separated((size,), draw(seeds)) for size in sizes)
    return Case(lambda *given: np.meshgrid(*given, **options)[part], arrays, f"meshgrid {options}")


@st.composite
def spaces(draw: Any) -> Case:
    drawn = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=3))
    arrays = tuple(separated(shape, draw(seeds)) for shape in drawn.input_shapes)
    num, endpoint = draw(st.integers(0, 5)), draw(st.booleans())
    axis = draw(st.integers(-1, len(drawn.result_shape)))
    return Case(lambda x, y: np.linspace(x, y, num, endpoint, axis=axis), arrays, f"linspace {num} {endpoint} axis={axis}")


CASES: dict[str, st.SearchStrategy[Case]] = {
    **{name: stacks(name) for name in ("hstack", "vstack", "dstack", "column_stack")},
    "append": appendings(),
    "insert": insertions(),
    "block": blocks(),
    "choose": choices(),
    "select": selections(),
    "broadcast_arrays": common_shapes(),
    "meshgrid": grids(),
    "linspace": spaces(),
}
"""A strategy for every operation with a derivative, by name."""
