"""Whatever a file holds, reading it works or raises TraceFileError: no other error, no hang, no memory beyond a gigabyte."""

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

MUTATED = {"dev": 150, "ci": 400, "nightly": 10_000}[PROFILE]
"""Files in a run of the tests."""

WORKERS = 2
MOST_DEATHS = 20
"""Times that a reading process may be started again before its worker gives up."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the good files."""
    folder = tmp_path_factory.mktemp("mutated")
    save_good_files(folder)
    return folder


@pytest.fixture
def bench(folder: Path, tmp_path: Path) -> Bench:
    """What a mutation works with."""
    good = {name: (folder / f"{name}.good").read_bytes() for name in GOOD}
    return Bench(good, "fruit", tmp_path, Random(0))


def outcomes(folder: Path, first: int, end: int) -> list[dict[str, Any]]:
    """What became of every file, read in another process; where that dies at one of them, it begins anew behind it."""
    found: list[dict[str, Any]] = []
    deaths = 0
    while first < end and deaths <= MOST_DEATHS:
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
    """Files damaged in all ways there are, and files that lie: and what opens without a lie says what was written."""
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
    # Neither is everything refused, so that a reader which refuses all would pass, nor does nearly everything open.
    assert counts["refused"] > 0.4 * MUTATED
    assert counts["opened"] > 0.15 * MUTATED
    if PROFILE != "dev":
        kinds: dict[str, set[str]] = defaultdict(set)
        for line in found:
            kinds[line["kind"]].add(line["outcome"])
        assert {"opened", "refused"} <= kinds["node_lies"] & kinds["numbers_lie"] & kinds["rows_lie"] & kinds["parts_lie"]
        assert kinds["nothing_but_written_again"] == {"opened"}
        assert kinds["journal_that_names_another"] == {"refused"}


def test_the_same_seed_makes_the_same_file(bench: Bench, tmp_path: Path) -> None:
    """So that a failure can be found again."""
    for seed in range(0, 2 * len(MUTATIONS), 3):
        kind, damage = damaged(seed, bench.good, tmp_path)
        assert damaged(seed, bench.good, tmp_path) == (kind, damage)
        assert {kind} <= LIES | {mutation.__name__ for mutation in MUTATIONS}


def test_a_bit_of_the_header_counts_or_changes_nothing(bench: Bench, tmp_path: Path) -> None:
    """Of the 100 bytes that a file begins with: a file with another bit opens with the same log, or is refused."""
    good = bench.good["linear-regression"]
    whole = log_text(read(_written(tmp_path, Damaged(good))))
    opened = 0
    bits = range(0, 800, {"dev": 7, "ci": 3, "nightly": 1}[PROFILE])
    for bit in bits:
        content = bytearray(good)
        content[bit // 8] ^= 1 << bit % 8
        try:
            trace = read(_written(tmp_path, Damaged(bytes(content))))
            assert log_text(trace) == whole
            opened += 1
        except TraceFileError:
            at = bit // 8
            assert any(start <= at < start + length for start, length in HEADER.values()) or at < 24
    assert 0 < opened < 0.75 * len(bits)


def test_a_forgery_without_a_lie_opens(bench: Bench, tmp_path: Path) -> None:
    """What is forged is believed as far as its digests go: it is what a lie changes that is found."""
    good = _written(tmp_path, Damaged(bench.content))
    Forgery.of(good).write(tmp_path / "forged.trace")
    assert log_text(read(tmp_path / "forged.trace")) == log_text(read(good))


def test_a_commit_that_was_cut_off_is_taken_back(bench: Bench, tmp_path: Path) -> None:
    """Half of it stands in the file, and the journal says what stood there before."""
    left = interrupted(bench)
    assert left.content != bench.content
    with pytest.raises(TraceFileError):
        log_text(read(_written(tmp_path, Damaged(left.content))))
    path = _written(tmp_path, left)
    assert log_text(read(path)) == log_text(read(_written(tmp_path, Damaged(bench.content), "good.trace")))
    assert not path.with_name(f"{path.name}-journal").exists()
    assert path.read_bytes() == bench.content


def test_a_journal_that_names_another_file_is_left_alone(bench: Bench, tmp_path: Path) -> None:
    """SQLite would open the file that is named, and delete it where it is the journal of no one: reading refuses before."""
    other = tmp_path / "other.txt"
    for text in (b"", b"what somebody wrote", bench.content):
        other.write_bytes(text)
        for start in (b"", b"x"):  # also behind a beginning that is none of a journal
            journal = start + journal_naming(str(other).encode())[len(start) :]
            path = _written(tmp_path, Damaged(bench.content, journal))
            with pytest.raises(TraceFileError, match="belongs to several databases"):
                read(path)
            assert other.read_bytes() == text
            assert path.read_bytes() == bench.content


def test_a_journal_that_was_begun_is_passed_over(bench: Bench, tmp_path: Path) -> None:
    """A run that is killed while it notes a page has not written to that page yet."""
    pages = [bench.content[start : start + PAGE] for start in range(0, len(bench.content), PAGE)]
    whole = journal_of_pages({1: pages[0], 2: pages[1]}, len(pages))
    expected = log_text(read(_written(tmp_path, Damaged(bench.content), "good.trace")))
    record = PAGE + 8
    for length in (1, 8, 20, 40, 511, 512, 514, 516, 600, 511 + record, 512 + record, 516 + record, len(whole) - 1, len(whole)):
        path = _written(tmp_path, Damaged(bench.content, whole[:length]))
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
