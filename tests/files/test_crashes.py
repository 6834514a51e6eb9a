"""Commands and methods that are killed, or run out of room, leave old or new results.

Every line and every call of the writer is tried in `test_kill`; here whole runs are, in
processes of their own. The profile ``thorough`` tries many more.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from tests.examples import few_examples
from tests.files.crash_runner import (
    Case,
    Job,
    Tally,
    fail_at_calls,
    kill_at_random,
    make_jobs,
    run_pairs,
)
from tests.files.full_disk import can_mount, full_disk_tallies

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

COMMANDS = ["rfm", "demo"]
COMMANDS += [f"rules apply, {form}" for form in ("definition", "rule set", "strategy")]
METHODS = ["MECERuleSegmenter.to_json", "MECERuleSegmenter.to_csv"]
# The one that takes the least time.
QUICK = "rules apply, rule set"

MakeCase = Callable[[str, int | None], Case]


def n_runs(fast: int, thorough: int) -> int:
    return few_examples(fast, thorough=thorough).max_examples


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Job]:
    jobs = make_jobs(tmp_path_factory.mktemp("inputs"))
    return {job.name: job for job in jobs}


@pytest.fixture(scope="module")
def make_case(
    jobs: dict[str, Job], tmp_path_factory: pytest.TempPathFactory
) -> MakeCase:
    """Return a function that prepares a case once."""
    cases: dict[tuple[str, int | None], Case] = {}

    def make(name: str, old: int | None) -> Case:
        if (name, old) not in cases:
            place = tmp_path_factory.mktemp("case")
            cases[name, old] = Case(jobs[name], place, old)
        return cases[name, old]

    return make


def assert_whole(tally: Tally, n: int) -> None:
    assert tally.faults == []
    assert tally.n_old + tally.n_new == tally.n_runs == n


def test_every_command_and_method_is_tried(jobs: dict[str, Job]) -> None:
    assert list(jobs) == [*COMMANDS, *METHODS]


@pytest.mark.parametrize("name", [*COMMANDS, *METHODS])
def test_a_killed_run_leaves_old_or_new_results(make_case: MakeCase, name: str) -> None:
    n = n_runs(4, 600)
    assert_whole(kill_at_random(make_case(name, 0), n, seed=0), n)


@pytest.mark.parametrize("name", [QUICK, METHODS[0]])
def test_a_first_run_that_is_killed_leaves_nothing_or_all(
    make_case: MakeCase, name: str
) -> None:
    n = n_runs(6, 600)
    assert_whole(kill_at_random(make_case(name, None), n, seed=1), n)


@pytest.mark.parametrize("name", [*COMMANDS, *METHODS])
def test_of_two_runs_at_once_one_wins_whole(make_case: MakeCase, name: str) -> None:
    n = n_runs(1, 100)
    tally = run_pairs(make_case(name, 0), n, seed=2)
    assert_whole(tally, n)
    assert tally.n_new == n


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_run_does_not_stop_another(make_case: MakeCase, kill: int) -> None:
    n = n_runs(2, 100)
    tally = run_pairs(make_case(QUICK, None), n, seed=3, kill=kill)
    assert_whole(tally, n)
    assert tally.n_new == n


@pytest.mark.parametrize("name", [QUICK, *METHODS])
def test_a_call_that_fails_leaves_the_old_results_or_is_no_error(
    make_case: MakeCase, name: str
) -> None:
    case = make_case(name, 0)
    n_calls = case.n_calls()
    numbers = range(0, n_calls, max(1, n_calls // n_runs(6, 2000)))
    assert_whole(fail_at_calls(case, numbers), len(numbers))


@pytest.mark.skipif(not can_mount(), reason="the system lets nobody mount")
def test_a_disk_that_fills_up_keeps_the_old_results() -> None:
    n = n_runs(4, 50)
    names = [QUICK, METHODS[0]] if n < 50 else [*COMMANDS, *METHODS]
    tallies = full_disk_tallies(n, names=names)
    assert list(tallies) == [*names]
    for tally in tallies.values():
        assert_whole(tally, tally.n_runs)
        assert tally.n_old
        assert tally.n_new
