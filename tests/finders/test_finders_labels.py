"""Outcomes of finders as labels: text, categories, True and False."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.model_selection import GridSearchCV

from skseg import (
    BoxSegmentFinder,
    GroupStratifiedKFold,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
    displays,
    information_value,
    with_group,
)
from skseg.exceptions import InvalidDataError, InvalidParameterError

FINDERS = [
    BoxSegmentFinder,
    TLearnerSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
]

rng = np.random.default_rng(0)
X = pd.DataFrame({"age": rng.normal(50, 10, 400), "noise": rng.normal(size=400)})
GROUP = rng.choice(["A", "B"], 400)
CHANCE = 0.3 + (GROUP == "A") * np.where(X["age"] > 55, 0.6, -0.2)
Y = (rng.random(400) < CHANCE).astype(int)
YES = np.where(Y == 1, "yes", "no")

LABELS: dict[str, Any] = {
    "array of str": YES,
    "array of object": YES.astype(object),
    "list": YES.tolist(),
    "pandas str": pd.Series(YES),
    "pandas string": pd.Series(YES, dtype="string"),
    "pandas categories": pd.Series(pd.Categorical(YES, categories=["yes", "no"])),
    "polars": pl.Series(YES),
    "polars categories": pl.Series(YES, dtype=pl.Categorical),
    "pyarrow": pa.chunked_array([YES.tolist()]),
    "flags": Y == 1,
    "list of flags": (Y == 1).tolist(),
    "pandas flags": pd.Series(Y == 1, index=np.arange(400)[::-1]),
    "nullable flags": pd.Series(Y == 1, dtype="boolean"),
    "polars flags": pl.Series(Y == 1),
}


def quick(Finder: Any = BoxSegmentFinder, **options: Any) -> Any:
    return Finder(**{"random_state": 0, "max_features": 1} | options)


@pytest.mark.parametrize("carried", [False, True])
@pytest.mark.parametrize("form", LABELS)
def test_labels_mean_what_numbers_mean(form: str, carried: bool) -> None:
    labels = LABELS[form]
    numbers = quick().fit(X, Y, group=GROUP)
    params = {} if carried else {"group": GROUP}
    y = with_group(labels, GROUP) if carried else labels
    finder = quick().fit(X, y, **params)
    pd.testing.assert_frame_equal(finder.segments_, numbers.segments_)
    assert finder.score(X, y, **params) == numbers.score(X, Y, group=GROUP)
    classes = [False, True] if "flags" in form else ["no", "yes"]
    assert finder.classes_.tolist() == classes
    assert not hasattr(numbers, "classes_")
    np.testing.assert_array_equal(
        quick(cv=2).fit_transform(X, y, **params),
        quick(cv=2).fit_transform(X, Y, group=GROUP),
    )


@pytest.mark.parametrize("Finder", FINDERS)
def test_pos_label_says_what_counts_as_1(Finder: Any) -> None:
    no = quick(Finder, pos_label="no", inference="none").fit(X, YES, group=GROUP)
    numbers = quick(Finder, inference="none").fit(X, 1 - Y, group=GROUP)
    pd.testing.assert_frame_equal(no.segments_, numbers.segments_)
    assert no.score(X, YES, group=GROUP) == numbers.score(X, 1 - Y, group=GROUP)
    of_numbers = quick(Finder, pos_label=7, inference="none")
    of_numbers.fit(X, np.where(Y == 1, 7, 3), group=GROUP)
    yes = quick(Finder, inference="none").fit(X, YES, group=GROUP)
    pd.testing.assert_frame_equal(of_numbers.segments_, yes.segments_)
    assert of_numbers.classes_.tolist() == [3, 7]


def test_score_reads_no_pos_label_set_later() -> None:
    finder = quick().fit(X, YES, group=GROUP)
    score = finder.score(X, YES, group=GROUP)
    assert finder.set_params(pos_label="no").score(X, YES, group=GROUP) == score


# Four hundred rows tell no finding apart, whatever its level.
@pytest.mark.filterwarnings("ignore:All 2 candidates of GridSearchCV")
def test_a_search_over_labels_without_routing() -> None:
    search = GridSearchCV(
        quick(),
        {"thresholds__alpha": [1e-300, 0.05]},
        cv=GroupStratifiedKFold(2),
        error_score="raise",
    )
    labels = search.fit(X, with_group(YES, GROUP)).cv_results_["mean_test_score"]
    numbers = search.fit(X, with_group(Y, GROUP)).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(labels, numbers)


@pytest.mark.parametrize("carried", [False, True])
def test_labels_that_are_not_two_are_refused(carried: bool) -> None:
    def fit(labels: Any, **options: Any) -> Any:
        y = (with_group(labels, GROUP), None) if carried else (labels, GROUP)
        return quick(**options).fit(X, *y)

    three = np.where(X["noise"] > 1, "maybe", YES)
    with pytest.raises(InvalidDataError, match=r"3 classes.*y == 'maybe'"):
        fit(three)
    # What the error says to do, works.
    fit(three == "maybe")
    with pytest.raises(InvalidDataError, match="pos_label='yes'"):
        fit(np.full(400, "yes"))
    assert len(fit(np.full(400, "yes"), pos_label="yes").segments_) == 0
    with pytest.raises(InvalidDataError, match="missing label at row 3"):
        fit(pd.Series(YES).where(np.arange(400) != 3))
    with pytest.raises(InvalidParameterError, match=r"'pos_label'.*'no', 'yes'"):
        fit(YES, pos_label="maybe")


def test_labels_that_fit_has_not_seen_are_refused() -> None:
    finder = quick().fit(X, YES, group=GROUP)
    strange = YES.astype(object)
    strange[7] = "perhaps"
    for y in (strange, with_group(strange, GROUP)):
        group = None if y is not strange else GROUP
        with pytest.raises(InvalidDataError, match=r"'no', 'yes'\. Got 'perhaps'"):
            finder.score(X, y, group=group)
    with pytest.raises(InvalidDataError, match="must be numbers"):
        quick().fit(X, Y, group=GROUP).score(X, YES, group=GROUP)


@pytest.mark.parametrize("form", LABELS)
def test_information_values_of_labels(form: str) -> None:
    of_numbers = information_value(X, Y, group=GROUP)
    of_labels = information_value(X, LABELS[form], group=GROUP)
    pd.testing.assert_frame_equal(of_labels.table, of_numbers.table)
    pos_label: Any = False if "flags" in form else "no"
    of_no = information_value(X, LABELS[form], group=GROUP, pos_label=pos_label)
    reversed_outcome = information_value(X, 1 - Y, group=GROUP)
    pd.testing.assert_frame_equal(of_no.table, reversed_outcome.table)


def test_the_effect_map_reads_labels_as_fit_did() -> None:
    finder = quick(pos_label="no").fit(X, YES, group=GROUP)
    numbers = quick().fit(X, 1 - Y, group=GROUP)
    draw = displays.EffectMapDisplay.from_estimator
    of_labels = draw(finder, X, with_group(YES, GROUP)).frame()
    of_numbers = draw(numbers, X, 1 - Y, group=GROUP).frame()
    pd.testing.assert_frame_equal(of_labels, of_numbers)


def test_folds_of_labels_have_their_shares() -> None:
    by_label = list(GroupStratifiedKFold(3).split(X, with_group(YES, GROUP)))
    by_number = list(GroupStratifiedKFold(3).split(X, with_group(Y, GROUP)))
    for folds, others in zip(by_label, by_number, strict=True):
        np.testing.assert_array_equal(folds[1], others[1])
    three = np.where(X["noise"] > 0.5, "maybe", YES)
    for _, test in GroupStratifiedKFold(4).split(X, three, group=GROUP):
        for label in ("yes", "no", "maybe"):
            n = (three[GROUP == "A"] == label).sum() / 4
            assert abs(((three == label) & (GROUP == "A"))[test].sum() - n) < 1
