"""
From orders to RFM segments
===========================

Order lines become one row per customer, customers become named segments, the segments
are proved to be a partition, applied in a database as SQL, and shown in two pictures.
The orders are generated, so that this runs as it stands; read your own with
``pandas.read_csv`` or ``polars.read_csv``.
"""

# %%
# Orders
# ------
# Generated orders are as messy as real ones: some are cancelled by a later order with
# negative lines, some belong to nobody, some have lines of a zero amount.

from skseg.datasets import make_orders

orders, types = make_orders(2_000, messy=True, random_state=0, return_truth=True)
orders.head()

# %%
# One row per customer
# --------------------
# ``as_of`` is the day to count from. Lines that cannot be used end the run unless you
# say otherwise, and the report tells how many they were. Cancellations reduce
# ``monetary``, and are no purchases.

from skseg import rfm_table

customers, report = rfm_table(
    orders,
    customer_id="customer_id",
    order_id="order_id",
    date="date",
    amount="amount",
    as_of="2025-01-01",
    invalid="exclude",
    return_report=True,
)
print(report)

# %%
# Segments
# --------
# The scores R, F and M are 1 (worst) to 5 (best), by quantiles of the customers. The
# map ``"grid"`` names ten rectangles in the plane of R and F. What comes out are rules
# in days and purchases.

from skseg import RFMSegmenter

segmenter = RFMSegmenter("grid").fit(customers)
print(segmenter.rules_)

# %%
# The rules are proved to hold for every possible customer exactly once; customers with
# missing values have a segment of their own.

print(segmenter.rules_.verify().is_mece)

# %%
# How large the segments are, and what they are worth:

segmenter.segments_[["name", "n", "share", "median_recency", "revenue_share"]].round(3)

# %%
# Since the orders are generated, we can see where the known types of customer are
# found. Recency and frequency alone decide on this map, so the big spenders, who order
# rarely, are spread out; ``RFMSegmenter("seed")``, which uses M, finds them.

import pandas as pd

names = segmenter.segment_names_[segmenter.predict(customers)]
known = types.set_index("customer_id")["type"].loc[customers["customer_id"]]
pd.crosstab(pd.Categorical(names, segmenter.segment_names_), known.to_numpy())

# %%
# As SQL
# ------
# One expression, for a table of customers with the same columns. Here duckdb reads the
# data frame itself, and gives every customer the same segment.

import duckdb

case = segmenter.rules_.to_sql("duckdb", alias="segment")
from_sql = duckdb.sql(f"SELECT customer_id, {case} FROM customers").df()
print((from_sql["segment"] == names).all())
print(case[:200], "...")

# %%
# Pictures
# --------
# Few segments bring most of the revenue:

from skseg.displays import RFMHeatmapDisplay, SegmentSizesDisplay

sizes = SegmentSizesDisplay.from_estimator(segmenter)

# %%
# Where the customers are. A hatched score is one that nobody has: so many customers
# have bought just once or twice that two of the quantiles are equal.

heatmap = RFMHeatmapDisplay.from_estimator(segmenter, customers)

# %%
# Where monetary value decides as well, a region has the names of all segments that its
# customers may be in.

seed = RFMSegmenter("seed").fit(customers)
seed_heatmap = RFMHeatmapDisplay.from_estimator(seed, customers)
