"""What `transform` gives: one contract, proved on a segmenter of two rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skseg._core._base import SegmenterMixin, segment_table
from skseg._core._cross_fitting import cross_fitted_codes
from skseg._core._encoding import SegmentEncoderMixin, SegmentEncoding
from skseg._core._fitted_state import reads_state
from skseg._core._outcome import read_outcome
from skseg._core._validation import read_columns
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import RuleSet


class Halves(SegmenterMixin, SegmentEncoderMixin, BaseEstimator):
    """Rows below and above a number, within an audience."""

    def __init__(self, cut: float = 1.0, encode: str = "onehot") -> None:
        self.cut = cut
        self.encode = encode

    def fit(self, X: Any, y: Any = None) -> Halves:
        self._check_encode()
        columns = read_columns(self, X, reset=True)
        name = columns.names[0]
        self.rules_ = RuleSet(
            {"low": f"{name} <= {self.cut}", "high": f"{name} > {self.cut}"},
            default="Unknown",
            universe=f"{name} < 9 or missing({name})",
        )
        self.labels_ = self.rules_.assign(columns)
        unreachable = () if np.isnan(columns.numbers(name)).any() else ("Unknown",)
        self._encoding = SegmentEncoding.of_rules(self.encode, self.rules_, unreachable)
        return self

    @reads_state
    def predict(self, X: Any) -> Any:
        return self.rules_.assign(read_columns(self, X, reset=False))


X = pd.DataFrame({"x": [0.0, 2.0, 10.0, 1.0]}, index=[7, 5, 3, 1])
NAMES = ["low", "high", "outside"]
FLAGS = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize("rows", [X, pl.from_pandas(X), X.to_numpy()], ids=type)
@pytest.mark.parametrize("container", ["default", "pandas", "polars"])
def test_onehot_has_a_column_for_everything_that_can_occur(
    rows: Any, container: str
) -> None:
    halves = Halves().set_output(transform=container)
    for flags in (halves.fit_transform(rows), halves.transform(rows)):
        assert np.asarray(flags).tolist() == FLAGS
        assert container == "default" or list(flags.columns) == NAMES
    assert halves.get_feature_names_out().tolist() == NAMES


def test_onehot_has_a_column_for_missing_values_where_these_occur() -> None:
    rows = [[0.0], [np.nan]]
    halves = Halves().fit(rows)
    assert halves.get_feature_names_out().tolist() == [
        "low",
        "high",
        "Unknown",
        "outside",
    ]
    assert halves.transform(rows).tolist() == [[1, 0, 0, 0], [0, 0, 1, 0]]


def test_ordinal_is_the_code() -> None:
    halves = Halves(encode="ordinal")
    codes = halves.fit_transform(X)
    assert codes.tolist() == [[0], [1], [-1], [0]]
    assert codes.dtype == np.float64
    assert codes[:, 0].tolist() == halves.predict(X).tolist()
    assert halves.get_feature_names_out().tolist() == ["segment"]


def test_ordinal_is_a_category_in_a_frame_of_pandas() -> None:
    frame = Halves(encode="ordinal").set_output(transform="pandas").fit_transform(X)
    assert frame.index.tolist() == X.index.tolist()
    assert frame["segment"].tolist() == ["low", "high", "outside", "low"]
    assert frame["segment"].cat.categories.tolist() == NAMES


def test_ordinal_is_a_category_in_a_frame_of_polars() -> None:
    frame = Halves(encode="ordinal").set_output(transform="polars").fit_transform(X)
    assert frame["segment"].to_list() == ["low", "high", "outside", "low"]
    assert frame["segment"].dtype == pl.Enum(NAMES)


@pytest.mark.parametrize("encode", ["onehot", "ordinal"])
@pytest.mark.parametrize("container", ["default", "pandas", "polars"])
def test_no_rows_give_no_rows(encode: str, container: str) -> None:
    halves = Halves(encode=encode).set_output(transform=container).fit(X)
    for rows in (X[:0], pl.from_pandas(X[:0])):
        assert halves.transform(rows).shape == (0, 3 if encode == "onehot" else 1)
        assert halves.predict(rows).shape == (0,)


def test_an_unknown_encoding_is_refused_and_changes_nothing() -> None:
    halves = Halves().fit(X)
    halves.encode = "one-hot"
    with pytest.raises(InvalidParameterError, match="'onehot' or 'ordinal'"):
        halves.fit_transform(X)
    # The model of the first fit is left, and reads no parameter.
    check_is_fitted(halves)
    assert halves.transform(X).tolist() == FLAGS


class Best(Halves):
    """Halves at the number that tells outcomes apart best, up to the noise."""

    def __init__(
        self,
        cut: float = 1.0,
        encode: str = "ordinal",
        min_size: float = 1,
        cv: Any = 5,
    ) -> None:
        super().__init__(cut, encode)
        self.min_size = min_size
        self.cv = cv

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Best:
        outcome, self._coding = read_outcome(type(self).__name__, y, len(X))
        x = np.asarray(X)[:, 0]
        if isinstance(self.min_size, int) and self.min_size > len(x):
            raise InvalidDataError("Too few rows.")
        gains = [abs(outcome[x <= v].mean() - outcome.mean()) for v in x]
        super().fit(X, y)
        cut = x[int(np.argmax(gains))]
        self.rules_ = RuleSet({"low": f"x0 <= {cut}", "high": f"x0 > {cut}"})
        codes = self.rules_.assign(read_columns(self, X, reset=False))
        weight = None if sample_weight is None else np.asarray(sample_weight, float)
        self.segments_ = segment_table(self.rules_, codes, weight)
        self._encoding = SegmentEncoding.of_rules(self.encode, self.rules_)
        return self

    def _training_codes(self, X: Any, y: Any, fit_params: Any) -> Any:
        outcome = self._coding.numbers("Best", y, len(X))
        return cross_fitted_codes(self, X, y, outcome, fit_params, self.cv)


def test_training_rows_get_the_segments_of_models_that_have_not_seen_them() -> None:
    rng = np.random.default_rng(0)
    rows, y = rng.random((60, 1)), rng.choice(["no", "yes"], 60)
    codes = Best().fit_transform(rows, y)
    assert (codes == Best().fit_transform(rows, y)).all()
    # Another outcome of one row leaves the segment of this row where it is, unless the
    # segments change their names with it.
    for row in range(0, 60, 7):
        other = y.copy()
        other[row] = "no" if y[row] == "yes" else "yes"
        folds = [(np.delete(np.arange(60), t), t) for t in np.array_split(range(60), 5)]
        ours = Best(cv=folds).fit_transform(rows, y)
        assert ours[row] == Best(cv=folds).fit_transform(rows, other)[row]


def test_bounds_that_count_rows_are_the_same_shares_of_a_fold() -> None:
    rng = np.random.default_rng(1)
    rows, y = rng.random((40, 1)), rng.integers(0, 2, 40)
    assert Best(min_size=40).fit(rows, y)
    with pytest.raises(InvalidDataError, match="Too few rows") as error:
        Best(min_size=40).fit_transform(rows, y)
    assert "cv, or call fit and then transform" in error.value.__notes__[0]
    assert Best(min_size=36).fit_transform(rows, y).shape == (40, 1)
    assert Best(min_size=40).fit(rows, y).transform(rows).shape == (40, 1)


@pytest.mark.parametrize("cv", [1, 99, "5", True])
def test_wrong_folds_are_refused_by_name(cv: Any) -> None:
    rng = np.random.default_rng(1)
    rows, y = rng.random((40, 1)), rng.integers(0, 2, 40)
    with pytest.raises(InvalidParameterError, match="'cv' parameter of Best"):
        Best(cv=cv).fit_transform(rows, y)


def test_weights_go_with_their_rows() -> None:
    rng = np.random.default_rng(1)
    rows, y = rng.random((40, 1)), rng.integers(0, 2, 40)
    weight = np.ones(40)
    codes = Best(min_size=20).fit_transform(rows, y, sample_weight=weight)
    assert codes.tolist() == Best(min_size=20).fit_transform(rows, y).tolist()
