"""Forms that raise an error by name, and why."""

from __future__ import annotations

from pathlib import Path

from tracer.errors import TracerError

RAISED = (TracerError, TypeError, AttributeError)
"""What a form that cannot be recorded raises; TypeError and AttributeError where Python finds that a method lacks an argument."""

_LIST = "NumPy makes a plain array of a list without asking its elements"
_PLAIN = "asks for a plain array or number, which would leave the graph"
_CLASS = "a method of the class np.ndarray takes only its instances"

REFUSED: dict[str, str] = {
    **dict.fromkeys(("np.array([s, t])", "np.array([x, y])", "np.array([[s, t], [t, s]])", "np.array([s, t, s * t])"), _LIST),
    **dict.fromkeys(("np.sum([s, t])", "np.sum((x, y))", "np.mean([s, t, s * t])", "np.max([s, t])"), _LIST),
    **dict.fromkeys(("np.array(x)", "np.array(x, copy=True)", "np.asarray(x)", "np.asarray(x, dtype=float)"), _PLAIN),
    **dict.fromkeys(("np.asanyarray(x)", "np.ascontiguousarray(A)", "np.array(x, dtype=np.float64, ndmin=2)"), _PLAIN),
    **dict.fromkeys(("np.float64(s)", "np.full((2, 3), s)", "math.floor(s)"), _PLAIN),
    **dict.fromkeys(("np.ndarray.flatten(A)", "np.ndarray.sum(A, axis=0)", "np.ndarray.reshape(A, (4, 3))"), _CLASS),
    "np.vectorize(lambda a: a * a)(x)": "it makes a plain array of what it calls the function with, element by element",
    "np.frompyfunc(lambda a: a * a, 1, 1)(x)": "it makes an array of objects",
    "copy.deepcopy(x)": "a Tensor belongs to one record",
    "np.exp(x, where=mask, out=np.zeros(5))": "out= is a plain array, the result would leave the graph",
    "grid.dot(x)": "it is a method of a plain array, which asks for another: write grid @ x",
}
"""Why a form is refused."""

PENDING: frozenset[str] = frozenset(Path(__file__).with_name("pending.txt").read_text().splitlines())
"""Forms that may still raise an error: the functions that they use are being written."""
