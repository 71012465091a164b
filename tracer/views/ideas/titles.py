"""Titles of boxes, in the reader's language."""

from __future__ import annotations

from tracer.i18n.language import Language

SYMBOLS = {
    "add": "+", "iadd": "+", "subtract": "-", "sub": "-", "multiply": "*", "mul": "*", "divide": "/", "div": "/", "matmul": "@",
    "mm": "@", "dot": "@", "bmm": "@",
}  # fmt: skip
"""Operators, by the operations that they write."""


OPERATIONS = {
    "native_batch_norm": "batch norm", "_native_batch_norm_legit": "batch norm", "cudnn_batch_norm": "batch norm",
    "native_layer_norm": "layer norm", "max_pool2d_with_indices": "max pool2d", "avg_pool2d": "avg pool2d",
    "_scaled_dot_product_flash_attention_for_cpu": "attention", "_scaled_dot_product_attention_math": "attention",
}  # fmt: skip
"""Titles of operations of PyTorch."""


def operation_title(kind: str) -> str:
    """The title of a single operation.

    >>> operation_title("add"), operation_title("max_pool2d_with_indices"), operation_title("leaky_relu")
    ('+', 'max pool2d', 'leaky relu')
    """
    return SYMBOLS.get(kind) or OPERATIONS.get(kind) or kind.replace("_", " ").strip()


def title_text(title: str, tell: Language) -> str:
    """A title in the reader's language. Those of functions in the user's code are the same in every language."""
    known = _known(tell)
    return ", ".join(known.get(part, part) for part in title.split(", "))


def _known(tell: Language) -> dict[str, str]:
    return {
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
