"""The table of docs/benchmarks.md: what was measured, against what, and the goal. Each benchmark adds its rows."""

from __future__ import annotations

import datetime
import os
import platform
import resource
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
RUNS = 5

HEAD = """\
| what | seconds | baseline | its seconds | ratio | spread | goal | measured |
| --- | ---: | --- | ---: | ---: | --- | --- | --- |
"""

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Row:
    """A measurement: processor seconds and those of its baseline, medians; the spread is that of the ratio over the runs."""

    name: str
    seconds: float
    baseline: str
    baseline_seconds: float
    spread: tuple[float, float]
    goal: str

    def text(self, measured: str) -> str:
        """The row in Markdown."""
        low, high = self.spread
        ratio = self.seconds / self.baseline_seconds
        times = f"{self.seconds:.3g} | {self.baseline} | {self.baseline_seconds:.3g} | {ratio:.2g} | {low:.2g} to {high:.2g}"
        return f"| {self.name} | {times} | {self.goal} | {measured} |\n"


def cpu_seconds(work: Work) -> float:
    """The processor time that a call takes, in this process and in those it starts."""

    def taken() -> float:
        found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(each.ru_utime + each.ru_stime for each in found)

    before = taken()
    work()
    return taken() - before


def compared(
    name: str,
    work: Work,
    baseline: str,
    baseline_work: Work,
    goal: str,
    runs: int = RUNS,
    seconds_of: Callable[[Work], float] = cpu_seconds,
) -> Row:
    """Measure both alternately, after one run of each that does not count, unless a single run shows that they work.

    `seconds_of` does the work and measures it.
    """
    pairs = [(seconds_of(work), seconds_of(baseline_work)) for _ in range(runs + 1 if runs > 1 else 1)][-runs:]
    ratios = [one / other for one, other in pairs]
    seconds, others = (statistics.median(times) for times in zip(*pairs))
    row = Row(name, seconds, baseline, others, (min(ratios), max(ratios)), goal)
    print(row.text("now"), end="", flush=True)
    return row


def machine() -> str:
    """The processor, the number of cores, and the version of Python."""
    info = Path("/proc/cpuinfo")
    models = (
        [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        if info.exists()
        else []
    )
    return f"{models[0] if models else platform.processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def write(rows: list[Row], page: Path = PAGE) -> None:
    """Put rows into the table of the page: in place of those of the same names, or at its end."""
    text = page.read_text()
    start = text.index(HEAD) + len(HEAD)
    end = start + len("".join(line for line in text[start:].splitlines(keepends=True) if line.startswith("|")))
    known = {line.split("|")[1].strip(): line for line in text[start:end].splitlines(keepends=True)}
    measured = f"{datetime.date.today()}, {machine()}"
    known |= {row.name: row.text(measured) for row in rows}
    page.write_text(text[:start] + "".join(known.values()) + text[end:])
