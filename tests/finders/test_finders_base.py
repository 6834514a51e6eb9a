"""The base of the finders, their records in notebooks, and the facts of errors."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skseg import (
    BoxSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
    combine_findings,
    information_value,
    with_group,
)
from skseg._finders import DecisionThresholds, GroupOverlap, SegmentFinder, _base
from skseg._finders._base import with_shared_sections
from skseg.datasets import make_seller_groups
from skseg.exceptions import InvalidDataError, InvalidParameterError

HOSTILE = "<script>alert('&')</script>"


class CellFinder(SegmentFinder):
    """Looks at every cell of every column by itself."""

    def _boxes(self, search: Any) -> Any:
        return search.best(
            {column: tuple(i == cell for i in range(axis.n_cells))}
            for column, axis in enumerate(search.axes)
            for cell in range(axis.n_cells)
        )


def planted(n_rows: int = 2000) -> tuple[pd.DataFrame, Any, Any]:
    """Return rows where A is better in one level of a column with a hostile name."""
    random = np.random.default_rng(0)
    levels = random.choice(["x", "y", HOSTILE], n_rows)
    group = random.choice(["A", "B"], n_rows).astype(object)
    chance = 0.3 + 0.4 * ((levels == HOSTILE) & (group == "A"))
    X = pd.DataFrame({HOSTILE: levels, "noise": random.normal(size=n_rows)})
    return X, (random.random(n_rows) < chance).astype(int), group


# --- the base ------------------------------------------------------------------------


def test_the_base_cannot_be_used_itself() -> None:
    with pytest.raises(TypeError, match="abstract"):
        SegmentFinder()  # type: ignore[abstract]


def test_a_subclass_finds_tests_combines_and_exports() -> None:
    X, y, group = planted()
    finder = clone(CellFinder(random_state=0)).fit(X, y, group)
    assert finder.segments_.loc[0, "decision"] == "Implement"
    assert finder.segments_.loc[0, "best_group"] == "A"
    inside = X[HOSTILE] == HOSTILE
    np.testing.assert_array_equal(finder.transform(X)[:, 0] == 1, inside)
    to_a = inside | finder._policy.rest_to_a
    np.testing.assert_array_equal(finder.predict(X) == "A", to_a)
    assert set(finder.to_frame(style="historical")["Method"]) == {"CellFinder"}
    box = BoxSegmentFinder(random_state=0).fit(X, y, group)
    combined = combine_findings([finder, box], X)
    assert combined.table.loc[0, "method"] in {"CellFinder", "Box"}


def test_shared_sections_are_those_of_the_base() -> None:
    @with_shared_sections
    class Documented(CellFinder):
        """Summary.

        Parameters
        ----------
        {shared parameters}

        Attributes
        ----------
        {shared attributes}
        """

    doc, base = Documented.__doc__, SegmentFinder.__doc__
    assert "{" + "shared" not in doc
    for line in ("max_features : int, default=3", "overlap_ : GroupOverlap"):
        assert line in doc
        assert line in base
    # No section is cut short, and none is followed by the next of the base.
    assert "Number of models to fit at once" in doc
    assert "Their names, where `X` has them." in doc
    assert "See Also" not in doc


@pytest.mark.parametrize(
    "Finder",
    [
        BoxSegmentFinder,
        IVSegmentFinder,
        L1SegmentFinder,
        TLearnerSegmentFinder,
        CellFinder,
    ],
)
@pytest.mark.parametrize("fitted_before", [True, False])
def test_a_fit_that_fails_leaves_the_finder_as_it_was(
    Finder: Any, fitted_before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y, group = planted(400)
    finder = Finder(random_state=0)
    if fitted_before:
        finder.fit(X, y, group)
    before = dict(vars(finder))

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("late")

    # The search is over by then, and the columns are others.
    monkeypatch.setattr(_base, "findings_table", fail)
    with pytest.raises(RuntimeError, match="late"):
        finder.fit(X.assign(further=np.arange(400.0) % 3), y, group)
    assert vars(finder).keys() == before.keys()
    assert all(value is before[name] for name, value in vars(finder).items())


# --- what notebooks show -------------------------------------------------------------


@pytest.fixture(scope="module")
def observed() -> Any:
    X, y, group = planted()
    finder = BoxSegmentFinder(assignment="observational", random_state=0)
    return finder.fit(X, y, group)


def test_the_overlap_names_its_columns(observed: Any) -> None:
    overlap = observed.overlap_
    assert isinstance(overlap, GroupOverlap)
    assert overlap.columns == (HOSTILE, "noise")
    frame = overlap.to_frame()
    assert frame.columns.tolist() == ["column", "smd", "smd_weighted"]
    assert frame["column"].tolist() == [HOSTILE, "noise"]
    np.testing.assert_array_equal(frame["smd"], overlap.smd)


def test_html_shows_the_numbers_and_takes_hostile_names_for_text(observed: Any) -> None:
    overlap, combined = observed.overlap_, combine_findings([observed])
    X, y, _ = planted()
    for shown, expected in (
        (overlap, [f"{overlap.auc:.3f}", f"{overlap.smd[1]:.3f}", "noise"]),
        (combined, ["Implement", "Segment 1", f"{combined.table['share'][0]:.1%}"]),
        (information_value(X, y), ["noise", "rank", "band"]),
    ):
        html = shown._repr_html_()
        assert HOSTILE not in html
        assert "&lt;script&gt;" in html
        assert html.count("<table") == html.count("</table>") == 1
        for text in expected:
            assert text in html, text


def test_html_of_no_findings_is_an_empty_table() -> None:
    X, y, group = planted(200)
    finder = BoxSegmentFinder().fit(X[["noise"]].assign(noise=0.0), y, group)
    html = combine_findings([finder])._repr_html_()
    assert "0 findings." in html
    assert "<td" not in html


# --- exports of combined findings ----------------------------------------------------


def test_combined_findings_are_exported_as_those_of_a_finder(observed: Any) -> None:
    combined = combine_findings([observed])
    pd.testing.assert_frame_equal(combined.to_frame(), combined.table)
    historical = combined.to_frame(style="historical")
    expected = observed.to_frame(style="historical")
    pd.testing.assert_frame_equal(historical, expected)
    assert combined.to_csv(style="historical") == observed.to_csv(style="historical")
    pd.testing.assert_frame_equal(combined.to_sql(), observed.to_sql())
    assert combined.to_python() == observed.to_python()
    table, rules = combined
    assert table is combined.table
    assert rules is combined.rules


# --- errors --------------------------------------------------------------------------


def test_errors_keep_their_facts() -> None:
    X, y, group = planted(200)
    facts = []
    for finder, arguments in (
        (BoxSegmentFinder(max_features=5), (y, group)),
        (BoxSegmentFinder(inference="maxt"), (y, group)),
        (BoxSegmentFinder(treatment="Z"), (y, group)),
        (BoxSegmentFinder(thresholds=0.1), (y, group)),
    ):
        with pytest.raises(InvalidParameterError) as caught:
            finder.fit(X, *arguments)
        facts.append((caught.value.owner, caught.value.name, caught.value.value))
    owner = "BoxSegmentFinder"
    assert facts == [
        (owner, "max_features", 5),
        (owner, "max_features", 3),
        (owner, "treatment", "Z"),
        (owner, "thresholds", 0.1),
    ]
    group[17] = None
    with pytest.raises(InvalidDataError) as caught_data:
        BoxSegmentFinder().fit(X, y, group)
    error = caught_data.value
    assert (error.owner, error.name, error.row) == (owner, "group", 17)


def test_thresholds_compare_by_value() -> None:
    assert DecisionThresholds(alpha=0.05) == DecisionThresholds()
    assert DecisionThresholds(alpha=0.01) != DecisionThresholds()


# --- tables without findings, and thresholds -----------------------------------------


@pytest.mark.parametrize(
    "Finder",
    [BoxSegmentFinder, IVSegmentFinder, L1SegmentFinder, TLearnerSegmentFinder],
)
def test_a_table_without_findings_has_the_types_of_one_with_them(Finder: Any) -> None:
    X, y, group = planted()
    some = BoxSegmentFinder(random_state=0).fit(X, y, group)
    none = Finder(random_state=0).fit(X[["noise"]] * 0, y, group)
    assert (len(some.segments_), len(none.segments_)) == (len(some.segments_) or 1, 0)
    pd.testing.assert_series_equal(none.segments_.dtypes, some.segments_.dtypes)
    combined = combine_findings([none], X).table
    assert combined.dtypes[list(none.segments_)].equals(none.segments_.dtypes)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("alpha", -3), ("alpha", 1.5), ("pilot_share", 7), ("implement_share", "x")],
        *[("implement_effect", np.nan), ("pilot_gap", -1), ("pilot_effect", None)],
    ],
)
def test_thresholds_out_of_range_are_refused_before_anything_is_found(
    name: str, value: Any
) -> None:
    X, y, group = planted(200)
    finder = BoxSegmentFinder(thresholds=DecisionThresholds(**{name: value}))
    with pytest.raises(InvalidParameterError, match=f"thresholds.{name}") as caught:
        finder.fit(X, y, group)
    assert caught.value.owner == "BoxSegmentFinder"


def test_with_group_names_the_group_that_is_too_short() -> None:
    with pytest.raises(InvalidDataError, match="3 groups and 4 outcomes") as caught:
        with_group([0, 1, 0, 1], ["A", "B", "A"])
    assert caught.value.name == "group"


@pytest.mark.parametrize("Finder", [BoxSegmentFinder, TLearnerSegmentFinder])
def test_score_reads_no_parameter_of_another_fit(Finder: Any) -> None:
    leads = make_seller_groups(1500, assignment="observational", random_state=0)
    X, y = leads[["past_orders", "channel"]], leads["converted"]
    group = leads["seller"]
    for settings in ({}, {"assignment": "observational"}, {"treatment": "B"}):
        finder = Finder(inference="none", random_state=0, **settings)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            finder.fit(X, y, group=group)
        score = finder.score(X, y, group=group)
        other = {
            "assignment": "randomized" if "assignment" in settings else "observational",
            "treatment": "nobody",
            "random_state": 7,
            "max_features": -1,
            "n_jobs": 2,
        }
        finder.set_params(**other)
        assert finder.score(X, y, group=group) == score


@pytest.mark.parametrize("inference", ["honest", "maxt"])
def test_verbose_and_processes_change_nothing_but_what_is_printed(
    inference: str, capsys: pytest.CaptureFixture[str]
) -> None:
    leads = make_seller_groups(1000, random_state=0)
    X, y = leads[["past_orders", "channel", "income"]], leads["converted"]
    settings = {"max_features": 2, "n_replicates": 19, "random_state": 0}
    finder = BoxSegmentFinder(inference=inference, **settings)
    finder.fit(X, y, group=leads["seller"])
    assert capsys.readouterr() == ("", "")

    finder.set_params(verbose=True, n_jobs=2)
    other = clone(finder).fit(X, y, group=leads["seller"])

    pd.testing.assert_frame_equal(finder.segments_, other.segments_)
    assert "Parallel" in "".join(capsys.readouterr())


@pytest.mark.parametrize("verbose", [None, "yes", 2])
def test_verbose_is_a_bool(verbose: Any) -> None:
    finder = BoxSegmentFinder(verbose=verbose)
    with pytest.raises(InvalidParameterError, match="must be a bool"):
        finder.fit([[1.0], [2.0]] * 20, [0, 1] * 20)


@pytest.mark.parametrize("Finder", [BoxSegmentFinder, IVSegmentFinder])
def test_a_finding_leaves_out_the_least_size_too(Finder: Any) -> None:
    rng = np.random.default_rng(0)
    n = 3000
    # An effect everywhere, and a level of hardly any rows to leave out.
    X = pd.DataFrame({"plan": rng.choice(["a", "b", "c"], n, p=[0.6, 0.398, 0.002])})
    group = rng.integers(0, 2, n)
    y = rng.random(n) < 0.3 + 0.4 * group

    finder = Finder(random_state=0, min_size=0.05).fit(X, y, group=group)

    assert (finder.segments_["share"] < 0.97).all()
