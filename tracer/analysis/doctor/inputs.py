"""Rules on the data that enter: not scaled."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.analysis.doctor.findings import Finding, Unseen
from tracer.analysis.doctor.operations import layers, source_of
from tracer.analysis.doctor.reading import Run, dependents, label
from tracer.i18n.message import Message

MAX_SIZE = 10.0
"""The mean or standard deviation of an input, above which it is not scaled. "Efficient BackProp" (LeCun et al.) wants 0 and 1."""


def unscaled(run: Run) -> Iterator[Finding | Unseen]:
    """Data that enter the first layer with a mean or standard deviation far from 0 and 1."""
    for step in run.steps[:1]:
        depending, told = dependents(step), set()
        for product, weights in layers(step):
            for operand in product.operands:
                node = source_of(step, operand)
                if (
                    node.id in depending
                    or node.id in told
                    or node.size < 2
                    or not node.dtype.startswith(("float", "bfloat", "int", "uint"))
                ):
                    continue
                told.add(node.id)
                summary = step.nodes[operand].summary  # as it enters: it may have been divided by 255 on the way
                if max(abs(summary.mean), summary.std) > MAX_SIZE:
                    fields = {
                        "name": label(node), "weights": weights.name, "mean": f"{summary.mean:.4g}", "std": f"{summary.std:.4g}",
                    }  # fmt: skip
                    numbers = {
                        "mean": summary.mean, "std": summary.std, "least": summary.minimum, "largest": summary.maximum,
                    }  # fmt: skip
                    yield Finding(Message("doctor_unscaled", fields), Message("advice_unscaled"), numbers, step.index, product.id)
