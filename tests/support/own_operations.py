"""Tests that define operations leave none behind."""

from __future__ import annotations

import pytest

from tracer.ops import registry


def restore_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the operations that a test registers forgotten at its end."""
    list(registry)  # imports all modules: one that a test imports is not imported again, so its operations would be lost
    monkeypatch.setattr(registry, "_named", dict(registry._named))
    monkeypatch.setattr(registry, "_implementing", dict(registry._implementing))
