"""Exceptions for user errors.

The message of a `TracerError` is one line: what is wrong, where, and what to do. `exit_code` is that of the command.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence


class TracerError(Exception):
    """Base of the errors that the command prints as one line."""

    exit_code = 2


class UsageError(TracerError, ValueError):
    """The call, the settings, the data or the scenario file cannot be used as they are (exit code 2)."""


class ArgumentError(UsageError, TypeError):
    """A function or class of this package was called with arguments that it does not have."""


class ScenarioError(TracerError, RuntimeError):
    """Code of the scenario raised an exception; the message names the line in the user's file (exit code 3)."""

    exit_code = 3


class RecordingError(TracerError, TypeError):
    """An operation that would silently drop out of the graph; the message names it and a workaround (exit code 3)."""

    exit_code = 3


class MissingAttributeError(RecordingError, AttributeError):
    """A Tensor lacks a method or attribute of arrays; `hasattr` and `getattr` with a default take it as usual."""


class MissingRuleError(RecordingError):
    """A gradient has to pass through a NumPy function without a derivative rule: the argument is its name, as "linalg.cond"."""


class TraceFileError(TracerError, ValueError):
    """The file is no trace file, is damaged, or was written by a newer version (exit code 4)."""

    exit_code = 4


SYNONYMS = {
    "alpha": ("learning_rate",), "betas": ("beta1", "beta2"), "criterion": ("loss",), "eps": ("epsilon",),
    "eta": ("learning_rate",), "iterations": ("steps",), "loss_fn": ("loss",), "lr": ("learning_rate",),
    "lr_decay": ("learning_rate_decay",), "max_iter": ("epochs", "steps"), "n_epochs": ("epochs",), "network": ("model",),
    "num_epochs": ("epochs",), "optim": ("optimizer",), "random_state": ("seed",), "rtol": ("tolerance",),
    "tol": ("tolerance",), "weights": ("parameters",),
}  # fmt: skip
"""Names that other libraries use for the same."""


MAX_LESS_LIKE = 0.1
"""How much less like an unknown name than the most similar one, of 1, are those that are named beside it."""


def close_names(name: str, names: list[str]) -> str:
    """The end of an error message about an unknown name: similar names, or else all names.

    >>> close_names("learning_rat", ["learning_rate", "epochs"])
    '; did you mean learning_rate?'
    >>> close_names("q", ["learning_rate", "epochs"])
    '; there are: learning_rate, epochs'
    """
    unique = list(dict.fromkeys(names))
    if near := near_names(name, unique):
        return near
    return f"; there are: {', '.join(unique[:12])}{', ...' if len(unique) > 12 else ''}" if unique else ""


def near_names(name: str, names: list[str]) -> str:
    """The end of an error message about an unknown name: similar names, in either case; empty if there are none.

    >>> near_names("X", ["x", "y"]), near_names("lr", ["learning_rate"]), near_names("q", ["x", "y"])
    ('; did you mean x?', '; did you mean learning_rate?', '')
    """
    close = similar_names(name, names)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def similar_names(name: str, names: Sequence[str]) -> list[str]:
    """The names that somebody may have meant by an unknown one, in either case; empty if there are none.

    >>> similar_names("los", ["loss", "lost", "y"]), similar_names("q", ["x", "y"])
    (['lost', 'loss'], [])
    >>> similar_names("stpes", ["steps", "pages"])
    ['steps']
    """
    close = [known for known in SYNONYMS.get(name, ()) if known in names]
    close = close or [known for known in names if known.lower() == name.lower()]
    if close:
        return close
    likeness = {each: difflib.SequenceMatcher(None, each, name).ratio() for each in difflib.get_close_matches(name, names)}
    return [each for each, ratio in likeness.items() if ratio >= max(likeness.values()) - MAX_LESS_LIKE]
