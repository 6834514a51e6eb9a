"""Runs on a small file system that fills up, mounted where nobody else sees it.

``unshare --map-root-user --mount python -m tests.files.full_disk`` does it without
rights; `full_disk_tallies` starts it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.files.crash_runner import Case, Tally, make_jobs, start

_PAGE = 4096
_UNSHARE = ["unshare", "--map-root-user", "--mount"]


def can_mount() -> bool:
    """Return whether this system lets us mount a file system of our own."""
    if shutil.which("unshare") is None:
        return False
    mount = "mount -t tmpfs -o size=8k tmpfs /mnt"
    command = [*_UNSHARE, "sh", "-c", mount]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode == 0


def full_disk_tallies(
    n_sizes: int, *, names: Sequence[str] = (), n_customers: int = 400
) -> dict[str, Tally]:
    """Run every job at a number of sizes of its disk, and return how they ended.

    `names` are those of the jobs; none: all.
    """
    options = json.dumps([n_sizes, list(names), n_customers])
    done = subprocess.run(
        [*_UNSHARE, sys.executable, "-m", "tests.files.full_disk", options],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=True,
        text=True,
    )
    return {name: Tally(**tally) for name, tally in json.loads(done.stdout).items()}


def _remount(place: Path, option: str) -> None:
    command = ["mount", "-o", f"remount,{option}", str(place)]
    subprocess.run(command, check=True, capture_output=True)


def _fill_up(case: Case, disk: Path, n_sizes: int) -> Tally:
    """Run where the disk has no more room than some pages, or some files."""
    tally = Tally()
    case.reset()
    disk_before = os.statvfs(disk)
    n_used = disk_before.f_blocks - disk_before.f_bfree
    n_inodes = disk_before.f_files - disk_before.f_ffree
    start(case.job.versions[1], case.folder).wait()
    n_written = sum(
        1 + path.stat().st_size // _PAGE for path in case.folder.glob("**/*")
    )
    sizes = [n * (2 * n_written + 10) // n_sizes for n in range(n_sizes)]
    limits = [f"size={(n_used + n) * _PAGE}" for n in sizes]
    limits += [f"nr_inodes={n_inodes + n}" for n in range(min(n_sizes, 25))]
    for limit in limits:
        case.reset()
        _remount(disk, limit)
        status = start(case.job.versions[1], case.folder).wait().status
        state = case.state(1)
        _remount(disk, "size=200m,nr_inodes=100000")
        fault = "" if status in (0, 1) else f"status {status}"
        if status == 0 and state == "old":
            fault = "success without results"
        tally.add(state, fault or case.next_run(), limit)
    return tally


def _main() -> None:
    n_sizes, names, n_customers = json.loads(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        inputs, disk = Path(folder, "inputs"), Path(folder, "disk")
        inputs.mkdir()
        disk.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(disk)]
        subprocess.run(command, check=True)
        tallies = {}
        for job in make_jobs(inputs, n_customers=n_customers):
            if not names or job.name in names:
                case = Case(job, disk / "case")
                tallies[job.name] = vars(_fill_up(case, disk, n_sizes))
        subprocess.run(["umount", str(disk)], check=True)
    sys.stdout.write(json.dumps(tallies))


if __name__ == "__main__":
    _main()
