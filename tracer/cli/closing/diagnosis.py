"""What the doctor finds in a run that was written."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.analysis.doctor.findings import Diagnosis
from tracer.cli.picture_options import PictureOptions
from tracer.errors import TracerError
from tracer.store.reading import read
from tracer.store.writing import TraceWriter


def diagnosis_of(file: TraceWriter | None, options: PictureOptions, formats: Sequence[str]) -> Diagnosis | None:
    """What the doctor finds, if the booklet says it; None if there is no file, or it cannot be read."""
    if file is None or file.is_open or "pdf" not in formats or not options.is_summary:
        return None
    from tracer.analysis.doctor.examining import examine

    try:
        return examine(read(file.path))
    except TracerError:  # such as a disk that fails: the run itself is done
        return None
