"""roundest: thresholds that read well."""

from __future__ import annotations

import math
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from skseg._search._readable import roundest

INF, MAX = math.inf, sys.float_info.max


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (119.87, 121.42, 120),
        (3, 4, 3),
        (3, 7, 5),
        (104, 196, 150),
        (-2, 5, 0),
        (0, 700, 0),
        (0.0012, 0.0031, 0.002),
        (-INF, 5, 0),
        (-INF, -3, -5),
        (7, INF, 10),
        (-INF, INF, 0),
        (1.0, np.nextafter(1.0, 2), 1.0),
        (-INF, -MAX, -INF),
        (MAX, INF, MAX),
        (8e307, 1.2e308, 1e308),
        (1.1e308, 1.7e308, 1.5e308),
        (-MAX, -2e301, -1e308),
    ],
)
def test_thresholds_read_well(low: float, high: float, expected: float) -> None:
    assert roundest(low, high) == expected


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_a_threshold_separates_and_no_rounder_one_does(a: float, b: float) -> None:
    assume(a != b)
    low, high = min(a, b), max(a, b)
    threshold = roundest(low, high)
    assert low <= threshold < high
    assume(math.isfinite(low) and math.isfinite(high) and threshold not in (0.0, low))
    exponent = Decimal(repr(threshold)).normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    step = Fraction(10) ** (exponent + 1)
    # The smallest multiple of a ten times larger step does not lie between, or not as
    # a float64.
    rounder = math.ceil(Fraction(low) / step) * step
    assert rounder >= Fraction(high) or float(rounder) >= high
