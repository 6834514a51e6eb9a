"""Rules, numbers of scores, cut points and parameters of maps, set one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skseg import RFMSegmenter
from skseg.exceptions import InvalidDataError, InvalidParameterError, RuleError
from tests.rfm.customers import DIMENSIONS, customer_table

X = customer_table()
MAP = {"Top": "R >= {r} and F >= {f}", "Rest": "R < {r} or F < {f}"}


def own_map() -> RFMSegmenter:
    return RFMSegmenter(MAP, params={"r": 4, "f": 3})


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_one_number_of_scores_is_set_by_its_name(dimension: str) -> None:
    segmenter = RFMSegmenter().set_params(**{f"n_scores__{dimension}": 3})
    by_mapping = RFMSegmenter(n_scores={dimension: 3}).fit(X)
    assert segmenter.n_scores == {**dict.fromkeys(DIMENSIONS, 5), dimension: 3}
    assert len(segmenter.fit(X).cut_points_[dimension]) == 2
    assert segmenter.rules_ == by_mapping.rules_
    assert by_mapping.get_params()[f"n_scores__{dimension}"] == 3


@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize("others", ["learned", "given"])
def test_cut_points_of_one_dimension_are_set_by_its_name(
    dimension: str, others: str
) -> None:
    given = dict.fromkeys(DIMENSIONS, (10.0, 20.0)) if others == "given" else "quantile"
    segmenter = RFMSegmenter(n_scores=3, cut_points=given)
    segmenter.set_params(**{f"cut_points__{dimension}": [7, 30, 90]}).fit(X)
    learned = RFMSegmenter(n_scores=3).fit(X).cut_points_
    for name in DIMENSIONS:
        expected: Any = learned[name] if others == "learned" else [10, 20]
        expected = [7, 30, 90] if name == dimension else expected
        np.testing.assert_array_equal(segmenter.cut_points_[name], expected)
    assert given in ("quantile", dict.fromkeys(DIMENSIONS, (10.0, 20.0)))
    for value in ("quantile", None):
        segmenter.set_params(**{f"cut_points__{dimension}": value}).fit(X)
        np.testing.assert_array_equal(
            segmenter.cut_points_[dimension], learned[dimension]
        )


def test_a_rule_and_a_parameter_of_a_map_are_set_by_their_names() -> None:
    segmenter = own_map().set_params(params__r=5, segments__Top="R >= {r}")
    segmenter.set_params(segments__Rest="R < {r}").fit(X)
    plain = RFMSegmenter({"Top": "R >= 5", "Rest": "R < 5"}).fit(X)
    assert segmenter.rules_ == plain.rules_
    assert segmenter.get_params()["params__r"] == 5
    assert MAP["Top"] == "R >= {r} and F >= {f}"


def test_names_of_segments_may_hold_spaces_and_underscores() -> None:
    names = {"At risk": "R < 3", "A__B": "R >= 3"}
    segmenter = RFMSegmenter(names)
    segmenter.set_params(**{"segments__At risk": "R < 4", "segments__A__B": "R >= 4"})
    assert segmenter.fit(X).segment_names_.tolist() == ["At risk", "A__B", "Unknown"]


@pytest.mark.parametrize(
    "segmenter",
    [
        RFMSegmenter(),
        RFMSegmenter(None, {"recency": 3}),
        RFMSegmenter("seed", cut_points={"monetary": [1.0, 2, 3, 4]}),
        own_map(),
    ],
    ids=["default", "scores", "cut points", "map"],
)
def test_all_names_can_be_set_to_what_they_are(segmenter: RFMSegmenter) -> None:
    params = segmenter.get_params()
    copy = clone(segmenter).set_params(**params)
    # The same settings, written out for each dimension.
    form = {"n_scores", "cut_points"}
    assert {k: v for k, v in copy.get_params().items() if k not in form} == {
        k: v for k, v in params.items() if k not in form
    }
    assert copy.fit(X).rules_ == segmenter.fit(X).rules_
    nested = {name.partition("__")[0] for name in params if "__" in name}
    assert {"n_scores", "cut_points"} <= nested
    assert "segments__Top" not in segmenter.get_params(deep=False)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("params__q", "are 'r', 'f'"),
        ("segments__Topp", "Did you mean 'Top'"),
        ("n_scores__R", "are 'recency', 'frequency', 'monetary'"),
        ("cut_points__recencies", "Did you mean 'recency'"),
    ],
)
def test_a_name_that_there_is_not_is_refused_with_those_that_there_are(
    name: str, hint: str
) -> None:
    segmenter = own_map()
    before = segmenter.get_params()
    with pytest.raises(InvalidDataError, match=f"no parameter '{name}'.*{hint}"):
        segmenter.set_params(**{name: 3})
    assert segmenter.get_params() == before


def test_a_shipped_map_has_no_rules_to_set() -> None:
    with pytest.raises(InvalidDataError, match="segments='grid' has no entries"):
        RFMSegmenter().set_params(segments__Champions="R == 5")


def test_every_nested_name_can_be_searched() -> None:
    grid = {
        "n_scores__frequency": [3, 5],
        "cut_points__recency": ["quantile", [30, 90, 180, 365]],
        "params__r": [2, 4],
        "segments__Rest": ["R < {r} or not F >= {f}"],
    }
    search = GridSearchCV(own_map(), grid, cv=2, error_score="raise").fit(X)
    scores = search.cv_results_["mean_test_score"]
    assert len(scores) == 8
    for candidate, score in zip(search.cv_results_["params"], scores, strict=True):
        written_out = RFMSegmenter(
            {**MAP, "Rest": candidate["segments__Rest"]},
            {"frequency": candidate["n_scores__frequency"]},
            cut_points={"recency": candidate["cut_points__recency"]},
            params={"r": candidate["params__r"], "f": 3},
        )
        assert cross_val_score(written_out, X, cv=2).mean() == score
    pipeline = make_pipeline(FunctionTransformer(), own_map())
    in_pipeline = GridSearchCV(
        pipeline,
        {f"rfmsegmenter__{name}": values for name, values in grid.items()},
        cv=2,
        error_score="raise",
    ).fit(X)
    np.testing.assert_array_equal(in_pipeline.cv_results_["mean_test_score"], scores)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"r": 4}, RuleError, "f"),
        (None, RuleError, "r"),
        ([4, 4], InvalidParameterError, "'params' parameter .* mapping of names"),
        ({"r": 9, "f": 4}, RuleError, "R >= 9, but the scores R are 1 to 5"),
        ({"r": "q(0.5)", "f": 4}, RuleError, "R"),
    ],
    ids=["missing", "none", "list", "no score", "quantile"],
)
def test_wrong_parameters_of_a_map_are_refused(
    params: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        RFMSegmenter(MAP, params=params).fit(X)


@pytest.mark.parametrize(
    "cut_points",
    ["deciles", [], [1, 1], [[1, 2]], [1, "a"], [None], object(), {"a": 1}, 10**400],
    ids=lambda value: str(value)[:12].replace(" object at", ""),
)
def test_wrong_cut_points_of_a_dimension_are_refused_in_words(cut_points: Any) -> None:
    segmenter = RFMSegmenter().set_params(cut_points__recency=cut_points)
    with pytest.raises(InvalidParameterError, match="rising order for 'recency'"):
        segmenter.fit(X)


def test_cut_points_as_an_array_for_all_dimensions_are_refused_in_words() -> None:
    cut_points: Any = np.array([1.0, 2.0])
    with pytest.raises(InvalidParameterError, match="'quantile' or a mapping"):
        RFMSegmenter(cut_points=cut_points).fit(X)
