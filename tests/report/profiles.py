"""Profiles that the tests of the report share."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from skseg import MECERuleSegmenter
from skseg.datasets import make_cart_abandoners
from skseg.profile import SegmentProfile, profile_segments

HOSTILE = (
    "<script>document.title='run'</script>",
    "\"><img src=x onerror=document.title='run'>",
    "</style><script>document.title='run'</script>",
    "{{ 7 * 7 }} {% raw %} &amp; \\u003cscript\\u003e",
    "=HYPERLINK(1)",
    "لعملاء المميزون",
    "Very long " * 9,
)


@cache
def cart_profile(seed: int = 0, *, protected: tuple[str, ...] = ()) -> SegmentProfile:
    """Return the profile of four segments with value, outcome and a group."""
    X = make_cart_abandoners(3000, random_state=seed).drop(columns="abandoned_at")
    X["gender"] = np.random.default_rng(seed).choice(["f", "m"], len(X))
    rules = {
        "Hot": "aov >= 80 and engagement >= 0.5",
        "Big": "aov >= 80 and engagement < 0.5",
        "Engaged": "not aov >= 80 and engagement >= 0.5",
    }
    segmenter = MECERuleSegmenter(rules, default="Rest").fit(X)
    return profile_segments(
        segmenter,
        X,
        value="cart_value",
        outcome="converted",
        protected=list(protected),
    )


@cache
def hostile_profile() -> SegmentProfile:
    """Return a profile whose names of segments, columns and levels are hostile."""
    rng = np.random.default_rng(0)
    n = 60 * len(HOSTILE)
    codes = np.repeat(np.arange(len(HOSTILE)), 60)
    X = pd.DataFrame({name: rng.normal(codes, 2, n) for name in HOSTILE})
    X["level " + HOSTILE[0]] = np.array(HOSTILE, dtype=object)[codes]
    return profile_segments(
        codes, X, value=rng.gamma(2, 50, n), segment_names=list(HOSTILE)
    )
