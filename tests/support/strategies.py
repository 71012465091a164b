"""Hypothesis strategies for calls of every operation.

CASES draws well-separated numbers away from 0, so that no small step crosses a kink. `edge_cases` draws ties, zeros, and very
large and small numbers in any memory layout; `calls` draws both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from support.cases import (
    assembly,
    complex_parts,
    elementwise,
    fourier,
    linalg_matrices,
    linalg_norms,
    linalg_products,
    movement,
    sequences,
    special,
    statistics,
    writing,
)
from support.drawing import Case, indices, seeds, separated, shapes
from tracer.ops import registry
from tracer.ops.families import indexing, shaping
from tracer.recording.tensor import Tensor
from tracer.testing import arrays as edge_case_arrays


@st.composite
def wheres(draw: Any) -> Case:
    drawn = draw(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3))
    condition = np.random.default_rng(draw(seeds)).random(drawn.input_shapes[0]) < 0.5
    arrays = tuple(separated(shape, draw(seeds)) for shape in drawn.input_shapes[1:])
    return Case(lambda x, y: np.where(condition, x, y), arrays, f"where({condition!r}, x, y)")


@st.composite
def clips(draw: Any) -> Case:
    x = separated(draw(shapes), draw(seeds))
    if draw(st.integers(0, 2)) == 2:
        return Case(np.clip, (x, np.array(-0.403), np.array(0.407)), "clip(x, low, high) with arrays as bounds")
    low, high = draw(st.sampled_from([(0.0, None), (-0.403, 0.407), (None, 1.0), (0.0, 2.0), (None, None)]))
    return Case(lambda x: np.clip(x, low, high), (x,), f"clip(x, {low}, {high})")


@st.composite
def matmuls(draw: Any) -> Case:
    drawn = draw(hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=2, max_side=3))
    return Case(np.matmul, tuple(separated(shape, draw(seeds)) for shape in drawn.input_shapes), "matmul")


@st.composite
def dots(draw: Any) -> Case:
    inner = draw(st.integers(1, 3))
    left_rank, right_rank = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    left = (2, 3, 1)[: max(0, left_rank - 1)] + ((inner,) if left_rank else ())
    right = ((inner,) if right_rank == 1 else ()) if right_rank < 2 else ((2,) if right_rank == 3 else ()) + (inner, 3)
    return Case(np.dot, (separated(left, draw(seeds)), separated(right, draw(seeds))), f"dot {left} {right}")


@st.composite
def outers(draw: Any) -> Case:
    return Case(np.outer, (separated(draw(shapes), draw(seeds)), separated(draw(shapes), draw(seeds))), "outer")


EINSUMS: tuple[tuple[str, tuple[tuple[int, ...], ...]], ...] = (
    ("ij,jk->ik", ((2, 3), (3, 2))),
    ("ij,jk", ((2, 3), (3, 2))),
    ("ij->ji", ((2, 3),)),
    ("ij->", ((2, 3),)),
    ("ij->j", ((2, 3),)),
    ("ii->i", ((3, 3),)),
    ("ii", ((3, 3),)),
    ("iij->j", ((2, 2, 3),)),
    ("i,i->", ((3,), (3,))),
    ("i,j->ij", ((2,), (3,))),
    ("i,j->i", ((2,), (3,))),
    ("ij,ij,j->i", ((2, 3), (2, 3), (3,))),
    ("bij,bjk->bik", ((2, 2, 3), (2, 3, 2))),
    ("...ij,...jk->...ik", ((2, 2, 3), (3, 2))),
    ("...i,...i", ((2, 1, 3), (2, 3))),
    ("...ij->...", ((2, 2, 3),)),
    ("ij,ij->ij", ((1, 3), (2, 3))),
    ("ij,kj->ik", ((3, 1), (1, 3))),
)


@st.composite
def einsums(draw: Any) -> Case:
    subscripts, sizes = draw(st.sampled_from(EINSUMS))
    arrays = tuple(separated(shape, draw(seeds)) for shape in sizes)
    if draw(st.booleans()):
        return Case(lambda *operands: np.einsum(subscripts, *operands), arrays, f"einsum({subscripts!r})")
    if "..." in subscripts or len(arrays) < 2 or "->" not in subscripts or draw(st.booleans()):
        order = draw(st.sampled_from([True, "greedy", "optimal", ["einsum_path", tuple(range(len(arrays)))]]))
        function = lambda *operands: np.einsum(subscripts, *operands, optimize=order)  # noqa: E731
        return Case(function, arrays, f"einsum({subscripts!r}, {order})")
    terms, result = subscripts.split("->")
    numbers = [[ord(letter) - ord("a") for letter in term] for term in (*terms.split(","), result)]

    def with_lists(*operands: Any) -> Any:
        pairs = [each for pair in zip(operands, numbers) for each in pair]
        return np.einsum(*pairs, numbers[-1])

    return Case(with_lists, arrays, f"einsum({numbers})")


@st.composite
def shapings(draw: Any, name: str) -> Case:
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3))
    rank, size = len(shape), int(np.prod(shape))
    axis = draw(st.integers(-rank, rank - 1))
    other = draw(st.integers(-rank, rank - 1))
    order = tuple(draw(st.permutations(range(rank))))
    ones = tuple(position for position, length in enumerate(shape) if length == 1)
    calls: dict[str, list[Callable[..., Any]]] = {
        "reshape": [
            lambda x: np.reshape(x, (size,)),
            lambda x: x.reshape(-1, 1),
            lambda x: np.reshape(x, (1, *shape)),
            lambda x: np.reshape(x, (-1, shape[0]), order="F"),
        ],
        "ravel": [np.ravel, lambda x: x.ravel(), lambda x: np.ravel(x, "F")],
        "transpose": [np.transpose, lambda x: x.T, lambda x: np.transpose(x, order), lambda x: x.transpose(*order)],
        "swapaxes": [lambda x: np.swapaxes(x, axis, other)],
        "moveaxis": [lambda x: np.moveaxis(x, axis, other), lambda x: np.moveaxis(x, order, range(rank))],
        "expand_dims": [lambda x: np.expand_dims(x, axis), lambda x: np.expand_dims(x, (0, -1))],
        "squeeze": [np.squeeze, lambda x: np.squeeze(x, ones)],
        "broadcast_to": [lambda x: np.broadcast_to(x, (2, *shape))],
        "astype": [lambda x: np.astype(x, np.float64)],
    }
    function = draw(st.sampled_from(calls[name]))
    return Case(function, (separated(shape, draw(seeds)),), f"{name} axis={axis} other={other} order={order}")


@st.composite
def joinings(draw: Any, name: str) -> Case:
    shape = list(draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3)))
    count = draw(st.integers(1, 3))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    arrays = []
    for _ in range(count):
        own = list(shape)
        if name == "concatenate":
            own[axis] = draw(st.integers(1, 3))
        arrays.append(separated(tuple(own), draw(seeds)))
    function = getattr(np, name)
    if name == "stack":
        axis = draw(st.integers(-len(shape) - 1, len(shape)))
    return Case(lambda *parts: function(parts, axis=axis), tuple(arrays), f"{name} axis={axis}")


@st.composite
def takes(draw: Any) -> Case:
    shape, index = draw(indices())
    return Case(lambda x: x[index], (separated(shape, draw(seeds)),), f"x[{index!r}]")


@st.composite
def scatters(draw: Any) -> Case:
    """The derivative of indexing is a separate operation without a NumPy function."""
    shape, index = draw(indices())
    pattern, positions = indexing.pattern_of(index)
    options = {"index": pattern, "shape": shape}

    def function(x: Any) -> Any:
        if isinstance(x, Tensor):
            return x.recorder.record(indexing.Scatter, (x, *positions), options)
        return indexing.Scatter.value(x, *positions, **options)

    return Case(function, (separated(np.zeros(shape)[index].shape, draw(seeds)),), f"scatter at {index!r}")


CASES: dict[str, st.SearchStrategy[Case]] = {
    **elementwise.CASES,
    **special.CASES,
    "where": wheres(),
    "clip": clips(),
    "matmul": matmuls(),
    "dot": dots(),
    "outer": outers(),
    "einsum": einsums(),
    **{
        name: shapings(name)
        for name in (
            "reshape", "ravel", "transpose", "swapaxes", "moveaxis", "expand_dims", "squeeze", "broadcast_to", "astype",
        )
    },
    "concatenate": st.one_of(joinings("concatenate"), assembly.flat_joins()),
    "stack": joinings("stack"),
    "take": takes(),
    "scatter": scatters(),
    **linalg_matrices.CASES,
    **linalg_norms.CASES,
    **linalg_products.CASES,
    **movement.CASES,
    **assembly.CASES,
    **complex_parts.CASES,
    **fourier.CASES,
    "astype": st.one_of(shapings("astype"), complex_parts.conversions()),
    "power": st.one_of(elementwise.CASES["power"], complex_parts.powers()),
    **writing.CASES,
    **sequences.CASES,
    **statistics.CASES,
}  # fmt: skip
"""A strategy for every operation with a derivative, by name."""

OWN_NUMBERS = {
    *elementwise.OWN_NUMBERS,
    *special.OWN_NUMBERS,
    *linalg_matrices.OWN_NUMBERS,
    *linalg_norms.OWN_NUMBERS,
    *sequences.OWN_NUMBERS,
}
"""Operations whose strategy draws its own ties and zeros, or that have none."""

WITHOUT_GRADIENT: dict[str, Callable[..., Any]] = {
    **elementwise.WITHOUT_GRADIENT,
    **special.WITHOUT_GRADIENT,
    "argsort": lambda x: np.argsort(x, 0),
    "argpartition": lambda x: np.argpartition(x, 1),
    "matrix_rank": np.linalg.matrix_rank,
    "zeros_like": np.zeros_like,
    "ones_like": np.ones_like,
    "item": lambda x: x.recorder.record(shaping.Item, (x[0, 0],), {}) if isinstance(x, Tensor) else x[0, 0],
    **statistics.WITHOUT_GRADIENT,
    "stop_gradient": lambda x: x.detach() if isinstance(x, Tensor) else x,
    **writing.WITHOUT_GRADIENT,
}
"""A function of an array for every operation without a derivative, by name."""


@st.composite
def edge_cases(draw: Any, name: str) -> Case:
    """A call of the operation with ties and zeros, sometimes very large or small numbers, in any memory layout."""
    op = registry.named(name)
    assert op is not None
    case = draw(CASES[name])
    if name in OWN_NUMBERS:
        return case
    domains = [op.domain[min(position, len(op.domain) - 1)] for position in range(len(case.arrays))]
    if len(case.arrays) != len(op.domain):
        domains = [max(op.domain, key=lambda domain: domain.low)] * len(case.arrays)
    arrays = tuple(draw(edge_case_arrays(array.shape, domain=domain)) for array, domain in zip(case.arrays, domains))
    return Case(case.function, arrays, case.description)


def calls(name: str) -> st.SearchStrategy[Case]:
    """Calls of an operation with numbers of both kinds."""
    return st.one_of(CASES[name], edge_cases(name))


def collected(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """A fixed list of `count` examples of a strategy."""
    found: list[Any] = []

    @settings(max_examples=count, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(strategy)
    def collect(example: Any) -> None:
        found.append(example)

    collect()
    return found
