"""Columns of text with hardly two equal values, in segment finders."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline

from skseg import (
    BoxSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
    RuleSurrogate,
    TLearnerSegmentFinder,
    information_value,
)
from skseg.datasets import make_seller_groups
from skseg.exceptions import InvalidDataError

FINDERS = [
    BoxSegmentFinder,
    TLearnerSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
]
N = 4000
DOMAINS = np.array(["gmail.com", "web.de", "gmx.de"])
TEXTS = {
    "e-mail": [f"user{i}@{DOMAINS[i % 3]}" for i in range(N)],
    "uuid": [f"{i:032x}" for i in range(N)],
    "comment": [f"I have written {i} times, and nobody has answered" for i in range(N)],
    "minute": pd.date_range("2024-01-01", periods=N, freq="min").astype(str).tolist(),
    "two rows each": [f"user{i // 2}@shop.com" for i in range(N)],
    "half missing": [f"user{i}" if i % 2 else None for i in range(N)],
}
CONTAINERS = {
    "object": lambda texts: pd.Series(texts, dtype=object),
    "category": lambda texts: pd.Series(texts).astype("category"),
    "str": lambda texts: pd.Series(texts).astype("string"),
    "polars": pl.Series,
}


@pytest.fixture(scope="module")
def leads() -> tuple[pd.DataFrame, Any, Any]:
    made = make_seller_groups(N, random_state=0)
    X = made[["channel", "basket_value"]]
    return X, made["converted"].to_numpy(), made["seller"].to_numpy()


def frame_with(X: pd.DataFrame, column: Any) -> Any:
    if isinstance(column, pl.Series):
        return pl.from_pandas(X).with_columns(column.alias("text"))
    return X.assign(text=column.to_numpy() if column.dtype == object else column)


@pytest.mark.parametrize("Finder", FINDERS)
@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_of_few_rows_is_in_no_rule(leads: Any, Finder: Any, kind: str) -> None:
    X, y, group = leads
    with_text = X.assign(text=TEXTS[kind])
    finder = Finder(random_state=0)
    with pytest.warns(UserWarning, match=r"column 'text' only as far as .* missing"):
        finder.fit(with_text, y, group=group)
    assert (finder.segments_["n"] > 0).all()
    assert (finder.segments_["rule"].str.len() < 300).all()
    assert not finder.segments_["rule"].str.contains("text (?:not )?in").any()


@pytest.mark.parametrize("container", CONTAINERS)
def test_all_containers_leave_rare_texts_out(leads: Any, container: str) -> None:
    X, y, group = leads
    column = CONTAINERS[container](TEXTS["e-mail"])
    with pytest.warns(UserWarning, match="uses the column 'text' only") as record:
        finder = TLearnerSegmentFinder(random_state=0).fit(
            frame_with(X, column), y, group=group
        )
    assert record[0].filename == __file__
    assert not finder.segments_["rule"].str.contains("text").any()


@pytest.mark.parametrize("Finder", FINDERS)
def test_the_advice_leads_to_a_fit_without_warning(leads: Any, Finder: Any) -> None:
    X, y, group = leads
    domain = pd.Series(TEXTS["e-mail"]).str.split("@").str[1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Finder(random_state=0).fit(X.assign(domain=domain), y, group=group)
        Finder(random_state=0).fit(X, y, group=group)
        information_value(X.assign(domain=domain), y)


@pytest.mark.parametrize("Finder", FINDERS)
@pytest.mark.parametrize("has_missing", [False, True])
def test_rare_texts_share_a_cell_with_unseen_ones(
    Finder: Any, has_missing: bool
) -> None:
    random = np.random.default_rng(0)
    n = 6000
    is_small = random.random(n) < 0.5
    large = np.array([f"large {i}" for i in random.integers(0, 12, n)])
    town = np.where(is_small, [f"small {i}" for i in range(n)], large).astype(object)
    if has_missing:
        town[::7] = None
        is_small[::7] = False
    group = random.choice(["A", "B"], n)
    y = (random.random(n) < 0.2 + 0.4 * (is_small & (group == "A"))).astype(int)
    X = pd.DataFrame({"town": town})
    finder = Finder(random_state=0).fit(X, y, group=group)
    best = finder.transform(X)[:, 0] == 1
    assert (best == is_small).mean() > 0.9
    unseen = pd.DataFrame({"town": ["hamlet", None, "large 3"]})
    is_inside = finder.transform(unseen)[:, 0] == 1
    # The sparse regression lacks one of the large towns.
    is_large_in = Finder is L1SegmentFinder and not has_missing
    assert is_inside.tolist() == [True, False, is_large_in]
    module: dict[str, Any] = {}
    exec(finder.to_python(), module)  # noqa: S102
    np.testing.assert_array_equal(module["segments"](X), finder.transform(X) == 1)


def test_a_long_list_of_texts_is_bounded() -> None:
    random = np.random.default_rng(0)
    place = random.integers(0, 900, 20_000)
    group = random.choice(["A", "B"], 20_000)
    y = (random.random(20_000) < 0.2 + 0.4 * ((place < 450) & (group == "A"))) * 1
    X = pd.DataFrame({"place": [f"place {i}" for i in place]})
    finder = BoxSegmentFinder(random_state=0).fit(X, y, group=group)
    listed = finder.rules_.rules["Segment 1"]
    assert str(listed).count("'place ") <= 300
    assert finder.segments_.loc[0, "p_adj"] < 0.01


@pytest.mark.parametrize("Finder", FINDERS)
def test_columns_of_several_kinds_are_no_matter_of_rules(
    leads: Any, Finder: Any
) -> None:
    X, y, group = leads
    mixed = X.assign(code=[i if i % 2 else f"C{i % 3}" for i in range(N)])
    with pytest.raises(InvalidDataError, match="column 'code' holds 1") as caught:
        Finder(random_state=0).fit(mixed, y, group=group)
    error = caught.value
    assert str(error).endswith("Convert the column to text, or leave it out.")
    assert (error.name, error.column, error.row) == ("X", "code", 1)
    with pytest.raises(InvalidDataError, match="Convert the column to text"):
        information_value(mixed, y)
    text = mixed.assign(code=(mixed["code"].astype(str).str[:2]))
    Finder(random_state=0).fit(text, y, group=group)


def test_a_surrogate_lists_no_text_of_a_single_row() -> None:
    value = np.append(np.linspace(0, 1, 200), np.linspace(8, 9, 40))
    X = pd.DataFrame({"email": [f"user{i}" for i in range(240)], "value": value})
    encoded = make_column_transformer(("drop", ["email"]), remainder="passthrough")
    clusterer = make_pipeline(encoded, KMeans(2, n_init=1, random_state=0))
    surrogate = RuleSurrogate(clusterer, random_state=0).fit(X)
    assert list(surrogate.rules_.columns) == ["value"]
    # Without another column there is no rule, and a warning says so.
    alone = RuleSurrogate(Halves(), random_state=0)
    with pytest.warns(UserWarning, match="No rule of RuleSurrogate"):
        assert not alone.fit(X[["email"]]).rules_.columns


class Halves(BaseEstimator, ClusterMixin):
    """Two clusters that have nothing to do with the columns."""

    def fit(self, X: Any, y: Any = None) -> Self:
        self.labels_ = np.arange(len(X)) % 2
        return self


def test_information_values_of_unique_texts_are_called_chance(leads: Any) -> None:
    X, y, group = leads
    with_text = X.assign(text=TEXTS["e-mail"])
    with pytest.warns(UserWarning, match="of column 'text' is one of chance") as record:
        value = information_value(with_text, y, group=group)
    assert record[0].filename == __file__
    assert "4,000 different texts" in str(record[0].message)
    # Nothing is dropped: each text is a bin still.
    assert (value.table["column"] == "text").sum() == N
    texts = [TEXTS["e-mail"][:2000], TEXTS["e-mail"][2000:]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lists = information_value(with_text, y, bins={"text": texts})
        information_value(with_text, y, bins={"text": "levels"})
    assert (lists.table["column"] == "text").sum() == 2
