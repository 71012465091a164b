"""How losses and metrics went over a run, in sentences: from which number to which one, and which did not change."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from tracer.graph.record import Trace
from tracer.i18n.language import Language
from tracer.views.booklet.summary.curves import measured_curves
from tracer.views.notation import number_text


def course_lines(trace: Trace, tell: Language) -> Iterator[str]:
    """A sentence for each loss and metric that was measured at two steps or more."""
    count = 0
    for curves in measured_curves(trace):
        for name, measured in curves.lines:
            if len(measured) > 1:
                yield _course(name, measured, curves.length, tell)
                count += 1
    if not count:
        yield tell("Nothing was measured at two steps.")


def _course(name: str, measured: Mapping[int, float], steps: int, tell: Language) -> str:
    (first, start), *_, (last, end) = measured.items()
    if all(value == start for value in measured.values()):
        if len(measured) == steps:
            return tell("{name} did not change: it is {value} at each of {steps} steps.", name=name, value=number_text(start),
                        steps=steps)  # fmt: skip
        return tell("{name} did not change: it is {value} at each of the {count} steps at which it was measured.", name=name,
                    value=number_text(start), count=len(measured))  # fmt: skip
    sentence = tell("{name} is {start} at step {first} and {end} at step {last}", name=name, start=number_text(start),
                    first=first, end=number_text(end), last=last)  # fmt: skip
    change = (end - start) / start if start > 0 else math.nan
    if end == start:
        return tell("{sentence}, after other values between them.", sentence=sentence)
    if not math.isfinite(change) or end < 0:  # a share of a number that is not positive says nothing
        return tell("{sentence}.", sentence=sentence)
    share = number_text(100 * abs(change), 2)
    if change < 0:
        return tell("{sentence}: {share}% lower.", sentence=sentence, share=share)
    return tell("{sentence}: {share}% higher.", sentence=sentence, share=share)
