"""How long a report takes, and how large it is.

Run with ``python benchmarks/report.py``; results go to ``results/report.csv``.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
from _measure import median_cpu, write_results

from skseg.profile import SegmentProfile, profile_segments
from skseg.report import SegmentReport

RESULTS = Path(__file__).parent / "results" / "report.csv"
# Rows, segments and features; the last one is large as customers go.
SIZES = ((20_000, 5, 15), (20_000, 10, 30), (1_000_000, 8, 20))


def make_profile(n_rows: int, n_segments: int, n_features: int) -> SegmentProfile:
    """Return the profile of seeded customers, a third of the features skewed."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, n_segments, n_rows)
    columns = {
        f"feature_{i}": rng.gamma(2, 10, n_rows) + codes
        if i % 3 == 0
        else rng.normal(codes * (i % 4), 10)
        for i in range(n_features)
    }
    return profile_segments(
        codes, pd.DataFrame(columns), value=rng.gamma(2, 50, n_rows)
    )


def main() -> None:
    """Measure and write."""
    rows = []
    for n_rows, n_segments, n_features in SIZES:
        profile = make_profile(n_rows, n_segments, n_features)
        SegmentReport(profile).html()
        seconds, page = median_cpu(SegmentReport(profile).html)
        document = page.encode()
        rows.append(
            {
                "rows": n_rows,
                "segments": n_segments,
                "features": n_features,
                "seconds": round(seconds, 3),
                "bytes": len(document),
                "gzip_bytes": len(gzip.compress(document, mtime=0)),
            }
        )
        print(rows[-1])
    write_results(rows, RESULTS)


if __name__ == "__main__":
    main()
