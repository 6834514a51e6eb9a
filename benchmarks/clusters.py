"""Clusters as segments: speed of silhouettes, scans and grids; verdicts; rules.

    python benchmarks/clusters.py                                # all parts
    python benchmarks/clusters.py --part silhouette dbscan       # some of them
    python benchmarks/clusters.py --part verdicts --runs 50      # more populations

All parts take about an hour, most of it for what skseg is compared with. Real data are
read where `SKSEG_DATA` names their folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import clusters_dbscan
import clusters_kscan
import clusters_path
import clusters_predict
import clusters_real
import clusters_selection
import clusters_silhouette
import clusters_surrogate
from _measure import write_results
from threadpoolctl import threadpool_limits

RESULTS = Path(__file__).parent / "results"

PARTS: dict[str, Callable[..., list[dict[str, Any]]]] = {
    "silhouette": clusters_silhouette.silhouettes,
    "kscan": clusters_kscan.k_scan,
    "path": clusters_path.path,
    "dbscan": clusters_dbscan.dbscan,
    "predict": clusters_predict.predictions,
    "verdicts": clusters_selection.verdicts,
    "valleys": clusters_selection.valleys,
    "agreement": clusters_selection.agreement,
    "surrogate": clusters_surrogate.surrogate,
    "real": clusters_real.real,
}
# Parts that draw each population several times.
REPEATED = "verdicts", "valleys"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=PARTS, nargs="*", default=list(PARTS))
    parser.add_argument("--runs", type=int, help="data sets of each population")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    # Only what is loaded by now is limited, hence all imports stand above.
    with threadpool_limits(1):
        for part in arguments.part:
            is_repeated = part in REPEATED and arguments.runs
            if rows := PARTS[part](*[arguments.runs] if is_repeated else []):
                print(f"\n{part}")
                for row in rows:
                    print("  " + "  ".join(f"{k}={v}" for k, v in row.items()))
                write_results(rows, arguments.out / f"clusters_{part}.csv")


if __name__ == "__main__":
    main()
