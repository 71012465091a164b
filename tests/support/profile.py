"""How many examples Hypothesis draws: TRACER_PROFILE is quick, dev, ci or nightly.

CI draws the same ones in each run, so more of them find nothing that the first run did not: those of the nightly run differ.
"""

from __future__ import annotations

import os

PROFILE = os.environ.get("TRACER_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
EXAMPLES = {"quick": 5, "dev": 30, "ci": 30, "nightly": 1000}
PER_OPERATION = {"quick": 2, "dev": 4, "ci": 4, "nightly": 500}[PROFILE]
"""Number of calls of each operation per test, of which there are hundreds."""

PER_DOMAIN = {"quick": 5, "dev": 15, "ci": 15, "nightly": 500}[PROFILE]
"""Number of drawn arrays for each elementwise operation on its declared domain, of which there are a hundred."""

PROGRAMS = {"quick": 10, "dev": 100, "ci": 100, "nightly": 10_000}[PROFILE]
"""Number of random programs per test run."""
