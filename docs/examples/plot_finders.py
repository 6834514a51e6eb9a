"""
Where seller A beats seller B
=============================

Leads were given to two sellers at random. Somewhere A does better; a finder has to say
where, and to keep quiet about everything else. The leads are generated, so the truth is
known.
"""

# %%
# Leads
# -----
# Twenty columns of all kinds; A converts 15 points more of those who come by e-mail or
# a partner with a basket of 50 or more.

from skseg import BoxSegmentFinder
from skseg.datasets import make_seller_groups

leads, truth = make_seller_groups(30_000, random_state=0, return_truth=True)
X = leads.drop(columns=["seller", "converted", "revenue"])
y, seller = leads["converted"], leads["seller"]
print(truth.attrs["rules"])

# %%
# Finding and testing
# -------------------
# One half of the leads is searched, every box over every pair of columns; the other
# half tells whether what was found is true.

finder = BoxSegmentFinder(random_state=0).fit(X, y, group=seller)
shown = ["best_group", "effect", "ci_low", "ci_high", "p_adj", "decision"]
print(finder.rules_)
finder.segments_[shown].round(3)

# %%
from skseg.displays import EffectMapDisplay, FindingsDisplay

findings = FindingsDisplay.from_estimator(finder)

# %%
# The effect over the two columns, with the segment that was found:

effects = EffectMapDisplay.from_estimator(finder, X, y, group=seller)

# %%
# How much of the truth is in the first finding?

found = finder.transform(X)[:, 0] == 1
planted = truth["segment"].to_numpy() == 0
print(f"precision {planted[found].mean():.3f}, recall {found[planted].mean():.3f}")

# %%
# Where there is nothing to find
# ------------------------------
# The same leads, but both sellers are equal. The historical reading would implement the
# largest difference; here nothing passes the test.

same = make_seller_groups(30_000, pattern="none", random_state=0)
nothing = BoxSegmentFinder(random_state=0).fit(
    same[X.columns], same["converted"], group=same["seller"]
)
nothing.segments_[shown].round(3)

# %%
# Information values
# ------------------
# Net information value: in which columns does the weight of evidence differ between the
# sellers?

from skseg import IVSegmentFinder
from skseg.displays import InformationValueDisplay

by_value = IVSegmentFinder(random_state=0).fit(X, y, group=seller)
values = InformationValueDisplay.from_estimator(by_value, n_columns=8)

# %%
# Sending customers where they are served best
# --------------------------------------------
# ``score`` is the conversion rate that can be expected if each lead goes to the seller
# whom ``predict`` names.

fresh = make_seller_groups(30_000, random_state=1)
routed = finder.score(fresh[X.columns], fresh["converted"], fresh["seller"])
print(f"as it was: {fresh['converted'].mean():.4f}, routed: {routed:.4f}")
print(finder.to_sql()["sql"][0])
