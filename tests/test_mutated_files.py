"""Reading any file works or raises TraceFileError: no other error, no hang, no more than a gigabyte of memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest

from support.mutated_files import (
    GOOD,
    HEADER,
    LIES,
    MUTATIONS,
    PAGE,
    Bench,
    Damaged,
    Forgery,
    damaged,
    interrupted,
    journal_naming,
    journal_of_pages,
    save_good_files,
)
from support.profile import PROFILE
from tracer.errors import TraceFileError
from tracer.store.reading import read
from tracer.views.text.log import log_text

MUTATED = {"quick": 50, "dev": 150, "ci": 400, "nightly": 10_000}[PROFILE]
"""Number of mutated files per test run."""

CHANGED = ("node_fields_changed", "numbers_changed", "rows_changed", "parts_changed")
"""Mutations after which some files open and some are refused."""

WORKERS = 2
MAX_RESTARTS = 20
"""Maximum number of restarts of a reading process."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the good files."""
    folder = tmp_path_factory.mktemp("mutated")
    save_good_files(folder)
    return folder


@pytest.fixture
def bench(folder: Path, tmp_path: Path) -> Bench:
    """The input of a mutation."""
    good = {name: (folder / f"{name}.good").read_bytes() for name in GOOD}
    return Bench(good, "fruit", tmp_path, Random(0))


def outcomes(folder: Path, first: int, end: int) -> list[dict[str, Any]]:
    """The outcome of every file, read in another process; if that dies, a new one continues after the file."""
    found: list[dict[str, Any]] = []
    deaths = 0
    while first < end and deaths <= MAX_RESTARTS:
        command = [sys.executable, str(Path(__file__).parent / "support/mutated_files.py"), str(folder)]
        done = subprocess.run([*command, str(first), str(end), str(WORKERS)], capture_output=True, text=True, check=False)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        found += [line for line in lines if "outcome" in line]
        if not done.returncode:
            break
        assert lines, done.stderr
        last = lines[-1]
        assert "outcome" not in last, f"seed {last['seed'] + WORKERS} could not be made:\n{done.stderr}"
        message = f"the process died with {done.returncode}: {done.stderr[:1500]}"
        found.append({**last, "outcome": "wrong", "message": message, "seconds": 0.0})
        first = last["seed"] + WORKERS
        deaths += 1
    return found


@pytest.mark.slow
def test_every_mutated_file_opens_or_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files with every kind of damage and forgery; a damaged file that opens must have its original content."""
    with ThreadPoolExecutor(WORKERS) as workers:
        runs = [workers.submit(outcomes, folder, first, MUTATED) for first in range(WORKERS)]
        found = [line for run in runs for line in run.result()]
    counts = Counter(line["outcome"] for line in found)
    slowest = max(found, key=lambda line: line["seconds"])
    with capsys.disabled():
        print(f"\nmutated files: {counts['refused']:,} refused, {counts['opened']:,} opened, {counts['wrong']:,} wrong;"
              f" the slowest took {slowest['seconds']:.1f} s ({slowest['kind']}, seed {slowest['seed']})")  # fmt: skip
    wrong = [f"seed {line['seed']}, {line['kind']}: {line['message']}" for line in found if line["outcome"] == "wrong"]
    assert not wrong, "\n".join(wrong)
    assert len(found) == MUTATED
    # A reader that refuses everything, or accepts nearly everything, must not pass.
    assert counts["refused"] > 0.4 * MUTATED
    assert counts["opened"] > 0.15 * MUTATED
    if PROFILE in ("ci", "nightly"):
        kinds: dict[str, set[str]] = defaultdict(set)
        for line in found:
            kinds[line["kind"]].add(line["outcome"])
        assert {"opened", "refused"} <= set.intersection(*(kinds[name] for name in CHANGED))
        assert kinds["rewritten_unchanged"] == {"opened"}
        assert kinds["journal_that_names_another"] == {"refused"}


def test_same_seed_gives_the_same_file(bench: Bench, tmp_path: Path) -> None:
    """So that failures can be reproduced."""
    for seed in range(0, 2 * len(MUTATIONS), 3):
        kind, damage = damaged(seed, bench.good, tmp_path)
        assert damaged(seed, bench.good, tmp_path) == (kind, damage)
        assert {kind} <= LIES | {mutation.__name__ for mutation in MUTATIONS}


def test_flipped_header_bit_is_refused_or_harmless(bench: Bench, tmp_path: Path) -> None:
    """With any of the first 100 bytes' bits flipped, a file opens with the same log or is refused."""
    good = bench.good["linear-regression"]
    expected = log_text(read(_written(tmp_path, Damaged(good))))
    opened = 0
    bits = range(0, 800, {"quick": 29, "dev": 7, "ci": 3, "nightly": 1}[PROFILE])
    for bit in bits:
        content = bytearray(good)
        content[bit // 8] ^= 1 << bit % 8
        try:
            trace = read(_written(tmp_path, Damaged(bytes(content))))
            assert log_text(trace) == expected
            opened += 1
        except TraceFileError:
            at = bit // 8
            assert any(start <= at < start + length for start, length in HEADER.values()) or at < 24
    assert 0 < opened < 0.75 * len(bits)


def test_rewritten_file_opens(bench: Bench, tmp_path: Path) -> None:
    """Valid digests are accepted, so a refused forgery is refused for its content."""
    good = _written(tmp_path, Damaged(bench.content))
    Forgery.of(good).write(tmp_path / "forged.trace")
    assert log_text(read(tmp_path / "forged.trace")) == log_text(read(good))


def test_interrupted_commit_is_rolled_back(bench: Bench, tmp_path: Path) -> None:
    """Half of it is in the file, and the journal has the previous content."""
    left = interrupted(bench)
    assert left.content != bench.content
    with pytest.raises(TraceFileError):
        log_text(read(_written(tmp_path, Damaged(left.content))))
    path = _written(tmp_path, left)
    assert log_text(read(path)) == log_text(read(_written(tmp_path, Damaged(bench.content), "good.trace")))
    assert not path.with_name(f"{path.name}-journal").exists()
    assert path.read_bytes() == bench.content


def test_journal_that_names_another_file_is_not_followed(bench: Bench, tmp_path: Path) -> None:
    """SQLite would open the named file, and delete it if it is a stale super-journal: reading refuses before that."""
    other = tmp_path / "other.txt"
    for text in (b"", b"what somebody wrote", bench.content):
        other.write_bytes(text)
        for start in (b"", b"x"):  # also after an invalid beginning
            journal = start + journal_naming(str(other).encode())[len(start) :]
            path = _written(tmp_path, Damaged(bench.content, journal))
            with pytest.raises(TraceFileError, match="belongs to several databases"):
                read(path)
            assert other.read_bytes() == text
            assert path.read_bytes() == bench.content


def test_unfinished_journal_is_ignored(bench: Bench, tmp_path: Path) -> None:
    """A run killed while it writes a page to the journal has not changed that page yet."""
    pages = [bench.content[start : start + PAGE] for start in range(0, len(bench.content), PAGE)]
    journal = journal_of_pages({1: pages[0], 2: pages[1]}, len(pages))
    expected = log_text(read(_written(tmp_path, Damaged(bench.content), "good.trace")))
    record = PAGE + 8
    for length in (
        1,
        8,
        20,
        40,
        511,
        512,
        514,
        516,
        600,
        511 + record,
        512 + record,
        516 + record,
        len(journal) - 1,
        len(journal),
    ):
        path = _written(tmp_path, Damaged(bench.content, journal[:length]))
        assert log_text(read(path)) == expected
        assert path.read_bytes() == bench.content


def _written(folder: Path, damage: Damaged, name: str = "mutated.trace") -> Path:
    path = folder / name
    journal = path.with_name(f"{name}-journal")
    journal.unlink(missing_ok=True)
    path.write_bytes(damage.content)
    if damage.journal is not None:
        journal.write_bytes(damage.journal)
    return path
