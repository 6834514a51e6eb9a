"""
A report to send
================

Customers who left a cart behind are segmented by rules, profiled, and reported in one
HTML file, which opens without network and without scripts. The customers are generated,
so that this runs as it stands.
"""

# %%
# Segments and their profile
# --------------------------

from skseg import MECERuleSegmenter
from skseg.datasets import make_cart_abandoners
from skseg.profile import profile_segments

X = make_cart_abandoners(20_000, random_state=0)
X = X.drop(columns=["abandoned_at", "user_id"])
rules = {
    "Hot": "aov >= 80 and engagement >= 0.5",
    "Big spenders": "aov >= 80 and engagement < 0.5",
    "Engaged": "not aov >= 80 and engagement >= 0.5",
}
segmenter = MECERuleSegmenter(rules, default="Core").fit(X)
profile = profile_segments(segmenter, X, value="cart_value", outcome="converted")
profile.segments_[["name", "n", "value_share", "outcome"]]

# %%
# The report
# ----------
# As the last line of a cell it is shown in a frame of its own;
# ``report.to_html("report.html")`` writes the file that you send.

from skseg.report import SegmentReport

report = SegmentReport(profile, title="Abandoned carts", unit="EUR")
report

# %%
# The picture on its first page
# -----------------------------
# Customers and value by segment, from the same numbers.

import matplotlib.pyplot as plt

shares = profile.segments_.set_index("name")[["share", "value_share"]]
ax = (100 * shares).iloc[::-1].plot.barh(color=["#0072B2", "#E69F00"])
ax.set(xlabel="% of all", ylabel="")
ax.legend(["customers", "cart value"])
plt.tight_layout()
