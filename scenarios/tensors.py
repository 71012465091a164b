"""Smallest and largest values of tensors: over all elements or some axes, and how a gradient flows back through them."""

import numpy as np

from tracer import Report, Scenario

TENSORS = {
    "vector": [3.0, 1.0, 2.0, 1.0],
    "matrix": [[4.0, 2.0, 6.0], [4.0, 5.0, 6.0]],
    "cube": [[[1.0, 8.0], [3.0, 1.0]], [[7.0, 2.0], [5.0, 8.0]], [[4.0, 6.0], [3.0, 9.0]]],
}  # fmt: skip

WAYS = {
    "vector": [{}],
    "matrix": [{}, {"axis": 0}, {"axis": 1, "keepdims": True}],
    "cube": [{}, {"axis": (0, 2)}, {"axis": (0, 2), "keepdims": True}],
}
"""The arguments of the reductions of each tensor: over all axes, one or several; `keepdims` keeps them with size 1."""


def model(vector, matrix, cube):
    """The minimum and the maximum of every tensor for all arguments in WAYS."""
    tensors = {"vector": vector, "matrix": matrix, "cube": cube}
    return [reduce(tensors[name], **way) for name, ways in WAYS.items() for way in ways for reduce in (np.min, np.max)]


def loss(reductions):
    """The sum of all results. Its gradient counts how often an element was a minimum or a maximum."""
    total = np.sum(reductions[0])
    for reduction in reductions[1:]:
        total = total + np.sum(reduction)
    return total


def results(vector, matrix, cube, record):
    """Every tensor, its reductions under TensorFlow's names, and the gradient of the sum, which ties share equally."""
    tensors = {"vector": vector, "matrix": matrix, "cube": cube}
    lines = []
    for name, ways in WAYS.items():
        lines.append(f"{name} = {tensors[name].tolist()}")
        for way in ways:
            arguments = ", ".join([name, *(f"{key}={value}" for key, value in way.items())])
            lines.append(f"  reduce_min({arguments}) = {np.min(tensors[name], **way).tolist()}")
            lines.append(f"  reduce_max({arguments}) = {np.max(tensors[name], **way).tolist()}")
        lines.append(f"  gradient of their sum = {record.gradient(name).round(4).tolist()}")
    return "\n".join(lines)


scenario = Scenario(parameters=TENSORS, model=model, loss=loss, report=Report(end=results))
