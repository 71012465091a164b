"""How many examples Hypothesis draws, and from which seed: TRACER_PROFILE is dev, ci or nightly. Tests read English."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from support import golden
from support.profile import EXAMPLES, PROFILE

for name, count in EXAMPLES.items():
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    settings.register_profile(name, deadline=None, max_examples=count, print_blob=True, suppress_health_check=slow)
settings.load_profile(PROFILE)

for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
    os.environ.pop(name, None)  # whoever runs the tests: the commands speak English unless a test says otherwise


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew-golden", action="store_true", help="write the golden files anew; read the change with git diff")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """The same examples on every run in CI, others on every run elsewhere; the option --hypothesis-seed chooses them."""
    golden.renewing = config.option.renew_golden
    # The workers of pytest-xdist get the options of the main process, and with them its seed.
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = "0" if PROFILE == "ci" else str(random.getrandbits(32))


NOT_OF_NUMBERS = {
    *("test_booklet", "test_cli_pictures", "test_mermaid", "test_rendering", "test_zooms"),
    *("test_checking", "test_cli_file", "test_mutations", "test_backward_plan", "test_store"),
}
"""Modules that import NumPy, take long, and hold runs on one machine against each other, or pictures against what is drawn."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of numbers: those of modules that import NumPy or compare texts with numbers, so that none is forgotten."""
    for item in items:
        module = getattr(item, "module", None)
        if module is None or module.__name__ in NOT_OF_NUMBERS:
            continue
        if hasattr(module, "np") or hasattr(module, "assert_as_reviewed") or hasattr(module, "assert_close"):
            item.add_marker("numbers")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """A failure is found again with the seed that it came from."""
    if terminalreporter.stats.get("failed"):
        seed = config.option.hypothesis_seed
        terminalreporter.write_line(f"found with TRACER_PROFILE={PROFILE} and --hypothesis-seed={seed}")
