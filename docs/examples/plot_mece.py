"""
From business rules to a strategy
=================================

Cart abandoners of the last week are segmented by rules with hybrid thresholds. The
rules are proved before any data is seen, an overlap is found and drawn, the segments
are brought to size and ranked, and the result is a table with SQL. The customers are
generated, so that this runs as it stands.
"""

# %%
# Customers
# ---------
# One row per user who left a cart behind; ``converted`` says who came back to buy
# within two weeks.

from skseg.datasets import make_cart_abandoners

X = make_cart_abandoners(60_000, random_state=0)
y = X.pop("converted")
X[["days_since_abandon", "aov", "engagement", "profitability", "category"]].head()

# %%
# Rules
# -----
# A threshold may be a quantile of the data, a number, or both: ``max(q(0.6), 80)`` is a
# quantile, but at least 80. Here someone has forgotten that in one place.

from skseg import MECERuleSegmenter

rules = {
    "Hot": "aov >= max(q(0.6), 80) and engagement >= 0.5",
    "Big spenders": "aov >= max(q(0.6), 80) and engagement < 0.5",
    "Engaged": "40 <= aov < max(q(0.6), 80) and engagement >= 0.5",
    "Core": "40 <= aov < q(0.6) and engagement < 0.5",
    "Small": "aov < 40",
}
settings = {
    "default": "New",
    "universe": "days_since_abandon <= 7",
    "schema": {
        "aov": {"low": 0},
        "engagement": {"low": 0, "high": 1, "missing": False},
    },
}
print(MECERuleSegmenter(rules, **settings).verify())

# %%
# No overlap, but with a quantile below 80 there are customers with a known order value
# whom only the default catches. With the hybrid threshold on both sides of the border,
# the default takes those alone who have never ordered, whatever the data:

rules["Core"] = "40 <= aov < max(q(0.6), 80) and engagement < 0.5"
print(MECERuleSegmenter(rules, **settings).verify())

# %%
# What an overlap looks like: a campaign for fans with large carts cuts across. The
# message of ``fit`` says the same in words.

from skseg.displays import RuleMapDisplay, SegmentFlowDisplay
from skseg.rules import RuleSet

careless = RuleSet(
    {"Fans": "engagement >= 0.8 and aov >= 60", **rules}, universe=settings["universe"]
).resolve(X)
report = careless.verify(settings["schema"])
print(report.overlaps[0])
overlap = RuleMapDisplay.from_finding(
    careless,
    report.overlaps[0],
    columns=("aov", "engagement"),
    schema=settings["schema"],
)

# %%
# Segments of bounded size
# ------------------------
# Each segment shall have 1,000 to 3,000 customers. What is larger is split, what is
# smaller merged, and the outcome is proved once more.

segmenter = MECERuleSegmenter(
    rules,
    **settings,
    min_size=1_000,
    max_size=3_000,
    score_weights={"outcome": 0.5, "profitability": 0.3, "size": 0.2},
    playbook={"Hot": "call today", "New": "welcome offer"},
)
segmenter.fit(X, y)
print(segmenter.rules_.verify(settings["schema"]).is_mece)
segmenter.segments_[["name", "rule", "n", "outcome", "score", "rank"]].round(3)

# %%
# Where the customers of each rule have gone:

flow = SegmentFlowDisplay.from_estimator(segmenter)

# %%
# The strategy
# ------------
# Best segment first, with the rule in English and the action of the playbook:

strategy = segmenter.to_strategy()
strategy[["rank", "name", "description", "n", "score", "action"]].head(3).round(3)

# %%
# The SQL of each segment counts the same customers. Here duckdb reads the frame itself.

import duckdb

for condition, n in zip(strategy["sql"], strategy["n"], strict=True):
    ((count,),) = duckdb.sql(f"SELECT count(*) FROM X WHERE {condition}").fetchall()
    assert count == n
print(strategy["sql"][0])

# %%
# As JSON the strategy can be edited and read back; the edited rules are proved again.

again = MECERuleSegmenter.from_strategy(segmenter.to_json())
print((again.predict(X) == segmenter.predict(X)).all())

# %%
# Searching a threshold
# ---------------------
# A named parameter of a rule is a parameter of the estimator. ``score`` is how much of
# the outcome the segments explain on rows that they have not seen. The customers were
# made such that an engagement from 0.6 on makes the difference.

from sklearn.model_selection import GridSearchCV

rules = {name: rule.replace("0.5", "{engaged}") for name, rule in rules.items()}
search = GridSearchCV(
    MECERuleSegmenter(rules, params={"engaged": 0.5}, **settings),
    {"params__engaged": [0.3, 0.4, 0.5, 0.6, 0.7, 0.8]},
)
search.fit(X, y)
print(search.best_params_, round(search.best_score_, 4))

# %%
# The curve of the search:

import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
ax.errorbar(
    search.cv_results_["param_params__engaged"].astype(float),
    search.cv_results_["mean_test_score"],
    search.cv_results_["std_test_score"],
    marker="o",
    capsize=3,
)
ax.set(xlabel="Engaged from", ylabel="R² on unseen customers")
ax.spines[["top", "right"]].set_visible(False)
