"""Random scripts compute the same bits with a record, and every recorded operation has the bits that its inputs give."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.profile import PROGRAMS
from support.scripts import scripts
from tracer.graph.record import Literal
from tracer.programs.process.budget import Budget
from tracer.programs.record import ProgramRecord
from tracer.programs.running import run_program
from tracer.programs.values import same_bits

pytestmark = pytest.mark.numbers


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scripts") / "program.py"


@given(text=scripts(), nodes=st.none() | st.integers(0, 40))
@settings(max_examples=PROGRAMS // 3)  # each takes a third of a second
def test_random_scripts_compute_the_same_bits(text: str, nodes: int | None, program: Path) -> None:
    """Also where the budget is used up in the middle."""
    plain: dict[str, Any] = {}
    program.write_text(text + "import sys\nsys.modules['recorded_result'] = result\n")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        exec(text, plain)
        record = run_program(program, budget=None if nodes is None else Budget(nodes=nodes))
        recorded: Any = sys.modules.pop("recorded_result", None)
    assert record.ending.error is None
    assert recorded == plain["result"]
    check_values(record)


def check_values(record: ProgramRecord) -> None:
    """Compute every operation again from its recorded inputs."""
    for id, (op, operands, parameters, value, *_) in enumerate(record.entries):
        if isinstance(op, str):
            continue
        inputs = [each.value if isinstance(each, Literal) else record.values[each] for each in operands]
        with np.errstate(all="ignore"):
            again = op.value(*inputs, **parameters)
        if not same_bits(np.asarray(again), np.asarray(value)):
            np.testing.assert_allclose(again, value, rtol=1e-12, err_msg=f"{id}: {op.name} of {operands}")
            assert np.asarray(again).dtype == np.asarray(value).dtype
            assert _is_of_math(record, id)


def _is_of_math(record: ProgramRecord, id: int) -> bool:
    """Whether a value is that of another implementation of its function: `math`, or Python's power."""
    place = record.place(id)
    assert place is not None
    position = place.position
    assert position is not None
    text = record.files.text_at(place.code, position)
    return "math." in text or "**" in text or "sum(" in text or "//" in text or "%" in text
