"""Power failures: of a run that ended everything is on disk, of a run in progress what was there at its last sync.

The disk is simulated: it has the names of a folder as they were when the folder was last synced, and the content of each file
as it was when the file was last synced.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

import tracer
from support.cli import SCENARIO_TEXT, run
from support.traces import recorded
from tracer.errors import TraceFileError, UsageError
from tracer.graph.record import Step, Trace
from tracer.store import durability
from tracer.store.format import journal_path
from tracer.store.writing import TraceWriter

PAGE = 4096

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the path of a descriptor is not known here")


class Disk:
    """What a power failure leaves of a folder: files by inode as they were synced, and the names that were synced."""

    def __init__(self) -> None:
        self.contents: dict[int, bytes] = {}
        self.names: dict[str, int] = {}
        self.syncs = 0

    def sync(self, descriptor: int) -> None:
        """Note what `os.fsync` forces to the disk."""
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_dir():
            self.names = {each.name: each.stat().st_ino for each in path.iterdir()}
        else:
            self.syncs += 1
            self.contents[os.fstat(descriptor).st_ino] = path.read_bytes()

    def after_power_failure(self, folder: Path) -> Path:
        """The folder as it is after the machine starts again: a file that was never synced is empty."""
        folder.mkdir()
        for name, inode in self.names.items():
            (folder / name).write_bytes(self.contents.get(inode, b""))
        return folder


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The simulated disk under everything that is synced."""
    simulated = Disk()
    monkeypatch.setattr(durability.os, "fsync", simulated.sync)
    return simulated


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A function that lets time pass."""
    now = [1000.0]
    monkeypatch.setattr(durability.time, "monotonic", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


def is_same(one: Step, other: Step) -> bool:
    """Whether two steps have the same values."""
    return [node.value.tobytes() for node in one.nodes] == [node.value.tobytes() for node in other.nodes]


def write_all(trace: Trace, path: Path, after_each: Callable[[int], None]) -> None:
    """Write a run and its end."""
    writer = TraceWriter(path, trace, "all")
    for count, step in enumerate(trace.steps, 1):
        writer.write(step)
        after_each(count)
    writer.end(trace.stopped, trace.printed)


def test_run_in_progress_is_there_as_it_was_at_its_last_sync(disk: Disk, wait: Callable[[float], None], tmp_path: Path) -> None:
    trace, folder, lost = recorded("mnist", 12), tmp_path / "run", []
    folder.mkdir()

    def fail(count: int) -> None:
        restarted = disk.after_power_failure(tmp_path / f"after {count}")
        assert sorted(path.name for path in restarted.iterdir()) == ["trace.sqlite"]
        found = tracer.open(restarted / "trace.sqlite")
        assert found.unfinished
        assert all(is_same(one, other) for one, other in zip(found.steps, trace.steps, strict=False))
        lost.append(count - len(found.steps))
        wait(4)

    write_all(trace, folder / "trace.sqlite", fail)
    # A step takes 4 seconds: of 10 seconds without a sync at most three steps are lost.
    assert lost == [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]


def test_run_that_ended_is_on_disk(disk: Disk, wait: Callable[[float], None], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    write_all(recorded("mnist", 3), folder / "trace.sqlite", lambda count: None)
    restarted = disk.after_power_failure(tmp_path / "after")
    assert not tracer.open(restarted / "trace.sqlite").unfinished
    assert (restarted / "trace.sqlite").read_bytes() == (folder / "trace.sqlite").read_bytes()
    assert disk.syncs == 3  # before and after the file gets its name, and at the end


def test_earlier_file_is_there_until_the_new_one_is(disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    write_all(recorded("fruit", 3), folder / "trace.sqlite", lambda count: None)
    seen: list[str] = []

    def sync(descriptor: int, plain: Callable[[int], None] = disk.sync) -> None:
        for when in ("before", "after"):
            restarted = disk.after_power_failure(tmp_path / f"{when} {len(seen)}")
            seen.append(tracer.open(restarted / "trace.sqlite").scenario)
            if when == "before":
                plain(descriptor)

    monkeypatch.setattr(durability.os, "fsync", sync)
    write_all(recorded("linear-regression", 2), folder / "trace.sqlite", lambda count: None)
    assert list(dict.fromkeys(seen)) == ["fruit", "linear-regression"]


@pytest.mark.parametrize("seed", range(12))
def test_file_that_was_written_in_part_is_damaged_or_right(
    seed: int, disk: Disk, wait: Callable[[float], None], tmp_path: Path
) -> None:
    """After the last sync any of the changed pages may have reached the disk. No wrong value is shown."""
    trace, folder, rng = recorded("fruit", 8), tmp_path / "run", Random(seed)
    folder.mkdir()
    path, outcomes = folder / "trace.sqlite", []

    def fail(count: int) -> None:
        new, old = path.read_bytes(), disk.after_power_failure(tmp_path / f"after {count}") / "trace.sqlite"
        pages = bytearray(old.read_bytes().ljust(len(new), b"\0"))
        for start in range(0, len(new), PAGE):
            if rng.random() < 0.5:
                pages[start : start + PAGE] = new[start : start + PAGE]
        old.write_bytes(pages)
        assert not journal_path(old).exists()
        try:
            found = tracer.open(old)
            assert all(is_same(one, other) for one, other in zip(found.steps, trace.steps, strict=False))
            outcomes.append(len(found.steps))
        except TraceFileError as error:
            assert str(error).startswith(f"{old} is ")
            assert "\n" not in str(error)

    write_all(trace, path, fail)
    assert outcomes[0] == 1  # just synced


def test_everything_that_a_run_writes_is_on_disk_at_its_end(disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    checkpoint = 'steps=3, checkpoint=tracer.Checkpoint(monitor="loss", mode="min")'
    Path("mine.py").write_text("import tracer\n" + SCENARIO_TEXT.format(model="pass").replace("steps=3", checkpoint))
    assert run("trace", "mine.py", "-q", "--format", "pdf,log,svg") == 0
    restarted = disk.after_power_failure(tmp_path / "after")
    written = {path.name: path.read_bytes() for path in (tmp_path / "output" / "mine").iterdir()}
    assert {path.name: path.read_bytes() for path in restarted.iterdir()} == written
    assert {"best.npz", "steps.log", "steps.pdf", "trace.sqlite", "step-0.svg"} <= set(written)


def test_disk_that_fails_to_sync_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    writer = TraceWriter(tmp_path / "trace.sqlite", recorded("fruit", 2))
    monkeypatch.setattr(durability.os, "fsync", fail)
    with pytest.raises(UsageError, match=r"cannot write \S*trace.sqlite: Input/output error") as caught:
        writer.write(recorded("fruit", 2).steps[0])
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_file_system_that_cannot_sync_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(durability.os, "fsync", refuse)
    tracer.save(recorded("fruit", 2), tmp_path / "trace.sqlite")
    assert len(tracer.open(tmp_path / "trace.sqlite").steps) == 2
