"""Runs killed at any time: every step reported as written is in the file, bit for bit."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import pytest

import tracer
from support.profile import PROFILE
from tracer.errors import UsageError
from tracer.graph.record import Node, Step, Trace
from tracer.store.format import journal_path
from tracer.store.reading import read
from tracer.store.writing import TraceWriter, save
from tracer.views.text.log import log_text

KILLS = {"quick": 4, "dev": 12, "ci": 25, "nightly": 100}[PROFILE]

SOLE_WRITER = "another run is writing"

RUNS = {"fruit": 200, "mnist": 20}
"""Many steps with small values and short commits, and few with large values, which are written before the commit."""


@cache
def run_in_memory(scenario: str) -> Trace:
    """A complete run."""
    return tracer.run(tracer.load(scenario), steps=RUNS[scenario])


def facts(node: Node) -> tuple[object, ...]:
    """Everything in a node: its value as bytes, its memory layout, and its metadata."""
    source = str(node.source)
    strides = node.value.strides if node.value.size > 1 else ()
    order = tuple(sorted(range(len(strides)), key=lambda axis: (-abs(strides[axis]), axis)))
    fields = (node.op, repr(node.inputs), repr(node.parameters), node.shape, node.dtype, node.phase, node.name, node.formula)
    return *fields, node.scope, source, node.gradient_of, node.rule_of, order, node.value.tobytes()


def is_same(one: Step, other: Step) -> bool:
    """Whether two steps are equal, bit for bit."""
    return (
        one.index == other.index
        and one.loss_id == other.loss_id
        and dict(one.gradients) == dict(other.gradients)
        and dict(one.updates) == dict(other.updates)
        and repr(dict(one.metrics)) == repr(dict(other.metrics))
        and list(map(facts, one.nodes)) == list(map(facts, other.nodes))
    )


class Child:
    """A process that writes a run to a file and reports every written step, and the end, over a pipe."""

    def __init__(self, trace: Trace, path: Path, values: str = "all", pause: float = 0.0) -> None:
        self._received = b""
        self._is_gone = False
        self._pipe, ours = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            # Handlers and clean-up of the parent must not run here.
            with contextlib.suppress(BaseException):
                faulthandler.disable()
                write_run(trace, path, values, lambda: (os.write(ours, b"."), time.sleep(pause)))
                os.write(ours, b"!")
            os._exit(0)
        os.close(ours)

    def wait_for_steps(self, count: int) -> None:
        """Wait until this many steps are written."""
        while self._received.count(b".") < count:
            message = os.read(self._pipe, 1)
            assert message, "the run ended early"
            self._received += message

    def kill(self) -> tuple[int, bool]:
        """Kill the process if it is alive; the number of steps reported as written, and whether the run had ended."""
        if not self._is_gone:
            self._is_gone = True
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            while more := os.read(self._pipe, 4096):
                self._received += more
            os.close(self._pipe)
        return self._received.count(b"."), b"!" in self._received


def write_run(trace: Trace, path: Path, values: str, written: Callable[[], object]) -> None:
    """Write a run step by step."""
    writer = TraceWriter(path, trace, values)
    for step in trace.steps:
        writer.write(step)
        written()
    writer.end(trace.stopped, trace.printed)


def run_in_killed_process(action: Callable[[], None]) -> None:
    """Run an action in another process; it must kill that process."""
    process = os.fork()
    if not process:
        with contextlib.suppress(BaseException):
            faulthandler.disable()
            action()
        os._exit(0)
    _, status = os.waitpid(process, 0)
    assert os.WIFSIGNALED(status), "it ended before it was killed"


def kill_this_process() -> None:
    """Kill the current process without clean-up."""
    os.kill(os.getpid(), signal.SIGKILL)


@contextlib.contextmanager
def writing(trace: Trace, path: Path, *, values: str = "all", pause: float = 0.0) -> Iterator[Child]:
    """A child that writes a run; killed on exit."""
    child = Child(trace, path, values, pause)
    try:
        yield child
    finally:
        child.kill()


def write_duration(scenario: str, folder: Path) -> float:
    """The seconds that writing the complete run takes on this machine."""
    taken = []
    # The first pass also computes the summaries of values, which children inherit.
    for _ in range(2):
        start = time.monotonic()
        write_run(run_in_memory(scenario), folder / "whole.trace", "all", lambda: None)
        taken.append(time.monotonic() - start)
    return taken[-1]


@pytest.mark.slow
@pytest.mark.parametrize("scenario", list(RUNS))
def test_killed_run_keeps_every_reported_step(scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At any time: during a commit, while the file is renamed, at the end of the run."""
    complete_run = run_in_memory(scenario)
    duration = write_duration(scenario, tmp_path)
    random = Random(scenario)
    counts, ended, journals = [], 0, 0
    kills = KILLS // 2 + KILLS % 2
    moments = [0, RUNS[scenario], *(random.randrange(RUNS[scenario]) for _ in range(kills - 2))]
    for number in range(kills):
        path = tmp_path / f"{number}.trace"
        with writing(complete_run, path) as child:
            # Wait for a number of steps, independent of the machine's load, and kill it within the next.
            child.wait_for_steps(moments[number])
            time.sleep(duration / RUNS[scenario] * random.uniform(0, 1.1))
            written, has_ended = child.kill()
        counts.append(written)
        ended += has_ended
        if not path.exists():
            assert not written, f"{written} steps were reported as written, and there is no file"
            continue
        journals += journal_path(path).exists()
        trace = read(path)
        assert written <= len(trace.steps) <= len(complete_run.steps)
        # The last steps, which are most at risk, and some of the others.
        chosen = {*range(max(0, len(trace.steps) - 3), len(trace.steps)), *range(0, len(trace.steps), 37)}
        for position in sorted(chosen):
            assert is_same(trace.steps[position], complete_run.steps[position]), f"step {position} is another"
        assert list(map(dict, trace.metrics)) == list(map(dict, complete_run.metrics[: len(trace.steps)]))
        assert has_ended <= (not trace.unfinished)
        assert trace.unfinished or list(trace.printed) == list(complete_run.printed)
        if number < 3:
            text = log_text(trace)
            assert text.count("== step ") == len(trace.steps)
        # A later run replaces the remains completely.
        save(tracer.run(tracer.load("linear-regression"), steps=1), path)
        assert read(path).scenario == "linear-regression"
        assert sorted(each.name for each in tmp_path.glob(f"{number}.*")) == [path.name]
    with capsys.disabled():
        print(f"\n{scenario}: killed after {sorted(counts)} steps, {ended} at the end, {journals} with a journal left")
    # Otherwise every run finished before it was killed, and nothing was tested.
    assert min(counts) < RUNS[scenario]
    assert max(counts) > 0


def test_interrupted_commit_is_rolled_back(tmp_path: Path) -> None:
    """A run is killed with half a step in the file: large values are written before the commit."""
    complete_run = run_in_memory("mnist")
    path = tmp_path / "mnist.trace"

    def write() -> None:
        writer = TraceWriter(path, complete_run, "all")
        writer.write(complete_run.steps[0])
        writer.write(complete_run.steps[1])
        # Killed when the third step would be committed.
        writer._commit = kill_this_process  # type: ignore[method-assign]
        writer.write(complete_run.steps[2])

    run_in_killed_process(write)
    assert journal_path(path).stat().st_size > 512
    trace = read(path)
    assert not journal_path(path).exists()
    assert len(trace.steps) == 2
    assert all(map(is_same, trace.steps, complete_run.steps))
    assert trace.unfinished


def test_run_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    """A reader sees complete steps only, and at least those reported as written."""
    complete_run = run_in_memory("fruit")
    path = tmp_path / "fruit.trace"
    with writing(complete_run, path, pause=0.002) as child:
        child.wait_for_steps(2)
        counts = []
        for _ in range(10):
            trace = read(path)
            assert is_same(trace.steps[-1], complete_run.steps[len(trace.steps) - 1])
            assert trace.unfinished
            counts.append(len(trace.steps))
        child.wait_for_steps(counts[-1] + 5)
        # A trace opened earlier is unchanged and still readable.
        assert len(trace.steps) == counts[-1]
        assert is_same(trace.steps[0], complete_run.steps[0])
        assert len(read(path).steps) >= counts[-1] + 5
    assert counts == sorted(counts)
    assert counts[0] >= 2


def test_reader_does_not_block_the_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An open trace whose steps are being read delays no commit; a commit that had to wait would fail here."""
    monkeypatch.setattr("tracer.store.writing.LOCK_TIMEOUT", 0)
    complete_run = run_in_memory("fruit")
    path = tmp_path / "fruit.trace"
    writer = TraceWriter(path, complete_run, "all")
    writer.write(complete_run.steps[0])
    trace = read(path)
    for step in complete_run.steps[1:50]:
        writer.write(step)
        assert is_same(trace.steps[0], complete_run.steps[0])
    writer.end()
    assert len(read(path).steps) == 50


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_two_runs_cannot_write_the_same_file(steps: int, tmp_path: Path) -> None:
    """The first holds the lock until it ends or is killed, against other processes and against its own."""
    complete_run = run_in_memory("fruit")
    path = tmp_path / "fruit.trace"
    writer = TraceWriter(path, complete_run, "all")
    for step in complete_run.steps[:steps]:
        writer.write(step)
    code = (
        "import sys, pathlib, tracer\n"
        "from tracer.store.writing import TraceWriter\n"
        "trace = tracer.run(tracer.load('linear-regression'), steps=1)\n"
        "try: TraceWriter(pathlib.Path(sys.argv[1]), trace)\n"
        "except tracer.UsageError as error: print(error)\n"
    )
    with pytest.raises(UsageError, match=f"{SOLE_WRITER} .*fruit.trace"):
        TraceWriter(path, complete_run, "all")
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert SOLE_WRITER in done.stdout
    for step in complete_run.steps[steps : steps + 2]:
        writer.write(step)
    writer.end()
    assert len(read(path).steps) == steps + 2
    assert all(map(is_same, read(path).steps, complete_run.steps))
    save(complete_run, path, "summary")


def test_killed_run_releases_the_file(tmp_path: Path) -> None:
    """Also a run killed before its first step, which leaves only the part file."""
    complete_run = run_in_memory("fruit")
    path = tmp_path / "fruit.trace"
    for steps in (0, 1, 7):

        def write(steps: int = steps) -> None:
            writer = TraceWriter(path, complete_run, "all")
            for step in complete_run.steps[:steps]:
                writer.write(step)
            kill_this_process()

        run_in_killed_process(write)
        assert path.exists() == bool(steps)
        save(replace(complete_run, steps=complete_run.steps[:3]), path)
        assert all(map(is_same, read(path).steps, complete_run.steps[:3]))
        assert [each.name for each in tmp_path.iterdir()] == [path.name]
        path.unlink()


def test_earlier_file_is_kept_until_the_first_step_is_written(tmp_path: Path) -> None:
    """A run killed at its start destroys nothing."""
    complete_run = run_in_memory("fruit")
    path = tmp_path / "fruit.trace"
    save(tracer.run(tracer.load("linear-regression"), steps=1), path)
    earlier = path.read_bytes()

    def write() -> None:
        writer = TraceWriter(path, complete_run, "all")
        assert writer.is_open
        kill_this_process()

    run_in_killed_process(write)
    assert path.read_bytes() == earlier
    assert read(path).scenario == "linear-regression"


# A full disk.

FULL = """
import pathlib, resource, signal, sys
import tracer
from tracer.store.writing import TraceWriter

path, scenario, steps, limit = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
complete_run = tracer.run(tracer.load(scenario), steps=steps)
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
written = 0
try:
    writer = TraceWriter(path, complete_run, "all")
    for step in complete_run.steps:
        writer.write(step)
        written += 1
    writer.end()
except tracer.UsageError as error:
    print(written, error)
else:
    print(written, "without an error")
"""


def write_until_full(path: Path, scenario: str, limit: int = 0) -> tuple[int, str]:
    """Write to a disk that fills up early: the number of steps written, and the error message."""
    command = [sys.executable, "-c", FULL, str(path), scenario, str(RUNS[scenario]), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    count, message = done.stdout.strip().split(" ", 1)
    return int(count), message


def check_remaining_steps(path: Path, scenario: str, written: int, message: str) -> None:
    """Check that the message is one line with the number of steps in the file, and that they can be read."""
    complete_run = run_in_memory(scenario)
    assert message.startswith(f"cannot write {path}: ")
    assert "\n" not in message
    steps = {0: "", 1: "; the first step is in it"}.get(written, f"; the first {written} steps are in it")
    assert message.endswith(steps)
    if not written:
        assert not path.exists()
        assert not path.with_name(f"{path.name}.part").exists()
        return
    trace = read(path)
    assert len(trace.steps) == written
    assert all(map(is_same, trace.steps, complete_run.steps))
    assert trace.unfinished


@pytest.mark.parametrize(
    ("scenario", "limit"),
    [("fruit", 10), ("fruit", 20_000), ("fruit", 60_000), ("fruit", 1_000_001), ("mnist", 2_000_000)],
)
def test_file_size_limit(scenario: str, limit: int, tmp_path: Path) -> None:
    """Beyond the limit there is one error, and every earlier step can be read."""
    path = tmp_path / "run.trace"
    written, message = write_until_full(path, scenario, limit)
    assert written < RUNS[scenario], "the limit was not met: nothing was tested"
    check_remaining_steps(path, scenario, written, message)
    # With space again, a run replaces the remains.
    save(tracer.run(tracer.load("linear-regression"), steps=1), path)
    assert read(path).scenario == "linear-regression"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte; skips the test if it cannot be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no small file system can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("scenario", list(RUNS))
def test_full_disk(scenario: str, small_disk: Path) -> None:
    """On a full disk there is one error, and every earlier step can be read from it."""
    path = small_disk / "run.trace"
    written, message = write_until_full(path, scenario)
    assert written < RUNS[scenario], "the disk had room for all: nothing was tested"
    check_remaining_steps(path, scenario, written, message)
