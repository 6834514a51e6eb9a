"""Numbers near the ends of float64: computed right, or refused in words."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans

from skseg import (
    BoxSegmentFinder,
    InductiveSegmenter,
    IVSegmentFinder,
    L1SegmentFinder,
    MECERuleSegmenter,
    OptimalRevenueBinner,
    PropensityBinner,
    RFMSegmenter,
    RuleSurrogate,
    TLearnerSegmentFinder,
    information_value,
)
from skseg._core._magnitudes import check_finite_squares, check_finite_sum
from skseg._core._sums import exact_sum, group_sums
from skseg._finders._rows._compared_rows import ComparedRows
from skseg._finders._rows._honest_split import honest_split
from skseg.exceptions import (
    InfeasibleError,
    InvalidDataError,
    InvalidParameterError,
    RuleError,
)
from skseg.rules import Columns
from tests.containers import can_pandas_hold

N = 60
RNG = np.random.default_rng(0)
X = pd.DataFrame({"s": RNG.random(N), "a": RNG.integers(0, 4, N).astype(float)})
Y = (RNG.random(N) < 0.4).astype(float)
GROUP = np.arange(N) % 2
BASE = RNG.random(N) + 0.5
RFM = pd.DataFrame(
    {
        "recency": RNG.integers(0, 300, N),
        "frequency": RNG.integers(1, 9, N),
        "monetary": BASE * 100,
    }
)
RULES = {"low": "s < 0.3", "middle": "0.3 <= s < 0.6", "high": "s >= 0.6 or missing(s)"}
REFUSALS = (InvalidDataError, InvalidParameterError, InfeasibleError, RuleError)
MAGNITUDES: dict[str, Any] = {
    "1e308": np.full(N, 1e308),
    "-1e308": np.full(N, -1e308),
    "5e-324": np.full(N, 5e-324),
    "subnormal": BASE * 1e-310,
    "1e-200": BASE * 1e-200,
    "1e160": BASE * 1e160,
    "1e300": BASE * 1e300,
    "one 1e308": np.append(1e308, BASE[1:]),
    "1e308 and -1e308": np.append([1e308, 1e308, -1e308, -1e308], BASE[4:]),
    "1e308 and 5e-324": np.where(GROUP, 1e308, 5e-324),
    "1 and 5e-324": np.where(GROUP, 1.0, 5e-324),
    "int64": np.full(N, 2**63 - 1),
    "int64 and 0": np.where(GROUP, 2**63 - 1, 0),
    "400 digits": np.array([10**400] * N, dtype=object),
    "Decimal('1e400')": np.array([Decimal("1e400")] * N, dtype=object),
    "signalling NaN": np.array([Decimal("sNaN")] * N, dtype=object),
    "Decimal('Infinity')": np.array([Decimal("Infinity")] * N, dtype=object),
    "Fraction of 400 digits": np.array([Fraction(10**400)] * N, dtype=object),
    "complex": np.full(N, 1 + 1j),
    "zeros": np.zeros(N),
}


def binner(**options: Any) -> OptimalRevenueBinner:
    return OptimalRevenueBinner(3, **options)


def mece(**options: Any) -> MECERuleSegmenter:
    return MECERuleSegmenter(RULES, **options)


def per_tier(name: str) -> Callable[[Any], Any]:
    return lambda v: binner(**{name: v[:3]}).fit(X[["s"]], Y)


USES: dict[str, Callable[[Any], Any]] = {
    "binner y": lambda v: binner().fit(X[["s"]], v),
    "binner weight": lambda v: binner().fit(X[["s"]], Y, sample_weight=v),
    "binner isotonic": lambda v: binner(response_model="isotonic").fit(X[["s"]], v),
    "binner logistic": lambda v: binner(response_model="logistic").fit(
        X[["s"]], Y, sample_weight=v
    ),
    "binner score": lambda v: binner(response_model="score").fit(
        pd.DataFrame({"s": v})
    ),
    "binner bootstrap": lambda v: (
        binner().fit(X[["s"]], v).bootstrap(3, random_state=0)
    ),
    **{
        f"binner {name}": per_tier(name)
        for name in ("revenue", "cost", "fixed_cost", "response")
    },
    "binner budget": lambda v: binner(cost=[0, 1, 2], budget=v[0]).fit(X[["s"]], Y),
    "binner scalar": lambda v: binner(revenue=v[0]).fit(X[["s"]], Y),
    "propensity y": lambda v: PropensityBinner(cv=2).fit(X, v),
    "propensity weight": lambda v: PropensityBinner(cv=2).fit(X, Y, sample_weight=v),
    "mece y": lambda v: mece().fit(X, v),
    "mece weight": lambda v: mece(min_size=0.4).fit(X, Y, sample_weight=v),
    "mece score_weights": lambda v: mece(score_weights={"a": v[0], "s": v[1]}).fit(X),
    "mece scored column": lambda v: mece(score_weights={"v": 1.0}).fit(X.assign(v=v)),
    "mece recount": lambda v: mece().fit(X, Y).recount(X, v),
    "mece score": lambda v: mece().fit(X, Y).score(X, v),
    "rfm monetary": lambda v: RFMSegmenter().fit(RFM.assign(monetary=v)),
    "rfm weight": lambda v: RFMSegmenter().fit(RFM, sample_weight=v),
    "rfm y": lambda v: RFMSegmenter().fit(RFM, v),
    "rfm score": lambda v: RFMSegmenter().fit(RFM).score(RFM, sample_weight=v),
    "clusters weight": lambda v: InductiveSegmenter(KMeans(2, random_state=0)).fit(
        X, sample_weight=v
    ),
    "surrogate weight": lambda v: RuleSurrogate(KMeans(2, random_state=0)).fit(
        X, sample_weight=v
    ),
    "information value": lambda v: information_value(X, Y, sample_weight=v),
}
for finder in (
    BoxSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
):
    USES[f"{finder.__name__} y"] = lambda v, finder=finder: finder(random_state=0).fit(
        X, v, group=GROUP
    )
    USES[f"{finder.__name__} weight"] = lambda v, finder=finder: finder(
        random_state=0
    ).fit(X, BASE, group=GROUP, sample_weight=v)


@pytest.mark.parametrize("use", USES)
def test_numbers_near_the_ends_of_float64_are_computed_or_refused(use: str) -> None:
    for values in MAGNITUDES.values():
        if not can_pandas_hold(values[0]):
            continue
        with warnings.catch_warnings():
            # Those of menus, groups and clusters that make little sense.
            warnings.simplefilter("ignore", UserWarning)
            with suppress(*REFUSALS):
                USES[use](values.copy())


@pytest.mark.parametrize("exponent", [-1000, -600, -300, -3, 3, 300, 600, 1000])
def test_money_in_another_unit_gives_the_figures_in_that_unit(exponent: int) -> None:
    money = {"revenue": np.array([20.0, 30.0, 50.0]), "cost": np.array([0.0, 3.0, 9.0])}
    fixed_cost = np.array([0.0, 1.0, 2.0])
    base = binner(**money, fixed_cost=fixed_cost).fit(X[["s"]], Y)
    scaled = {name: np.ldexp(values, exponent) for name, values in money.items()}
    other = binner(**scaled, fixed_cost=np.ldexp(fixed_cost, exponent))
    other.fit(X[["s"]], Y)
    for name in ("revenue", "cost", "fixed_cost", "spend", "profit"):
        expected = np.ldexp(base.segments_[name].to_numpy(), exponent)
        np.testing.assert_array_equal(other.segments_[name], expected)
    assert other.value_ == np.ldexp(base.value_, exponent)
    np.testing.assert_array_equal(other.cut_points_, base.cut_points_)


@pytest.mark.parametrize("exponent", [-1060, -400, -3, 3, 400, 1000])
def test_outcomes_in_another_unit_give_the_means_in_that_unit(exponent: int) -> None:
    base, other = mece().fit(X, BASE), mece().fit(X, np.ldexp(BASE, exponent))
    expected = np.ldexp(base.segments_["outcome"].to_numpy(), exponent)
    tolerance = {"rtol": 1e-3 if exponent < -1000 else 0.0}
    np.testing.assert_allclose(other.segments_["outcome"], expected, **tolerance)
    np.testing.assert_array_equal(other.segments_["share"], base.segments_["share"])


@pytest.mark.parametrize("exponent", [-380, -3, 3, 380])
def test_effects_in_another_unit_are_the_effects_in_that_unit(exponent: int) -> None:
    finders = [BoxSegmentFinder(inference="none", random_state=0) for _ in range(2)]
    outcome = BASE + GROUP * (X["s"] > 0.5)
    tables = [
        finder.fit(X, np.ldexp(outcome, power), group=GROUP).segments_
        for finder, power in zip(finders, (0, exponent), strict=True)
    ]
    assert list(tables[0]["rule"]) == list(tables[1]["rule"])
    # Effects on amounts are differences of means, in the unit of the outcome.
    expected = np.ldexp(tables[0]["effect"].to_numpy(), exponent)
    np.testing.assert_array_equal(tables[1]["effect"], expected)


@pytest.mark.parametrize("values", [np.full(9, 1e308), np.array([1e308, -1e308])])
def test_advice_on_sums_that_overflow_is_a_unit_in_which_they_do_not(
    values: Any,
) -> None:
    with pytest.raises(
        InvalidDataError, match="finite sum of absolute values"
    ) as error:
        check_finite_sum("Owner", "y", values)
    assert (error.value.owner, error.value.name, error.value.row) == ("Owner", "y", 0)
    advice = error.value.advice
    assert advice == "Choose another unit: y * 1e-308."
    check_finite_sum("Owner", "y", values * 1e-308)


@pytest.mark.parametrize("size", [1e308, 1e200, 1e-200, 1e-310, 5e-324])
def test_advice_on_squares_is_a_unit_in_which_variances_are_known(size: float) -> None:
    values = np.array([size, 0.0, size])
    with pytest.raises(
        InvalidDataError, match=r"y of Owner must be .* squares"
    ) as error:
        check_finite_squares("Owner", "y", values)
    advice = error.value.advice
    assert advice is not None
    assert advice.startswith("Choose another unit: y * 1e")
    exponent = int(advice.removesuffix(".").rpartition("e")[2])
    # In two steps, as a factor may be beyond float64.
    halves = exponent // 2, exponent - exponent // 2
    check_finite_squares("Owner", "y", values * 10.0 ** halves[0] * 10.0 ** halves[1])


@pytest.mark.parametrize("weight", [2.0**43, 2.0**45, 2.0**53, 2.0**63, 1e100])
def test_weights_of_any_whole_size_are_split_at_once(weight: float) -> None:
    # Quantiles of a binomial distribution of 2**53 trials took for ever.
    rows = ComparedRows(BASE, GROUP == 1, np.full(N, weight), is_binary=False)
    train, test = honest_split(Columns(X), rows, 0.5, 0)
    np.testing.assert_array_equal(train + test, rows.weight)
    assert 0 < test.sum() < rows.weight.sum()


def test_weights_whose_sum_overflows_are_refused_by_name() -> None:
    with pytest.raises(InvalidDataError, match="sample_weight of MECERuleSegmenter"):
        mece().fit(X, sample_weight=np.full(N, 1e308))


def test_bootstrap_alone_needs_the_variance_of_the_outcome() -> None:
    fitted = binner().fit(X[["s"]], BASE * 1e200)
    assert np.isfinite(fitted.segments_["profit"]).all()
    with pytest.raises(InvalidDataError, match="variance of the outcome"):
        fitted.bootstrap(3, random_state=0)


# Sums in any order


def columns_of_values() -> Iterator[Any]:
    rng = np.random.default_rng(3)
    yield rng.lognormal(size=2000, sigma=3)
    yield rng.normal(size=2000) * 10.0 ** rng.integers(-20, 20, 2000)
    yield rng.integers(0, 2**40, 2000).astype(float)
    yield np.round(rng.random(2000) * 100, 2)
    yield rng.random(2000) * 1e-310
    yield rng.random(2000) * 1e300
    yield np.zeros(7)
    yield np.array([1e16, 1.0, -1e16])


@pytest.mark.parametrize("values", list(columns_of_values()), ids=range(8))
def test_sums_depend_on_no_order_and_are_right(values: Any) -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 5, len(values))
    sums = group_sums(codes, values, 6)
    exact = [float(sum(map(Fraction, values[codes == k].tolist()))) for k in range(6)]
    size = np.bincount(codes, np.abs(values), minlength=6)
    np.testing.assert_allclose(sums, exact, rtol=0, atol=2.0**-52 * size.max())
    for _ in range(5):
        order = rng.permutation(len(values))
        np.testing.assert_array_equal(group_sums(codes[order], values[order], 6), sums)
        assert exact_sum(values[order]) == exact_sum(values)


WEIGHT = RNG.random(N) * 3
IN_ORDERS: dict[str, Callable[[Any], Any]] = {
    "rfm": lambda p: RFMSegmenter().fit(RFM.iloc[p]),
    "rfm weights": lambda p: RFMSegmenter().fit(
        RFM.iloc[p], BASE[p], sample_weight=WEIGHT[p]
    ),
    "mece": lambda p: mece().fit(X.iloc[p], BASE[p]),
    "mece merged": lambda p: mece(min_size=0.4).fit(
        X.iloc[p], BASE[p], sample_weight=WEIGHT[p]
    ),
    "mece split": lambda p: mece(max_size=0.25).fit(
        X.iloc[p], BASE[p], sample_weight=WEIGHT[p]
    ),
    "binner": lambda p: binner().fit(X[["s"]].iloc[p], BASE[p]),
    "binner weights": lambda p: binner().fit(
        X[["s"]].round(1).iloc[p], BASE[p], sample_weight=WEIGHT[p]
    ),
    "binner isotonic": lambda p: binner(response_model="isotonic").fit(
        X[["s"]].round(1).iloc[p], BASE[p], sample_weight=WEIGHT[p]
    ),
    "clusters": lambda p: InductiveSegmenter(
        KMeans(2, init=np.array([[0.1, 0.0], [0.9, 3.0]]), n_init=1)
    ).fit(X.iloc[p], sample_weight=WEIGHT[p]),
}


@pytest.mark.parametrize("use", IN_ORDERS)
def test_figures_of_segments_do_not_depend_on_the_order_of_rows(use: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        expected = IN_ORDERS[use](np.arange(N)).segments_
        for seed in range(8):
            order = np.random.default_rng(seed).permutation(N)
            segments = IN_ORDERS[use](order).segments_
            pd.testing.assert_frame_equal(segments, expected, check_exact=True)
