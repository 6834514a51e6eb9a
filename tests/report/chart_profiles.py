"""Profiles for the tests of charts, made of codes alone."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from skseg.profile import SegmentProfile, profile_segments

NAMES = {
    "plain": ("Champions", "Loyal", "At risk", "Lost"),
    "long": tuple(
        f"Customers who have bought much, and often {i}" * 4 for i in "abcde"
    ),
    "right to left": ("العملاء المميزون", "לקוחות נאמנים", "عملاء " * 12),
    "hostile": (
        '"><script>alert(1)</script>',
        "</style></svg><img src=x onerror=alert(1)>",
        "{{ 7 * 7 }} &amp; \N{RIGHT-TO-LEFT OVERRIDE}evil\x00\x1b",
        "W" * 200,
    ),
    "wide": (
        "顧客" * 30,
        "👩‍👩‍👧‍👦" * 20,
        "e\u0301\u0302\u0303" * 40,
        "\ufdfd" * 5,
        "ก็" * 40,
    ),
}


@cache
def chart_profile(kind: str) -> SegmentProfile:
    """Return a profile whose segments, features and levels have names of a kind."""
    names = NAMES[kind]
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(len(names)), 60)
    # The last segment has fewer customers than may be shown.
    codes = codes[: len(codes) - 55]
    n = len(codes)
    X = pd.DataFrame(
        {f"{name} {i}": rng.normal(codes, 2) * 10.0**i for i, name in enumerate(names)}
    )
    levels = np.array([*names, "other"], dtype=object)
    X["level"] = levels[rng.integers(0, len(levels), n)]
    X["group"] = rng.choice(["f", "m"], n)
    return profile_segments(
        codes,
        X,
        value=rng.gamma(2, 50, n),
        outcome=rng.integers(0, 2, n),
        segment_names=list(names),
        protected=["group"],
    )
