"""Hypothesis profiles and seeds (TRACER_PROFILE), golden files, the marker `numbers`, and English output."""

from __future__ import annotations

import gc
import importlib.util
import os
import random
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from pathlib import Path
from typing import Any

# The processors are shared out among the workers: threads of BLAS beside them wait for each other.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import pytest  # noqa: E402  # after setting the number of threads
from hypothesis import HealthCheck, settings  # noqa: E402

from support import golden  # noqa: E402
from support.profile import EXAMPLES, PROFILE  # noqa: E402

collect_ignore = [
    "benchmarks",
    "programs",
    "live/programs_torch",
    "live/programs_keras",
]  # programs: tests run them, nothing imports them

for name, count in EXAMPLES.items():
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    settings.register_profile(name, deadline=None, max_examples=count, print_blob=True, suppress_health_check=slow)
settings.load_profile(PROFILE)

for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
    os.environ.pop(name, None)  # English output on every machine unless a test sets a language


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew-golden", action="store_true", help="rewrite the golden files; review them with git diff")


class WithoutTorch:
    """Leaves out the doctests of tracer.torch. Registered as a plugin: a hook of this file sees only files beside it."""

    @staticmethod
    def pytest_ignore_collect(collection_path: Path) -> bool | None:
        return True if collection_path.parts[-2:] == ("tracer", "torch") else None


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Use a fixed seed in CI and a random one elsewhere, unless --hypothesis-seed is given."""
    if importlib.util.find_spec("torch") is None:
        config.pluginmanager.register(WithoutTorch())
    golden.renewing = config.option.renew_golden
    # Workers of pytest-xdist inherit the options, so all use this seed.
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = "0" if PROFILE == "ci" else str(random.getrandbits(32))


WITHOUT_MARKER = {
    "test_arrangement",
    "test_backward_plan",
    "test_booklet",
    "test_booklet_references",
    "test_checking",
    "test_cli_file",
    "test_cli_pictures",
    "test_fallback",
    "test_loops",
    "test_mermaid",
    "test_mutations",
    "test_phase_pictures",
    "test_picture_truth",
    "test_player",
    "test_player_page",
    "test_program_steps",
    "test_program_stretches",
    "test_recorded_loops",
    "test_rendering",
    "test_slide_lstm",
    "test_slide_weights",
    "test_store",
    "test_summary",
    "test_themes",
    "test_true_sentences",
    "test_worked_plans",
    "test_zooms",
}
"""Slow modules that import NumPy but only compare runs on one machine, or pictures."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of all modules that import NumPy or compare printed numbers with `numbers`, so that none is forgotten."""
    for item in items:
        module = getattr(item, "module", None)
        if module is None or module.__name__ in WITHOUT_MARKER:
            continue
        if hasattr(module, "np") or hasattr(module, "assert_matches_golden") or hasattr(module, "assert_close"):
            item.add_marker("numbers")


def pytest_collection_finish() -> None:
    """Leave what the test modules and libraries have made out of later garbage collections."""
    leave_alone()


@pytest.fixture(scope="module", autouse=True)
def forget_what_a_module_made(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empty the caches of a module behind its tests.

    A record that ends looks at each object that the collector knows: syntax trees of all files, which two modules held, made
    programs of later tests take ten times as long.
    """
    yield
    for each in vars(request.module).values():
        if isinstance(each, _lru_cache_wrapper) and each.__module__ == request.module.__name__:
            each.cache_clear()
    leave_alone()


def leave_alone() -> None:
    """Leave all objects that exist out of later garbage collections."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print how to reproduce a failure."""
    if terminalreporter.stats.get("failed"):
        seed = config.option.hypothesis_seed
        terminalreporter.write_line(f"found with TRACER_PROFILE={PROFILE} and --hypothesis-seed={seed}")
