"""What the head and the end of a trace file and the metrics of a step consist of. The writer refuses what the reader would."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracer.errors import UsageError
from tracer.graph.record import Trace
from tracer.store.plain_json import from_json, to_json

HEAD: Mapping[str, Any] = {
    "scenario": str, "title": str, "seed": (int, type(None)), "dtype": str, "hyperparameters": dict, "versions": dict,
    "source": str, "arithmetic": str, "byteorder": str,
}  # fmt: skip
"""The types of the fields of the head."""

END: Mapping[str, Any] = {
    "stopped": str, "unfinished": str, "printed": list, "metrics": (list, type(None)), "steps": int, "digest": str,
    "finite": int,
}  # fmt: skip
"""The types of the fields of the end."""


class NotStorableError(ValueError):
    """A part of a trace that a file cannot hold; the message says which."""


def wrong_field(part: Any, types: Mapping[str, Any]) -> str:
    """The first field of a part that is missing or has another type, or empty.

    >>> wrong_field({"steps": 3, "digest": None}, {"steps": int, "digest": str})
    'digest'
    """
    return next((name for name, type_ in types.items() if not isinstance(part.get(name, ...), type_)), "")


def are_metrics(metrics: Any) -> bool:
    """Whether the metrics of a step are values by name, with a whole number as step and epoch.

    >>> are_metrics({"step": 0, "loss": 0.5}), are_metrics({"step": "first"}), are_metrics({1: 0.5})
    (True, False, False)
    """
    return (
        isinstance(metrics, Mapping)
        and all(isinstance(name, str) for name in metrics)
        and all(isinstance(metrics.get(name, 0), int) for name in ("step", "epoch"))
    )


def head_text(head: Trace, path: Path) -> str:
    """The head as it is stored. Raises UsageError if a field has a type that a file cannot hold."""
    text = to_json(
        {
            "scenario": head.scenario,
            "title": head.title,
            "seed": head.seed,
            "dtype": head.dtype,
            "hyperparameters": dict(head.hyperparameters),
            "defaults": list(map(str, head.defaults)),
            "versions": dict(head.versions),
            "source": head.source,
            "arithmetic": head.arithmetic,
            "byteorder": sys.byteorder,
        }
    )
    wrong = wrong_field(from_json(text), HEAD)
    if wrong:
        raise UsageError(f"cannot write {path}: the {wrong} of the trace is {getattr(head, wrong)!r:.80}")
    return text
