"""Errors that allow for several rows of a customer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest, norm, t, ttest_ind, ttest_rel

from skseg._search.effects._clustered import (
    MIN_CUSTOMERS,
    clustered_means,
    clustered_rates,
    clustered_scores,
)
from skseg._search.effects._inference import newcombe, welch

COMPARISONS = [clustered_rates, clustered_means, clustered_scores]

# No random numbers: what statsmodels says of these rows is below.
CUSTOMER = np.repeat(np.arange(24), 3)
ROW = np.arange(72)
BOUGHT = ((7 * ROW + 5 * CUSTOMER) % 11 < 4).astype(float)
SPEND = np.sqrt(ROW + 1.0) * np.sin(CUSTOMER + 1.0)
IN_A = CUSTOMER % 2 == 0


def weights(in_a: Any, inside: Any = True) -> tuple[Any, Any]:
    """Return the weights of the rows of A and of B in one segment."""
    return (
        (in_a & inside).astype(float)[:, np.newaxis],
        (~in_a & inside).astype(float)[:, np.newaxis],
    )


def standard_error(estimate: Any, dof: float) -> float:
    margin = float(estimate.high[0] - estimate.low[0]) / 2
    return margin / float(t.ppf(0.975, dof))


def test_errors_are_those_of_statsmodels_where_customers_are_alike() -> None:
    # OLS of the amounts on the group, cov_type="cluster", by statsmodels 0.14. Its
    # factor is 24 / 23 * 71 / 70 for both groups together, ours 12 / 11 for each.
    effect, error = 0.24790673274896138, 1.8315451633833308
    error *= np.sqrt(70 / 71 * 23 / 24 * 12 / 11)
    estimate = clustered_means(SPEND, *weights(IN_A), CUSTOMER)
    assert estimate.effect[0] == pytest.approx(effect)
    sums = SPEND.reshape(24, 3).sum(axis=1)
    dof = ttest_ind(sums[::2], sums[1::2], equal_var=False).df
    assert standard_error(estimate, dof) == pytest.approx(error)


def test_customers_of_equal_size_are_compared_as_by_welch() -> None:
    means = SPEND.reshape(24, 3).mean(axis=1)
    expected = ttest_ind(means[::2], means[1::2], equal_var=False)
    estimate = clustered_means(SPEND, *weights(IN_A), CUSTOMER)
    assert estimate.p_value[0] == pytest.approx(expected.pvalue)
    interval = expected.confidence_interval()
    assert estimate.low[0] == pytest.approx(interval.low)
    assert estimate.high[0] == pytest.approx(interval.high)


def test_customers_with_rows_in_both_groups_are_pairs() -> None:
    in_a = ROW % 2 == 0
    customer = ROW // 2
    expected = ttest_rel(SPEND[::2], SPEND[1::2])
    estimate = clustered_means(SPEND, *weights(in_a), customer)
    assert estimate.effect[0] == pytest.approx(expected.statistic * expected_error())
    # The degrees of freedom differ: 35 for pairs, and for the two means together those
    # of customers that are not counted twice.
    assert standard_error(estimate, 36 - 0.5) == pytest.approx(
        expected_error(), rel=2e-3
    )


def expected_error() -> float:
    difference = SPEND[::2] - SPEND[1::2]
    return float(difference.std(ddof=1) / np.sqrt(len(difference)))


@pytest.mark.parametrize("by", ["customer", "row"])
def test_the_variance_is_cr2_of_least_squares(by: str) -> None:
    customer = np.repeat(np.arange(40), [1, 2, 3, 10] * 10)
    random = np.random.default_rng(0)
    y = random.normal(size=len(customer)) + random.normal(size=40)[customer]
    in_a = customer % 3 == 0 if by == "customer" else random.random(len(y)) < 0.4
    estimate = clustered_means(y, *weights(in_a), customer)
    # Bell and McCaffrey by matrices, for independent rows as the working model.
    X = np.column_stack([in_a, ~in_a]).astype(float)
    bread = np.linalg.inv(X.T @ X)
    residual = y - X @ (bread @ X.T @ y)
    meat = np.zeros((2, 2))
    for k in range(40):
        rows = customer == k
        hat = X[rows] @ bread @ X[rows].T
        values, vectors = np.linalg.eigh(np.eye(rows.sum()) - hat)
        root = vectors @ np.diag(values.clip(1e-12) ** -0.5) @ vectors.T
        part = X[rows].T @ root @ residual[rows]
        meat += np.outer(part, part)
    covariance = bread @ meat @ bread
    expected = np.array([1, -1]) @ covariance @ np.array([1, -1])
    z = estimate.effect[0] / np.sqrt(expected)
    # The same p-value at some number of degrees of freedom, and the same ratio at any.
    margin = (estimate.high[0] - estimate.low[0]) / 2
    for dof in np.linspace(2, 80, 2000):
        if np.isclose(2 * t.sf(abs(z), dof), estimate.p_value[0], rtol=2e-3):
            break
    assert margin == pytest.approx(t.ppf(0.975, dof) * np.sqrt(expected), rel=2e-2)


@pytest.mark.parametrize("null", [0.0, 0.1, -0.2])
def test_one_row_a_customer_is_what_independent_rows_are(null: float) -> None:
    random = np.random.default_rng(0)
    in_a, customer = random.random(500) < 0.4, random.permutation(500)
    y = (random.random(500) < 0.3).astype(float)
    a, b = weights(in_a)
    rates = clustered_rates(y, a, b, customer, 0.95, null)
    plain = newcombe(y @ a, a.sum(0), y @ b, b.sum(0), 0.95, null)
    np.testing.assert_array_equal(rates.effect, plain.effect)
    # Student's t of some 500 customers in place of the normal distribution.
    np.testing.assert_allclose(rates.low, plain.low, atol=1e-3)
    np.testing.assert_allclose(rates.high, plain.high, atol=1e-3)
    np.testing.assert_allclose(rates.p_value, plain.p_value, atol=3e-3)
    amount = random.lognormal(size=500)
    means = clustered_means(amount, a, b, customer, 0.95, null)
    sums = [(amount @ w, amount**2 @ w, w.sum(0)) for w in (a, b)]
    plain = welch(*sums[0], *sums[1], 0.95, null)
    np.testing.assert_allclose(np.array(means), np.array(plain), rtol=1e-9)


@pytest.mark.parametrize("compare", COMPARISONS)
def test_copies_of_the_same_customer_add_nothing(compare: Any) -> None:
    random = np.random.default_rng(1)
    y = (random.random(300) < 0.3).astype(float)
    in_a, customer = random.random(300) < 0.5, np.arange(300)
    once = compare(y, *weights(in_a), customer)
    again = np.repeat(np.arange(300), 7)
    copied = compare(y[again], *weights(in_a[again]), customer[again])
    np.testing.assert_allclose(np.array(copied), np.array(once), rtol=1e-9)


@pytest.mark.parametrize("compare", COMPARISONS)
def test_a_weight_is_a_repetition_of_the_row_and_its_customer(compare: Any) -> None:
    random = np.random.default_rng(2)
    n = np.arange(400) % 4
    y = (random.random(400) < 0.4).astype(float)
    in_a, customer = random.random(400) < 0.5, random.integers(0, 120, 400)
    a, b = weights(in_a)
    weighted = compare(y, n[:, np.newaxis] * a, n[:, np.newaxis] * b, customer)
    again = np.repeat(np.arange(400), n)
    repeated = compare(y[again], a[again], b[again], customer[again])
    np.testing.assert_allclose(np.array(weighted), np.array(repeated), rtol=1e-9)


@pytest.mark.parametrize("compare", COMPARISONS)
def test_neither_the_order_of_the_rows_nor_the_names_of_customers_matter(
    compare: Any,
) -> None:
    order = np.random.default_rng(3).permutation(72)
    names = np.random.default_rng(4).permutation(1000)[CUSTOMER]
    a, b = weights(IN_A)
    plain = compare(BOUGHT, a, b, CUSTOMER)
    other = compare(BOUGHT[order], a[order], b[order], names[order])
    np.testing.assert_allclose(np.array(other), np.array(plain), rtol=1e-9)


@pytest.mark.parametrize("compare", COMPARISONS)
@pytest.mark.parametrize("few_in", ["A", "B"])
def test_with_few_customers_in_a_group_nothing_is_claimed(
    compare: Any, few_in: str
) -> None:
    customer = np.repeat(np.arange(60), 4)
    is_few = customer < MIN_CUSTOMERS - 1
    in_a = is_few if few_in == "A" else ~is_few
    y = (np.arange(240) % 3 == 0).astype(float)
    estimate = compare(y, *weights(in_a), customer)
    assert np.isnan(estimate.p_value).all()
    limit = 1.0 if compare is clustered_rates else np.inf
    assert (estimate.low == -limit).all()
    assert (estimate.high == limit).all()
    is_few = customer < MIN_CUSTOMERS
    in_a = is_few if few_in == "A" else ~is_few
    assert np.isfinite(compare(y, *weights(in_a), customer).p_value).all()


@pytest.mark.parametrize("compare", COMPARISONS)
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_constant_outcomes_claim_no_certainty(compare: Any, value: float) -> None:
    y = np.full(72, value)
    estimate = compare(y, *weights(IN_A), CUSTOMER)
    if compare is clustered_rates:
        # As sure as 12 customers a group can be, not 36 rows.
        plain = newcombe([12 * value], [12], [12 * value], [12])
        assert estimate.p_value[0] == 1
        assert estimate.high[0] > plain.high[0]
        assert estimate.high[0] < 1
    else:
        assert np.isnan(estimate.p_value[0])
        assert estimate.high[0] == np.inf


@pytest.mark.parametrize("compare", COMPARISONS)
@pytest.mark.parametrize("n_customers", [1, 2])
def test_one_customer_says_nothing_of_others(compare: Any, n_customers: int) -> None:
    a, b = weights(IN_A, n_customers > CUSTOMER)
    assert np.isnan(compare(BOUGHT, a, b, CUSTOMER).p_value).all()


@pytest.mark.parametrize("compare", COMPARISONS)
def test_segments_without_rows_and_rows_without_segments(compare: Any) -> None:
    nobody = np.zeros((72, 2))
    a, b = weights(IN_A)
    estimate = compare(BOUGHT, np.hstack([a, nobody]), np.hstack([b, nobody]), CUSTOMER)
    assert np.isfinite(estimate.effect[0])
    assert np.isnan(estimate.effect[1:]).all()
    assert np.isnan(estimate.p_value[1:]).all()
    none = np.zeros((72, 0))
    assert compare(BOUGHT, none, none, CUSTOMER).effect.shape == (0,)
    empty = np.zeros((0, 1))
    no_rows = compare(np.zeros(0), empty, empty, np.zeros(0, dtype=int))
    assert np.isnan(no_rows.p_value).all()


def test_scores_are_means_with_errors_by_customer() -> None:
    sums = SPEND.reshape(24, 3).mean(axis=1)
    estimate = clustered_scores(SPEND, *weights(IN_A), CUSTOMER)
    assert estimate.effect[0] == pytest.approx(sums.mean())
    # OLS on a constant, cov_type="cluster", without its correction: 24 / 23 is ours.
    error = np.sqrt(sums.var(ddof=1) / 24)
    assert standard_error(estimate, 23) == pytest.approx(error)


def test_amounts_far_from_zero_keep_their_digits() -> None:
    near = clustered_means(SPEND, *weights(IN_A), CUSTOMER)
    far = clustered_means(SPEND + 1e9, *weights(IN_A), CUSTOMER)
    np.testing.assert_allclose(far.p_value, near.p_value, rtol=1e-6)


def test_one_customer_with_most_rows_leaves_little_certainty() -> None:
    customer = np.concatenate([np.arange(60), np.zeros(400, dtype=int)])
    random = np.random.default_rng(0)
    # Of the customer with 401 of the 460 rows, in A.
    y = random.normal(size=460) + (customer == 0)
    a, b = weights(customer % 2 == 0)
    estimate = clustered_means(y, a, b, customer)
    sums = [(y @ w, y**2 @ w, w.sum(0)) for w in (a, b)]
    assert welch(*sums[0], *sums[1]).p_value[0] < 1e-3
    assert estimate.p_value[0] > 0.05


@pytest.mark.parametrize(
    ("by", "kind"), [("customer", "rate"), ("customer", "amount"), ("row", "rare")]
)
def test_intervals_cover_no_effect_as_often_as_they_promise(by: str, kind: str) -> None:
    random = np.random.default_rng(0)
    compare = clustered_means if kind == "amount" else clustered_rates
    n_runs, n_covered, n_rejected, n_naive = 300, 0, 0, 0
    customer = np.repeat(np.arange(120), 5)
    for _ in range(n_runs):
        level = random.normal(size=120)[customer]
        in_a = (
            (random.random(120) < 0.5)[customer]
            if by == "customer"
            else random.random(600) < 0.5
        )
        if kind == "amount":
            y = level + random.normal(size=600)
        else:
            threshold = norm.ppf(0.05 if kind == "rare" else 0.3) * np.sqrt(2)
            y = (level + random.normal(size=600) < threshold).astype(float)
        a, b = weights(in_a)
        estimate = compare(y, a, b, customer)
        n_covered += int(estimate.low[0] <= 0 <= estimate.high[0])
        n_rejected += int(estimate.p_value[0] <= 0.05)
        sums = [(y @ w, y**2 @ w, w.sum(0)) for w in (a, b)]
        n_naive += int(welch(*sums[0], *sums[1]).p_value[0] <= 0.05)
    coverage = binomtest(n_covered, n_runs).proportion_ci(0.999, "exact")
    assert coverage.low <= 0.95 <= coverage.high
    assert binomtest(n_rejected, n_runs).proportion_ci(0.999, "exact").low <= 0.05
    if by == "customer":
        # Rows of a customer as if they were independent: this is what goes wrong.
        assert binomtest(n_naive, n_runs).proportion_ci(0.999, "exact").low > 0.05
