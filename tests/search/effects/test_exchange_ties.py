"""Max-T of rates: rows with equal outcomes are chosen whatever their group."""

from __future__ import annotations

import numpy as np
import pytest

from skseg._search.effects._inference import ipw_score, ipw_score_of_other_group
from skseg._search.effects.boxes import CodedAxis, max_t
from skseg._search.effects.boxes._exchange import Exchange


@pytest.mark.parametrize("null", [0.0, 0.015])
@pytest.mark.parametrize("rate", [0.01, 0.3, 0.5])
@pytest.mark.parametrize("share", [0.5, 0.2])
def test_replicates_of_rates_are_as_large_as_chance_brings(
    rate: float, share: float, null: float
) -> None:
    # More rows than have replicates of their own, with the same outcome.
    n_rows = 20_000
    for seed in range(3):
        random = np.random.default_rng(seed)
        codes = random.integers(0, 8, (2, n_rows)).astype(np.uint8)
        in_a = random.random(n_rows) < share
        y = (random.random(n_rows) < rate).astype(np.float64)
        score = ipw_score(y, in_a) - null
        other = ipw_score_of_other_group(y, in_a, np.ones(n_rows), null) - null
        options = {"n_replicates": 19, "rng": np.random.default_rng(seed)}
        axes = [CodedAxis(8)] * 2
        largest = max_t(codes, axes, score, exchange=Exchange(in_a, other), **options)
        # Random signs give about 4 here, and so do labels that are drawn again.
        assert np.quantile(largest[1:], 0.9) < 5.5
        if null == 0:
            assert largest[0] < 6.5
