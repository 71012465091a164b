"""Runs that end at any moment: what they said is written is in the file, bit for bit, and nothing else is taken for it."""

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

KILLS = {"dev": 12, "ci": 25, "nightly": 100}[PROFILE]

SOLE_WRITER = "another run is writing"

RUNS = {"fruit": 200, "mnist": 20}
"""Many steps with small values, whose commits are short; a few with large ones, that are written before their commit."""


@cache
def run_in_memory(scenario: str) -> Trace:
    """A whole run, as nobody killed it."""
    return tracer.run(tracer.load(scenario), steps=RUNS[scenario])


def facts(node: Node) -> tuple[object, ...]:
    """What a node says, its value bit for bit, and how that lies in memory."""
    source = str(node.source)
    strides = node.value.strides if node.value.size > 1 else ()
    order = tuple(sorted(range(len(strides)), key=lambda axis: (-abs(strides[axis]), axis)))
    fields = (node.op, repr(node.inputs), repr(node.parameters), node.shape, node.dtype, node.phase, node.name, node.formula)
    return *fields, node.scope, source, node.gradient_of, node.rule_of, order, node.value.tobytes()


def is_same(one: Step, other: Step) -> bool:
    """Whether two steps are the same, bit for bit."""
    return (
        one.index == other.index
        and one.loss_id == other.loss_id
        and dict(one.gradients) == dict(other.gradients)
        and dict(one.updates) == dict(other.updates)
        and repr(dict(one.metrics)) == repr(dict(other.metrics))
        and list(map(facts, one.nodes)) == list(map(facts, other.nodes))
    )


class Child:
    """A process that writes a run to a file and says over a pipe when a step is written, and when all are."""

    def __init__(self, trace: Trace, path: Path, values: str = "all", pause: float = 0.0) -> None:
        self._said = b""
        self._is_gone = False
        self._pipe, ours = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            # Nothing of the parent's may run here: neither its handlers nor its tests' clean-up.
            with contextlib.suppress(BaseException):
                faulthandler.disable()
                write_run(trace, path, values, lambda: (os.write(ours, b"."), time.sleep(pause)))
                os.write(ours, b"!")
            os._exit(0)
        os.close(ours)

    def wait_for_steps(self, count: int) -> None:
        """Return when so many steps are written."""
        while self._said.count(b".") < count:
            said = os.read(self._pipe, 1)
            assert said, "the run ended early"
            self._said += said

    def kill(self) -> tuple[int, bool]:
        """Kill it, unless it is gone; how many steps it had said are written, and whether it had ended its run."""
        if not self._is_gone:
            self._is_gone = True
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            while more := os.read(self._pipe, 4096):
                self._said += more
            os.close(self._pipe)
        return self._said.count(b"."), b"!" in self._said


def write_run(trace: Trace, path: Path, values: str, written: Callable[[], object]) -> None:
    """Write a run a step at a time."""
    writer = TraceWriter(path, trace, values)
    for step in trace.steps:
        writer.write(step)
        written()
    writer.end(trace.stopped, trace.printed)


def in_a_killed_process(action: Callable[[], None]) -> None:
    """Do something in another process, which has to kill itself within."""
    process = os.fork()
    if not process:
        with contextlib.suppress(BaseException):
            faulthandler.disable()
            action()
        os._exit(0)
    _, status = os.waitpid(process, 0)
    assert os.WIFSIGNALED(status), "it ended before it was killed"


def kill_this_process() -> None:
    """End here, without a chance to put anything in order."""
    os.kill(os.getpid(), signal.SIGKILL)


@contextlib.contextmanager
def writing(trace: Trace, path: Path, *, values: str = "all", pause: float = 0.0) -> Iterator[Child]:
    """A child that writes, and that is gone afterwards."""
    child = Child(trace, path, values, pause)
    try:
        yield child
    finally:
        child.kill()


def seconds_of(scenario: str, folder: Path) -> float:
    """How long a whole run takes to be written, here and now."""
    taken = []
    # The first time, the summaries of its values are worked out, too: a child has them from here.
    for _ in range(2):
        began = time.monotonic()
        write_run(run_in_memory(scenario), folder / "whole.trace", "all", lambda: None)
        taken.append(time.monotonic() - began)
    return taken[-1]


@pytest.mark.slow
@pytest.mark.parametrize("scenario", list(RUNS))
def test_a_killed_run_keeps_what_it_said_is_written(scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At any moment: in the middle of a commit, when the file takes its name, at the end of the run."""
    whole = run_in_memory(scenario)
    duration = seconds_of(scenario, tmp_path)
    random = Random(scenario)
    counts, ended, journals = [], 0, 0
    kills = KILLS // 2 + KILLS % 2
    moments = [0, RUNS[scenario], *(random.randrange(RUNS[scenario]) for _ in range(kills - 2))]
    for number in range(kills):
        path = tmp_path / f"{number}.trace"
        with writing(whole, path) as child:
            # After so many steps, whatever else the machine does meanwhile, and somewhere within the next.
            child.wait_for_steps(moments[number])
            time.sleep(duration / RUNS[scenario] * random.uniform(0, 1.1))
            written, has_ended = child.kill()
        counts.append(written)
        ended += has_ended
        if not path.exists():
            assert not written, f"{written} steps were said to be written, and there is no file"
            continue
        journals += journal_path(path).exists()
        trace = read(path)
        assert written <= len(trace.steps) <= len(whole.steps)
        # The last ones, as they are the ones in doubt, and some of the others.
        chosen = {*range(max(0, len(trace.steps) - 3), len(trace.steps)), *range(0, len(trace.steps), 37)}
        for position in sorted(chosen):
            assert is_same(trace.steps[position], whole.steps[position]), f"step {position} is another"
        assert list(map(dict, trace.metrics)) == list(map(dict, whole.metrics[: len(trace.steps)]))
        assert has_ended <= (not trace.unfinished)
        assert trace.unfinished or list(trace.printed) == list(whole.printed)
        if number < 3:
            text = log_text(trace)
            assert text.count("== step ") == len(trace.steps)
        # A run that comes later writes over what is left, and leaves nothing of it.
        save(tracer.run(tracer.load("linear-regression"), steps=1), path)
        assert read(path).scenario == "linear-regression"
        assert sorted(each.name for each in tmp_path.glob(f"{number}.*")) == [path.name]
    with capsys.disabled():
        print(f"\n{scenario}: killed after {sorted(counts)} steps, {ended} at the end, {journals} with a journal left")
    # Some were killed before their end, or nothing was tested.
    assert min(counts) < RUNS[scenario]
    assert max(counts) > 0


def test_a_commit_that_was_cut_off_is_taken_back(tmp_path: Path) -> None:
    """A run that is killed with a step half in the file: large values are written before their commit."""
    whole = run_in_memory("mnist")
    path = tmp_path / "mnist.trace"

    def write() -> None:
        writer = TraceWriter(path, whole, "all")
        writer.write(whole.steps[0])
        writer.write(whole.steps[1])
        # Killed at the moment at which the third step would become part of the file.
        writer._commit = kill_this_process  # type: ignore[method-assign]
        writer.write(whole.steps[2])

    in_a_killed_process(write)
    assert journal_path(path).stat().st_size > 512
    trace = read(path)
    assert not journal_path(path).exists()
    assert len(trace.steps) == 2
    assert all(map(is_same, trace.steps, whole.steps))
    assert trace.unfinished


def test_a_run_is_read_while_it_is_written(tmp_path: Path) -> None:
    """Whoever opens the file meanwhile sees whole steps, as many as were said to be written, or more."""
    whole = run_in_memory("fruit")
    path = tmp_path / "fruit.trace"
    with writing(whole, path, pause=0.002) as child:
        child.wait_for_steps(2)
        counts = []
        for _ in range(10):
            trace = read(path)
            assert is_same(trace.steps[-1], whole.steps[len(trace.steps) - 1])
            assert trace.unfinished
            counts.append(len(trace.steps))
        child.wait_for_steps(counts[-1] + 5)
        # A trace that was opened earlier stays as it was, and goes on being readable.
        assert len(trace.steps) == counts[-1]
        assert is_same(trace.steps[0], whole.steps[0])
        assert len(read(path).steps) >= counts[-1] + 5
    assert counts == sorted(counts)
    assert counts[0] >= 2


def test_a_reader_does_not_stop_the_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trace that is held open, with its steps being read, keeps no commit waiting: one that had to would fail here."""
    monkeypatch.setattr("tracer.store.writing.LOCK_TIMEOUT", 0)
    whole = run_in_memory("fruit")
    path = tmp_path / "fruit.trace"
    writer = TraceWriter(path, whole, "all")
    writer.write(whole.steps[0])
    trace = read(path)
    for step in whole.steps[1:50]:
        writer.write(step)
        assert is_same(trace.steps[0], whole.steps[0])
    writer.end()
    assert len(read(path).steps) == 50


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_two_runs_do_not_write_one_file(steps: int, tmp_path: Path) -> None:
    """The first has the file from its start to its end, also where it was killed; from another process and from this one."""
    whole = run_in_memory("fruit")
    path = tmp_path / "fruit.trace"
    writer = TraceWriter(path, whole, "all")
    for step in whole.steps[:steps]:
        writer.write(step)
    code = (
        "import sys, pathlib, tracer\n"
        "from tracer.store.writing import TraceWriter\n"
        "trace = tracer.run(tracer.load('linear-regression'), steps=1)\n"
        "try: TraceWriter(pathlib.Path(sys.argv[1]), trace)\n"
        "except tracer.UsageError as error: print(error)\n"
    )
    with pytest.raises(UsageError, match=f"{SOLE_WRITER} .*fruit.trace"):
        TraceWriter(path, whole, "all")
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert SOLE_WRITER in done.stdout
    for step in whole.steps[steps : steps + 2]:
        writer.write(step)
    writer.end()
    assert len(read(path).steps) == steps + 2
    assert all(map(is_same, read(path).steps, whole.steps))
    save(whole, path, "summary")


def test_a_run_that_is_killed_leaves_the_file_to_the_next(tmp_path: Path) -> None:
    """Also one that was killed before its first step, of which only the part is there."""
    whole = run_in_memory("fruit")
    path = tmp_path / "fruit.trace"
    for steps in (0, 1, 7):

        def write(steps: int = steps) -> None:
            writer = TraceWriter(path, whole, "all")
            for step in whole.steps[:steps]:
                writer.write(step)
            kill_this_process()

        in_a_killed_process(write)
        assert path.exists() == bool(steps)
        save(replace(whole, steps=whole.steps[:3]), path)
        assert all(map(is_same, read(path).steps, whole.steps[:3]))
        assert [each.name for each in tmp_path.iterdir()] == [path.name]
        path.unlink()


def test_an_earlier_file_stays_until_the_first_step_is_written(tmp_path: Path) -> None:
    """A run that is killed at its start takes nothing away."""
    whole = run_in_memory("fruit")
    path = tmp_path / "fruit.trace"
    save(tracer.run(tracer.load("linear-regression"), steps=1), path)
    earlier = path.read_bytes()

    def write() -> None:
        writer = TraceWriter(path, whole, "all")
        assert writer.is_open
        kill_this_process()

    in_a_killed_process(write)
    assert path.read_bytes() == earlier
    assert read(path).scenario == "linear-regression"


# A full disk.

FULL = """
import pathlib, resource, signal, sys
import tracer
from tracer.store.writing import TraceWriter

path, scenario, steps, limit = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
whole = tracer.run(tracer.load(scenario), steps=steps)
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
written = 0
try:
    writer = TraceWriter(path, whole, "all")
    for step in whole.steps:
        writer.write(step)
        written += 1
    writer.end()
except tracer.UsageError as error:
    print(written, error)
else:
    print(written, "without an error")
"""


def write_until_full(path: Path, scenario: str, limit: int = 0) -> tuple[int, str]:
    """How many steps were said to be written where the disk is full early, and what was said then."""
    command = [sys.executable, "-c", FULL, str(path), scenario, str(RUNS[scenario]), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    count, said = done.stdout.strip().split(" ", 1)
    return int(count), said


def check_what_is_left(path: Path, scenario: str, written: int, said: str) -> None:
    """One line, which says how many steps are in the file; they are, and they can be read."""
    whole = run_in_memory(scenario)
    assert said.startswith(f"cannot write {path}: ")
    assert "\n" not in said
    steps = {0: "", 1: "; the first step is in it"}.get(written, f"; the first {written} steps are in it")
    assert said.endswith(steps)
    if not written:
        assert not path.exists()
        assert not path.with_name(f"{path.name}.part").exists()
        return
    trace = read(path)
    assert len(trace.steps) == written
    assert all(map(is_same, trace.steps, whole.steps))
    assert trace.unfinished


@pytest.mark.parametrize(
    ("scenario", "limit"),
    [("fruit", 10), ("fruit", 20_000), ("fruit", 60_000), ("fruit", 1_000_001), ("mnist", 2_000_000)],
)
def test_a_file_that_may_not_grow(scenario: str, limit: int, tmp_path: Path) -> None:
    """The system refuses to write more: one error, and every step before it can be read."""
    path = tmp_path / "run.trace"
    written, said = write_until_full(path, scenario, limit)
    assert written < RUNS[scenario], "the limit was not met: nothing was tested"
    check_what_is_left(path, scenario, written, said)
    # With room again, a run takes the place of what is left.
    save(tracer.run(tracer.load("linear-regression"), steps=1), path)
    assert read(path).scenario == "linear-regression"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte, where one may be made."""
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
def test_a_full_disk(scenario: str, small_disk: Path) -> None:
    """A disk without a free byte: one error, and every step before it can be read, from that same disk."""
    path = small_disk / "run.trace"
    written, said = write_until_full(path, scenario)
    assert written < RUNS[scenario], "the disk had room for all: nothing was tested"
    check_what_is_left(path, scenario, written, said)
