"""Ctrl-C at any time: trace file and log keep the same complete steps, and the message names both."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tracer
from support.cli import run
from tracer.cli.files import GrowingFile
from tracer.cli.interruption import Interruption
from tracer.store.row_encoder import RowEncoder
from tracer.store.writing import TraceWriter
from tracer.views.parameter_history import ParameterHistories
from tracer.views.text.finiteness import FinitenessMonitor

SCENARIO = """
import numpy as np
from tracer import SGD, Scenario

calls = 0

def model(x, w):
    global calls
    calls += 1
    {code}
    return x * w

scenario = Scenario(
    name="mine", data=lambda rng: {{"x": np.ones(3)}}, parameters=lambda rng: {{"w": np.ones(3)}}, model=model,
    loss=lambda output: np.mean(np.square(output)), optimizer=SGD(learning_rate=0.1), steps=6,
)
"""


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install Python's SIGINT handler, which background jobs lack, and check that it is restored afterwards."""
    monkeypatch.chdir(tmp_path)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    after = signal.signal(signal.SIGINT, before)
    assert after is signal.default_int_handler


def interrupt(times: int = 1) -> None:
    for _ in range(times):
        signal.raise_signal(signal.SIGINT)


def interrupted_at(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, call: int, *, after: bool = False, times: int = 1
) -> None:
    """Send Ctrl-C before or after the given call of a method."""
    method, count = getattr(owner, name), 0

    def wrapped(*arguments: object, **options: object) -> object:
        nonlocal count
        count += 1
        if count == call and not after:
            interrupt(times)
        result = method(*arguments, **options)
        if count == call and after:
            interrupt(times)
        return result

    monkeypatch.setattr(owner, name, wrapped)


def check_kept_steps(steps: int, of: int, message: str, *, unfinished: str = "interrupted") -> None:
    """Check that the last line, the log and the trace file agree."""
    expected = f"tracer: interrupted ({steps} of {of} steps are whole, in output/mine/steps.log and output/mine/trace.sqlite)\n"
    assert message == expected
    log = Path("output/mine/steps.log").read_text()
    assert log.count("== step ") == steps
    trace = tracer.open("output/mine/trace.sqlite")
    assert len(trace.steps) == steps
    assert str(trace.unfinished or "") == unfinished
    assert log.splitlines()[-1].startswith("== interrupted ==" if unfinished else "== end ==")
    assert sorted(path.name for path in Path("output/mine").iterdir()) == ["steps.log", "trace.sqlite"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("owner", "name", "call", "whole"),
    [
        (TraceWriter, "write", 1, 1),
        (TraceWriter, "write", 3, 3),
        (RowEncoder, "encode", 3, 3),
        (TraceWriter, "_insert", 1, 1),
        (TraceWriter, "_commit", 1, 1),
        (TraceWriter, "_commit", 4, 4),
        (TraceWriter, "_move_into_place", 1, 1),
        (TraceWriter, "_connect", 2, 1),
        (FinitenessMonitor, "check", 2, 1),
        (ParameterHistories, "add", 3, 3),
        (GrowingFile, "write", 2, 1),
        (GrowingFile, "write", 5, 4),
    ],
)
def test_step_being_written_is_completed(
    owner: type,
    name: str,
    call: int,
    whole: int,
    after: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("mine.py").write_text(SCENARIO.format(code="pass"))
    interrupted_at(monkeypatch, owner, name, call, after=after)
    assert run("trace", "./mine.py", "--format", "log") == 130
    check_kept_steps(whole, 6, capsys.readouterr().err)


@pytest.mark.parametrize("call", [2, 3, 6])
def test_step_being_computed_is_abandoned(call: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Immediately, since it may take long: Ctrl-C is handled inside user code."""
    code = f"if calls == {call}: import signal; signal.raise_signal(signal.SIGINT); 1 / 0"
    Path("mine.py").write_text(SCENARIO.format(code=code))
    assert run("trace", "./mine.py", "--format", "log") == 130
    check_kept_steps(call - 1, 6, capsys.readouterr().err)


def test_user_code_may_catch_it(capsys: pytest.CaptureFixture[str]) -> None:
    code = "\n    ".join(
        ["try:", "    import signal; signal.raise_signal(signal.SIGINT)", "except KeyboardInterrupt:", "    print('handled')"]
    )
    Path("mine.py").write_text(SCENARIO.format(code=code))
    assert run("trace", "./mine.py", "-q", "--format", "log") == 0
    assert capsys.readouterr().out.count("handled") >= 6
    assert not tracer.open("output/mine/trace.sqlite").unfinished


def test_interruption_in_the_last_step_is_before_the_end_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """While the last step is written, the run is not complete: the end report follows."""
    Path("mine.py").write_text(SCENARIO.format(code="pass"))
    interrupted_at(monkeypatch, TraceWriter, "write", 6)
    assert run("trace", "./mine.py", "--format", "log") == 130
    check_kept_steps(6, 6, capsys.readouterr().err)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("owner", "name", "call"), [(GrowingFile, "write", 8), (TraceWriter, "end", 1)])
def test_run_whose_end_is_being_written_is_complete(
    owner: type, name: str, call: int, after: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine.py").write_text(SCENARIO.format(code="pass"))
    interrupted_at(monkeypatch, owner, name, call, after=after)
    assert run("trace", "./mine.py", "--format", "log") == 130
    check_kept_steps(6, 6, capsys.readouterr().err, unfinished="")


def test_interruption_of_the_check_at_the_end_keeps_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine.py").write_text(SCENARIO.format(code="pass"))
    monkeypatch.setattr("tracer.cli.run.verdict_on_step", lambda step: signal.raise_signal(signal.SIGINT))
    assert run("trace", "./mine.py", "--format", "log") == 130
    check_kept_steps(6, 6, capsys.readouterr().err, unfinished="")
    assert tracer.open("output/mine/trace.sqlite").verdict is None


def test_second_interruption_is_immediate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Even if writing hangs; the step being written is rolled back."""
    Path("mine.py").write_text(SCENARIO.format(code="pass"))
    interrupted_at(monkeypatch, RowEncoder, "encode", 4, times=2)
    assert run("trace", "./mine.py", "--format", "log") == 130
    check_kept_steps(3, 6, capsys.readouterr().err)


def test_interruption_before_the_first_step_leaves_no_files(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(SCENARIO.format(code="import signal; signal.raise_signal(signal.SIGINT)"))
    assert run("trace", "./mine.py", "--format", "log") == 130
    assert capsys.readouterr().err == "tracer: interrupted\n"
    assert not list(Path("output/mine").iterdir())


def test_handler_is_restored_after_an_exception() -> None:
    Path("mine.py").write_text(SCENARIO.format(code="if calls == 3: raise ValueError"))
    assert run("trace", "./mine.py", "--format", "log") == 3  # the fixture checks the handler


def test_run_in_another_thread_installs_no_handler() -> None:
    Path("mine.py").write_text(SCENARIO.format(code="pass"))
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(run("trace", "./mine.py", "-q", "--format", "log")))
    thread.start()
    thread.join()
    assert codes == [0]


@pytest.mark.parametrize("other", [signal.SIG_IGN, lambda number, frame: None])
def test_existing_handler_is_kept(other: Callable[..., None]) -> None:
    signal.signal(signal.SIGINT, other)
    with Interruption() as interruption:
        assert signal.getsignal(signal.SIGINT) is other
        interrupt()
        interruption.raise_if_pending()
    assert signal.signal(signal.SIGINT, signal.default_int_handler) is other


def test_handler_installed_by_the_program_is_kept() -> None:
    def own(number: int, frame: object) -> None:
        pass

    with Interruption(), Interruption():
        signal.signal(signal.SIGINT, own)
    assert signal.signal(signal.SIGINT, signal.default_int_handler) is own
