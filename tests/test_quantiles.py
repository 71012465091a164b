"""Quantiles: what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tracer
from tracer.errors import RecordingError


@pytest.mark.parametrize("function", [np.nanquantile, np.nanpercentile])
def test_a_matrix_of_quantiles_over_several_axes_is_refused_where_numpy_mixes_its_axes_up(function: Any) -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    with pytest.raises(RecordingError, match="give q as a flat list"):
        tracer.trace(lambda x: np.sum(function(x, [[0.1], [0.9]], axis=(0, 1))), x)
    for axis in (None, 1, (1,)):
        step = tracer.trace(lambda x, axis=axis: np.sum(function(x, [[0.1], [0.9]], axis=axis)), x)
        assert np.sum(step.gradient("x")) == pytest.approx(2 * (1 if axis is None else 8))
