"""What a booklet says of the whole run, of which it shows a few steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tracer.analysis.doctor.findings import Diagnosis
from tracer.views.explaining.next_commands import RunNames
from tracer.views.parameter_history import ParameterHistory


@dataclass(frozen=True, slots=True)
class WholeRun:
    """What was found in all steps.

    `notice` is the first result that is not finite, empty if all are finite, None if that was not looked at. `diagnosis` is what
    the doctor found, None if it was not asked. `names` is what commands call the run.
    """

    histories: Sequence[ParameterHistory] = ()
    notice: str | None = None
    diagnosis: Diagnosis | None = None
    names: RunNames = field(default_factory=RunNames)
