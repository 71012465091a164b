"""The errors that are written for the person who made them.

A `TracerError` is one clear line: what is wrong, where, and what to do. Its `exit_code` is what the command ends with.
"""

from __future__ import annotations

import difflib


class TracerError(Exception):
    """The base of all errors that the command prints as one line."""

    exit_code = 2


class UsageError(TracerError, ValueError):
    """The call, the settings, the data or the scenario file cannot be used as they are (exit code 2)."""


class ScenarioError(TracerError, RuntimeError):
    """The scenario's own code raised; the message ends at the user's own line (exit code 3)."""

    exit_code = 3


class RecordingError(TracerError, TypeError):
    """An operation that would drop out of the graph in silence: it names the function and the way round."""

    exit_code = 3


class TraceFileError(TracerError, ValueError):
    """A file that is no trace file, is damaged, or was written by a newer version (exit code 4)."""

    exit_code = 4


def close_names(name: str, names: list[str]) -> str:
    """What a message says of the names that are near to a wrong one.

    >>> close_names("learning_rat", ["learning_rate", "epochs"])
    '; did you mean learning_rate?'
    >>> close_names("q", ["learning_rate", "epochs"])
    '; there are: learning_rate, epochs'
    """
    unique = list(dict.fromkeys(names))
    close = difflib.get_close_matches(name, unique, n=3, cutoff=0.6)
    if close:
        return f"; did you mean {' or '.join(close)}?"
    return f"; there are: {', '.join(unique[:12])}{', ...' if len(unique) > 12 else ''}" if unique else ""
