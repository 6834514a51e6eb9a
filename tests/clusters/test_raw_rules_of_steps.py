"""raw_rules through imputers, encoders, discretizers, column transformers, samplers."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.compose import make_column_selector as selector
from sklearn.decomposition import PCA
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    StandardScaler,
    TargetEncoder,
)

from skseg import MECERuleSegmenter, RuleSurrogate, raw_rules
from skseg.exceptions import InvalidDataError
from skseg.rules._language._conditions import Comparison, leaves

PLANS = ["basic", "free", "plus", "pro", "trial"]


def customers(seed: int = 0, n: int = 240) -> pd.DataFrame:
    """Return customers with missing values in every column."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n).astype(float),
            "aov": rng.lognormal(3, 1, n),
            "plan": rng.choice(PLANS, n, p=[0.4, 0.3, 0.15, 0.13, 0.02]),
            "region": rng.choice([1.0, 2, 3, 7], n),
        }
    )
    return frame.mask(rng.random(frame.shape) < 0.12)


def edge_cases(X: pd.DataFrame) -> pd.DataFrame:
    """Return rows of each combination of missing, new and known values."""
    new = [
        {"plan": "unheard of"},
        {"plan": ""},
        {"region": 99.0},
        {"region": -1.0},
        {"age": -5.0},
        {"aov": 1e9},
        dict.fromkeys(X.columns, np.nan),
        *({name: np.nan} for name in X.columns),
        {"plan": "unheard of", "region": 99.0, "age": np.nan},
    ]
    rows = [{**X.iloc[7 * i % len(X)].to_dict(), **row} for i, row in enumerate(new)]
    return pd.DataFrame(rows, columns=X.columns).astype(X.dtypes)


def assert_same_codes(pipeline: Any, rules: Any, X: Any) -> int:
    """Compare rules and pipeline on every row that the pipeline takes; count these."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        codes = rules.assign(X)
        try:
            expected = pipeline.predict(X)
        except ValueError:
            if len(X) == 1:
                return 0
            # Halving finds the rows that the pipeline refuses.
            half = len(X) // 2
            return sum(
                assert_same_codes(pipeline, rules, rows)
                for rows in (X[:half], X[half:])
            )
        np.testing.assert_array_equal(codes, expected)
        return len(X)


NUMBERS = ["age", "aov"]
ENCODERS = {
    "one-hot": OneHotEncoder(handle_unknown="ignore"),
    "one-hot, drop first": OneHotEncoder(drop="first", handle_unknown="ignore"),
    "one-hot, drop if binary": OneHotEncoder(drop="if_binary"),
    "one-hot, dropped by name": OneHotEncoder(drop=["pro", 3.0]),
    "one-hot, infrequent": OneHotEncoder(
        min_frequency=0.14, handle_unknown="infrequent_if_exist"
    ),
    "one-hot, most categories": OneHotEncoder(
        max_categories=3, handle_unknown="infrequent_if_exist", drop="first"
    ),
    "one-hot, new refused": OneHotEncoder(),
    "one-hot, listed": OneHotEncoder(
        categories=[["plus", "pro"], [1.0, 2.0]], handle_unknown="ignore"
    ),
    "ordinal": OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
    ),
    "ordinal, missing stays": OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=9
    ),
    "ordinal, new is missing": OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan
    ),
    "ordinal, infrequent": OrdinalEncoder(
        max_categories=3,
        handle_unknown="use_encoded_value",
        unknown_value=-1,
        encoded_missing_value=-1,
    ),
    "ordinal, new refused": OrdinalEncoder(),
}
IMPUTERS = {
    "mean": SimpleImputer(),
    "median, flagged": SimpleImputer(strategy="median", add_indicator=True),
    "constant": SimpleImputer(strategy="constant", fill_value=-1.0),
    "constant, flagged": SimpleImputer(
        strategy="constant", fill_value=40.0, add_indicator=True
    ),
    "most frequent": SimpleImputer(strategy="most_frequent", add_indicator=True),
}


def surrogate(k: int = 4) -> RuleSurrogate:
    inner = make_pipeline(SimpleImputer(), StandardScaler(), KMeans(k, random_state=0))
    return RuleSurrogate(inner, random_state=0)


def business(n_columns: int) -> MECERuleSegmenter:
    """Return rules that ask every column for everything that rules can ask for."""
    names = [f"x{i}" for i in range(n_columns)]
    return MECERuleSegmenter(
        {
            "Missing": " or ".join(f"missing({name})" for name in names[::2]),
            "Listed": " or ".join(f"{name} in [0, 1]" for name in names[::3]),
            "Below": " or ".join(f"{name} < 0.5" for name in names[1::2]),
            "Above": " or ".join(f"{name} >= q(0.7)" for name in names[::2]),
            "Equal": f"{names[-1]} != 1 and {names[0]} != 2",
        },
        default="Rest",
        on_overlap="first",
    )


def transformed_width(steps: list[Any], X: Any) -> int:
    return int(make_pipeline(*map(clone, steps)).fit_transform(X).shape[1])


def check(steps: list[Any], X: pd.DataFrame) -> None:
    """Check raw rules of a surrogate, and of written rules, behind the steps."""
    if hasattr(steps[-1], "sparse_threshold"):
        steps[-1].set_params(sparse_threshold=0)
    for last in (surrogate(), business(transformed_width(steps, X))):
        pipeline = make_pipeline(*map(clone, steps), last)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pipeline.fit(X)
        exact, rounded = raw_rules(pipeline), raw_rules(pipeline, X)
        for rules in (exact, rounded):
            assert set(rules.columns) <= set(X.columns)
            assert rules.verify().is_mece
            assert assert_same_codes(pipeline, rules, X) == len(X)
        assert_same_codes(pipeline, exact, edge_cases(X))


@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS.keys())
def test_encoders_are_walked_back(encoder: Any) -> None:
    columns = make_column_transformer(
        (encoder, ["plan", "region"]), (StandardScaler(), NUMBERS)
    )
    check([columns], customers())


@pytest.mark.parametrize("imputer", IMPUTERS.values(), ids=IMPUTERS.keys())
@pytest.mark.parametrize("after", [[], [StandardScaler()]], ids=["alone", "scaled"])
def test_imputers_are_walked_back(imputer: Any, after: list[Any]) -> None:
    check([imputer, *after], customers()[[*NUMBERS, "region"]])


def test_missing_joins_the_imputed_side_and_the_rule_says_so() -> None:
    X = pd.DataFrame({"age": [20.0, 30, np.nan, 60, 70]})
    rules = MECERuleSegmenter({"Young": "x0 <= 40"}, default="Old")
    for fill, text in ((30.0, "age <= 50 or missing(age)"), (60.0, "age <= 50")):
        imputer = SimpleImputer(strategy="constant", fill_value=fill)
        raw = raw_rules(make_pipeline(imputer, rules).fit(X), X)
        assert raw.texts()["Young"] == text
        assert raw.assign(X).tolist() == [0, 0, int(fill == 60), 1, 1]


@pytest.mark.parametrize("missing_values", [-1.0, 0.0, 7])
def test_imputers_of_numbers_are_walked_back(missing_values: float) -> None:
    X = customers()[["age", "region"]].fillna(missing_values)
    imputer = SimpleImputer(
        missing_values=missing_values, strategy="median", add_indicator=True
    )
    check([imputer, MinMaxScaler()], X)


@pytest.mark.parametrize("keep", [True, False])
def test_columns_without_any_value_are_left_out_or_kept(keep: bool) -> None:
    X = customers()[[*NUMBERS, "region"]].assign(aov=np.nan)
    imputer = SimpleImputer(keep_empty_features=keep, add_indicator=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check([imputer], X)


@pytest.mark.parametrize("encode", ["ordinal", "onehot-dense"])
@pytest.mark.parametrize("strategy", ["uniform", "quantile", "kmeans"])
@pytest.mark.filterwarnings("ignore:Bins whose width:UserWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:The current default behavior:FutureWarning")
def test_discretizers_are_walked_back(encode: str, strategy: str) -> None:
    bins = KBinsDiscretizer(5, encode=encode, strategy=strategy, random_state=0)
    X = customers()[[*NUMBERS, "region"]]
    check([SimpleImputer(), bins], X)
    # Without an imputer missing values are refused.
    check([bins], X.dropna())


def typical(text: Any) -> ColumnTransformer:
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return ColumnTransformer(
        [
            ("text", text, selector(dtype_exclude=np.number)),
            ("numbers", numbers, ["aov", "age"]),
            ("none", "drop", ["age"]),
            ("twice", SimpleImputer(add_indicator=True), ["age", "region"]),
        ],
        remainder="passthrough",
        sparse_threshold=0,
    )


TEXTS = {
    "most frequent": make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
    ),
    "constant": make_pipeline(
        SimpleImputer(strategy="constant", fill_value="none"),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    ),
    "not imputed": OneHotEncoder(min_frequency=20, handle_unknown="ignore"),
    "scaled": make_pipeline(
        OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=-1,
            encoded_missing_value=-1,
        ),
        StandardScaler(),
    ),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_column_transformers_of_pipelines_are_walked_back(text: Any) -> None:
    check([typical(text)], customers())
    check([typical(text), MinMaxScaler()], customers(1))


@pytest.mark.parametrize("container", ["pandas", "polars", "default"])
def test_names_between_steps_do_not_matter(container: str) -> None:
    X = customers()
    columns = typical(TEXTS["most frequent"]).set_params(verbose_feature_names_out=True)
    columns.set_params(
        text=OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=-1,
            encoded_missing_value=-1,
        )
    )
    pipeline = make_pipeline(columns, surrogate()).set_output(transform=container)
    pipeline.fit(X)
    rows = pd.concat([X, edge_cases(X)], ignore_index=True)
    assert assert_same_codes(pipeline, raw_rules(pipeline), rows) > 200


@pytest.mark.parametrize("places", [[2, 0], slice(0, 2), [-1, 1]], ids=str)
def test_columns_of_arrays_are_found_by_position(places: Any) -> None:
    X = customers()[[*NUMBERS, "region"]].to_numpy()
    columns = ColumnTransformer(
        [("scaled", StandardScaler(), places)], remainder=SimpleImputer()
    )
    pipeline = make_pipeline(columns, surrogate()).fit(X)
    rules = raw_rules(pipeline)
    assert set(rules.columns) <= {"x0", "x1", "x2"}
    assert assert_same_codes(pipeline, rules, X) == len(X)


def test_frames_of_polars_have_none_for_missing() -> None:
    X = pl.from_pandas(customers().replace({np.nan: None}))
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    imputer = SimpleImputer(strategy="most_frequent", missing_values=None)
    for text in (encoder, make_pipeline(imputer, encoder)):
        columns = ColumnTransformer([("text", text, ["plan"])])
        pipeline = make_pipeline(columns, surrogate(3)).fit(X)
        assert assert_same_codes(pipeline, raw_rules(pipeline), X) == len(X)


def test_an_imputer_that_leaves_none_to_an_encoder_is_refused_with_advice() -> None:
    X = pl.from_pandas(customers().replace({np.nan: None}))[["plan"]]
    imputer = SimpleImputer(strategy="most_frequent")
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    pipeline = make_pipeline(imputer, encoder, surrogate(3)).fit(X)
    with pytest.raises(InvalidDataError, match="does not impute: it takes NaN alone"):
        raw_rules(pipeline)
    pipeline.set_params(simpleimputer__missing_values=None).fit(X)
    assert assert_same_codes(pipeline, raw_rules(pipeline), X) == len(X)


def test_booleans_and_whole_numbers_are_categories() -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"member": rng.random(200) < 0.4, "channel": rng.integers(1, 4, 200)}
    )
    X["age"] = rng.normal(50 + 30 * X["member"], 4)
    columns = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["member", "channel"]),
        remainder="passthrough",
    )
    pipeline = make_pipeline(columns, business(6)).fit(X)
    rules = raw_rules(pipeline, X)
    assert {"member", "channel"} <= set(rules.columns)
    np.testing.assert_array_equal(rules.assign(X), pipeline.predict(X))


def test_categories_that_rules_do_not_know_are_refused() -> None:
    X = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=8).repeat(5)})
    pipeline = make_pipeline(OneHotEncoder(sparse_output=False), surrogate(2)).fit(X)
    with pytest.raises(InvalidDataError, match="text, numbers or booleans"):
        raw_rules(pipeline)


@pytest.mark.parametrize(
    "sampler",
    [RandomOverSampler(random_state=0), RandomUnderSampler(random_state=0)],
    ids=["over", "under"],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_samplers_change_no_new_row(sampler: Any, place: int) -> None:
    X = customers()[NUMBERS]
    y = (X["age"] > 60).astype(int)
    steps = [SimpleImputer(), StandardScaler(), surrogate()]
    steps.insert(place, sampler)
    pipeline = make_sampling_pipeline(*steps).fit(X, y)
    rules = raw_rules(pipeline)
    assert set(rules.columns) <= set(NUMBERS)
    assert assert_same_codes(pipeline, rules, X) == len(X)


def test_searches_over_column_transformers_are_walked_through() -> None:
    X = customers()
    pipeline = Pipeline([("columns", typical(TEXTS["constant"])), ("s", surrogate())])
    grid = {"columns__numbers__simpleimputer__strategy": ["mean", "median"]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X)
    assert assert_same_codes(search, raw_rules(search), X) == len(X)


@pytest.mark.parametrize(
    "step",
    [
        KNNImputer(),
        PCA(2),
        PolynomialFeatures(),
        FunctionTransformer(lambda X: X * 2),
        ColumnTransformer([("mixed", PCA(1), [0, 1])], remainder="passthrough"),
        make_pipeline(SimpleImputer(), PCA(2)),
    ],
    ids=["KNNImputer", "PCA", "PolynomialFeatures", "function", "columns", "pipeline"],
)
def test_other_steps_are_refused_with_what_is_known(step: Any) -> None:
    X = np.random.default_rng(0).random((60, 3))
    pipeline = make_pipeline(step, surrogate(2)).fit(X)
    with pytest.raises(ValueError, match="is none that it knows") as error:
        raw_rules(pipeline)
    for known in ("SimpleImputer", "ColumnTransformer", "OrdinalEncoder", "samplers"):
        assert known in str(error.value)


def test_encoders_that_look_at_the_outcome_are_refused() -> None:
    X = customers()[["plan"]].dropna()
    y = np.arange(len(X)) % 2
    pipeline = make_pipeline(TargetEncoder(), surrogate(2)).fit(X, y)
    with pytest.raises(ValueError, match=re.escape("TargetEncoder(")):
        raw_rules(pipeline)


def comparisons(rules: Any) -> list[Comparison]:
    return [
        leaf
        for rule in rules.rules.values()
        for leaf in leaves(rule)
        if isinstance(leaf, Comparison)
    ]


@pytest.mark.parametrize(
    "condition",
    [
        "x0 <= q({t})",
        "x0 < q({t})",
        "x0 > q({t})",
        "x0 >= q({t})",
        "q(0.2) <= x0 < q({t})",
        "q(0.2) < x0 <= q({t})",
    ],
)
@pytest.mark.parametrize("scaled", [True, False], ids=["scaled", "raw"])
@pytest.mark.parametrize("t", [0.33, 0.5, 0.777])
def test_thresholds_are_as_short_as_the_training_rows_allow(
    condition: str, scaled: bool, t: float
) -> None:
    X = pd.DataFrame({"age": np.random.default_rng(0).normal(40, 12, 60)})
    segmenter = MECERuleSegmenter({"A": condition}, default="B", params={"t": t})
    steps = [StandardScaler()] if scaled else ["passthrough"]
    pipeline = make_pipeline(*steps, segmenter).fit(X.to_numpy())
    exact, rounded = raw_rules(pipeline), raw_rules(pipeline, X)
    np.testing.assert_array_equal(rounded.assign(X), pipeline.predict(X.to_numpy()))
    assert rounded.verify().is_mece
    values = np.sort(X["age"])
    for long, short in zip(comparisons(exact), comparisons(rounded), strict=True):
        side = "left" if long.operator in ("<", ">=") else "right"
        above = np.searchsorted(values, long.threshold, side=side)
        low, high = values[above - 1], values[above]
        assert low <= short.threshold <= high
        digits = next(d for d in range(1, 18) if _has_digits(low, high, d))
        assert short.threshold == float(f"{short.threshold:.{digits}g}")


def _has_digits(low: float, high: float, digits: int) -> bool:
    """Tell whether a number with so many digits lies between two values."""
    step = 10.0 ** (np.floor(np.log10(abs(high))) - digits + 1)
    return bool(low < (np.floor(low / step) + 1) * step < high)


def test_thresholds_of_both_kinds_in_a_gap_stay_a_partition() -> None:
    X = pd.DataFrame({"x0": [0.0, 1.0, 10.0, 11.0, 20.0]})
    segmenter = MECERuleSegmenter(
        {
            "A": "x0 < 3.25",
            "B": "3.25 <= x0 <= 7.75",
            "C": "7.75 < x0 < 11",
            "D": "x0 == 11",
            "E": "x0 > 11 or missing(x0)",
        },
        on_overlap="raise",
    )
    pipeline = make_pipeline("passthrough", segmenter).fit(X)
    rules = raw_rules(pipeline, X)
    assert rules.verify().is_mece
    np.testing.assert_array_equal(rules.assign(X), pipeline.predict(X))
    assert rules.texts()["D"] == "x0 == 11"
