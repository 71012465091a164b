"""Scopes of functions that are one idea, such as a layer or a loss."""

from __future__ import annotations

SCOPES = {
    "dense", "linear", "affine", "embedding", "conv2d", "convolution", "relu", "leaky relu", "sigmoid", "tanh", "gelu", "softmax",
    "log softmax", "dropout", "layer norm", "batch norm", "attention", "rnn cell", "lstm cell", "gru cell", "max pool2d",
    "avg pool2d", "mean squared error", "mean absolute error", "huber", "smooth l1", "cross entropy", "categorical cross entropy",
    "conv", "convolution layer", "crossentropyloss", "mseloss", "bceloss", "bcewithlogitsloss", "nllloss", "l1loss", "huberloss",
    "negative log likelihood", "binary cross entropy", "binary cross entropy with logits", "hinge", "l2 penalty",
}  # fmt: skip
"""Functions that are one idea, by the names that scopes have for them."""

LAYERS = {"dense", "linear", "affine", "conv2d", "conv", "convolution", "embedding"}


def idea_scope(scope: str) -> str:
    """The part of a scope up to the outermost function that is an idea; empty if none is.

    >>> idea_scope("block#2/dense/inner"), idea_scope("block")
    ('block#2/dense', '')
    """
    parts = scope.split("/")
    for count, part in enumerate(parts, 1):
        if is_idea(part):
            return "/".join(parts[:count])
    return ""


def scope_title(scope: str) -> str:
    """The function of a scope without its number.

    >>> scope_title("block#2/dense#3"), scope_title("net/Relu.forward#2")
    ('dense', 'Relu')
    """
    return scope.rpartition("/")[2].partition("#")[0].removesuffix(".forward")


def is_idea(scope: str) -> bool:
    """Whether a scope is that of a function that is one idea.

    >>> is_idea("Relu.forward#2"), is_idea("Net.forward")
    (True, False)
    """
    return scope_title(scope).lower() in SCOPES
