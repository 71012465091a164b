"""How many examples Hypothesis draws: TRACER_PROFILE is quick, dev, ci or nightly."""

from __future__ import annotations

import os

PROFILE = os.environ.get("TRACER_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
EXAMPLES = {"quick": 5, "dev": 30, "ci": 60, "nightly": 1000}
PER_OPERATION = {"quick": 2, "dev": 4, "ci": 4, "nightly": 500}[PROFILE]
"""Number of calls of each operation per test, of which there are hundreds."""

PER_DOMAIN = {"quick": 5, "dev": 15, "ci": 30, "nightly": 500}[PROFILE]
"""Number of drawn arrays for each elementwise operation on its declared domain, of which there are a hundred."""

PROGRAMS = {"quick": 10, "dev": 100, "ci": 200, "nightly": 10_000}[PROFILE]
"""Number of random programs per test run."""
