"""Titles of boxes, in the reader's language."""

from __future__ import annotations

from tracer.i18n.language import Language

SYMBOLS = {
    "add": "+", "iadd": "+", "subtract": "-", "sub": "-", "multiply": "*", "mul": "*", "divide": "/", "div": "/", "matmul": "@",
    "mm": "@", "dot": "@", "bmm": "@",
}  # fmt: skip
"""Operators, by the operations that they write."""


def title_text(title: str, tell: Language) -> str:
    """A title in the reader's language. Those of functions in the user's code are the same in every language."""
    known = {
        "dense": tell("dense"),
        "linear": tell("linear"),
        "attention": tell("attention"),
        "convolution": tell("convolution"),
        "conv2d": tell("convolution"),
        "max pool2d": tell("max pooling"),
        "avg pool2d": tell("average pooling"),
        "normalisation": tell("normalisation"),
        "layer norm": tell("layer norm"),
        "batch norm": tell("batch norm"),
        "mean squared error": tell("mean squared error"),
        "squared error": tell("squared error"),
        "mean absolute error": tell("mean absolute error"),
        "cross entropy": tell("cross entropy"),
        "categorical cross entropy": tell("cross entropy"),
        "binary cross entropy": tell("binary cross entropy"),
        "negative log-likelihood": tell("negative log-likelihood"),
        "loss": tell("loss"),
    }
    return known.get(title, title)
