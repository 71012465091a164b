"""Arrays brought to a common number of axes or a common shape, and coordinates."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.errors import RecordingError
from tracer.graph.expression import Expression
from tracer.ops.base import Array, Call, Op
from tracer.ops.data_movement import DataMovement
from tracer.ops.domain import REAL
from tracer.ops.indices import Index, Shape, broadcast_index
from tracer.ops.several_results import SeveralResults
from tracer.ops.terms import Terms


class Atleast(SeveralResults, DataMovement):
    """Base of operations that add axes of size 1 where there are too few. Of several arrays, each result is of one of them."""

    domain = (REAL,)

    @staticmethod
    def call(*arys: Array) -> Call:
        return arys, {}

    @classmethod
    def result_count(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> int:
        return len(inputs)

    @classmethod
    def call_of_part(cls, part: int, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Call:
        return (inputs[part],), {"part": part} if len(inputs) > 1 else {}

    @classmethod
    def combined(cls, results: list[Any]) -> Any:
        return results[0] if len(results) == 1 else tuple(results)

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, part: int = 0) -> Array:
        return np.reshape(g, x.shape)


class Atleast1d(Atleast):
    """An array with at least one axis."""

    implements = np.atleast_1d
    formula = "atleast_1d({x})"

    @staticmethod
    def value(x: Array, *, part: int = 0) -> Array:
        return np.atleast_1d(x)


class Atleast2d(Atleast):
    """An array with at least two axes; a vector becomes a row."""

    implements = np.atleast_2d
    formula = "atleast_2d({x})"

    @staticmethod
    def value(x: Array, *, part: int = 0) -> Array:
        return np.atleast_2d(x)


class Atleast3d(Atleast):
    """An array with at least three axes; a matrix gets a last one, a vector one before and one after."""

    implements = np.atleast_3d
    formula = "atleast_3d({x})"

    @staticmethod
    def value(x: Array, *, part: int = 0) -> Array:
        return np.atleast_3d(x)


class ToCommonShape(SeveralResults, DataMovement):
    """Base of operations that broadcast several arrays to a common shape: each result is of one of them."""

    domain = (REAL,)

    @classmethod
    def result_count(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> int:
        return len(inputs)

    @classmethod
    def combined(cls, results: list[Any]) -> Any:
        return tuple(results)

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        return tuple(parameters["shape"]) == result


class BroadcastArrays(ToCommonShape):
    """Arrays broadcast against each other; the gradient is summed over the broadcast axes."""

    implements = np.broadcast_arrays
    formula = "broadcast_to({x}, {shape})"

    @staticmethod
    def call(*args: Array) -> Call:
        return args, {"shape": np.broadcast_shapes(*map(np.shape, args))}

    @classmethod
    def call_of_part(cls, part: int, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Call:
        return (inputs[part],), {**parameters, "part": part}

    @staticmethod
    def value(x: Array, *, shape: Shape, part: int) -> Array:
        return np.broadcast_to(x, tuple(shape))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, shape: Shape, part: int) -> Array:
        return g  # autodiff sums it over the broadcast axes, as for every input


class Meshgrid(ToCommonShape):
    """Coordinates of a grid: the elements of each array along an axis of its own, repeated along the others.

    `along` is that axis: the position of the array, where with indexing 'xy' the first two change places.
    """

    implements = np.meshgrid
    formula = "meshgrid({x}, shape={shape}, axis={along})"

    @staticmethod
    def call(*xi: Array, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Call:
        if indexing not in ("xy", "ij"):
            raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
        return xi, {"sparse": bool(sparse), "indexing": indexing}

    @classmethod
    def call_of_part(cls, part: int, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Call:
        order = list(range(len(inputs)))
        if parameters["indexing"] == "xy" and len(order) > 1:
            order[:2] = 1, 0
        # The axis of the array at a position, and the array of an axis, are the same exchange.
        sizes = [np.size(inputs[each]) for each in order]
        shape = tuple(size if axis == order[part] or not parameters["sparse"] else 1 for axis, size in enumerate(sizes))
        return (inputs[part],), {"shape": shape, "along": order[part], "part": part}

    @staticmethod
    def value(x: Array, *, shape: Shape, along: int, part: int) -> Array:
        own = tuple(-1 if axis == along else 1 for axis in range(len(shape)))
        return np.array(np.broadcast_to(np.reshape(x, own), tuple(shape)))

    @staticmethod
    def gradient_x(g: Array, out: Array, x: Array, *, shape: Shape, along: int, part: int) -> Array:
        others = tuple(axis for axis in range(len(shape)) if axis != along)
        return np.reshape(np.sum(g, axis=others), x.shape)


class Linspace(Op):
    """Evenly spaced numbers from a start to a stop, along a new axis."""

    implements = np.linspace
    formula = "linspace({start}, {stop}{options})"
    domain = REAL, REAL
    analytic = True
    squares_terms = True  # in between: the weights of both ends are at most 1

    @staticmethod
    def call(
        start: Array, stop: Array, num: Any = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: Any = 0
    ) -> Call:
        if retstep:
            raise RecordingError("np.linspace with retstep=True is not recorded: leave it out, the step is x[1] - x[0]")
        if dtype is not None and np.dtype(dtype).kind != "f":
            raise RecordingError(f"np.linspace with dtype={np.dtype(dtype)} rounds: write np.floor(np.linspace(...)).astype(...)")
        kind = {} if dtype is None else {"dtype": str(np.dtype(dtype))}
        given = {"num": operator.index(num), "endpoint": bool(endpoint), **kind}
        return (start, stop), {**given, **({"axis": operator.index(axis)} if axis else {})}

    @staticmethod
    def value(start: Array, stop: Array, *, num: int, endpoint: bool, dtype: str | None = None, axis: int = 0) -> Array:
        return np.linspace(start, stop, num, endpoint, False, dtype, axis)

    @staticmethod
    def complex_value(start: Array, stop: Array, *, dtype: str | None = None, **options: Any) -> Array:
        return np.linspace(start, stop, **options)

    @staticmethod
    def gradient_start(g: Array, out: Array, start: Array, stop: Array, **options: Any) -> Array:
        return np.sum(g * (1 - _shares(g, **options)), axis=options.get("axis", 0))

    @staticmethod
    def gradient_stop(g: Array, out: Array, start: Array, stop: Array, **options: Any) -> Array:
        return np.sum(g * _shares(g, **options), axis=options.get("axis", 0))

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        shape = np.broadcast_shapes(*shapes)
        axis = parameters.get("axis", 0) % (len(shape) + 1)
        return result == (*shape[:axis], parameters["num"], *shape[axis:])

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        axis = parameters.get("axis", 0) % len(index)
        ends = (*index[:axis], *index[axis + 1 :])
        return tuple(broadcast_index(ends, np.shape(each)) for each in inputs)

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        return None  # the formula is that of all elements

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        endpoint = "" if parameters["endpoint"] else ", endpoint=False"
        axis = f", axis={parameters['axis']}" if "axis" in parameters else ""
        return f"linspace({{0}}, {{1}}, {parameters['num']}{endpoint}{axis})"


def _shares(g: Array, *, num: int, endpoint: bool, axis: int = 0, **_: Any) -> np.ndarray:
    """How far each number is on the way from start to stop, along the axis."""
    shares = np.linspace(0, 1, num, endpoint, dtype=g.dtype)
    return shares.reshape(-1, *(1,) * (g.ndim - 1 - axis % g.ndim))
