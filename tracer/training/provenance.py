"""What a trace stores about its origin: the settings, the versions of packages, and the scenario's source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.data.provenance import source_text, versions
from tracer.graph.record import Trace
from tracer.store.fingerprint import fingerprint
from tracer.training.scenario import Scenario
from tracer.training.settings import settings_at_default


def head_of(scenario: Scenario, seed: int, dtype: str, settings: Mapping[str, Any]) -> Trace:
    """The trace of a run before its first step; settings without a value are left out."""
    shown = {name: _shown(value) for name, value in settings.items() if value is not None}
    return Trace(
        scenario=scenario.name,
        title=scenario.title,
        seed=seed,
        dtype=dtype,
        hyperparameters=shown,
        versions=versions(),
        source=source_text(scenario.path),
        arithmetic=fingerprint(),
        defaults=tuple(name for name in settings_at_default(scenario) if name in shown),
    )


def _shown(setting: Any) -> Any:
    """A setting as stored in the trace: a function by its name."""
    return getattr(setting, "__name__", str(setting)) if callable(setting) else setting
