"""Forms that raise an error by name, and why."""

from __future__ import annotations

from pathlib import Path

from tracer.errors import TracerError

RAISED = (TracerError, TypeError, AttributeError)
"""What a form that cannot be recorded raises; TypeError and AttributeError where Python finds that a method lacks an argument."""

REFUSED: dict[str, str] = {}
"""Why a form is refused."""

PENDING: frozenset[str] = frozenset(Path(__file__).with_name("pending.txt").read_text().splitlines())
"""Forms that may still raise an error: the functions that they use are being written."""
