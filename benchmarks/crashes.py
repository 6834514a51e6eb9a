"""What is left where a run is killed, runs out of room, or meets another run.

Every command and method that writes runs in a process of its own into a folder that
holds results of other input. Half of the kills come before a random call that concerns
files, half after a random time. Room runs out on a file system in memory, which is made
smaller and smaller, where the system lets us mount one, and by an error of each call.
After each run the contents of the files are compared with those of complete runs, and
the next run has to work and to leave nothing but its files.

    python benchmarks/crashes.py [--runs 200] [--pairs 100] [--sizes 50]
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
# The runs are those of the tests.
sys.path.insert(0, str(ROOT))

from _measure import write_results  # noqa: E402

from tests.files.crash_runner import (  # noqa: E402
    SIGNALS,
    Case,
    Job,
    Tally,
    fail_at_calls,
    kill_at_random,
    make_jobs,
    run_pairs,
)
from tests.files.full_disk import can_mount, full_disk_tallies  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "crashes.csv"
Row = dict[str, Any]


def row(job: str, before: str, ending: str, tally: Tally) -> Row:
    """Return the counts of a tally, and its first fault."""
    result = {"what": job, "before": before, "ending": ending, "runs": tally.n_runs}
    result |= {"old": tally.n_old, "new": tally.n_new, "faults": len(tally.faults)}
    result["first_fault"] = tally.faults[0] if tally.faults else ""
    print(*result.values(), sep=" | ", flush=True)
    return result


def endings(job: Job, place: Path, n_runs: int, n_pairs: int) -> Iterator[Row]:
    """Yield how the runs of a job end, in each of the ways."""
    for before, old in (("results", 0), ("nothing", None)):
        case = Case(job, place / f"{job.name}-{before}", old)
        for seed, kill in enumerate(SIGNALS):
            # From nothing there are fewer states to be in.
            n = n_runs if old == 0 else n_runs // 4
            tally = kill_at_random(case, n, seed, kills=[kill])
            yield row(job.name, before, kill.name, tally)
        pairs = run_pairs(case, n_pairs if old == 0 else n_pairs // 4, seed=3)
        yield row(job.name, before, "two at once", pairs)
    case = Case(job, place / f"{job.name}-calls", 0)
    killed = run_pairs(case, n_pairs // 4, seed=4, kill=signal.SIGKILL)
    yield row(job.name, "results", "two at once, one killed", killed)
    calls = range(0, case.n_calls(), max(1, 200 // max(n_runs, 1)))
    yield row(job.name, "results", "each call fails", fail_at_calls(case, calls))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="kills of each kind")
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--sizes", type=int, default=50)
    options = parser.parse_args()
    # Kills do not touch what is on the disk: its speed would only be waited for.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    rows = []
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        for job in make_jobs(Path(folder)):
            for result in endings(job, Path(folder), options.runs, options.pairs):
                rows.append(result)
                write_results(rows, RESULTS)
    if can_mount():
        tallies = full_disk_tallies(options.sizes)
        rows += [row(name, "results", "disk full", t) for name, t in tallies.items()]
        write_results(rows, RESULTS)
    if any(result["faults"] for result in rows):
        sys.exit("There are faults.")


if __name__ == "__main__":
    main()
