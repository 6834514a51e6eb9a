"""
From propensities to tiers
==========================

Cart abandoners get nothing, an e-mail, a coupon or a call, by how likely they are to
come back. A model scores them, tiers are cut where profit is largest, and the promised
profit is compared with that of new customers. The customers are generated, so that the
example runs as it stands.
"""

# %%
# Customers, and a menu
# ---------------------
# The costs of treatments, and the factors by which they multiply conversions, would
# come from an experiment.

import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from skseg import OptimalRevenueBinner, PropensityBinner
from skseg.datasets import make_cart_abandoners

X = make_cart_abandoners(12_000, never_ordered=0.0, random_state=0)
y = X.pop("converted")
features = ["days_since_abandon", "aov", "engagement", "cart_value", "premium"]
X, X_new, y, y_new = train_test_split(X[features], y, random_state=0)

binner = OptimalRevenueBinner(
    4,
    revenue=60,
    response=[1.0, 1.4, 1.7, 1.9],
    cost=[0.0, 0.8, 2.5, 5.5],
    segment_names=["Nothing", "E-mail", "Coupon", "Call"],
)

# %%
# Tiers
# -----
# Each customer is scored by a forest that has not seen them; the tiers are cut by these
# scores.

forest = RandomForestClassifier(50, min_samples_leaf=5, random_state=0)
model = PropensityBinner(forest, binner, cv=5).fit(X, y)
model.segments_[["name", "rule", "n", "rate", "spend", "profit"]].round(3)

# %%
# The rates from which a tier pays:

fitted = model.binner_
fitted.menu_.round(3)

# %%
# That these are the best tiers for these scores, is proved:

print(fitted.gap_, fitted.value_path_.round(0))

# %%
from skseg.displays import RevenueCurveDisplay, RevenueTiersDisplay

tiers = RevenueTiersDisplay.from_estimator(fitted)

# %%
# Promised and realised
# ---------------------
# If the forest scores the customers that it was trained on, the tiers promise more than
# they can keep:


def per_customer(binner):
    return binner.value_ / binner.segments_["n"].sum()


naive_forest = forest.fit(X, y)
naive = OptimalRevenueBinner(**binner.get_params())
naive.fit(naive_forest.predict_proba(X), y)
print(f"in-sample:   promised {per_customer(naive):.2f}, realised", end=" ")
print(f"{naive.score(naive_forest.predict_proba(X_new), y_new):.2f}")
print(f"out-of-fold: promised {per_customer(fitted):.2f}, realised", end=" ")
print(f"{model.score(X_new, y_new):.2f}")

# %%
# How sure is that?
# -----------------
# Customers are drawn anew, and the optimum is found for each draw. The curves show the
# total profit while one cut point moves and the others stay.

intervals = fitted.bootstrap(1000, random_state=0)
intervals.frame().round(3)

# %%
scores = pd.DataFrame({"propensity": model.propensities_})
curve = RevenueCurveDisplay.from_estimator(fitted, scores, y, intervals=intervals)

# %%
# Beside plain bins
# -----------------
# What would bins of equal size, of equal width or of your own make of customers that
# no method has seen? In order, the lowest bin gets the first treatment, and so on; else
# each bin gets the treatment that made most in training.

from skseg.displays import BinningComparisonDisplay
from skseg.model_selection import compare_binnings

comparison = compare_binnings(
    model.propensities_,
    y,
    revenue=binner.revenue,
    response=binner.response,
    cost=binner.cost,
    bins=[0.05, 0.1, 0.2],
    random_state=0,
)
comparison.table.round(3)

# %%
BinningComparisonDisplay.from_comparison(comparison)

# %%
# A budget
# --------
# Half of what the tiers would spend freely makes more than half of what they add:

free = fitted.segments_["spend"].sum()
tight = OptimalRevenueBinner(**binner.get_params()).set_params(budget=free / 2)
tight.fit(scores, y)
nothing = OptimalRevenueBinner(1, revenue=60, cost=0).fit(scores, y).value_
print(f"free:  {free:9.0f} spent, {fitted.value_ - nothing:7.0f} gained")
spent = tight.segments_["spend"].sum()
print(f"tight: {spent:9.0f} spent, {tight.value_ - nothing:7.0f} gained, ", end="")
print(f"at most {tight.gap_:.2f} from the optimum")
